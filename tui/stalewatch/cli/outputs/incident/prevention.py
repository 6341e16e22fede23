"""What makes each cause not happen again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.incident.causes import wrong
from stalewatch.cli.outputs.incident.markdown import block, code
from stalewatch.diagnosis.expected import OTHER_COMMIT
from stalewatch.diagnosis.fpm import CONFIG_INVALID
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.release import MIXED
from stalewatch.diagnosis.served import OLD_SERVED
from stalewatch.diagnosis.worker_others import CRON_OLD_RELEASE
from stalewatch.diagnosis.worker_restarts import NOT_BACK
from stalewatch.model.layers import Layer

if TYPE_CHECKING:
    from stalewatch.timeline.incident import IncidentStory

BY_CODE = {
    codes.LINK_SWITCHED.code: "Pass the real path of the release to PHP (nginx: `$realpath_root`), "
    "and reload PHP-FPM in every deploy that switches the link.",
    codes.PRELOADED.code: "Reload PHP-FPM in every deploy: what is preloaded is never compiled again by itself.",
    codes.PRELOAD_ELSEWHERE.code: "Let `opcache.preload` go through the release link, and reload PHP-FPM in every deploy.",
    codes.FILE_CACHE_STALE.code: "Unset `opcache.file_cache`, or wipe it in every deploy before the reload.",
    codes.FILE_CACHE.code: "Unset `opcache.file_cache`, or wipe it in every deploy before the reload.",
    codes.SAME_MTIME.code: "Reload PHP-FPM in every deploy: PHP sees no change where copies keep the old time (`rsync -t`, `cp -p`).",
    codes.PENDING.code: "Set a shorter `opcache.revalidate_freq`, or reload PHP-FPM in every deploy.",
    MIXED.code: "Deploy to all servers of the application, and let the deploy fail where one is left out.",
    OLD_SERVED.code: "Pass the real path of the release to PHP (nginx: `$realpath_root`; Caddy: `resolve_root_symlink`).",
    OTHER_COMMIT.code: "Let the deploy compare the commit on every server: `stalewatch check --expect-commit SHA`.",
    CONFIG_INVALID.code: "Run `php-fpm -t` before configuration is rolled out.",
    CRON_OLD_RELEASE.code: "Let lines of cron name the link of the release, not what it leads to.",
    NOT_BACK.code: "Watch whether the supervisor starts workers again.",
}
"""Where the cause of a code is another one than its layer's usual one."""
BY_LAYER = {
    Layer.RELEASE: "Let the deploy end with a look at every server: `stalewatch check --wait 60`.",
    Layer.PACKAGES: "Run `composer install` and `php artisan package:discover` in every deploy, in the served release, before the reload.",
    Layer.CONFIG: "Run `php artisan config:cache` in every deploy, after the code and `.env` are in place and before the reload.",
    Layer.ROUTES: "Run `php artisan route:cache` in every deploy, after the code is in place and before the reload.",
    Layer.EVENTS: "Run `php artisan event:cache` in every deploy, after the code is in place and before the reload.",
    Layer.VIEWS: "Run `php artisan view:cache` in every deploy, before the reload.",
    Layer.OPCACHE: "Reload PHP-FPM as the last step of every deploy: only its own processes can renew their bytecode. "
    "`php -r 'opcache_reset()'` and `artisan cache:clear` do not reach it.",
    Layer.FPM: "Reload PHP-FPM whenever its configuration, an ini file or PHP itself was changed.",
    Layer.WORKERS: "Restart the queue workers (`php artisan queue:restart`) in every deploy: they keep the code that they started with.",
}
NEVER_OFF = (
    "This pool does not look for changed files (`opcache.validate_timestamps=0`, set in the pool or in `php.ini`): "
    "without a reload no deploy ever takes effect. `php -i` on the command line need not show the value that the pool has."
)
GATE = "Let the deploy prove it, and fail where it cannot:"
GATE_LINES = [
    "stalewatch mark TARGET...              # before the deploy",
    "stalewatch check --wait 60 TARGET...   # after it: exit code 0 is fresh",
]
ALARM = (
    "Let Prometheus watch it: `stalewatch metrics`. An alert on file times, on the hit rate or on the age of workers alone proves nothing."
)


def prevention(incident: IncidentStory) -> list[str]:
    """One line per cause, each once; nothing where nothing was wrong."""
    advice: dict[str, list[str]] = {}
    for story in incident.stories:
        for finding in wrong(story.worst):
            advice.setdefault(BY_CODE.get(finding.code) or BY_LAYER[finding.layer], []).append(finding.code)
    if not advice:
        return []
    lines = [f"- {what} ({', '.join(code(one) for one in dict.fromkeys(found))})" for what, found in advice.items()]
    if any(story.worst.opcache is not None and story.worst.opcache.validate_timestamps is False for story in incident.stories):
        lines.append(f"- {NEVER_OFF}")
    return [*lines, f"- {GATE}", "", *block(GATE_LINES, "sh"), "", f"- {ALARM}"]

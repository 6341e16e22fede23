"""PHP-FPM in namespaces of its own, as in a container, beside the FPM that the login sees."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.state import APP, Ask, healthy, stale, unsettled, warm
from tests.lab.waiting import until

_UNKNOWN = {Layer.FPM: ("unknown",), Layer.OPCACHE: ("unknown",)}
_INSIDE = frozenset({"fpm.in-container"})
_CONF = "/run/lab-inner.conf"
_PID = "/run/lab-inner.pid"
_INDEX = "/opt/public/index.php"
_ASK = Ask(script=_INDEX, pool="inner")
_POOL = """[global]
error_log = /run/lab-inner.log
[inner]
listen = /run/php/inner.sock
listen.owner = www-data
listen.group = www-data
user = www-data
group = www-data
pm = static
pm.max_children = 1
php_admin_value[opcache.validate_timestamps] = 0
"""


def inner(host: Host) -> None:
    """Another FPM in pid and mount namespaces of its own, where the code lies in another place."""
    host.root(_CONF).write_text(_POOL)
    run = f"mount --bind {APP} /opt; exec php-fpm{php.VERSION} -F -y {_CONF}"
    host.start(["sh", "-ec", f"echo $$ >{_PID}; exec unshare -p -f -m --mount-proc --kill-child sh -ec '{run}' </dev/null >/dev/null 2>&1"])
    until(lambda: host.exists("/run/php/inner.sock"), f"the FPM inside of {host.name}")
    do.get(script=_INDEX, pool="inner")(host)


def no_inner(host: Host) -> None:
    """It ends."""
    host.run(["sh", "-c", f"kill -9 $(cat {_PID}); rm -f /run/php/inner.sock"], check=False)


STATES = (
    stale(
        name="FPM in namespaces serves the app, the one outside is idle",
        expect=_UNKNOWN,
        arrange=inner,
        act=do.then(do.edit, do.pause(2.1), do.get(script=_INDEX, pool="inner")),
        ask=_ASK,
        errors=_INSIDE,
        undo=no_inner,
    ),
    unsettled(
        name="FPM in namespaces serves the app, the one outside is stopped",
        expect=_UNKNOWN,
        arrange=inner,
        act=lambda host: host.stop_fpm(),
        ask=Ask(script=_INDEX, pool="inner", old="(none)", new="home v1"),
        errors=_INSIDE | {"fpm.socket-missing"},
        undo=no_inner,
    ),
    healthy(name="FPM in namespaces beside the one that serves the app", arrange=do.then(inner, warm), undo=no_inner),
)

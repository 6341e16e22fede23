"""Applications of other kinds: judged by what they have, what is not judged is named, and nobody speaks of artisan."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.lab.program import stalewatch
from tests.lab.truth import changes as do

if TYPE_CHECKING:
    from tests.lab import Host, Lab

SITE = "/srv/site"


class Root(NamedTuple):
    """*files*: that make it what it is. *not_judged*: the paths that are named."""

    files: tuple[str, ...]
    not_judged: tuple[str, ...] = ()


ROOTS = {
    "WordPress": Root(("wp-config.php", "wp-content/object-cache.php"), ("wp-content/object-cache.php",)),
    "Drupal": Root(("core/lib/Drupal.php", "sites/default/files/php/twig/a.php"), ("sites/default/files/php/twig",)),
    "plain, in a public folder": Root(("public/index.php",)),
    "plain": Root(()),
}


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
def test_another_root_is_judged_and_fixed_without_a_word_of_laravel(lab: Lab, hosts: list[Host], root: Root) -> None:
    host = hosts[0]
    script = f"{SITE}/{'public/' if 'public/index.php' in root.files else ''}index.php"
    for path in (*root.files, script.removeprefix(f"{SITE}/")):
        file = host.root(f"{SITE}/{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("<?php echo 'site v1';")
    do.then(do.shell(f"chown -R deploy:deploy {SITE}; chmod -R u=rwX,go=rX {SITE}"), do.pause(2.1), do.VT0, do.get(script=script))(host)
    arguments = (host.name, "--app", SITE)
    fresh = stalewatch(lab, "check", *arguments)
    assert fresh.code == 0, fresh.stdout
    assert all(path in fresh.stdout for path in root.not_judged)
    assert "no part of what is watched: /srv/app" in " ".join(fresh.stdout.split()), "the lab's own application, in the same cache"
    assert fresh.stdout.count("not judged") == 1 + bool(root.not_judged)
    host.edit(script, replace=("v1", "v2"))
    do.then(do.pause(2.1), do.get(script=script))(host)
    old = stalewatch(lab, "check", *arguments)
    assert old.code == 1, old.stdout
    planned = stalewatch(lab, "fix", "--dry-run", *arguments)
    for text in (fresh.stdout, old.stdout, planned.stdout):
        assert "artisan" not in text
        assert "Laravel" not in text
    ran = stalewatch(lab, "fix", "--yes", *arguments)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert host.request("/", script=script).body == "site v2"
    host.remove(SITE)

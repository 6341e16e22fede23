"""Where Symfony keeps what it compiled, and what its lists of sources say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from stalewatch.probe.host import symfony_probe
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.parsers.symfony import (
    cache_folders,
    environment_of,
    is_configuration,
    is_container,
    listed_sources,
    would_be_read,
)
from stalewatch.probe.host.symfony_probe import SymfonyProbe

if TYPE_CHECKING:
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.framing import Block

ROOT = "/srv/api"
RESOURCE = 'O:46:"Symfony\\Component\\Config\\Resource\\FileResource":1:{{s:56:"\0Symfony\\FileResource\0resource";s:9:"{}";}}'
USUAL = (f"{ROOT}/var/cache/*", f"{ROOT}/app/cache/*")


@pytest.mark.parametrize(
    ("expression", "folders"),
    [
        ("$this->getProjectDir().'/var/cache/'.$this->environment", (f"{ROOT}/var/cache/*",)),
        ("'/var/tmp/api/cache/'.$this->environment", ("/var/tmp/api/cache/*",)),
        ("\\dirname(__DIR__) . '/cache/' . $this->getEnvironment()", (f"{ROOT}/cache/*",)),
        ("__DIR__.'/../build/'.$this->environment", (f"{ROOT}/build/*",)),
        ('sys_get_temp_dir()."/api/".$this->environment', ("/tmp/api/*",)),
        ("'/dev/shm/api-cache'", ("/dev/shm/api-cache",)),
        ("parent::getCacheDir()", USUAL),
        ("parent::getCacheDir().'/v2'", None),
        ("$_ENV['X'] ?? '/tmp'", None),
        ("'relative/'.$this->environment", None),
        ("'/'", None),
    ],
)
def test_the_kernel_says_where_its_cache_is(expression: str, folders: tuple[str, ...] | None) -> None:
    assert cache_folders(f"public function getCacheDir(): string\n{{\n    return {expression};\n}}", ROOT) == folders


def test_without_a_word_of_the_kernel_it_is_where_the_environment_or_symfony_says() -> None:
    assert cache_folders("", ROOT) == USUAL
    assert cache_folders("", ROOT, "/var/cache/api/") == ("/var/cache/api/*",)
    assert cache_folders("", ROOT, "relative") == USUAL
    assert cache_folders("function getCacheDir()\n", ROOT) is None


@pytest.mark.parametrize(
    ("path", "compiled"),
    [
        ("/c/prod/App_KernelProdContainer.php", True),
        ("/c/prod/appProdProjectContainer.php", True),
        ("/c/dev/App_KernelDevDebugContainer.php", False),
        ("/c/prod/App_KernelProdContainer.php.meta", False),
        ("/c/prod/App_KernelProdContainer.preload.php", False),
    ],
)
def test_a_container_that_does_not_look_at_its_sources_is_known_by_its_name(path: str, compiled: bool) -> None:
    assert is_container(path) is compiled


@pytest.mark.parametrize(
    ("path", "configuration"),
    [
        ("config/services.yaml", True),
        ("config/bundles.php", True),
        ("src/Resources/config/services.xml", True),
        ("src/Kernel.php", False),
        ("src/Controller/HomeController.php", False),
        ("config/README.md", False),
        ("var/cache/prod/x.php", False),
        ("vendor/acme/a/services.yaml", False),
    ],
)
def test_configuration_is_judged_by_time_and_classes_are_not(path: str, configuration: bool) -> None:
    assert is_configuration(path) is configuration


@pytest.mark.parametrize(
    ("path", "layer", "read"),
    [
        ("config/services.yaml", "config", True),
        ("config/services_prod.yaml", "config", True),
        ("config/services_test.yaml", "config", False),
        ("config/packages/zz.yaml", "config", True),
        ("config/packages/prod/zz.php", "config", True),
        ("config/packages/dev/zz.yaml", "config", False),
        ("config/preload.php", "config", False),
        ("config/routes.yaml", "config", False),
        ("config/routes.yaml", "routes", True),
        ("config/routes/api.yaml", "routes", True),
        ("config/routes/dev/api.yaml", "routes", False),
        ("config/services.yaml", "routes", False),
    ],
)
def test_a_new_file_counts_where_the_usual_kernel_would_read_it(path: str, layer: str, read: bool) -> None:
    assert would_be_read(path, layer, "prod") is read


def test_the_paths_of_an_application_that_was_built_elsewhere_are_read_as_ours() -> None:
    here = b'"/srv/api/config/services.yaml"\n"/usr/share/php/Symfony/x.php"\n"/srv/api/src/Kernel.php"'
    assert listed_sources(here, ROOT).paths == {"config/services.yaml", "src/Kernel.php"}
    assert listed_sources(here.replace(b"/srv/api", b"/build/a b"), ROOT).paths == {"config/services.yaml", "src/Kernel.php"}
    assert listed_sources(b'"/build/services.yaml"', ROOT).paths == frozenset()
    assert (environment_of("/c/prod"), environment_of("/c/it's")) == ("prod", "")


async def test_only_files_are_sources_not_what_may_be_missing_or_is_a_class(coprocess: Coprocess, tmp_path: Path) -> None:
    other = 'O:55:"Symfony\\Component\\Config\\Resource\\FileExistenceResource":2:{s:1:"r";s:9:"/srv/api/config/no.yaml";s:1:"e";b:0;}'
    reflected = 'O:57:"Symfony\\Component\\Config\\Resource\\ReflectionClassResource":1:{s:5:"files";a:1:{s:9:"/srv/api/src/A.php";N;}}'
    meta = tmp_path / "it's Container.php.meta"
    listed = [RESOURCE.format(path) for path in ("/srv/api/config/services.yaml", "/srv/api/vendor/a/b.yaml", "/srv/api/config/a b.yaml")]
    meta.write_bytes("".join([*listed, other, reflected]).encode())
    (block,) = await coprocess.ask(("sources", "9", str(meta), str(tmp_path / "missing")), timeout=30)
    (section,) = block.of("sources")
    assert section.argument == str(meta)
    assert listed_sources(section.payload + b'\n"/srv/api/src/Kernel.php"', ROOT).paths == {
        "config/services.yaml",
        "config/a b.yaml",
        "src/Kernel.php",
    }


async def test_of_a_list_that_is_too_long_the_rest_is_counted(coprocess: Coprocess, tmp_path: Path) -> None:
    meta = tmp_path / "Container.php.meta"
    names = ("/srv/api/src/Kernel.php", "/srv/api/a.yaml", "/srv/api/config/b.yaml", "/srv/api/config/c.yaml")
    meta.write_bytes("".join(RESOURCE.format(name) for name in names).encode())
    for limit, paths, more in ((9, 4, 0), (4, 4, 0), (3, 3, 1), (1, 1, 3)):
        (block,) = await coprocess.ask(("sources", str(limit), str(meta)), timeout=30)
        listed = listed_sources(block.of("sources")[0].payload, ROOT)
        assert (len(listed.paths), listed.more) == (paths, more)


async def test_only_what_is_not_there_is_absent(coprocess: Coprocess, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "in").mkdir(parents=True)
    (tmp_path / "a.yaml").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "away")
    closed.chmod(0)
    as_root = os.access(closed / "in", os.X_OK)
    names = ["a.yaml", "it's away.yaml", "no/such/b.yaml", "dangling", "dangling/c.yaml", "a.yaml/d.yaml", "closed/in/e.yaml"]
    (block,) = await coprocess.ask(("absent", *(str(tmp_path / name) for name in names)), timeout=30)
    closed.chmod(0o700)
    absent = {line.removeprefix(f"{tmp_path}/") for line in block.text("absent").splitlines()}
    assert absent == {"it's away.yaml", "no/such/b.yaml", *(["closed/in/e.yaml"] if as_root else [])}


class Asked:
    """The probe's host, as far as the Symfony part needs it."""

    def __init__(self, coprocess: Coprocess, hidden: str = "") -> None:
        self._coprocess = coprocess
        self._hidden = hidden

    async def ask(self, *requests: tuple[str, ...]) -> list[Block]:
        """What lies below *hidden* is neither seen nor told to be absent."""
        told = [tuple(word for word in request if not self._hidden or self._hidden not in word) for request in requests]
        return await self._coprocess.ask(*told, timeout=30)


@pytest.mark.parametrize(
    ("names", "there", "hidden", "most", "gone", "unread"),
    [
        (("a", "b", "c"), ("a", "b", "c"), "", 9, 0, 0),
        (("a", "b", "c"), ("a",), "", 9, 2, 0),
        (("a", "b", "c"), ("a", "b", "c"), "", 2, 0, 1),
        (("a", "b", "c"), ("c",), "", 1, 1, 2),
        (("a", "in/b"), ("a", "in/b"), "/in/", 9, 0, 1),
        (("a", "in/b"), ("in/b",), "/in/", 9, 1, 1),
    ],
)
async def test_what_was_not_looked_at_is_counted_and_not_gone(
    coprocess: Coprocess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    there: tuple[str, ...],
    hidden: str,
    most: int,
    gone: int,
    unread: int,
) -> None:
    monkeypatch.setattr(symfony_probe, "MAX_SOURCES", most)
    root, cache = tmp_path / "api", tmp_path / "api/var/cache/prod"
    cache.mkdir(parents=True)
    for name in there:
        path = root / f"lib/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (cache / "App_KernelProdContainer.php").touch()
    listed = ["src/Kernel.php", *(f"lib/{name}.yaml" for name in names)]
    (cache / "App_KernelProdContainer.php.meta").write_text("".join(RESOURCE.format(f"{root}/{each}") for each in listed))
    probe = SymfonyProbe(str(root), "")
    await probe.look(cast("HostProbe", Asked(coprocess, hidden)))
    (compiled,) = probe.facts().compiled
    assert (len(compiled.gone), compiled.unread) == (gone, unread)
    assert len(compiled.sources or ()) == len(names) - gone - unread


async def test_of_a_kernel_only_its_cache_directory_is_told(coprocess: Coprocess, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    method = "    public function getCacheDir(): string\n    {\n        return '/tmp/x/'.$this->environment;\n    }\n"
    code = f"<?php\n$secret = 'canary';\n\n{method}"
    (tmp_path / "src/Kernel.php").write_text(code)
    (block,) = await coprocess.ask(("kernel", str(tmp_path)), timeout=30)
    assert "canary" not in block.text("kernel")
    assert cache_folders(block.text("kernel"), str(tmp_path)) == ("/tmp/x/*",)

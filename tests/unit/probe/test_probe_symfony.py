"""Where Symfony keeps what it compiled, and what its lists of sources say."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.parsers.symfony import (
    cache_folders,
    environment_of,
    is_configuration,
    is_container,
    listed_sources,
    would_be_read,
)

ROOT = "/srv/api"
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
    assert listed_sources(here, ROOT) == {"config/services.yaml", "src/Kernel.php"}
    assert listed_sources(here.replace(b"/srv/api", b"/build/a b"), ROOT) == {"config/services.yaml", "src/Kernel.php"}
    assert listed_sources(b'"/build/services.yaml"', ROOT) == frozenset()
    assert (environment_of("/c/prod"), environment_of("/c/it's")) == ("prod", "")


async def test_only_files_are_sources_not_what_may_be_missing_or_is_a_class(coprocess: Coprocess, tmp_path: Path) -> None:
    resource = 'O:46:"Symfony\\Component\\Config\\Resource\\FileResource":1:{{s:56:"\0Symfony\\FileResource\0resource";s:9:"{}";}}'
    other = 'O:55:"Symfony\\Component\\Config\\Resource\\FileExistenceResource":2:{s:1:"r";s:9:"/srv/api/config/no.yaml";s:1:"e";b:0;}'
    reflected = 'O:57:"Symfony\\Component\\Config\\Resource\\ReflectionClassResource":1:{s:5:"files";a:1:{s:9:"/srv/api/src/A.php";N;}}'
    meta = tmp_path / "it's Container.php.meta"
    listed = [resource.format(path) for path in ("/srv/api/config/services.yaml", "/srv/api/vendor/a/b.yaml", "/srv/api/config/a b.yaml")]
    meta.write_bytes("".join([*listed, other, reflected]).encode())
    (block,) = await coprocess.ask(("sources", str(meta), str(tmp_path / "missing")), timeout=10)
    (section,) = block.of("sources")
    assert section.argument == str(meta)
    assert listed_sources(section.payload + b'\n"/srv/api/src/Kernel.php"', ROOT) == {
        "config/services.yaml",
        "config/a b.yaml",
        "src/Kernel.php",
    }


async def test_of_a_kernel_only_its_cache_directory_is_told(coprocess: Coprocess, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    method = "    public function getCacheDir(): string\n    {\n        return '/tmp/x/'.$this->environment;\n    }\n"
    code = f"<?php\n$secret = 'canary';\n\n{method}"
    (tmp_path / "src/Kernel.php").write_text(code)
    (block,) = await coprocess.ask(("kernel", str(tmp_path)), timeout=10)
    assert "canary" not in block.text("kernel")
    assert cache_folders(block.text("kernel"), str(tmp_path)) == ("/tmp/x/*",)

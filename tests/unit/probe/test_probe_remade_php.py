"""A real pool makes the configuration that artisan has cached, and tells which keys have another value."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stalewatch.model.remade import Remade
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.transport.local import LocalLink
from tests.unit.probe.fpm import Fpm, probe

APPLICATION = """
if (!class_exists('App', false)) {
    class Configured { public $values; function all() { return $this->values; } }
    class App {
        public $config; private $listeners = [];
        function __construct() { $this->config = new Configured; }
        function afterBootstrapping($name, $callback) { $this->listeners[$name] = $callback; }
        function make($name) { return $name === 'config' ? $this->config : $this; }
        function environment($name) { return $_SERVER[$name] ?? (getenv($name) === false ? null : getenv($name)); }
        function bootstrap() {
            if (is_file($this->environment('APP_CONFIG_CACHE'))) throw new Exception('from the cache');
            $this->config->values = require __DIR__ . '/../config.php';
            $this->step('LoadConfiguration');
            PROVIDERS
            $this->step('BootProviders');
            throw new Exception('no command is loaded');
        }
        private function step($name) {
            $name = "Illuminate\\\\Foundation\\\\Bootstrap\\\\$name";
            if (isset($this->listeners[$name])) ($this->listeners[$name])($this);
        }
    }
}
return new App;
"""
VISIT = {"REQUEST_METHOD": "GET", "HTTP_HOST": "shop.example", "SCRIPT_NAME": "/index.php", "QUERY_STRING": ""}
FINE = Remade()
FAILS = {
    "exit(1)": "ends the request",
    "throw new Exception('secret')": "fails in the pool",
    "return [1, undefined()]": "fails in the pool",
    "ini_set('memory_limit', '4M'); return str_repeat('x', 99999999)": "ends the request",
}


class Application:
    """An application of a few lines: one file of configuration, and what its providers set."""

    def __init__(self, link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
        self.fpm = fpm
        self.pool = probe(link, host, fpm)
        self.cache = fpm.root / "bootstrap" / "cache" / "config.php"

    def has(self, config: str, cached: str, *, providers: str = "", directives: tuple[str, ...] = ()) -> None:
        self.fpm.script("bootstrap/app.php", APPLICATION.replace("PROVIDERS", providers))
        self.fpm.script("config.php", f"return {config};")
        self.fpm.script("bootstrap/cache/config.php", f"return {cached};")
        self.fpm.start(*directives)

    async def remade(self, visit: Mapping[str, str] = VISIT) -> Remade:
        return await self.pool.remake(str(self.cache), str(self.fpm.root), {**visit, "DOCUMENT_ROOT": str(self.fpm.root)})


@pytest.fixture
def application(link: LocalLink, host: HostProbe, fpm: Fpm) -> Application:
    return Application(link, host, fpm)


ALIKE = {
    "same": (
        "['name' => 'x', 'n' => 1.5, 'none' => null, 'list' => [1, 2]]",
        "['list' => [1, 2], 'none' => null, 'n' => 1.5, 'name' => 'x']",
    ),
    "random": ("uniqid()", "'x'"),
    "of_this_second": ("time()", "1"),
    "of_the_request": ("$_SERVER['HTTP_HOST'] ?? ''", "''"),
    "of_a_command": ("!$this->environment('APP_RUNNING_IN_CONSOLE')", "false"),
    "by_a_provider": ("['name' => 'x']", "['name' => 'of the provider']"),
    "object": ("new DateTimeImmutable('2026-01-01')", "new DateTimeImmutable('2026-01-01')"),
}
OTHERWISE = {
    "leaf": ("['client' => 'a', 'same' => 1]", "['client' => 'b', 'same' => 1]", "leaf.client"),
    "pool": ("[3 => true]", "[]", "pool.3"),
    "cache": ("[]", "[3 => true]", "cache.3"),
    "type": ("1", "'1'", "type"),
    "shape": ("null", "['x' => 1]", "shape"),
    "object": ("new DateTimeImmutable('2026-01-01')", "new DateTimeImmutable('2026-01-02')", "object"),
    "ini": ("ini_get('date.timezone')", "'UTC'", "ini"),
    "variable": ("$this->environment('APP_ENV')", "'production'", "variable"),
}


async def test_what_is_the_same_or_never_the_same_is_no_difference(application: Application) -> None:
    made, cached = (", ".join(f"'{key}' => {each[number]}" for key, each in ALIKE.items()) for number in (0, 1))
    providers = "$this->config->values['by_a_provider']['name'] = 'of the provider'; $this->config->values['package'] = [1];"
    application.has(f"[{made}]", f"[{cached}, 'package' => [1]]", providers=providers)
    assert await application.remade() == FINE


async def test_what_the_pool_would_make_otherwise_is_named(application: Application) -> None:
    made, cached = (", ".join(f"'{key}' => {each[number]}" for key, each in OTHERWISE.items()) for number in (0, 1))
    application.has(f"[{made}]", f"[{cached}]", directives=("php_admin_value[date.timezone]=Europe/Berlin", "env[APP_ENV]=staging"))
    assert set((await application.remade()).differs) == {name for *_, name in OTHERWISE.values()}


async def test_what_the_web_server_passes_is_a_part_of_what_the_pool_would_make(application: Application) -> None:
    application.has("['env' => $this->environment('APP_ENV')]", "['env' => 'staging']")
    assert (await application.remade({**VISIT, "APP_ENV": "staging"})) == FINE
    assert (await application.remade()).differs == ("env",)
    assert (await application.remade({**VISIT, "APP_ENV": "production"})).differs == ("env",)


async def test_the_files_on_the_disk_count_and_not_what_opcache_holds_of_them(application: Application) -> None:
    application.has("['v' => 1]", "['v' => 2]", directives=("php_admin_value[opcache.validate_timestamps]=0",))
    script = application.fpm.script("index.php", "echo json_encode(require __DIR__.'/config.php');")
    assert application.fpm.get(script) == '{"v":1}'
    application.fpm.script("config.php", "return ['v' => 2];")
    assert application.fpm.get(script) == '{"v":1}', "OPcache holds the old one"
    assert await application.remade() == FINE
    assert application.fpm.get(script) == '{"v":1}', "and goes on to: one request was without it"


async def test_no_value_and_no_more_than_ten_names_leave_the_pool(application: Application) -> None:
    application.has("array_fill_keys(range(1, 40), 'secret of the pool')", "array_fill_keys(range(1, 40), 'secret of artisan')")
    told = await application.remade()
    assert (len(told.differs), told.more) == (10, 30)
    assert "secret" not in str(told)


async def test_an_application_that_fails_is_not_compared_and_its_words_stay(application: Application) -> None:
    application.has("[]", "[]")
    for config, why in FAILS.items():
        application.fpm.script("config.php", f"echo 'secret'; header('X-Secret: 1'); {config};")
        told = await application.remade()
        assert why in told.why, config
        assert "secret" not in str(told)
    (application.fpm.root / "bootstrap" / "app.php").unlink()
    assert "bootstrap/app.php" in (await application.remade()).why


async def test_a_pool_that_cannot_do_without_opcache_says_so(application: Application) -> None:
    application.has("[]", "[]", directives=("php_admin_value[disable_functions]=ini_set",))
    assert "OPcache" in (await application.remade()).why

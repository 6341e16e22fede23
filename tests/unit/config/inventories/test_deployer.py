"""Deployer's hosts -> servers: what is written out is read, PHP is not run, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stalewatch.config.inventories.deployer import read_deployer

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.config.inventories.listed import ListedHosts

VERSION_7 = r"""<?php
namespace Deployer;
require 'recipe/laravel.php';
import('recipe/npm.php');
// host('commented');  # host('too')
/* host('out') */
set('application', 'shop');
set('deploy_path', '/srv/{{application}}');
host('web1.example.com', 'web[2:3].example.com')
    ->set('remote_user', 'deploy')->setPort(2222)   // as everywhere
    ->setLabels(['env' => 'x', 'stage' => 'production']);
host('staging')->setHostname('10.0.0.9')->setRemoteUser("www")->setDeployPath('/var/www/it\'s')->set('labels', ['stage' => 'qa']);
localhost();
task('x', function () { run('echo "host(1);"'); on(host('inner'), fn () => null); });
"""
VERSION_6 = """<?php
namespace Deployer;
host('web1')->hostname('10.0.0.1')->user('deploy')->port(22)->stage('prod')->roles('app')->set('deploy_path', '/srv/a');
"""
YAML = """
import: [recipe/laravel.php]
config: {application: shop, remote_user: deploy, deploy_path: '/srv/{{application}}'}
hosts:
  web1.example.com: {port: 2222, labels: {stage: production}}
  staging: {hostname: 10.0.0.9, remote_user: www, deploy_path: /var/www/it}
  plain:
"""
INVENTORY_6 = ".base: &base {user: deploy}\nweb1: {<<: *base, hostname: 10.0.0.1, stage: prod, deploy_path: /srv/a}\n"


def rows(listed: ListedHosts) -> list[tuple[str, str, str, bool, str]]:
    return [
        (server.name, server.target, server.group, server.production, server.apps[0].path if server.apps else "")
        for server in listed.servers
    ]


def read(tmp_path: Path, text: str, name: str = "deploy.php") -> ListedHosts:
    (tmp_path / name).write_text(text)
    return read_deployer(tmp_path / name)


def test_the_hosts_of_version_7(tmp_path: Path) -> None:
    listed = read(tmp_path, VERSION_7)
    web = [(name, f"deploy@{name}:2222", "production", True, "/srv/shop/current") for name in (f"web{n}.example.com" for n in (1, 2, 3))]
    assert rows(listed) == [
        *web,
        ("staging", "www@10.0.0.9", "qa", False, "/var/www/it's/current"),
        ("localhost", "local", "", False, "/srv/shop/current"),
    ]
    assert (listed.lost, listed.notes) == ((), ())


def test_the_hosts_of_version_6(tmp_path: Path) -> None:
    same = [("web1", "deploy@10.0.0.1:22", "prod", True, "/srv/a/current")]
    assert rows(read(tmp_path, VERSION_6)) == same
    assert rows(read(tmp_path, INVENTORY_6, "hosts.yml")) == [("web1", "deploy@10.0.0.1", "prod", True, "/srv/a/current")]


def test_the_hosts_of_yaml(tmp_path: Path) -> None:
    assert rows(read(tmp_path, YAML, "deploy.yaml")) == [
        ("web1.example.com", "deploy@web1.example.com:2222", "production", True, "/srv/shop/current"),
        ("staging", "www@10.0.0.9", "", False, "/var/www/it/current"),
        ("plain", "deploy@plain", "", False, "/srv/shop/current"),
    ]


@pytest.mark.parametrize(
    ("php", "line"),
    [
        (
            "foreach (['b'] as $h) { host($h)->set('x', 'y'); }",
            ":2: a host whose name is not written out, so it can't be read without running PHP",
        ),
        ("host(getenv('H'));", ":2: a host whose name is not written out, so it can't be read without running PHP"),
        ('host("b$n");', ":2: a host whose name is not written out, so it can't be read without running PHP"),
        ("host('b')->set('remote_user', $user);", ":2: b: remote_user is not written out"),
        ("host('b')->setHostname('{{ip}}');", ":2: b: hostname is a template ({{ip}})"),
        ("host('b')->setPort('ssh');", ":2: b: port ssh is no number"),
        ("host('b;c');", ":2: b;c: cannot use 'b;c' as a target: its host name is not valid"),
        ("inventory('hosts.yml');", ":2: inventory(hosts.yml): the hosts of that file are not read: name it with --from deployer too"),
        ("import(__DIR__ . '/x.yaml');", ":2: import(…): the hosts of that file are not read: name it with --from deployer too"),
    ],
)
def test_what_php_computes_is_told_and_the_rest_is_read(tmp_path: Path, php: str, line: str) -> None:
    listed = read(tmp_path, f"<?php\n{php}\nhost('a');\n")
    assert listed.lost == (f"{tmp_path}/deploy.php{line}",)
    assert [server.name for server in listed.servers] == ["a"]


@pytest.mark.parametrize("path", ["'~/app'", "$path", '"/srv/$x"', "'/srv/{{unknown}}'"])
def test_a_path_that_is_not_written_out_is_a_note(tmp_path: Path, path: str) -> None:
    listed = read(tmp_path, f"<?php host('a')->set('deploy_path', {path});")
    assert listed.servers[0].apps == ()
    assert listed.notes == (
        f"{tmp_path}/deploy.php:1: a: its deploy_path is no absolute path that is written out: the application is looked for",
    )


def test_what_only_looks_like_a_host_is_none(tmp_path: Path) -> None:
    php = """<?php function host($x) {}  $this->host('a');  Foo::host('b');  new host('c');  'host(\\'d\\');';  "host('e')";
        once(fn() => host('f'));"""
    assert read(tmp_path, php) == ((), (), ())


@pytest.mark.parametrize(
    "text", ["", "<?php", "<?php host(", "<?php host('a'", "<?php host('a')->", "'", "\\", "<?php )]};", "host()->set()"]
)
def test_half_a_file_ends(tmp_path: Path, text: str) -> None:
    read(tmp_path, text)

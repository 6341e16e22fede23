"""Ansible's inventories -> servers: what is read, in whose order, and that nothing is run or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stalewatch.config.inventories.ansible import read_ansible
from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.config.inventories.listed import ListedHosts

INI = """
# comment
mail ansible_host=10.0.0.9

[web]
web[01:03].example.com ansible_user=deploy   # three
web9 ansible_host=10.0.0.10 ansible_port=2222
web8:2200

[web:vars]
ansible_user = "www"  # all of them
http_port=80

[db]
db1 ansible_ssh_host=10.0.0.20 ansible_ssh_user='root'
web9

[production:children]
web
"""
YAML = """
all:
  hosts:
    mail: {ansible_host: 10.0.0.9}
  children:
    web:
      hosts:
        web[01:03].example.com: {ansible_user: deploy}
        web9: {ansible_host: 10.0.0.10, ansible_port: 2222}
        web8: {ansible_port: 2200}
      vars: {ansible_user: www, http_port: 80}
    db:
      hosts:
        db1: {ansible_ssh_host: 10.0.0.20, ansible_ssh_user: root}
        web9:
    production:
      children:
        web:
"""
SAME = {
    "mail": ("10.0.0.9", "", False),
    "web01.example.com": ("deploy@web01.example.com", "web", True),
    "web02.example.com": ("deploy@web02.example.com", "web", True),
    "web03.example.com": ("deploy@web03.example.com", "web", True),
    "web9": ("www@10.0.0.10:2222", "web", True),
    "web8": ("www@web8:2200", "web", True),
    "db1": ("root@10.0.0.20", "db", False),
}


def as_written(listed: ListedHosts) -> dict[str, tuple[str, str, bool]]:
    return {server.name: (server.target, server.group, server.production) for server in listed.servers}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    return tmp_path / "hosts"


def read(path: Path, text: str) -> ListedHosts:
    path.write_text(text)
    return read_ansible(path)


@pytest.mark.parametrize(("name", "text"), [("hosts", INI), ("hosts.yml", YAML)])
def test_ini_and_yaml_mean_the_same(tmp_path: Path, name: str, text: str) -> None:
    listed = read(tmp_path / name, text)
    assert as_written(listed) == SAME
    assert (listed.lost, listed.notes) == ((), ())


def test_the_nearer_variable_wins(tmp_path: Path, inventory: Path) -> None:
    for file, text in {
        "group_vars/all.yml": "ansible_user: everybody\nansible_port: 1\n",
        "group_vars/web/users.yml": "ansible_port: 2\n",
        "group_vars/inner": "ansible_port: 3\n",
        "host_vars/b.yml": "ansible_host: 10.0.0.2\n",
        "host_vars/elsewhere.yml": "ansible_host: 10.0.0.3\n",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    listed = read(
        inventory, "a\n[web]\nb ansible_host=x\n[web:children]\ninner\n[inner]\nc\nd ansible_port=4\n[web:vars]\nansible_user=ini\n"
    )
    assert [server.target for server in listed.servers] == ["everybody@a:1", "everybody@10.0.0.2:2", "everybody@c:3", "everybody@d:4"]


def test_the_old_name_of_a_variable_wins_as_it_does_for_ansible(inventory: Path) -> None:
    listed = read(
        inventory, "a ansible_user=new ansible_ssh_user=old ansible_host=n ansible_ssh_host=o ansible_port=1 ansible_ssh_port=2\n"
    )
    assert [server.target for server in listed.servers] == ["old@o:2"]


def test_a_folder_is_all_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "inventories"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "group_vars" / "web.yml").write_text("ansible_user: deploy\n")
    (folder / "10-web").write_text("[web]\nweb1\n")
    (folder / "20-more.yml").write_text("web: {hosts: {web2: }}\n")
    (folder / "old.bak").write_text("[web]\nweb3\n")
    (folder / "more.ini").write_text("[web]\nweb4\n")
    (tmp_path / "ansible.cfg").write_text("[defaults]\ninventory = inventories\n")
    for path in (folder, tmp_path):
        assert [server.target for server in read_ansible(path).servers] == ["deploy@web1", "deploy@web2"]
    assert read_ansible(folder).notes == (f"{folder}/more.ini: is left out of a folder, as by Ansible: name the file itself",)
    assert [server.name for server in read_ansible(folder / "more.ini").servers] == ["web4"]


def test_local_is_this_machine_and_what_is_no_ssh_is_told(inventory: Path) -> None:
    listed = read(inventory, "here ansible_connection=local\nwin ansible_connection=winrm\n")
    assert as_written(listed) == {"here": ("local", "", False)}
    assert listed.lost == ("win: is reached by winrm, not by ssh",)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("hosts", 'a\nb ansible_host="x\n', 'hosts: line 2: No closing quotation: b ansible_host="x'),
        ("hosts", "a\nb what\n", "hosts: line 2: what is no KEY=VALUE: b what"),
        ("hosts", "a\n[g:vars]\nwhat\n", "hosts: line 3: is no KEY=VALUE: what"),
        ("hosts", "a\nb ansible_host='{{ ip }}'\n", "b: ansible_host is a template ({{ ip }})"),
        ("hosts", "a\n[g]\nb\n[g:vars]\nansible_user=x # y\n", "b: cannot use 'x # y@b' as a target: its user name is not valid"),
        ("hosts", "a\nb ansible_port=x\n", "b: port x is no number"),
        ("hosts", "a\nb ansible_user='x;y'\n", "b: cannot use 'x;y@b' as a target: its user name is not valid"),
        ("hosts", "a\nb[1:9999999]\n", "hosts: line 2: b[1:9999999] names more than 5,000 hosts: b[1:9999999]"),
        ("x.yml", "g: {hosts: {a: , b: {ansible_user: !vault x}}}\n", "b: ansible_user is encrypted"),
        ("x.yml", "g: {hosts: {a: , b: {ansible_host: [1]}}}\n", "b: ansible_host is neither a text nor a number"),
        ("x.yml", "g: {hosts: {a: }, host: {b: }}\n", "x.yml: g: host is neither hosts, vars nor children"),
        ("x.yml", "g: {hosts: {a: }}\nh: [b]\n", "x.yml: h is no group"),
        ("x.yml", "g: {hosts: {a: }}\nh: {hosts: [b]}\n", "x.yml: h: its hosts are no mapping"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_the_rest_is_read(tmp_path: Path, name: str, text: str, line: str) -> None:
    listed = read(tmp_path / name, text)
    assert [said.replace(f"{tmp_path}/", "") for said in listed.lost] == [line]
    assert [server.name for server in listed.servers] == ["a"]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("aws_ec2.yml", "plugin: amazon.aws.aws_ec2\n", "is for the plugin amazon.aws.aws_ec2, which is not run"),
        ("vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n3333\n", "is encrypted"),
        ("list.yml", "- hosts: web\n", "holds no groups"),
        ("wrong.yml", "a: [\n", "is not YAML (line 2)"),
        ("hosts.toml", "[web]\n", "is TOML, which is not read: only INI and YAML are"),
        ("script", "#!/bin/sh\ntouch RAN\n", "is a program, which is not run"),
    ],
)
def test_a_file_that_is_no_list_of_hosts_is_told(tmp_path: Path, name: str, text: str, line: str) -> None:
    assert read(tmp_path / name, text).lost == (f"{tmp_path / name}: {line}",)


def test_no_program_is_run(tmp_path: Path) -> None:
    script = tmp_path / "dynamic.py"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    script.chmod(0o755)
    (tmp_path / "hosts").write_text("a ansible_host=\"{{ lookup('pipe', 'touch ran') }}\"\nb\n")
    listed = read_ansible(tmp_path)
    assert [server.name for server in listed.servers] == ["b"]
    assert len(listed.lost) == 2
    assert not (tmp_path / "ran").exists()


def test_what_is_left_to_ssh_config_and_what_is_encrypted_beside_it_are_notes(tmp_path: Path, inventory: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n3333\n")
    listed = read(inventory, "a\nb\n[all:vars]\nansible_ssh_common_args='-J bastion'\n")
    assert listed.lost == ()
    assert listed.notes == (
        f"{tmp_path}/group_vars/all.yml: is encrypted, so what it says of hosts is not known",
        "ansible_ssh_common_args of a and b is not taken over: ssh_config says how to connect",
    )


def test_groups_in_a_circle_end(inventory: Path) -> None:
    listed = read(inventory, "[a:children]\nb\n[b:children]\na\n[b]\nx\n")
    assert [(server.name, server.group) for server in listed.servers] == [("x", "b")]


def test_yaml_that_grows_is_not_unfolded(tmp_path: Path) -> None:
    lines = ["a0: &a0 {x: x}", *(f"a{n}: &a{n} {{hosts: *a{n - 1}, vars: *a{n - 1}, children: *a{n - 1}}}" for n in range(1, 30))]
    listed = read(tmp_path / "bomb.yml", "\n".join(lines))
    assert f"{tmp_path}/bomb.yml: names more than 5,000 groups" in listed.lost


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_ansible(tmp_path / "nothing")

"""Our reading of known_hosts against ssh-keygen's, and what is said of a key."""

from __future__ import annotations

import base64
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.transport.ssh.known_hosts import KnownHostsEntry, find, fingerprint, host_name, key_kind, load, matches, parse


def key(seed: str, kind: str = "ssh-ed25519") -> bytes:
    name = kind.encode()
    return struct.pack("!I", len(name)) + name + struct.pack("!I", 32) + seed.encode().ljust(32, b"\0")


def line(hosts: str, blob: bytes, marker: str = "") -> str:
    return f"{marker} {hosts} {key_kind(blob)} {base64.b64encode(blob).decode()} a comment".strip()


A, B, RSA = key("a"), key("b"), key("r", "ssh-rsa")


def entries(*lines: str) -> tuple[KnownHostsEntry, ...]:
    return parse("\n".join(lines), "kh")


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        ((), "unknown"),
        ((line("web1", A),), "trusted"),
        ((line("web1", B),), "changed"),
        ((line("web1", RSA),), "changed"),  # known by another type only: whoever shows a new type is not who we know
        ((line("web1", B), line("web1", A)), "trusted"),
        ((line("web2", A),), "unknown"),
        ((line("WEB1", A),), "trusted"),
        ((line("web*,!web2", A),), "trusted"),
        ((line("web*,!web1", A),), "unknown"),
        ((line("[web1]:2201", A),), "unknown"),
        ((line("web1", A), line("*", A, "@revoked")), "revoked"),
        ((line("*", A, "@cert-authority"),), "unknown"),
        ((line("web1", A)[:-50],), "unknown"),
        (("# " + line("web1", A),), "unknown"),
        ((line("web1", A).replace("ssh-ed25519", "ssh-rsa"),), "unknown"),
        ((line("web1", A, "@made-up"),), "unknown"),
    ],
)
def test_judgement(lines: tuple[str, ...], verdict: str) -> None:
    assert find(entries(*lines), "web1", 22).judge(A).verdict == verdict


def test_a_key_for_port_22_is_taken_for_another_port_but_never_contradicts_it() -> None:
    assert find(entries(line("web1", A)), "web1", 2201).judge(A).verdict == "trusted"
    assert find(entries(line("web1", B)), "web1", 2201).judge(A).verdict == "unknown"
    assert find(entries(line("[web1]:2201", B), line("web1", A)), "web1", 2201).judge(A).verdict == "trusted"


def test_an_alias_replaces_name_and_port() -> None:
    known = find(entries(line("alias", A), line("[web1]:2201", B)), "web1", 2201, "Alias")
    assert known.name == "alias"
    assert known.judge(A).verdict == "trusted"
    assert known.judge(B).verdict == "changed"


def test_the_lines_that_say_so_are_named() -> None:
    judgement = find(entries("", line("web1", B), line("web1", RSA)), "web1", 22).judge(A)
    assert [(entry.file, entry.line) for entry in judgement.entries] == [("kh", 2), ("kh", 3)]


def test_authorities() -> None:
    known = find(entries(line("*.example", A, "@cert-authority"), line("*.example", B, "@revoked")), "web.example", 22)
    assert [known.judge_authority(blob).verdict for blob in (A, B, RSA)] == ["trusted", "revoked", "unknown"]


def test_hashed_names_and_fingerprints_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "k"], check=True)
    public = (tmp_path / "k.pub").read_text().split()
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.1.1]:2201 {public[0]} {public[1]}\nweb1 {public[0]} {public[1]}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert "web1" not in file.read_text()
    blob = base64.b64decode(public[1])
    assert find(load([str(file)]), "127.0.1.1", 2201).judge(blob).verdict == "trusted"
    assert find(load([str(file)]), "web1", 22).judge(blob).verdict == "trusted"
    assert find(load([str(file)]), "web2", 22).judge(blob).verdict == "unknown"
    printed = subprocess.run(["ssh-keygen", "-l", "-f", tmp_path / "k.pub"], check=True, capture_output=True, text=True).stdout
    assert fingerprint(blob) == printed.split()[1]


def test_files_that_cannot_be_read_are_empty(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(line("web1", A))
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 10)
    files = [str(tmp_path / name) for name in ("missing", "binary", "good")]
    assert len(load([*files, "/dev/null", str(tmp_path), "\0"])) == 1


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    known = find(parse(text, "kh"), "web1", 22)
    assert known.judge(A).verdict == "unknown"


@given(st.text(alphabet="ab*?!,[]|1", max_size=12), st.text(alphabet="ab[]:1", max_size=6))
def test_any_pattern_is_matched_or_not(hosts: str, name: str) -> None:
    assert matches(hosts, name) in (True, False)


def test_host_name() -> None:
    assert [host_name("Web1", 22), host_name("::1", 2201), host_name("x", 5, "Alias")] == ["web1", "[::1]:2201", "alias"]

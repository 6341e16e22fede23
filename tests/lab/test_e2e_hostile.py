"""What a real server can be made to say, in file names, log lines and commit messages, never reaches the terminal as it is."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from tests.lab.program import check, dashboard, explain, stalewatch
from tests.lab.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab import Host, Lab

EVIL = b"x][bold]\x1b[38;5;201mv\x1b]0;pwned\x07\x1bPpwned\x1b\\\xc2\x9b38;5;201mi\xe2\x80\xae\xe2\x81\xa6l\xff\r\n\xe2\x80\xa8"
"""After a ``[`` and a slash it is ``[/x]``: a folder named ``[`` puts the closing tag of nothing into a path."""
RUNS_EVIL = "<?php foreach (glob('/srv/app/app/Http/Controllers/[[]/*') as $file) { header('X-Evil: ' . require $file); }"
# What a full-screen program may send: SGR, cursor and modes, its own title, pointer, clipboard, charset, a question for the background.
OWN = re.compile(
    r"\x1b\[[<=>?]?[0-9;:]*[ $]?[@-~]|\x1b[=>78]|\x1b\([B0]|\x1bP\+q[0-9a-f;]*\x1b\\"
    r"|\x1b\]0;stalewatch[^\x07\x1b]*\x07|\x1b\]22;[a-z]*\x07|\x1b\]52;c;[A-Za-z0-9+/=]*\x07|\x1b\]11;\?\x1b\\"
)


def assert_clean(raw: bytes) -> None:
    """Nothing but what the program itself emits: whole UTF-8, its own sequences, printable text."""
    text = raw.decode("utf-8")
    assert "38;5;201m" not in re.sub(r"\\x1b\[38;5;201m|\\x9b38;5;201m", "", text), "a sequence of theirs was sent"
    assert not re.search("[\x1b\x9b\x90\x9d][^m]{0,8}pwned", text)
    rest = OWN.sub("", text)
    left = [repr(rest[max(0, at - 20) : at + 20]) for at, char in enumerate(rest) if not char.isprintable() and char not in "\r\n"]
    assert left == []


def evil_file(host: Host, directory: str, content: bytes, suffix: bytes = b".php") -> Path:
    """A hostile name in a folder named ``[``, old as everything else."""
    folder = host.file(directory) / "["
    folder.mkdir(exist_ok=True)
    path = os.path.join(os.fsencode(folder), EVIL + suffix)
    with open(path, "wb") as file:
        file.write(content)
    os.utime(path, (time.time() - 7000,) * 2)
    host.run(["chown", "-R", "deploy:deploy", f"/srv/app/{directory}/["])
    return folder / os.fsdecode(EVIL + suffix)


def make_hostile(host: Host) -> Path:
    """An application in which everything that can have a name has a bad one; returns the controller to change."""
    controller = evil_file(host, "app/Http/Controllers", b"<?php return 'one';\n")
    evil_file(host, "config", b"<?php return ['a' => 1];\n")
    evil_file(host, "routes", b"<?php return 1;\n")
    evil_file(host, "resources/views", b"<b>evil</b>\n", b".blade.php")
    index = host.read("/srv/app/public/index.php")
    host.edit("public/index.php", RUNS_EVIL + "?>" + index, mtime=time.time() - 7000)
    return controller


def says(host: Host) -> str:
    """What the controller of a bad name answers; "" while a reload drops the request."""
    try:
        return host.request("/").headers["x-evil"]
    except (OSError, KeyError):
        return ""


def speak_evil(host: Host) -> None:
    """A commit and a log by somebody who hates terminals."""
    message = b"deploy [/" + EVIL.replace(b"\r\n", b" ")
    env = ["env", "GIT_AUTHOR_NAME=[/x]\x1b[38;5;201mEve", "GIT_COMMITTER_NAME=[/x]\x1b]0;pwned\x07Eve"]
    (host.file("storage/message")).write_bytes(message)
    git = [
        "git",
        "-C",
        "/srv/app",
        "-c",
        "user.email=e@e",
        "commit",
        "-q",
        "--allow-empty",
        "--cleanup=verbatim",
        "-F",
        "/srv/app/storage/message",
    ]
    host.run([*env, *git], user="deploy")
    stamp = host.run(["date", "+%Y-%m-%d %H:%M:%S"]).stdout.strip().encode()
    with open(host.file("storage/logs/laravel.log"), "ab") as log:
        for level in (b"ERROR", b"ALERT"):
            log.write(b"[" + stamp + b"] production." + level + b": Call context [/" + EVIL + b' {"a":"[/x]"}\n')


def test_hostile_names_logs_and_commits_reach_no_terminal(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    web1.fpm(validate_timestamps=0)
    controller = make_hostile(web1)
    assert says(web1) == "one"
    web1.reload()
    assert says(web1) == "one"
    with dashboard(lab) as terminal:
        terminal.wait_for(lambda text: len(re.findall("FRESH|STALE|SUSPECT|PENDING", text)) >= 3)
        controller.write_bytes(b"<?php return 'two';\n")
        assert says(web1) == "one"
        speak_evil(web1)
        terminal.wait_for(r"web1.*STALE", timeout=30)
        terminal.wait_for(r"\"Call context", timeout=30)
        for keys, shown in (
            ("t", r"pwned|\[/x\]|STALE"),
            ("t\r", r"Verdict, and why"),
            ("2", r"Files against"),
            ("3", r"Bytecode"),
            ("4", r"Workers"),
            ("5", r"Pool and"),
            ("6", r"Call context"),
            ("f", r"Cancel +Run"),
        ):
            terminal.type(keys)
            terminal.wait_for(shown)
        assert "[/x][bold]" in terminal.raw.decode("utf-8", "replace"), "what they say is shown, markup and all"
        terminal.confirm()
        terminal.wait_until(lambda: says(web1) == "two", timeout=40)
        terminal.wait_for("✓ verified", timeout=40)
        terminal.type("y")
        terminal.type("\x03")
        terminal.wait_for(lambda text: "goes back" not in text)
        terminal.type("\x03")
        assert terminal.wait_exit() == 130
        assert terminal.insane() == []
        assert_clean(terminal.raw)


def test_hostile_names_in_check_and_fix(lab: Lab, web1: Host) -> None:
    web1.fpm(validate_timestamps=0)
    controller = make_hostile(web1)
    assert says(web1) == "one"
    web1.reload()
    web1.request("/")
    stalewatch(lab, "check", "web1")  # remembers what is cached
    controller.write_bytes(b"<?php return 'two';\n")
    speak_evil(web1)
    assert says(web1) == "one"
    text = stalewatch(lab, "check", "web1")
    assert text.code == 1
    assert "[/x][bold]" in text.stdout
    assert_clean(text.stdout.encode())
    code, entries = check(lab, "web1")
    assert code == 1
    assert entries["web1"]["layers"]["opcache"] in ("stale", "suspect"), explain(entries["web1"])
    dry = stalewatch(lab, "fix", "--dry-run", "web1")
    assert_clean(dry.stdout.encode())
    ran = stalewatch(lab, "fix", "--yes", "web1")
    assert ran.code == 0, ran.stdout + ran.stderr
    assert_clean(ran.stdout.encode() + ran.stderr.encode())
    until(lambda: says(web1) == "two", "the new code")
    for line in web1.syslog():
        assert line.isprintable(), line


def test_what_is_nested_without_end_is_one_servers_trouble(lab: Lab, hosts: list[Host]) -> None:
    web1, web2, _ = hosts
    deep = "[" * 100_000
    for file in ("vendor/composer/installed.json", "composer.json", "composer.lock"):
        web2.edit(file, f'{{"packages":[{{"name":"a/b","extra":{{"laravel":{deep}')
    web1.edit("storage/first.php", "<?php echo str_repeat('{\"a\":', 100000); exit;")
    web1.ini(auto_prepend_file="/srv/app/storage/first.php")
    assert web2.get("/") == "home v1"
    code, entries = check(lab, "web1", "web2", "web3")
    assert code == 3
    assert (entries["web1"]["verdict"], entries["web3"]["verdict"]) == ("unknown", "fresh"), explain(entries["web1"])
    assert entries["web1"]["errors"][0]["code"] == "link.protocol", explain(entries["web1"])
    assert entries["web2"]["layers"]["packages"] == "unknown", explain(entries["web2"])
    assert entries["web2"]["layers"]["opcache"] == "fresh", explain(entries["web2"])

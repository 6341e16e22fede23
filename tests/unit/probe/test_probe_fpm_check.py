"""What ``php-fpm -t`` says, by what it says and never by its exit code; and who waits at a socket, by what ``ss`` says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.snapshot import ConfigTest, Unseen
from stalewatch.probe.host.parsers import fpm_test
from stalewatch.probe.host.parsers.connections import parse_backlogs, parse_held

BROKEN = """[26-Nov-2026 12:50:00] ERROR: [/etc/php/8.2/fpm/pool.d/www.conf:14] unknown entry 'pm.max_childrn'
[26-Nov-2026 12:50:00] ERROR: Unable to include /etc/php/8.2/fpm/pool.d/*.conf from /etc/php/8.2/fpm/php-fpm.conf at line 143
[26-Nov-2026 12:50:00] ERROR: failed to load configuration file '/etc/php/8.2/fpm/php-fpm.conf'
[26-Nov-2026 12:50:00] ERROR: FPM initialization failed
"""
NOT_ROOT = """[26-Nov-2026 12:50:00] ERROR: failed to open error_log (/var/log/php8.2-fpm.log): Permission denied (13)
[26-Nov-2026 12:50:00] ERROR: failed to post process the configuration
[26-Nov-2026 12:50:00] ERROR: FPM initialization failed
"""
VALID = "[26-Nov-2026 12:50:00] NOTICE: configuration file /etc/php/8.2/fpm/php-fpm.conf test is successful\n"


def test_a_broken_configuration_is_named_by_its_first_mistake() -> None:
    mistake = "[/etc/php/8.2/fpm/pool.d/www.conf:14] unknown entry 'pm.max_childrn'"
    assert fpm_test.read(BROKEN) == ConfigTest(valid=False, said=mistake)  # type: ignore[arg-type]


def test_a_valid_one_is_valid() -> None:
    assert fpm_test.read(VALID) == ConfigTest(valid=True)


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (NOT_ROOT, "fpm.test-needs-root"),
        ("sudo: a password is required\n", "fpm.test-denied"),
        ("may not run", "fpm.test-denied"),
        ("", "fpm.test-not-run"),
        ("sudo: /usr/sbin/php-fpm8.2: command not found\n", "fpm.test-not-run"),
        ("Segmentation fault\n", "fpm.test-unclear"),
    ],
)
def test_what_is_no_answer_never_passes_for_one(output: str, code: str) -> None:
    told = fpm_test.read(output, login="deploy", binary="/usr/sbin/php-fpm8.2")
    assert isinstance(told, Unseen)
    assert told.code == code
    assert told.grant in ("", "in sudoers: deploy ALL=(root) NOPASSWD: /usr/sbin/php-fpm8.2 -t")


@pytest.mark.parametrize("output", [VALID, BROKEN])
def test_what_was_said_of_another_masters_file_is_no_answer(output: str) -> None:
    told = fpm_test.read(output, config="/etc/php/8.2/admin/php-fpm.conf")
    assert isinstance(told, Unseen)
    assert told.code == "fpm.test-other-file"
    assert isinstance(fpm_test.read(output, config="/etc/php/8.2/fpm/php-fpm.conf"), ConfigTest)


@given(st.text())
def test_no_text_is_called_valid_but_by_fpms_own_words(output: str) -> None:
    told = fpm_test.read(output)
    assert not (isinstance(told, ConfigTest) and told.valid) or "test is successful" in output


def test_the_kernel_tells_who_waits() -> None:
    said = """u_str LISTEN 3      511     /run/php/php8.2-fpm.sock 511292            * 0
tcp   LISTEN 0      511                  127.0.0.1:9000          0.0.0.0:*
u_str ESTAB  0      0       /run/php/php8.2-fpm.sock 511300            * 511299
nonsense
u_str LISTEN many   511     /run/other.sock 1 * 0
"""
    assert parse_backlogs(said) == {"/run/php/php8.2-fpm.sock": 3, "127.0.0.1:9000": 0}


def test_and_how_many_connections_were_accepted() -> None:
    said = """u_str LISTEN 3      511     /run/php/www.sock 511292            * 0
held ESTAB 2 0 /run/php/www.sock
tcp   LISTEN 1      511                  127.0.0.1:9000          0.0.0.0:*
held ESTAB 3 0 127.0.0.1:9000
held ESTAB 0 0 /run/php/idle.sock
held ESTAB many 0 /run/php/odd.sock
"""
    assert parse_held(said) == {"/run/php/www.sock": 2, "127.0.0.1:9000": 2, "/run/php/idle.sock": 0}
    assert parse_held("") == {}

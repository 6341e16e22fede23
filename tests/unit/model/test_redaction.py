"""What may be shown of what others typed, and of what programs say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.redaction import redacted


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("php server.php --password=hunter2 --port=80", "php server.php --password=*** --port=80"),
        ("php server.php --db-pass hunter2 -v", "php server.php --db-pass *** -v"),
        ("php a.php --api-key=k --apikey k2", "php a.php --api-key=*** --apikey ***"),
        ("env DB_PASSWORD=x APP_ENV=prod php a.php", "env DB_PASSWORD=*** APP_ENV=prod php a.php"),
        ("php worker.php redis://app:s3cret@10.0.0.1:6379/0", "php worker.php redis://app:***@10.0.0.1:6379/0"),
        ("php worker.php https://example.com/a:b", "php worker.php https://example.com/a:b"),
        ("flock /srv/app sleep 600", "flock /srv/app sleep 600"),
        ("php artisan queue:work --queue=tokens,passwords --sleep=3", "php artisan queue:work --queue=tokens,passwords --sleep=3"),
        ("php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)", "php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)"),
        ("mysqldump -u root -phunter2 -P3306 --protocol tcp shop", "mysqldump -u root -p*** -P3306 --protocol tcp shop"),
        ("tar -pxf a.tar", "tar -pxf a.tar"),
        ('php a.php --password="two words" -v', "php a.php --password=*** -v"),
        ("clone: from https://x-access-token:ghs_1@github.com/a/b", "clone: from https://x-access-token:***@github.com/a/b"),
        ("clone: from https://ghp_abcdefghijklmnop@github.com/a/b", "clone: from https://***@github.com/a/b"),
        ("clone: from ssh://git@github.com/a/b", "clone: from ssh://git@github.com/a/b"),
    ],
)
def test_passwords_in_arguments_are_not_shown(command: str, shown: str) -> None:
    assert redacted(command) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("could not connect to mysql://app:p@ss/w@rd@db/shop", "could not connect to mysql://app:***@db/shop"),
        ("DB_PASSWORD='a b'", "DB_PASSWORD=***"),
        ("APP_KEY=base64:AAAABBBBCCCCDDDDEEEE=", "APP_KEY=***"),
        ("key base64:AAAABBBBCCCCDDDDEEEE= is too short", "key base64:*** is too short"),
        ("AWS_SECRET_ACCESS_KEY: x/y+z", "AWS_SECRET_ACCESS_KEY: ***"),
        ("'password' => 'hun\\'ter2',", "'password' => ***,"),
        ('{"user":"app","password":"hunter2","port":1}', '{"user":"app","password":***,"port":1}'),
        (r'"{\"secret\":\"hunter2\",\"n\":1}"', r'"{\"secret\":***,\"n\":1}"'),
        ("Authorization: Basic YXBwOmh1bnRlcjI=", "Authorization: Basic ***"),
        ("'Authorization' => 'Bearer abc'", "'Authorization' => 'Bearer ***'"),
        ("sent Bearer abcdefgh12345 and failed", "sent Bearer *** and failed"),
        ("Set-Cookie: laravel_session=abc; path=/", "Set-Cookie: ***"),
        (
            "#1 PDO->__construct('mysql:host=db', 'app', 'hunter2', Array)",
            "#1 PDO->__construct('mysql:host=db', 'app', ***, Array)",
        ),
        ("#2 Redis->auth('hunter2')", "#2 Redis->auth(***)"),
        (
            'syntax error, unexpected quoted string "hunter2", expecting "]"',
            'syntax error, unexpected quoted string ***, expecting "]"',
        ),
        ("token eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0", "token ***"),
        ("key sk_live_0123456789abcdef", "key ***"),
    ],
)
def test_passwords_in_what_a_program_says_are_not_shown(said: str, shown: str) -> None:
    assert redacted(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "Access denied for user 'app'@'localhost' (using password: YES)",
        "sudo: a password is required",
        'PHP Parse error: syntax error, unexpected token ";", expecting "]" in /srv/app/config/app.php on line 3',
        "CSRF token mismatch.",
        "No application encryption key has been specified.",
        "deploy ALL=(www-data) NOPASSWD: /usr/bin/php /srv/app/artisan config\\:cache",
        "SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select * from users where id = 1)",
        "GET http://127.0.0.1:8080/assets/logo@2x.png",
        "cd /srv/app; PWD=/srv/app OLDPWD=/",
        "commit: password reset: mails go out at once (fixes #12)",
        "HEAD is now at 1f3870be274f6c49b3e31a0c6728957f fix tokens",
    ],
)
def test_what_is_no_secret_stays(said: str) -> None:
    assert redacted(said) == said


def test_what_is_cut_is_cut_after_it() -> None:
    assert redacted("x" * 90 + " --password=hunter2", 100) == "x" * 90 + " --passwo…"
    assert redacted(b"DB_PASSWORD=\xff\xfe") == "DB_PASSWORD=***"


@given(st.text())
def test_it_never_fails_and_never_gives_what_may_not_be_shown(said: str) -> None:
    assert redacted(said).isprintable()

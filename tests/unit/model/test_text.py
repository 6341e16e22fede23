"""What may be shown of a command that somebody else typed."""

from __future__ import annotations

import pytest

from stalewatch.model.text import redacted


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
    ],
)
def test_passwords_in_arguments_are_not_shown(command: str, shown: str) -> None:
    assert redacted(command) == shown

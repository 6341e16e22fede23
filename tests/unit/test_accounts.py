"""The account files of a test's sshd: our account is the only one of its name and number, whatever the machine has."""

from __future__ import annotations

import pytest

from tests.accounts import Account, free_id, group, passwd, shadow

PASSWD = "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nsudo:x:27:\nwww-data:x:33:\n"
DEPLOY = Account("deploy", 7001, "/home/deploy", comment="Dora Deploy")
LINE = "deploy:x:7001:7001:Dora Deploy:/home/deploy:/bin/sh\n"


@pytest.mark.parametrize(
    "theirs",
    [
        "",
        "deploy:x:1000:1000:Somebody:/srv/deploy:/bin/bash\n",
        "deploy:x:7001:7001::/home/deploy:/usr/sbin/nologin\n",
        "somebody:x:7001:100::/home/somebody:/bin/sh\n",
        "deploy:x:1000:1000::/:/bin/false\ndeploy:x:1001:1001::/:/bin/false\nsomebody:x:7001:7001::/:/bin/sh\n",
        "# a comment\n\n",
    ],
)
def test_passwd_has_our_account_once_and_nobody_else_of_its_uid(theirs: str) -> None:
    assert passwd(theirs + PASSWD, DEPLOY) == PASSWD + LINE
    assert passwd(PASSWD + theirs, DEPLOY) == PASSWD + LINE


def test_names_and_numbers_that_only_begin_alike_stay() -> None:
    text = PASSWD + "deployer:x:70011:70011::/home/deployer:/bin/sh\nold:x:1002:7001::/home/old:/bin/sh\n"
    assert passwd(text, DEPLOY) == text + LINE


@pytest.mark.parametrize(
    "theirs", ["", "deploy:x:1000:\n", "deploy:x:7001:somebody\n", "others:x:7001:\n", "deploy:x:1000:\ndeploy:x:1001:\n"]
)
def test_group_has_our_group_once_and_nobody_else_of_its_gid(theirs: str) -> None:
    assert group(theirs + GROUP, DEPLOY) == GROUP + "deploy:x:7001:\n"


def test_our_account_joins_a_group_beside_its_members_and_leaves_those_of_its_namesake() -> None:
    text = "sudo:x:27:deploy,ann\ndocker:x:999:deploy\nwww-data:x:33:ann,deployer\nadm:x:4:\n"
    joined = "sudo:x:27:ann\ndocker:x:999:\nwww-data:x:33:ann,deployer,deploy\nadm:x:4:\ndeploy:x:7001:\n"
    assert group(text, DEPLOY, "www-data") == joined
    assert group(text.replace("ann,deployer", "deploy,ann,deployer"), DEPLOY, "www-data") == joined


def test_nobody_is_locked_in_shadow_and_nobody_has_a_password() -> None:
    assert shadow("root:x:0:0::/root:/bin/sh\n" + LINE) == "root:*:19000:0:99999:7:::\ndeploy:*:19000:0:99999:7:::\n"


def test_a_free_number_is_nobodys_uid_nobodys_primary_group_and_no_group() -> None:
    users = "a:x:7001:100::/:/bin/sh\nb:x:1000:7002::/:/bin/sh\n"
    assert free_id(users, "c:x:7003:\n", range(7001, 7999)) == 7004
    assert free_id(PASSWD, GROUP, range(7001, 7999)) == 7001

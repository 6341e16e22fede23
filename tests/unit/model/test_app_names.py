"""What apps are called: short, and told apart from the others of their server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.app_names import app_name, names_apart


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/var/www/api-gateway/current", "api-gateway"),
        ("/srv/app", "app"),
        ("", "?"),
        ("/", "/"),
        ("/home/u07/public_html", "u07"),
        ("/var/www/clients/client1/web1/web", "web1"),
        ("/srv/my shop/app", "my shop"),
    ],
)
def test_an_app_is_called_by_the_directory_that_says_most(path: str, name: str) -> None:
    assert app_name(path) == name


@pytest.mark.parametrize(
    "names",
    [
        {"/srv/blue/shop/current": "blue/shop", "/srv/green/shop/current": "green/shop", "/srv/blog": "blog"},
        {"/srv/shop/public": "shop/public", "/srv/shop/app": "shop/app"},
        {"/srv/shop": "srv/shop", "/opt/shop": "opt/shop"},
        {"/srv/shop": "/srv/shop", "/srv/shop/app": "shop/app"},
        {"/home/u07/shop/current": "u07/shop", "/home/u08/shop/current": "u08/shop"},
    ],
)
def test_two_apps_of_one_name_get_what_tells_them_apart(names: dict[str, str]) -> None:
    assert names_apart(list(names)) == names


_ROOTS = st.lists(
    st.lists(st.sampled_from(["srv", "shop", "current", "app", "a", "b"]), min_size=1, max_size=5).map(lambda some: "/" + "/".join(some))
)


@given(_ROOTS)
def test_no_two_apps_of_a_server_have_the_same_name(roots: list[str]) -> None:
    names = names_apart(roots)
    assert names.keys() == set(roots)
    assert len(set(names.values())) == len(names)

"""Right after deployment: people who are known get what is known to be right for them."""
import pytest

from harness.site import get, page_of

KNOWN = {
    7: [43, 24, 140, 289, 36, 125],
    23: [57, 45, 241, 73, 120, 261],
    42: [162, 271, 141, 194, 164, 226],
}


@pytest.mark.parametrize("user", KNOWN)
def test_known_people_get_what_is_right_for_them(user):
    page = page_of(user)
    assert (page.status, page.source, page.items) == (200, "personal", KNOWN[user])


def test_nobody_of_that_number():
    assert page_of(9999).status == 404


def test_the_rest_of_the_site_is_there():
    assert get("/").status == 200
    assert get("/items/1").status == 200
    assert get("/pool").status == 404

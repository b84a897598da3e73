"""What a browser may show, and what it must only store."""

import pytest

from penstock_core.media import is_image, media_headers


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.txt", "a.log", "a.json"])
def test_what_cannot_run_is_shown(name):
    assert media_headers(name, 3)["Content-Disposition"].startswith("inline;")


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.xml", "a.pdf", "a.npz", "a", "png"])
def test_everything_else_is_stored(name):
    assert media_headers(name, 3)["Content-Disposition"].startswith("attachment;")
    assert not is_image(name)


def test_a_name_adds_no_header_and_no_type_is_guessed_anew():
    headers = media_headers('a"\r\nX: y.png', 3)
    assert headers["Content-Disposition"] == "inline; filename*=UTF-8''a%22%0D%0AX%3A%20y.png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Length"] == "3"

"""What names, paths and checksums may be."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsm.manager import naming
from penstock_core.errors import InvalidInput


@pytest.mark.parametrize(
    ("told", "normal"),
    [
        ("E742438AA8BBF4D034408F07A654308D", "md5:e742438aa8bbf4d034408f07a654308d"),
        ("ad:0000ABCD", "adler32:0000abcd"),
        ("Adler32:0000abcd", "adler32:0000abcd"),
        ("sha256:" + "a" * 64, "sha256:" + "a" * 64),
    ],
)
def test_checksums_have_one_form(told, normal):
    assert naming.normal_checksum(told) == normal
    assert naming.normal_checksum(normal) == normal


@given(st.text())
def test_a_file_name_never_leads_elsewhere(name):
    with suppress(InvalidInput):
        checked = naming.check_file_name(name)
        assert "/" not in checked
        assert checked not in ("", ".", "..")
        assert checked.isprintable()


@given(st.text(alphabet="ab./\0\n", max_size=12))
def test_a_path_never_leaves_its_storage(path):
    with suppress(InvalidInput):
        inside = naming.path_within("/base", path)
        assert not inside.startswith("/")
        assert ".." not in inside.split("/")


def test_an_absolute_path_below_the_base_is_taken_as_relative():
    assert naming.path_within("/data/a", "/data/a/x/y.raw") == "x/y.raw"
    with pytest.raises(InvalidInput, match="outside of its storage"):
        naming.path_within("/data/a", "/data/ab/y.raw")


@pytest.mark.parametrize("name", ["a file.txt", ".hidden", "größe.csv"])
def test_a_tool_may_call_its_file_as_it_likes(name):
    assert naming.check_basename(name) == name

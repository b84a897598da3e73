"""Every checksum that the storage manager takes is compared at stage-in."""

import hashlib
import zlib
from pathlib import Path

import pytest

from dsm.manager.naming import _HEX_DIGITS
from penstock_core.errors import InvalidInput
from pilot.checksum import copy_checked
from pilot.model import JobError

DATA = b"an STF\n" * 1000


def right(algorithm: str) -> str:
    if algorithm in ("adler32", "crc32"):
        return f"{algorithm}:{getattr(zlib, algorithm)(DATA):08x}"
    return f"{algorithm}:{hashlib.new(algorithm, DATA).hexdigest()}"


@pytest.mark.parametrize("algorithm", _HEX_DIGITS)
def test_a_file_is_copied_if_it_fits_and_refused_if_not(tmp_path: Path, algorithm: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(DATA)
    copy_checked(source, tmp_path / "copy", right(algorithm))
    assert (tmp_path / "copy").read_bytes() == DATA
    wrong = f"{algorithm}:" + "0" * _HEX_DIGITS[algorithm]
    with pytest.raises(JobError, match="does not fit"):
        copy_checked(source, tmp_path / "other", wrong)


def test_an_unknown_algorithm_names_those_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(DATA)
    with pytest.raises(InvalidInput, match="'md4' is not known; known are adler32, crc32, md5"):
        copy_checked(tmp_path / "source", tmp_path / "copy", "md4:00")

"""The files that happenings are about, with what misbehaviour does to their bytes."""

import json
import random
from collections.abc import Collection
from pathlib import Path

from daqsim.files import DaqFile
from daqsim.happening import Happening
from daqsim.run_control import CALIBRATION_FILES
from daqsim.source import Source
from penstock_core.stf import HEADER, encode, stf_name


def stf_file(
    happening: Happening, deeds: Collection[str], source: Source, folder: Path, seed: int
) -> DaqFile:
    """Return the file of an STF in ``folder``: its bytes as they will be on disk.

    A header is damaged before the checksum is taken, a payload after.
    """
    stf = source.stf(happening.run, happening.number, happening.sequence)
    data = encode(stf)
    dice = random.Random(f"{seed}/{happening.key}/bit")  # noqa: S311 - not a secret
    if "damage_header" in deeds:
        data = _flip(data, dice.randrange(HEADER.size * 8))
    name = stf_name(happening.run, happening.sequence, happening.stream)
    file = DaqFile.of(folder / name, data)
    if "damage_payload" in deeds and len(data) > HEADER.size:
        damaged = _flip(data, dice.randrange(HEADER.size * 8, len(data) * 8))
        return DaqFile(file.path, damaged, file.checksum)
    return file


def wrong(checksum: str) -> str:
    """Return another checksum of the same kind."""
    return checksum[:-1] + f"{int(checksum[-1], 16) ^ 1:x}"


def _flip(data: bytes, bit: int) -> bytes:
    """Return ``data`` with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def calibration_name(run: int, number: int) -> str:
    """Return the name of the dataset of a calibration."""
    return f"calib.{run}.c{number}"


def calibration_files(happening: Happening, folder: Path, seed: int) -> tuple[DaqFile, ...]:
    """Return the files of the calibration that ``happening`` is about: constants as JSON."""
    name = calibration_name(happening.run, happening.number)
    made = []
    for sequence in range(1, CALIBRATION_FILES + 1):
        dice = random.Random(f"{seed}/{name}/{sequence}")  # noqa: S311 - not a secret
        gains = [round(dice.gauss(1, 0.02), 6) for _ in range(16)]
        text = json.dumps({"run": happening.run, "part": sequence, "gains": gains})
        made.append(DaqFile.of(folder / f"{name}.f{sequence}.json", text.encode()))
    return tuple(made)

"""What a chain gave, as the output object that CWL knows: read from the datasets of its steps."""

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from penstock_core.contracts.dsm import ContentFile
from recipe.model import Origin, Output, Port, Recipe


@dataclass(frozen=True)
class Made:
    """What one step made: the files of its output dataset, and the indexes of its jobs."""

    files: Sequence[ContentFile]
    indexes: Sequence[int]


class Results:
    """Builds the output object; files are laid out below ``folder`` under their own names."""

    def __init__(
        self,
        recipe: Recipe,
        made: Mapping[str, Made],
        values: Mapping[str, Any],
        folder: Path,
    ) -> None:
        self._recipe, self._values, self._folder = recipe, values, folder
        self._indexes = {step: one.indexes for step, one in made.items()}
        self._by_place: dict[tuple[str, str, int], list[ContentFile]] = defaultdict(list)
        self._by_name = {file.name: file for one in made.values() for file in one.files}
        self._laid = 0
        for step, one in made.items():
            for file in one.files:
                self._by_place[step, file.port, file.index].append(file)

    def object(self) -> dict[str, Any]:
        """Return the value of each output of the workflow."""
        return {output.name: self._of(output) for output in self._recipe.outputs}

    def _of(self, output: Output) -> Any:
        values = [self._from(origin) for origin in output.origins]
        if not output.listed:
            return _picked(values[0], output.pick_value) if values else None
        if output.link_merge == "merge_flattened":
            values = [v for one in values for v in (one if isinstance(one, list) else [one])]
        elif len(values) == 1 and output.link_merge != "merge_nested":
            return _picked(values[0], output.pick_value)
        return _picked(values, output.pick_value)

    def _from(self, origin: Origin) -> Any:
        if not origin.step:
            return self._values.get(origin.port)
        [port] = [p for p in self._recipe.step(origin.step).ports if p.name == origin.port]
        values = [self._of_job(origin.step, port, index) for index in self._indexes[origin.step]]
        return values if origin.scattered else (values or [None])[0]

    def _of_job(self, step: str, port: Port, index: int) -> Any:
        files = sorted(self._by_place[step, port.name, index], key=lambda file: file.part)
        if port.kind == "object":
            objects = [file for file in files if file.basename == f"{port.name}.json"]
            return self._restored(json.loads(_path(objects[-1]).read_text())) if objects else None
        said = {"format": port.format} if port.format else {}
        laid = [self._laid_out(file) | said for file in files]
        if port.many:
            return laid
        return laid[0] if laid else None

    def _restored(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._restored(one) for one in value]
        if not isinstance(value, dict):
            return value
        if value.get("class") == "File":
            beside = [self._restored(one) for one in value.get("secondaryFiles", ())]
            file = self._laid_out(self._by_name[value["location"]])
            file |= {"format": value["format"]} if "format" in value else {}
            return file | ({"secondaryFiles": beside} if beside else {})
        if value.get("class") == "Directory":
            return self._folder_of(value)
        return {key: self._restored(one) for key, one in value.items()}

    def _folder_of(self, value: Mapping[str, Any]) -> dict[str, Any]:
        path = self._place(value["basename"])
        path.mkdir(parents=True)
        listing = [self._moved(self._restored(one), path) for one in value["listing"]]
        names = {"basename": value["basename"], "location": str(path)}
        return {"class": "Directory", **names, "listing": listing}

    def _moved(self, value: dict[str, Any], folder: Path) -> dict[str, Any]:
        """Move what was laid out into the folder that holds it."""
        path = folder / value["basename"]
        shutil.move(value["location"], path)
        moved: dict[str, Any] = _at(value, Path(value["location"]), path)
        return moved

    def _laid_out(self, file: ContentFile) -> dict[str, Any]:
        path = self._place(file.basename)
        path.parent.mkdir(parents=True)
        shutil.copyfile(_path(file), path)
        facts = {"basename": file.basename, "size": path.stat().st_size}
        return {"class": "File", "location": str(path), **facts}

    def _place(self, name: str) -> Path:
        self._laid += 1
        return self._folder / str(self._laid) / name


def _at(value: Any, before: Path, after: Path) -> Any:
    """Return a value with all that lay below one folder where it lies now."""
    if isinstance(value, list):
        return [_at(one, before, after) for one in value]
    if not isinstance(value, dict):
        return value
    moved = {key: _at(one, before, after) for key, one in value.items()}
    if "location" in moved:
        moved["location"] = str(after / Path(moved["location"]).relative_to(before))
    return moved


class NotPicked(Exception):
    """What pickValue asks for is not there: the workflow has failed."""


def _picked(value: Any, how: str) -> Any:
    """Apply CWL's pickValue to a list."""
    if not how or not isinstance(value, list):
        return value
    there = [one for one in value if one is not None]
    if how == "all_non_null":
        return there
    if not there or (how == "the_only_non_null" and len(there) > 1):
        raise NotPicked(f"{how}: {len(there)} values are there")
    return there[0]


def _path(file: ContentFile) -> Path:
    return Path(unquote(urlsplit(file.url).path))

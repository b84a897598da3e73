"""The fast lane: a simple tool's compiled command line, run without cwltool and told as by it.

Folders have the names that cwltool's have in the other lane: a tool that prints where its input
lies prints the same.
"""

import glob
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from recipe.fast_model import FastBinding, FastInput, FastLane, FastOutput

OBJECT_OUTPUT = "cwl.output.json"
Json = dict[str, Any]


class Unusual(Exception):
    """Something that cwltool is to see to; nothing has been run yet."""


class _Wrong(Exception):
    """The program cannot be executed, or its outputs are not what the tool declares."""


class FastJob:
    """One job of a simple tool.

    Parameters
    ----------
    lane
        The tool, compiled.
    order
        The job's values by their keys.
    folder
        The job's own.
    """

    def __init__(self, lane: FastLane, order: Mapping[str, Any], folder: Path) -> None:
        self._lane = lane
        self._folder = folder
        numbers = iter(range(1 + lane.is_step, 5))
        self._work = folder / f"work{next(numbers)}"
        self._tmp = folder / f"tmp{next(numbers)}"
        self._stage = folder / f"stage{next(numbers)}"
        self._staged: dict[str, str] = {}
        self._links: list[tuple[str, str]] = []
        self._values = {one.name: self._value(one, order.get(one.key)) for one in lane.inputs}

    def run(self) -> Json:
        """Return what cwltool would tell of it. Raises ``Unusual`` before anything is run."""
        words = self.command()
        self._make_folders()
        try:
            code = self._execute(words)
            status = _status(self._lane, code)
            succeeded = status == "success"
            told = {one.name: self._output(one) for one in self._lane.outputs} if succeeded else {}
            result: Json = {"status": status, "outputs": told, "error": ""}
            result["exit_code"] = 0 if succeeded else code
        except _Wrong as error:
            result = {"status": "permanentFail", "outputs": {}, "error": str(error)}
            result["exit_code"] = None
        return result | {"command": self._shown(words)}

    def command(self) -> list[str]:
        """Return the words of the command line."""
        words = [word for binding in self._lane.bindings for word in self._words(binding)]
        return [*self._lane.base, *words]

    @property
    def has_own_outputs(self) -> bool:
        """Return whether the tool told its outputs by itself, which cwltool reads."""
        return (self._work / OBJECT_OUTPUT).exists()

    def _value(self, one: FastInput, given: Any) -> Any:
        if given is None:
            given = one.default
        if given is None:
            if not one.optional:
                raise Unusual(one.name)
            return None
        if one.many != isinstance(given, list):
            raise Unusual(one.name)
        return (
            [self._one(one.kind, item) for item in given]
            if one.many
            else self._one(one.kind, given)
        )

    def _one(self, kind: str, value: Any) -> str | bool:
        """Return a value as it stands on a command line; files are staged on the way."""
        match kind:
            case "File":
                return self._file(value)
            case "boolean" if isinstance(value, bool):
                return value
            case "string" if isinstance(value, str):
                return value
            case "int" | "long" if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
        raise Unusual(kind)

    def _file(self, value: Any) -> str:
        if not isinstance(value, dict) or value.keys() - {"class", "location"}:
            raise Unusual("File")
        path = unquote(urlsplit(value["location"]).path)
        if path in self._staged:
            raise Unusual("one file twice")
        target = f"{self._stage}/{len(self._links)}/{os.path.basename(path)}"
        self._links.append((path, target))
        self._staged[path] = target
        return target

    def _words(self, binding: FastBinding) -> Iterator[str]:
        value = binding.text if not binding.input else self._values[binding.input]
        prefix = binding.prefix
        if isinstance(value, bool) or value is None:
            if value and prefix:
                yield prefix
        elif isinstance(value, list):
            yield from _of_list(value, binding)
        elif not binding.separate:
            yield f"{prefix}{value}"
        else:
            yield from (word for word in (prefix, value) if word is not None)

    def _make_folders(self) -> None:
        for folder in (self._folder / "work1", self._work, self._tmp, self._stage):
            folder.mkdir(exist_ok=True)
        for path, target in self._links:
            os.mkdir(os.path.dirname(target))
            os.symlink(path, target)

    def _execute(self, words: list[str]) -> int:
        """Run the tool; return its exit code, negative for a signal."""
        environment = {key: os.environ[key] for key in ("PATH", "LC_ALL")}
        environment |= {"HOME": str(self._work), "TMPDIR": str(self._tmp)}
        with ExitStack() as stack:
            streams: Json = {"stdin": subprocess.DEVNULL}
            if self._lane.stdin:
                streams["stdin"] = stack.enter_context(open(self._values[self._lane.stdin], "rb"))
            for name in ("stdout", "stderr"):
                streams[name] = 2
                if wanted := getattr(self._lane, name):
                    path = self._work / wanted
                    path.parent.mkdir(parents=True, exist_ok=True)
                    streams[name] = stack.enter_context(path.open("wb"))
            try:
                done = subprocess.run(  # noqa: S603 - what the sandbox is for
                    words, cwd=self._work, env=environment, check=False, **streams
                )
            except OSError as error:
                raise _Wrong(f"{words[0]!r} cannot be run: {error.strerror}") from error
        return done.returncode

    def _shown(self, words: list[str]) -> str:
        shown = " ".join(map(shlex.quote, words))
        if self._lane.stdin:
            shown += f" < {self._values[self._lane.stdin]}"
        for sign, name in ((">", self._lane.stdout), ("2>", self._lane.stderr)):
            shown += f" {sign} {self._work / name}" if name else ""
        return shown

    def _output(self, output: FastOutput) -> Any:
        found = [path for pattern in output.globs for path in self._matching(pattern)]
        for path in found:
            if not os.path.isfile(path):
                raise _Wrong(f"Output {output.name}: {os.path.basename(path)} is no file.")
        if output.many:
            return [_described(path) for path in found]
        if len(found) > 1:
            raise _Wrong(f"Output {output.name} is one file, and {len(found)} fit its pattern.")
        if not found and not output.optional:
            patterns = ", ".join(output.globs)
            raise _Wrong(f"Output {output.name}: the tool made no file that fits {patterns}.")
        return _described(found[0]) if found else None

    def _matching(self, pattern: str) -> list[str]:
        return sorted(glob.glob(os.path.join(glob.escape(str(self._work)), pattern)))


def _of_list(value: list[str], binding: FastBinding) -> Iterator[str]:
    if binding.item_separator and value:
        joined = binding.item_separator.join(value)
        if not binding.separate:
            yield f"{binding.prefix}{joined}"
            return
        yield from (word for word in (binding.prefix, joined) if word is not None)
        return
    if binding.prefix and value:
        yield binding.prefix
    yield from [] if binding.item_separator else value


def _status(lane: FastLane, code: int) -> str:
    if code in lane.success:
        return "success"
    if code in lane.temporary:
        return "temporaryFail"
    if code in lane.permanent:
        return "permanentFail"
    return "success" if code == 0 else "permanentFail"


def _described(path: str) -> Json:
    return {"class": "File", "location": Path(path).as_uri(), "basename": os.path.basename(path)}

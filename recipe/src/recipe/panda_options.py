"""The options of ``prun`` as PanDA's dialect gives them, and the tool that they describe."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_WITH_VALUE = ("--outputs", "--nJobs", "--memory", "--nCore", "--containerImage")
_WITHOUT_EFFECT = ("--avoidVP", "--forceStaged", "--noBuild", "--useAthenaPackages")
_RANDOM = re.compile(r"%RNDM:(\d+)")
_SECONDARY = re.compile(r"%\{DS(\d+)\}")
_REFERENCE = re.compile(r"\$(?=[({])")


@dataclass(frozen=True)
class Options:
    """What a step asks of prun: a shell command, the files that come out, and what it needs.

    ``outputs`` are pairs of a port's name and a file's.
    """

    command: str
    outputs: tuple[tuple[str, str], ...]
    jobs: int = 1
    cores: int = 0
    memory_mib: int = 0
    container: str = ""

    def tool(self, inputs: Sequence[Json], image: str) -> Json:
        """Return the tool; each of ``inputs`` is one word after the command."""
        tool: Json = {
            "class": "CommandLineTool",
            "baseCommand": ["bash", "-c"],
            "arguments": [{"valueFrom": self._script(inputs), "position": 0}, "prun"],
            "inputs": {one["id"]: {k: v for k, v in one.items() if k != "id"} for one in inputs},
            "outputs": {
                port: {"type": "File", "outputBinding": {"glob": file}}
                for port, file in self.outputs
            },
        }
        hints: Json = {}
        if image:
            hints["DockerRequirement"] = {"dockerPull": image.removeprefix("docker://")}
        need = {"coresMin": self.cores, "ramMin": self.memory_mib}
        if any(need.values()):
            hints["ResourceRequirement"] = {key: value for key, value in need.items() if value}
        return tool | ({"hints": hints} if hints else {})

    def _script(self, inputs: Sequence[Json]) -> str:
        """Return the command with prun's placeholders as the shell's words, CWL's escaped."""
        names = [one["id"] for one in inputs]
        script = _REFERENCE.sub(r"\\$", self.command)
        if "input" in names:
            script = script.replace("%IN", f"${names.index('input') + 1}")
        script = _SECONDARY.sub(lambda m: f"${names.index(f'secondary{m[1]}') + 1}", script)
        if "number" in names:
            return _RANDOM.sub(lambda m: rf"\$(({m[1]} + ${names.index('number') + 1}))", script)
        return _RANDOM.sub(lambda m: m[1], script)


def options_of(command: str, arguments: str) -> tuple[Options, list[str]]:
    """Return what the texts of a step ask for, and the words that mean nothing here."""
    words = [word for text in shlex.split(arguments) for word in text.split("=", 1)]
    found: dict[str, str] = {}
    unknown = []
    while words:
        word = words.pop(0)
        if word in _WITH_VALUE and words:
            found[word] = words.pop(0)
        elif word not in _WITHOUT_EFFECT:
            unknown.append(word)
    options = Options(
        command=command,
        outputs=tuple(_outputs(found.get("--outputs", ""))),
        jobs=_number(found.get("--nJobs", "1")),
        cores=_number(found.get("--nCore", "0")),
        memory_mib=_number(found.get("--memory", "0")),
        container=found.get("--containerImage", ""),
    )
    return options, unknown


def _outputs(text: str) -> list[tuple[str, str]]:
    files = [one.strip().rsplit(":", 1)[-1] for one in text.split(",") if one.strip()]
    return [("".join(c if c.isalnum() else "_" for c in file), file) for file in files]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def text_of(ports: Mapping[str, Any], key: str) -> str:
    """Return a port's text, which is given or its default; "" for none."""
    given = ports.get(key)
    return str(given.get("default") or "") if isinstance(given, Mapping) else str(given or "")


def listed(given: Any) -> list[Any]:
    """Return what a port is given, one or several, as a list."""
    if isinstance(given, Mapping):
        given = given.get("source", given.get("default"))
    if given is None:
        return []
    return list(given) if isinstance(given, list) else [given]

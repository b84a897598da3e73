"""PanDA's dialect of CWL (``run: prun``) rewritten into the standard CWL that it means.

The dialect is that of panda-server's ``pcwl_utils``: a step names ``prun`` and gives its options as
text (``opt_exec``, ``opt_args``, ``opt_inDS``); there are no tools and no files in it. What comes
out runs under plain cwltool; what has no counterpart there is told, with its line, and left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from recipe.diagnostics import Diagnostic, fault
from recipe.panda_options import Options, listed, options_of, text_of
from recipe.references import parse, place, require_mapping
from recipe.yaml_guard import check_yaml

COMMAND = "penstock template import-panda"
KINDS = ("prun", "phpo", "junction", "reana", "gitlab")
_PORTS = {
    *("opt_inDS", "opt_inDsType", "opt_secondaryDSs", "opt_secondaryDsTypes"),
    *("opt_exec", "opt_args", "opt_containerImage"),
}
_TYPES = {"opt_inDS": "opt_inDsType", "opt_secondaryDSs": "opt_secondaryDsTypes"}
_STEP_KEYS = {"run", "in", "out", "label", "doc"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Imported:
    """The workflow that a document of the dialect means, and what could not be carried over."""

    workflow: Json
    left_out: tuple[Diagnostic, ...]


@dataclass
class _Step:
    name: str
    node: Mapping[str, Any]
    ports: Mapping[str, Any]
    options: Options
    scattered: bool = False
    inputs: list[Json] = field(default_factory=list)
    links: list[Json] = field(default_factory=list)


def is_dialect(document: Mapping[str, Any]) -> bool:
    """Return whether a step of the document runs one of PanDA's own programs."""
    return any(node.get("run") in KINDS for _, node in _steps(document))


def _steps(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    steps = document.get("steps")
    named = steps.items() if isinstance(steps, Mapping) else ()
    yield from ((str(name), node) for name, node in named if isinstance(node, Mapping))


def refuse(document: Mapping[str, Any], path: str) -> None:
    """Raise ``InvalidTemplate`` for a document of the dialect: it is to be imported first."""
    for name, node in _steps(document):
        if node.get("run") in KINDS:
            message = f"step {name} runs {node['run']}: this is PanDA's own dialect, not CWL"
            hint = f"Rewrite it: {COMMAND} FILE -o NEW.cwl"
            raise fault(path, *place(node, "run"), message, hint)


def rewrite(text: str, path: str) -> Imported:
    """Return what a document means; raises ``InvalidTemplate`` for what cannot be rewritten."""
    check_yaml(path, text)
    document = require_mapping(path, parse(path, text))
    if not is_dialect(document):
        message = "no step of it runs prun, so it is not PanDA's dialect"
        raise fault(path, 1, 1, message, "Standard CWL needs no import: upload it as it is.")
    return _Rewriter(path).rewrite(document)


class _Rewriter:
    def __init__(self, path: str) -> None:
        self._path = path
        self._done: dict[str, _Step] = {}
        self._inputs: dict[str, Json] = {}
        self._left_out: list[Diagnostic] = []

    def rewrite(self, document: Mapping[str, Any]) -> Imported:
        steps = [self._step(name, node) for name, node in _steps(document)]
        workflow = {
            "cwlVersion": "v1.2",
            "class": "Workflow",
            "requirements": [{"class": "ScatterFeatureRequirement"}],
            "inputs": self._inputs,
            "outputs": dict(self._outputs(document)),
            "steps": dict(steps),
        }
        return Imported(workflow, tuple(sorted(self._left_out)))

    def _step(self, name: str, node: Mapping[str, Any]) -> tuple[str, Json]:
        if node.get("run") != "prun":
            message = f"step {name} runs {node.get('run')}, which has no counterpart in CWL"
            raise self._wrong(node, "run", message, "Write a tool for it, or leave the step out.")
        for key in node:
            if key not in _STEP_KEYS:
                self._leave_out(node, key, f"step {name}: {key}")
        ports = node.get("in") or {}
        for key in ports:
            if key not in _PORTS:
                self._leave_out(ports, key, f"step {name}: {key}")
        options, unknown = options_of(text_of(ports, "opt_exec"), text_of(ports, "opt_args"))
        for word in unknown:
            self._leave_out(ports, "opt_args", f"step {name}: {word}")
        if not options.outputs:
            message = f"step {name} has no --outputs in opt_args, so nothing comes out of it"
            raise self._wrong(node, "in", message, "Name its files: --outputs a.root,b.txt")
        step = _Step(name, node, ports, options)
        self._done[name] = step
        return name, self._standard(step)

    def _standard(self, step: _Step) -> Json:
        self._feed(step)
        image = step.options.container or text_of(step.ports, "opt_containerImage")
        tool = step.options.tool(step.inputs, image)
        made: Json = {"run": tool, "in": {one["id"]: one["source"] for one in step.links}}
        made["out"] = [port for port, _ in step.options.outputs]
        if step.scattered:
            made["scatter"] = step.links[0]["id"]
        return made

    def _feed(self, step: _Step) -> None:
        """Find what the step reads: one file a job, and secondary datasets as a whole."""
        if "opt_inDS" in step.ports:
            self._link(step, "input", "opt_inDS", step.ports["opt_inDS"], 0, scattered=True)
        elif step.options.jobs > 1:
            numbers = f"{step.name}_numbers"
            default = list(range(step.options.jobs))
            self._inputs[numbers] = {"type": "int[]", "default": default}
            step.inputs.append({"id": "number", "type": "int", "inputBinding": {"position": 1}})
            step.links.append({"id": "number", "source": numbers})
            step.scattered = True
        secondary = listed(step.ports.get("opt_secondaryDSs"))
        for place_of, one in enumerate(secondary):
            name = f"secondary{place_of + 1}"
            self._link(step, name, "opt_secondaryDSs", one, place_of, scattered=False)

    def _link(
        self, step: _Step, name: str, key: str, given: Any, number: int, *, scattered: bool
    ) -> None:
        source, is_list = self._source(step, key, given, number)
        many = is_list and not scattered
        binding: Json = {"position": len(step.inputs) + 1}
        binding |= {"itemSeparator": ","} if many else {}
        kind = "File[]" if many else "File"
        step.inputs.append({"id": name, "type": kind, "inputBinding": binding})
        step.links.append({"id": name, "source": source})
        step.scattered = step.scattered or (scattered and is_list)

    def _source(self, step: _Step, key: str, given: Any, number: int) -> tuple[str, bool]:
        """Return what a dataset is in the workflow, and whether it is a list of files."""
        [text] = [str(one) for one in listed(given)] or [""]
        parent_name, slash, _ = text.partition("/")
        if slash and parent_name in self._done:
            parent = self._done[parent_name]
            types = [str(one) for one in listed(step.ports.get(_TYPES[key]))]
            wanted = types[number] if number < len(types) else ""
            return f"{parent_name}/{self._port(step, parent, wanted, key)}", parent.scattered
        if not text:
            raise self._wrong(step.ports, key, f"step {step.name}: {key} names nothing", "Name it.")
        name = "".join(c if c.isalnum() else "_" for c in text.strip("/")) or "files"
        self._inputs.setdefault(name, {"type": "File[]", "doc": f"The files of {text}."})
        return name, True

    def _port(self, step: _Step, parent: _Step, wanted: str, key: str) -> str:
        ports = {file: port for port, file in parent.options.outputs}
        if wanted in ports:
            return ports[wanted]
        if len(ports) == 1 and not wanted:
            return next(iter(ports.values()))
        message = f"step {step.name}: which output of {parent.name} ({', '.join(ports)})?"
        hint = "Say it with opt_inDsType, or opt_secondaryDsTypes."
        raise self._wrong(step.ports, key, message, hint)

    def _outputs(self, document: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
        outputs = document.get("outputs")
        for name, given in outputs.items() if isinstance(outputs, Mapping) else ():
            source = str(given.get("outputSource", "") if isinstance(given, Mapping) else given)
            step = self._done.get(source.partition("/")[0])
            if step is None:
                self._leave_out(outputs, name, f"output {name}, which is from no step")
                continue
            for port, _ in step.options.outputs:
                only = len(step.options.outputs) == 1
                kind = "File[]" if step.scattered else "File"
                told = {"type": kind, "outputSource": f"{step.name}/{port}"}
                yield (str(name) if only else f"{name}_{port}"), told

    def _leave_out(self, holder: Any, key: Any, what: str) -> None:
        line, column = place(holder, key)
        self._left_out.append(Diagnostic(self._path, line, column, f"left out: {what}"))

    def _wrong(self, holder: Any, key: Any, message: str, hint: str) -> Exception:
        return fault(self._path, *place(holder, key), message, hint)

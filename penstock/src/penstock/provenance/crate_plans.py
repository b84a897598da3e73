"""The prospective half of a crate: workflows, their steps, tools and parameters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from penstock.provenance.cwl_types import parameter_type
from penstock.provenance.documents import Documents, documents_of, workflow_outputs
from penstock.provenance.lineage import Tool
from penstock_core.contracts.workflow import Chain
from recipe.model import InputSpec, Recipe, Step

WORKFLOW = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
CWL_VERSION = "v1.2"


@dataclass(frozen=True)
class Plan:
    """One template version in a crate; entities are made as they are asked for."""

    crate: ROCrate
    chain: Chain
    recipe: Recipe
    tools: Sequence[Tool] = field(repr=False)

    @cached_property
    def documents(self) -> Documents:
        """Return its documents."""
        return documents_of(self.chain, self.recipe)

    @cached_property
    def outputs(self) -> dict[tuple[str, str], str]:
        """Return by step and port the names of the workflow's outputs."""
        return workflow_outputs(self.documents, self.recipe)

    def add(self, *, main: bool) -> Entity:
        """Add the workflow with all that belongs to it; ``main`` makes it the crate's own."""
        path = self.documents.main
        workflow = self.crate.add_workflow(
            StringIO(self.documents.texts[path]),
            path,
            main=main,
            lang="cwl",
            lang_version=CWL_VERSION,
            properties={"@type": WORKFLOW, **self._facts()},
        )
        others = [
            self.crate.add_file(StringIO(text), name, properties={"name": name.rpartition("/")[2]})
            for name, text in self.documents.texts.items()
            if name != path
        ]
        tools = [self._add_tool(step) for step in self.recipe.steps]
        workflow["hasPart"] = [*others, *tools]
        workflow["step"] = [self._add_step(at, step) for at, step in enumerate(self.recipe.steps)]
        workflow["input"] = self._add_inputs()
        workflow["output"] = [
            self._parameter(name, ("File",)) for name in dict.fromkeys(self.outputs.values())
        ]
        return workflow

    def _facts(self) -> dict[str, Any]:
        chain = self.chain
        if not chain.template:
            return {"name": f"A task submitted by hand (workflow {chain.workflow_id})"}
        author = person(self.crate, chain.created_by)
        return {
            "name": chain.template,
            "version": str(chain.version),
            "identifier": chain.recipe_digest,
            "creator": author,
        }

    def id_of(self, *parts: str) -> str:
        """Return the id of a part of the workflow: ``<main document>#<part>/…``."""
        return f"{self.documents.main}#{'/'.join(parts)}"

    def parameters_of(self, name: str) -> list[str]:
        """Return the ids of all parameters that take the value of one of the workflow's inputs."""
        taken = [
            self.id_of("tool", step.name, value.key)
            for step in self.recipe.steps
            for value in step.values
            if value.input == name
        ]
        return [self.id_of(name), *taken]

    def tool_id(self, step: str) -> str:
        """Return the id of the tool that a step runs."""
        return self.id_of("tool", step)

    def step_id(self, step: str) -> str:
        """Return the id of a step."""
        return self.id_of("step", step)

    def _add_step(self, position: int, step: Step) -> Entity:
        facts = {"name": step.name, "position": str(position)}
        tool = {"@id": self.tool_id(step.name)}
        return self._add(self.step_id(step.name), "HowToStep", **facts, workExample=tool)

    def _add_tool(self, step: Step) -> Entity:
        inputs = [
            self._parameter(link.key, ("File",), "tool", step.name, many=link.take == "all")
            for link in step.links
        ]
        inputs += [
            self._value_parameter(step.name, value.key, value.input) for value in step.values
        ]
        ports = [
            self._parameter(port.name, ("File",), "tool", step.name, many=port.many)
            for port in step.ports
        ]
        facts: dict[str, Any] = {"name": step.label, "input": inputs, "output": ports}
        if self.chain.version is not None:
            facts["softwareVersion"] = str(self.chain.version)
        packages = [
            each for tool in self.tools if tool.step == step.name for each in self._needs(tool)
        ]
        if packages:
            facts["softwareRequirements"] = packages
        return self._add(self.tool_id(step.name), "SoftwareApplication", **facts)

    def _needs(self, tool: Tool) -> Iterable[Entity]:
        for name, versions in tool.packages.items():
            facts = {"name": name, "softwareVersion": ", ".join(versions)}
            yield self._add(self.id_of("package", name), "SoftwareApplication", **facts)

    def _add_inputs(self) -> list[Entity]:
        dataset = self._parameter(self.recipe.input, ("File",), many=True)
        return [dataset, *(self._input(spec) for spec in self.recipe.inputs)]

    def _input(self, spec: InputSpec) -> Entity:
        kind = parameter_type(spec.type)
        made = self._parameter(spec.name, kind.words, many=kind.many)
        made["valueRequired"] = str(spec.required)
        if spec.default is not None:
            made["defaultValue"] = as_value(spec.default)
        if spec.doc or spec.label:
            made["description"] = spec.doc or spec.label
        return made

    def _value_parameter(self, step: str, key: str, name: str) -> Entity:
        spec = next((each for each in self.recipe.inputs if each.name == name), None)
        kind = parameter_type(spec.type if spec else "Any")
        return self._parameter(key, kind.words, "tool", step, many=kind.many)

    def _parameter(
        self, name: str, words: Sequence[str], *scope: str, many: bool = False
    ) -> Entity:
        kind = list(words) if len(words) > 1 else words[0]
        more = {"multipleValues": "True"} if many else {}
        return self._add(
            self.id_of(*scope, name), "FormalParameter", name=name, additionalType=kind, **more
        )

    def _add(self, identifier: str, kind: str, **facts: Any) -> Entity:
        return add(self.crate, identifier, kind, **facts)


def add(crate: ROCrate, identifier: str, kind: str, **facts: Any) -> Entity:
    """Add a contextual entity and return it; what is empty is left out."""
    known = {name: value for name, value in facts.items() if value not in ("", None)}
    entity: Entity = crate.add(ContextEntity(crate, identifier, {"@type": kind, **known}))
    return entity


def person(crate: ROCrate, name: str) -> Entity:
    """Return a user as a person of the crate."""
    return add(crate, f"#person/{name}", "Person", name=name)


def as_value(value: Any) -> str | list[str]:
    """Return a value as the texts that RO-Crate takes."""
    return [str(item) for item in value] if isinstance(value, list) else str(value)

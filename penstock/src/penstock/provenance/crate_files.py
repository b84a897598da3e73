"""The files of a crate: inside it or by reference, each with the parameters that it stands for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from rocrate.rocrate import ROCrate

from penstock.provenance.crate_plans import Plan, add
from penstock.provenance.lineage import Index, LineageFile
from penstock_core.contracts.workflow import FileRole, FileUse
from penstock_core.media import SHOWN

_GONE = "The storage manager does not know this file any more."


@dataclass(frozen=True)
class Files:
    """Adds the files of a lineage to a crate, and tells their ids there.

    Attributes
    ----------
    plans
        The workflows of the crate, by the id of the chain.
    copies
        Where the bytes of files lie that are to be put into the crate, by the file's name.
    """

    crate: ROCrate
    index: Index
    plans: Mapping[int, Plan]
    copies: Mapping[str, Path]

    def add(self) -> None:
        """Add all of them."""
        for found in self.index.lineage.files:
            self._add(found)
        for name in sorted(self.index.names - self.index.files.keys()):
            add(self.crate, self.id_of(name), "CreativeWork", name=name, description=_GONE)

    def refs(self, names: Iterable[str]) -> list[dict[str, str]]:
        """Return references to files, each once."""
        return [{"@id": self.id_of(name)} for name in dict.fromkeys(names)]

    def id_of(self, name: str) -> str:
        """Return the id of a file in the crate."""
        if name not in self.index.files:
            return f"#file/{quote(name)}"
        return quote(f"files/{name}") if name in self.copies else self.index.files[name].url

    def is_masked(self, use: FileUse) -> bool:
        """Return whether a job took a file from the dataset that its workflow is over."""
        links = self.index.step_of(use.task_id).links
        reads = use.role is FileRole.IN
        return reads and any(not link.step and self.index.takes(link, use) for link in links)

    def result_names(self, use: FileUse) -> Iterator[str]:
        """Give the outputs of the workflow that a file stands for."""
        if use.role is FileRole.OUT:
            plan, step = self._plan_of(use), self.index.step_of(use.task_id).name
            known = (plan.outputs.get((step, port)) for port in self.index.ports(use))
            yield from (name for name in known if name)

    def _add(self, found: LineageFile) -> None:
        file = found.file
        basename = next((each.basename for each in found.datasets if each.basename), file.name)
        facts: dict[str, Any] = {
            "name": file.name,
            "contentSize": str(file.size_bytes),
            "identifier": file.checksum,
            "dateCreated": file.registered_at.isoformat(),
        }
        if basename != file.name:
            facts["alternateName"] = basename
        if media := SHOWN.get(PurePosixPath(basename).suffix.lower()):
            facts["encodingFormat"] = media.partition(";")[0]
        if parameters := self._parameters.get(file.name):
            facts["exampleOfWork"] = [{"@id": each} for each in parameters]
        if file.name in self.copies:
            self.crate.add_file(self.copies[file.name], f"files/{file.name}", properties=facts)
        else:
            self.crate.add_file(found.url, properties=facts)

    @cached_property
    def _parameters(self) -> dict[str, list[str]]:
        """Return by file the ids of the parameters that it stands for."""
        found: dict[str, dict[str, None]] = {}
        for use in self.index.lineage.uses:
            found.setdefault(use.name, {}).update(dict.fromkeys(self._parameters_of(use)))
        return {name: list(ids) for name, ids in found.items() if ids}

    def _parameters_of(self, use: FileUse) -> Iterator[str]:
        plan, step = self._plan_of(use), self.index.step_of(use.task_id).name
        yield from (plan.id_of("tool", step, port) for port in self.index.ports(use))
        yield from (plan.id_of(name) for name in self.result_names(use))
        if self.is_masked(use):
            yield plan.id_of(plan.recipe.input)

    def _plan_of(self, use: FileUse) -> Plan:
        return self.plans[self.index.tasks[use.task_id].wflow_id]

"""Bringing what a job made into the storage, and the manifest of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock_core.contracts.dsm import Manifest, ManifestPart, ProducedFile
from pilot import payload_log, plain
from pilot.model import Claim, failed_key
from pilot.naming import log_name, output_name
from pilot.outputs import Made, Outputs
from pilot.storage import Copier, Storage, Stored
from pilot.worker.files import LOG_NAME
from recipe.model import Step


@dataclass(frozen=True, slots=True)
class StageOut:
    """Where the outputs of one job go. All methods block.

    Attributes
    ----------
    storage_id
        The storage manager's uid of ``storage``.
    roots
        Folders that an output may lie in: the job's own and the template's documents.
    """

    storage: Storage
    storage_id: str
    claim: Claim
    folder: Path
    roots: tuple[Path, ...]

    def succeeded(self, step: Step, outputs: Mapping[str, Any]) -> Manifest:
        """Store all outputs and the log of a job that succeeded; raises ``JobError``."""
        made = Outputs(self.roots, self.folder, self._name_of).files(outputs, step.ports)
        kept = [self._store_output(one) for one in made if one.port != step.log_port]
        logs = [one for one in made if one.port == step.log_port]
        log = self._store_port_as_log(logs[0]) if logs else self._store_payload_log()
        return self._manifest(self.claim.key, kept, log)

    def failed(self, reason: str) -> Manifest:
        """Store the log of a job that failed; one that never started says why."""
        path = self.folder / LOG_NAME
        if not path.is_file() or path.is_symlink():
            plain.write(path, f"{reason}\n")
        key = failed_key(self.claim.key, self.claim.round)
        return self._manifest(key, [], self._store_payload_log())

    def _manifest(self, key: str, outputs: list[ProducedFile], log: ProducedFile) -> Manifest:
        spec = self.claim.spec
        parts = [ManifestPart(dataset_uid=spec.log_uid, files=(log,))]
        self.storage.sync_folder(spec.namespace, spec.log_name)
        if outputs:
            self.storage.sync_folder(spec.namespace, spec.output_name)
            parts.insert(0, ManifestPart(dataset_uid=spec.output_uid, files=tuple(outputs)))
        return Manifest(job=key, parts=tuple(parts))

    def _store_output(self, made: Made) -> ProducedFile:
        spec = self.claim.spec
        name = self._name_of(made)
        stored = self.storage.put(made.path, spec.namespace, spec.output_name, name)
        return self._produced(name, stored, made.basename, made.port, made.part or 0)

    def _name_of(self, made: Made) -> str:
        dataset = self.claim.spec.output_name
        return output_name(dataset, self.claim.index, made.port, made.basename, made.part)

    def _store_port_as_log(self, made: Made) -> ProducedFile:
        return self._store_log(made.path, made.port, payload_log.copier(self.folder))

    def _store_payload_log(self) -> ProducedFile:
        return self._store_log(self.folder / LOG_NAME, "", payload_log.copier(self.folder))

    def _store_log(self, path: Path, port: str, copier: Copier) -> ProducedFile:
        spec = self.claim.spec
        name = log_name(spec.log_name, self.claim.index, self.claim.round)
        stored = self.storage.put(path, spec.namespace, spec.log_name, name, copier)
        return self._produced(name, stored, name, port, 0)

    def _produced(
        self, name: str, stored: Stored, basename: str, port: str, part: int
    ) -> ProducedFile:
        return ProducedFile(
            name=name,
            storage_id=self.storage_id,
            path=stored.path,
            size_bytes=stored.size_bytes,
            checksum=stored.checksum,
            basename=basename,
            port=port,
            index=self.claim.index,
            part=part,
        )

"""Manifests: all outputs of a job, registered all or nothing, once."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from dsm.manager import tables
from dsm.manager.datasets import dataset_rows
from dsm.manager.files.registration import register
from dsm.manager.files.storages import StorageRow, find_storage, storages_by_uid
from dsm.manager.files.units import NewFile, Part, Unit
from dsm.manager.naming import check_basename, check_file_name, normal_checksum, path_within
from dsm.manager.reading import no_dataset, rows_where
from dsm.manager.work import Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import Manifest, ManifestPart, Outcome, ProducedFile
from penstock_core.errors import Duplicate, PenstockError

Rows = dict[str, Row[Any]]


async def register_manifests(work: Work, manifests: Sequence[Manifest]) -> tuple[Outcome, ...]:
    """Register the outputs of these jobs, in bulk; return what became of each, in their order."""
    known = await _known(work, manifests)
    datasets = await dataset_rows(work, [p.dataset_uid for m in manifests for p in m.parts])
    storages = await storages_by_uid(
        work.connection, [f.storage_id for m in manifests for p in m.parts for f in p.files]
    )
    told = {m.job: _digest(m) for m in reversed(manifests)}
    plans = [_plan(manifest, known, told, datasets, storages) for manifest in manifests]
    return await _carry_out(work, manifests, plans)


async def _known(work: Work, manifests: Sequence[Manifest]) -> dict[str, str]:
    columns = tables.manifest.c
    query = select(columns.job, columns.digest)
    rows = rows_where(work.connection, query, columns.job, [m.job for m in manifests])
    return {row.job: row.digest async for row in rows}


def _digest(manifest: Manifest) -> str:
    return hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()


def _plan(
    manifest: Manifest,
    known: dict[str, str],
    told: dict[str, str],
    datasets: Rows,
    storages: dict[str, StorageRow],
) -> Outcome | Unit:
    """Return what to register, or what to answer without registering anything.

    ``known`` has the digests of manifests that are stored; ``told`` those of this request, the
    first one of each job.
    """
    digest = _digest(manifest)
    if known.get(manifest.job) == digest:
        return Outcome(key=manifest.job, ok=True, details="registered before")
    try:
        if known.get(manifest.job, told[manifest.job]) != digest:
            raise _other_manifest(manifest.job)
        parts = tuple(_part(part, datasets, storages) for part in manifest.parts)
    except PenstockError as error:
        return _refused(manifest.job, error)
    return Unit(parts, producer=manifest.job)


def _part(part: ManifestPart, datasets: Rows, storages: dict[str, StorageRow]) -> Part:
    if part.dataset_uid not in datasets:
        raise no_dataset(part.dataset_uid)
    files = tuple(_file(file, storages) for file in part.files)
    return Part(datasets[part.dataset_uid], files)


def _file(file: ProducedFile, storages: dict[str, StorageRow]) -> NewFile:
    storage = find_storage(storages, file.storage_id)
    return NewFile(
        name=check_file_name(file.name),
        storage_id=storage.id,
        path=path_within(storage.base, file.path),
        size_bytes=file.size_bytes,
        checksum=normal_checksum(file.checksum),
        basename=check_basename(file.basename),
        port=file.port,
        part=file.part,
        index=file.index,
    )


async def _carry_out(
    work: Work, manifests: Sequence[Manifest], planned: Sequence[Outcome | Unit]
) -> tuple[Outcome, ...]:
    units = [unit for unit in planned if isinstance(unit, Unit)]
    results = iter(await register(work, units))
    outcomes = []
    done: dict[str, Json] = {}
    for manifest, plan in zip(manifests, planned, strict=True):
        if isinstance(plan, Outcome):
            outcomes.append(plan)
            continue
        result = next(results)
        if isinstance(result, PenstockError):
            outcomes.append(_refused(manifest.job, result))
            continue
        done[manifest.job] = _row(manifest, work.at)
        outcomes.append(Outcome(key=manifest.job, ok=True, details=f"{result.files} files"))
    if done:
        await insert_rows(work.connection, tables.manifest, list(done.values()))
    return tuple(outcomes)


def _row(manifest: Manifest, at: str) -> Json:
    return {"job": manifest.job, "digest": _digest(manifest), "registered_at": at}


def _refused(job: str, error: PenstockError) -> Outcome:
    return Outcome(key=job, ok=False, details=str(error), error=error.as_json())


def _other_manifest(job: str) -> Duplicate:
    return Duplicate(
        f"The job {job!r} has registered other outputs before.",
        hint="A job has one manifest: send the stored one again, or give another job key.",
        facts={"job": job},
    )

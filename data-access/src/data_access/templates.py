"""Template versions: made once, never changed; of each name one is ACTUAL."""

import asyncio
from dataclasses import dataclass

from data_access import in_force
from data_access.bulk import Row
from data_access.compiling import Compiled, Compiler, compile_content
from data_access.content import Content, changed, content_of
from data_access.counters import CATALOGUE, Counters
from data_access.feeding import refuse_loops, refuse_stored_loops
from data_access.overlaps import overlap_warnings
from data_access.schema import decision, log, template
from data_access.template_rows import contents, read_template
from data_access.template_versions import (
    MATCHED,
    activate,
    insert_version,
    is_same,
    newest_version,
    refuse_taken,
    refuse_used,
    status_after,
    template_event,
    version_row,
)
from penstock_core.contracts.base import Json
from penstock_core.contracts.workflow import NewTemplate, TemplateChange
from penstock_core.errors import Conflict
from penstock_core.states import TEMPLATE_MOVES, TemplateStatus, check_move
from penstock_core.store import Store
from recipe.parameters import parameters_of


@dataclass(frozen=True, slots=True)
class Templates:
    """What may be done with templates."""

    store: Store
    compiler: Compiler

    async def check(self, new: NewTemplate) -> Json:
        """Return the recipe, what it asks for, and the warnings; nothing is stored."""
        compiled, warnings = await self._compile(content_of(new))
        recipe = compiled.recipe.model_dump(mode="json")
        asked = parameters_of(compiled.recipe.inputs).model_dump(mode="json")
        told = {"recipe": recipe, "digest": compiled.digest, "parameters": asked}
        return {**told, "warnings": list(warnings)}

    async def create(self, new: NewTemplate, actor: str) -> Row:
        """Return the first version of a new name; raises ``Duplicate``, ``InvalidTemplate``."""
        content = content_of(new)
        async with self.store.read() as connection:
            await refuse_taken(connection, content)
        compiled, warnings = await self._compile(content)
        async with self.store.write() as connection:
            counters = await Counters.lock(connection)
            await refuse_taken(connection, content)
            row = version_row(counters, compiled, warnings, 1, actor)
            await insert_version(connection, counters, compiled, row)
            return await activate(connection, counters, row, new.status, new.effective_from)

    async def change(self, template_id: int, change: TemplateChange, actor: str) -> Row:
        """Return the version that results: the same one, or a new one if the content changed."""
        async with self.store.read() as connection:
            before = await read_template(connection, template_id)
        content = changed(Content(**before["content"]), change)
        if is_same(Content(**before["content"]), content):
            return await self._change_status(template_id, change)
        compiled, warnings = await self._compile(content)
        return await self._new_version(template_id, change, compiled, warnings, actor)

    async def roll_back(self, template_id: int) -> Row:
        """Make the version ACTUAL that was so before this one, which is; raises ``Conflict``.

        It names the version to be undone, so that a repeat of the request undoes nothing more.
        """
        async with self.store.write() as connection:
            counters = await Counters.lock(connection)
            row = await read_template(connection, template_id, lock=True)
            if row["status"] != TemplateStatus.ACTUAL:
                raise Conflict(
                    f"Template {template_id} is {row['status']}, so there is nothing to undo.",
                    hint="GET /template/actual lists the versions in force.",
                )
            before = await in_force.actual_before(connection, row["name"], template_id)
            if before is None:
                raise Conflict(
                    f"No other version of {row['name']} was ACTUAL before.",
                    hint='Archive it: PUT /template/{id}/change {"status": "ARCHIVED"}.',
                )
            earlier = await read_template(connection, before, lock=True)
            return await activate(connection, counters, earlier, TemplateStatus.ACTUAL, None)

    async def delete(self, template_id: int) -> None:
        """Delete a version that made nothing; raises ``Conflict``."""
        async with self.store.write() as connection:
            counters = await Counters.lock(connection)
            row = await read_template(connection, template_id)
            await refuse_used(connection, row)
            of_it = decision.c.template_id == template_id
            await connection.execute(decision.delete().where(of_it))
            await in_force.forget(connection, template_id)
            this = template.c.template_id == template_id
            await connection.execute(template.delete().where(this))
            if row["status"] in MATCHED:
                counters.next(CATALOGUE)
            await counters.store(connection)
            await log.append(connection, [template_event(row | {"status": "DELETED"})])

    async def _compile(self, content: Content) -> tuple[Compiled, tuple[str, ...]]:
        compiled = await compile_content(self.compiler, content)
        async with self.store.read() as connection:
            await refuse_loops(connection, content, compiled.recipe)
            others = await contents(connection, [TemplateStatus.ACTUAL])
        overlaps = await asyncio.to_thread(overlap_warnings, content, others)
        return compiled, (*compiled.recipe.warnings, *overlaps)

    async def _change_status(self, template_id: int, change: TemplateChange) -> Row:
        async with self.store.write() as connection:
            counters = await Counters.lock(connection)
            row = await read_template(connection, template_id, lock=True)
            status = change.status or TemplateStatus(row["status"])
            before = TemplateStatus(row["status"])
            check_move(TEMPLATE_MOVES, before, status, f"Template {template_id}")
            if status is before and change.effective_from is None:
                return row
            content = Content(**row["content"])
            await refuse_stored_loops(connection, content, row["recipe_digest"], status)
            return await activate(connection, counters, row, status, change.effective_from)

    async def _new_version(
        self,
        template_id: int,
        change: TemplateChange,
        compiled: Compiled,
        warnings: tuple[str, ...],
        actor: str,
    ) -> Row:
        async with self.store.write() as connection:
            counters = await Counters.lock(connection)
            before = await read_template(connection, template_id, lock=True)
            if compiled.content.name != before["name"]:
                await refuse_taken(connection, compiled.content)
            version = await newest_version(connection, compiled.content.name) + 1
            row = version_row(counters, compiled, warnings, version, actor)
            await insert_version(connection, counters, compiled, row)
            status = change.status or status_after(TemplateStatus(before["status"]))
            return await activate(
                connection, counters, row, status, change.effective_from, before["name"]
            )

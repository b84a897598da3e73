"""Recipes by their digest, and the files of their bundles laid out for jobs to read."""

import asyncio
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from penstock_core.clients.data_access import DataAccessClient
from penstock_core.errors import InvalidInput
from recipe.model import Recipe

SCHEME = "bundle:"


class RecipeShelf:
    """Keeps the recipes that were used last in memory, and their bundles in a folder each.

    Parameters
    ----------
    folder
        Where bundles are laid out, one folder a digest.
    kept
        How many recipes are held in memory.
    """

    def __init__(self, data_access: DataAccessClient, folder: Path, kept: int) -> None:
        self._data_access = data_access
        self._folder = folder
        self._kept = kept
        self._recipes: OrderedDict[str, Recipe] = OrderedDict()

    async def recipe(self, digest: str) -> Recipe:
        """Return a recipe; raises ``NotFound``, or ``InvalidInput`` for one that cannot be read."""
        if digest not in self._recipes:
            body = await self._data_access.recipe(digest)
            self._recipes[digest] = _parse(digest, body)
        self._recipes.move_to_end(digest)
        while len(self._recipes) > self._kept:
            self._recipes.popitem(last=False)
        return self._recipes[digest]

    async def bundle(self, digest: str) -> Path:
        """Return the folder with the recipe's documents, read-only."""
        folder = self._folder / inside(digest)
        if not folder.exists():
            documents = (await self.recipe(digest)).documents
            await asyncio.to_thread(_lay_out, documents, folder)
        return folder


def _parse(digest: str, body: dict[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(body)
    except ValidationError as error:
        raise InvalidInput(
            f"Recipe {digest} is not one that this version reads: {error.errors()[0]['msg']}.",
            hint="Upload the template again: it is compiled anew.",
        ) from error


def _lay_out(documents: Mapping[str, str], folder: Path) -> None:
    """Write a bundle beside its place, then move it there: whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    for name, text in documents.items():
        path = partial / inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o444)
    partial.chmod(0o755)
    try:
        os.rename(partial, folder)
    except OSError:  # another job was faster
        shutil.rmtree(partial)
        if not folder.is_dir():
            raise


def inside(name: str) -> PurePosixPath:
    """Return ``name`` as a path below a bundle; raises ``InvalidInput`` if it leads out."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise InvalidInput(
            f"{name!r} leads out of its template.", hint="Upload the template again."
        )
    return path


def with_paths(node: Any, bundle: Path) -> Any:
    """Return a JSON value in which files of the bundle stand with their real location.

    Raises ``InvalidInput`` for a file from anywhere else: a template reads its own files and what
    its links give it.
    """
    if isinstance(node, list):
        return [with_paths(item, bundle) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("class") in ("File", "Directory"):
        return _located(node, bundle)
    return {key: with_paths(value, bundle) for key, value in node.items()}


def _located(node: dict[str, Any], bundle: Path) -> dict[str, Any]:
    location = node.get("location", node.get("path"))
    if location is None or location.startswith("_:"):
        return {key: with_paths(value, bundle) for key, value in node.items()}
    if not location.startswith(SCHEME):
        raise InvalidInput(
            f"The file {location!r} is not one of the template's own.",
            hint="Put it into the template's documents, or read it through a dataset.",
        )
    path = bundle / inside(location.removeprefix(SCHEME))
    rest = {key: with_paths(value, bundle) for key, value in node.items() if key != "path"}
    return rest | {"location": path.as_uri()}

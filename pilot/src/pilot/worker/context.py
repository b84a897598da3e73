"""cwltool's context for one job: no engine, no node, and folders with the same names each time.

cwltool names its folders at random; a tool that prints the path of its input would then never
print the same twice.
"""

import itertools
import os
from collections.abc import MutableSequence
from pathlib import Path
from typing import Any

from cwltool.context import LoadingContext, RuntimeContext
from cwltool.pathmapper import PathMapper

from pilot.worker.contained import OUTDIR, make_tool


class NumberedFolders(RuntimeContext):
    """A runtime context whose folders are ``work1``, ``tmp2``, … in the job's own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(settings)
        self._folder = folder
        self._numbers = itertools.count(1)

    def create_outdir(self) -> str:
        return self._create("work")

    def create_tmpdir(self) -> str:
        return self._create("tmp")

    def get_stagedir(self) -> str:
        return self.stagedir or self._create("stage")

    def _create(self, kind: str) -> str:
        path = self._folder / f"{kind}{next(self._numbers)}"
        path.mkdir()
        return str(path)


class NumberedInputs(PathMapper):
    """Stages each input into a numbered folder of its own."""

    def setup(self, referenced_files: MutableSequence[Any], basedir: str) -> None:
        stagedir = self.stagedir
        for number, file in enumerate(referenced_files):
            if self.separateDirs:
                stagedir = os.path.join(self.stagedir, str(number))
            self.visit(file, stagedir, basedir, copy=bool(file.get("writable")), staged=True)


def loading_context() -> LoadingContext:
    """Return how compiled documents are loaded: checked before, so not checked again."""
    return LoadingContext(
        {
            "construct_tool_object": make_tool,
            "disable_js_validation": True,
            "do_validate": False,
            "doc_cache": False,
            "skip_schemas": True,
            "relax_path_checks": True,
        }
    )


def runtime_context(folder: Path, *, contained: bool) -> RuntimeContext:
    """Return where and how a job runs, in containers or not; outputs stay where they were made."""
    return NumberedFolders(
        folder,
        basedir=str(folder),
        use_container=contained,
        docker_outdir=OUTDIR,
        rm_tmpdir=False,
        compute_checksum=False,
        path_mapper=NumberedInputs,
        preserve_environment=["LC_ALL"],
    )

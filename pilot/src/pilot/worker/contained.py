"""Tools whose container the pilot runs: cwltool runs a program that asks for it."""

import itertools
import json
import os
import re
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, cast

from cwltool.command_line_tool import CommandLineTool
from cwltool.context import LoadingContext, RuntimeContext
from cwltool.docker import DockerCommandLineJob
from cwltool.errors import WorkflowException
from cwltool.job import JobBase
from cwltool.process import Process
from cwltool.workflow import default_make_tool

from pilot.worker import ask

OUTDIR = "/var/spool/cwl"
"""Where a tool in a container works; the name that CWL's first runners gave it."""
_ASKING = re.compile(rf"\S+ -I -m {re.escape(ask.__name__)} \S+/container\d+\.json ")
_numbers = itertools.count(1)


def make_tool(document: Any, context: LoadingContext) -> Process:
    """Return the process of a document, with its containers left to the pilot."""
    if isinstance(document, MutableMapping) and document.get("class") == "CommandLineTool":
        return ContainedTool(cast(Any, document), context)
    return default_make_tool(document, context)


class ContainedTool(CommandLineTool):
    """A tool that may ask for a container."""

    def make_job_runner(self, runtimeContext: RuntimeContext) -> type[JobBase]:  # noqa: N803
        """Return how its jobs run."""
        needed, _ = self.get_requirement("DockerRequirement")
        if needed and runtimeContext.use_container:
            return ContainedJob
        return super().make_job_runner(runtimeContext)


class ContainedJob(DockerCommandLineJob):
    """A job that cwltool prepares as for docker."""

    @staticmethod
    def get_from_requirements(r: Any, *_: Any, **__: Any) -> str:
        """Return the image's name; whether it is there, the engine knows."""
        name = r.get("dockerImageId") or r.get("dockerPull")
        if not name:
            raise WorkflowException("DockerRequirement names no image: set dockerPull.")
        return str(name)

    @staticmethod
    def append_volume(
        runtime: list[str],
        source: str,
        target: str,
        writable: bool = False,
        skip_mkdirs: bool = False,
    ) -> None:
        """Note a mount, as JSON."""
        mount = {"source": source, "target": target, "writable": writable}
        runtime.append(json.dumps(mount))

    def create_runtime(
        self, env: MutableMapping[str, str], runtime_context: RuntimeContext
    ) -> tuple[list[str], str | None]:
        """Return the program that asks; what it asks for lies in a file."""
        mounts: list[str] = []
        own = ((self.outdir, self.builder.outdir), (self.tmpdir, self.CONTAINER_TMPDIR))
        for source, target in own:
            self.append_volume(mounts, os.path.realpath(source), target, writable=True)
        for mapper in filter(None, (self.pathmapper, self.generatemapper)):
            self.add_volumes(
                mapper,
                mounts,
                any_path_okay=True,
                secret_store=runtime_context.secret_store,
                tmpdir_prefix=runtime_context.tmpdir_prefix,
            )
        number = next(_numbers)
        request = {
            "number": number,
            "mounts": [json.loads(mount) for mount in mounts],
            "env": dict(self.environment),
            "workdir": self.builder.outdir,
        }
        path = Path(runtime_context.basedir) / f"container{number}.json"
        path.write_text(json.dumps(request))
        return [sys.executable, "-I", "-m", ask.__name__, str(path)], None


def shown(command: str) -> str:
    """Return a command line as people know it: the image, and the tool in it."""
    return _ASKING.sub("container ", command)

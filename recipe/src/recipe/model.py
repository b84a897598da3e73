"""What a template means once it is compiled: a DAG of steps over datasets.

A :class:`Recipe` is a value. It is made once, at upload, by the compiler, and stored as JSON with
the template version; matching, planning and running read it and never parse a document again.
"""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from penstock_core.contracts.base import Frozen
from penstock_core.contracts.workflow import Gate, PauseAt
from recipe.fast_model import FastLane

OUTPUT_PATTERN = "{input}.{template}.{step}.v{n}"
"""How output datasets are named, unless a step says otherwise."""

REFERENCE = "bundle:"
"""Begins the location of a file that is one of the recipe's own documents."""


class Mode(StrEnum):
    """How a step divides its input datasets into jobs.

    ``MAP``: a job per index of its scattered inputs. ``MERGE``: one job over whole datasets.
    ``SINGLE``: one job that reads no dataset.
    """

    MAP = "map"
    MERGE = "merge"
    SINGLE = "single"


class Trigger(StrEnum):
    """When a step may start: once its input dataset exists, or once it is closed."""

    OPEN = "open"
    CLOSED = "closed"


class Beside(Frozen):
    """CWL's SecondaryFileSchema: how the name of a file follows from that of the one it goes with.

    Each ``^`` at the start of ``pattern`` takes an extension away, the rest is appended.
    """

    pattern: str
    required: bool = True


class Link(Frozen):
    """One input of a step's job document, and the dataset files that it takes.

    Attributes
    ----------
    key
        Name of the input in the step's job document.
    step
        The producing step, or "" for the dataset that the template's mask took.
    port
        The producing step's output; "" for the masked dataset.
    take
        ``each``: one file, of the job's own index. ``all``: a list of every file, sorted by index;
        in a map, every job gets this same list, so the map waits until that dataset is closed.
    beside
        Files of the same dataset that go with each file. A map waits until the dataset is closed,
        and has a job for each file that goes with none.
    """

    key: str
    step: str = ""
    port: str = ""
    take: Literal["each", "all"]
    beside: tuple[Beside, ...] = ()


class Value(Frozen):
    """One input of a step's job document that takes a workflow input's value.

    Without a value the key is left out, for the job document has the default.
    """

    key: str
    input: str


class Port(Frozen):
    """An output of a step, whose files go to the step's output dataset.

    ``many`` says that one job may give a list of files there; ``optional``, that it may give none.
    ``format`` is the address of the files' format, where the document says one.
    An ``object`` is what is neither a file nor a list of files: a number, a record, a folder, a
    file with others beside it. It is stored as a JSON file, with the files that it names.
    """

    name: str
    kind: Literal["file", "object"] = "file"
    format: str = ""
    many: bool = False
    optional: bool = False


class Resources(Frozen):
    """What one job needs: cores, MiB of memory, wall seconds (0 = the site's default).

    ``network`` says that it asks for the network; a site may grant that.
    """

    cores: float = 1
    memory_mib: int = 256
    time_limit_s: int = 0
    device: Literal["CPU", "GPU"] = "CPU"
    container: str = ""
    network: bool = False


class Group(Frozen):
    """How a merge is divided into jobs: by so many files, bytes, or seconds of waiting; 0 = any.

    A group ends with the file by which it has ``files`` or ``size_bytes``. With trigger ``open``
    it also ends once its oldest file has waited ``max_latency_s``.
    """

    files: int = Field(default=0, ge=0)
    size_bytes: int = Field(default=0, ge=0)
    max_latency_s: float = Field(default=0, ge=0)


class Step(Frozen):
    """One stage of a chain: a task, once a dataset is there.

    Attributes
    ----------
    name
        The step's id in the document; unique, and in the order of the chain.
    job_document
        A CWL v1.2 document of class Workflow with this step alone, scatter removed: what one
        job runs. Its inputs are the keys of ``links`` and ``values``; its outputs are the ports
        and ``log_port``. Files of the bundle stand in it as ``bundle:<path>`` locations.
    label, args
        SPD's ``exec`` and ``args`` columns.
    log_port
        SPD's dialect: the output whose file is the job's log ("" = the job's own log).
    accept_loss
        The fraction of jobs that may fail without anybody being asked.
    group
        A merge's division into jobs; without it, it is one.
    gates
        Other datasets that the task waits for; ``{run}`` and such are filled in by planning.
    fast
        How to run a job without cwltool, where its tool is simple enough.
    """

    name: str
    mode: Mode
    trigger: Trigger
    links: tuple[Link, ...]
    values: tuple[Value, ...]
    ports: tuple[Port, ...]
    job_document: dict[str, Any]
    label: str
    args: str = ""
    rank: int = Field(default=1, ge=1)
    retry: int = Field(default=2, ge=0)
    resources: Resources = Resources()
    log_port: str = ""
    output_pattern: str = OUTPUT_PATTERN
    pause_at: PauseAt = PauseAt()
    accept_loss: float = Field(default=0, ge=0, le=1)
    group: Group | None = None
    gates: tuple[Gate, ...] = ()
    fast: FastLane | None = None


class Origin(Frozen):
    """What an output of the workflow is linked to: a step's port, or an input where step is "".

    ``scattered`` says that each job of the step gives one item of a list.
    """

    step: str = ""
    port: str
    scattered: bool = False


class Output(Frozen):
    """An output of the workflow: where its value comes from, as the document has it.

    ``listed`` says that its origins stand in a list, be it of one.
    """

    name: str
    origins: tuple[Origin, ...]
    listed: bool = False
    link_merge: str = ""
    pick_value: str = ""


class InputSpec(Frozen):
    """One workflow input that takes a value.

    ``type`` is its CWL type as JSON, types by name written out; ``required`` says that it has
    neither default nor null in its type.
    """

    name: str
    type: Any
    required: bool
    default: Any = None
    label: str = ""
    doc: str = ""


class Recipe(Frozen):
    """A compiled template: steps in an order in which each comes after what it reads.

    ``input`` is the workflow input that takes the dataset ("" = none does: the dataset only starts
    the chain), ``inputs`` are all others.
    ``outputs`` tell what of the steps' outputs the workflow gives as its own.
    ``documents`` are the bundle's files by their path; ``standard`` is the CWL that it means
    (for SPD's dialect, the translation shown to the expert). ``warnings`` did not stop it.
    """

    format: Literal[1] = 1
    dialect: Literal["cwl", "spd"] = "cwl"
    input: str
    inputs: tuple[InputSpec, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Output, ...] = ()
    documents: dict[str, str]
    standard: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()

    def step(self, name: str) -> Step:
        """Return the step called ``name``; raises ``KeyError``."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

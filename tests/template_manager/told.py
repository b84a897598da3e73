"""What the twins of data-access and dsm tell: a run, its chain, and what became of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from penstock_core.contracts.closing import Evidence, Forecast, Part, Policy
from penstock_core.contracts.dsm import ContentFile, Dataset, File
from penstock_core.contracts.services import ServiceRow
from penstock_core.contracts.workflow import (
    JobReport,
    Task,
    TaskAction,
    Template,
)
from penstock_core.rights import Role
from penstock_core.states import FileState

MADE = datetime.now(UTC) - timedelta(minutes=3)


EMAIL, PASSWORD = "shift@example.org", "river-of-data-42"


def template(template_id: int = 1, name: str = "dimuon", **changes: Any) -> Template:
    values: dict[str, Any] = {
        "template_id": template_id,
        "name": name,
        "inner_dataset_mask": "swf.{run}.run",
        "description": "cwlVersion: v1.2\nclass: Workflow\n",
        "status": "ACTUAL",
        "version": 1,
        "masks": ("swf.{run}.run",),
        "exclude": (),
        "where": ("run >= 1000",),
        "namespace": "*",
        "input": "stfs",
        "values": {"minimum_pt": 20},
        "recipe_digest": f"sha256:{template_id:064d}",
        "effective_from": MADE,
        "created_at": MADE,
        "created_by": "expert@example.org",
    }
    return Template.model_validate(values | changes)


def _step(name: str, mode: str, reads: str, label: str) -> dict[str, Any]:
    return {
        "name": name,
        "mode": mode,
        "trigger": "open" if mode == "map" else "closed",
        "links": [{"key": "in", "step": reads, "port": "out" if reads else "", "take": "each"}],
        "ports": [{"name": "out", "many": False, "optional": False}],
        "label": label,
        "args": "",
        "rank": 1,
        "retry": 2,
        "resources": {"cores": 1, "memory_mib": 256, "device": "CPU"},
    }


RECIPE: dict[str, Any] = {
    "dialect": "spd",
    "input": "stfs",
    "steps": [
        _step("decode", "map", "", "decode.py"),
        _step("reconstruct", "map", "decode", "reconstruct.py"),
        _step("merge", "merge", "reconstruct", "merge.py"),
        _step("plot", "merge", "merge", "plot.py"),
    ],
    "documents": {"dimuon.cwl": "cwlVersion: v1.2\nclass: Workflow\n# <script>alert(1)</script>\n"},
    "standard": {"cwlVersion": "v1.2", "class": "Workflow"},
}


FORM: list[dict[str, Any]] = [
    {"name": "stfs", "label": "stfs", "widget": "structure", "kind": "File[]", "required": True},
    {
        "name": "minimum_pt",
        "label": "Least transverse momentum",
        "help": "Muons below it are left out <in GeV>.",
        "widget": "number",
        "kind": "float",
        "required": False,
        "default": 10,
    },
    {"name": "mode", "widget": "select", "kind": "enum", "choices": ["fast", "full"]},
    {"name": "bins", "widget": "structure", "kind": "int[]?", "default": [1, 2]},
    {"name": "note", "widget": "text", "kind": "string?", "default": "plain"},
    {"name": "veto", "widget": "checkbox", "kind": "boolean?", "default": True},
]


FORM = [{"label": f["name"], "help": "", "required": False} | f for f in FORM]


def dataset(uid: str, name: str, state: str = "OPEN", **changes: Any) -> Dataset:
    closed = state == "CLOSED"
    values: dict[str, Any] = {
        "uid": uid,
        "namespace": "default",
        "scope": "daq",
        "name": name,
        "kind": "input",
        "state": state,
        "metadata": {"run": 101983},
        "producer": "daq",
        "files": 12,
        "size_bytes": 48_300_000,
        "announced": 12 if closed else None,
        "incomplete": False,
        "revision": 13,
        "opened_at": MADE,
        "closed_at": MADE if closed else None,
        "closed_because": "12 of 12 announced files are registered" if closed else "",
        "closed_by": "scheduler" if closed else "",
    }
    return Dataset.model_validate(values | changes)


def forecast(of: Dataset) -> Forecast:
    """Return when ``of`` will close."""
    kept = of.model_dump(include=set(Evidence.model_fields) & set(Dataset.model_fields))
    more = {"registered": of.files, "announced_by": "", "announced_at": None, "last_file_at": None}
    seen = Evidence(**kept | more, rule="default-run", policy=Policy())
    return Forecast(uid=of.uid, at=MADE, text="closes at 14:32Z unless STF 57 comes", evidence=seen)


def _part(number: int) -> Part:
    return Part(
        number=number,
        name="swf.101983.run" + (f".b{number}" if number > 1 else ""),
        first_position=1 + 60 * (number - 1),
        files=60,
        size_bytes=241_500_000,
        closed_at=MADE,
    )


def task(task_id: int, step: str, status: str, **changes: Any) -> Task:
    values: dict[str, Any] = {
        "task_id": task_id,
        "wflow_id": 6,
        "exec": "processing_program",
        "args": "cable_map",
        "rank": 1,
        "device": "CPU",
        "mode": "map",
        "retry": 5,
        "datas_in_id": 26,
        "datas_out_id": 27,
        "datas_log_id": 28,
        "status": status,
        "step": step,
        "namespace": "default",
        "template_id": 1,
        "input_name": "swf.101983.run",
        "output_name": f"swf.101983.run.dimuon.{step}.v1",
        "log_name": f"swf.101983.run.dimuon.{step}.v1.log",
        "paused": False,
        "external_id": f"default.6.{step}",
        "jobs": 12,
        "running": 2,
        "finished": 7,
        "failed": 1,
        "reason": "",
        "waits_for": (),
        "created_at": MADE,
        "submitted_at": MADE,
        "ended_at": None,
    }
    return Task.model_validate(values | changes)


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63600000"
    "00020001481bb1310000000049454e44ae426082"
)


def file(uid: str, name: str, size_bytes: int) -> File:
    return File(
        uid=uid,
        namespace="default",
        scope="daq",
        name=name,
        state=FileState.REGISTERED,
        storage_id="pilot",
        path=name,
        size_bytes=size_bytes,
        checksum="ad:00000001",
        guid=uid,
        registered_at=MADE,
    )


def job(index: int, state: str, **changes: Any) -> JobReport:
    values: dict[str, Any] = {
        "task_id": 11,
        "index": index,
        "state": state,
        "attempts": 1,
        "exit_code": 0 if state == "FINISHED" else 1,
        "reason": "" if state == "FINISHED" else "the program ended with exit code 1",
        "host": "farm-07",
        "started_at": MADE,
        "ended_at": MADE + timedelta(seconds=4.2),
        "log_tail": "" if state == "FINISHED" else "ValueError: header says run 7\n",
    }
    return JobReport.model_validate(values | changes)


class Facts:
    """What the twins know; tests change it as they need."""

    def __init__(self) -> None:
        self.users = {EMAIL: PASSWORD}
        self.templates = [template(), template(2, "md5", status="ARCHIVED", masks=("*.raw",))]
        self.datasets = [
            dataset("uid-1", "swf.101983.run", "CLOSED"),
            dataset("uid-2", "swf.101984.run", files=5, size_bytes=20_100_000),
            dataset(
                "uid-5",
                "swf.101983.run.d1",
                files=1,
                logical="swf.101983.run",
                processing=False,
            ),
            dataset("uid-3", "swf.101983.run.dimuon.decode.v1", kind="output", announced=12),
        ]
        self.tasks = [
            task(11, "decode", "FINISHED", finished=12, running=0, failed=0, ended_at=MADE),
            task(12, "reconstruct", "IN_PROGRESS", datas_in_id=27, datas_out_id=29),
            task(
                13,
                "merge",
                "DEFINED",
                jobs=0,
                waits_for=("reconstruct to be closed",),
                input_incomplete=True,
            ),
            task(14, "md5", "FAILED", wflow_id=7, finished=4, running=0, failed=8),
        ]
        self.jobs = [job(0, "FINISHED"), job(1, "FAILED")]
        self.contents = {"f-plot": PNG, "f-page": b"<script>alert(1)</script>"}
        self.files = [
            file("f-plot", "plot.png", len(PNG)),
            file("f-page", "page.html", 25),
            file("f-far", "far.stf", 12),
        ]
        self.hint = "Look at the list."
        self.asked: list[str] = []
        self.roles = [Role.VIEWER]
        self.refusal = ""
        self.actions: list[TaskAction] = []
        self.refresh_tokens: dict[str, str] = {}


def _service(number: int, name: str, **more: Any) -> ServiceRow:
    at = datetime(2026, 11, 27, 12, tzinfo=UTC)
    told = {"instance": str(number), "version": "1", "host": "farm-07", "pid": 4711}
    return ServiceRow(service_id=number, name=name, started_at=at, seen_at=at, **told | more)


SERVICES = (
    _service(1, "dsm", state="WAITING", waits_for={"database": "it does not answer"}),
    _service(2, "scheduler", state="LOST", lag_events=37),
)


def content_file(position: int, name: str = "", **changes: Any) -> ContentFile:
    name = name or f"swf.101983.{position:06d}.stf"
    return ContentFile(
        position=position,
        name=name,
        basename=name,
        port="",
        index=position - 1,
        part=0,
        size_bytes=4_025_000,
        checksum="sha256:" + f"{position:02x}" * 32,
        url=f"file:///data/{name}",
        usable=position != 3,
        **changes,
    )

"""The options of the simulator's command line; what each means stands in ``DaqSettings``."""

from pathlib import Path
from typing import Annotated, Any

import typer


def _option(name: str, help: str, default: object, **more: Any) -> Any:
    return typer.Option(
        envvar=f"PENSTOCK_DAQ_{name.upper()}", help=help, show_default=str(default), **more
    )


Out = Annotated[
    Path | None,
    typer.Option(envvar="PENSTOCK_DAQ_OUT", help="Folder for the files; must be given."),
]
ScheduleFile = Annotated[
    Path | None, _option("schedule", "YAML of detector states.", "ePIC's live sequence, 41 s")
]
Times = Annotated[int | None, _option("times", "How often the schedule is followed.", 1)]
EveryS = Annotated[
    float | None,
    _option("every_s", "Seconds from one start of the schedule to the next.", 30),
]
Events = Annotated[str | None, _option("events", "hzz, noise, or a ROOT file.", "hzz")]
Stfs = Annotated[int | None, _option("stfs", "STFs of a run, at most.", "8; of noise no limit")]
StfEveryS = Annotated[
    str | None, _option("stf_every_s", "Seconds that an STF takes: LEAST,MOST.", "1,2")
]
Run = Annotated[int | None, _option("run", "Number of the first run.", "seconds since 1970")]
Namespace = Annotated[
    str | None, _option("namespace", "Whose runs; several with commas.", "default")
]
Seed = Annotated[int | None, _option("seed", "Of all dice.", 1)]
Speed = Annotated[float | None, _option("speed", "Above 0; 1: real time; inf: no waiting.", 1)]
Senders = Annotated[int | None, _option("senders", "How many send STFs, in parallel.", 1)]
StreamsEnd = Annotated[
    bool | None,
    _option("streams_end", "Each of several senders ends its own stream.", "run control ends it"),
]
Samples = Annotated[int | None, _option("samples", "Samples of TFs of each STF.", 0)]
Calibrations = Annotated[
    int | None, _option("calibrations", "Calibration datasets of each run.", 0)
]
CalibrationS = Annotated[
    float | None, _option("calibration_s", "They come within so many seconds.", 60)
]
MischiefWords = Annotated[
    list[str] | None,
    _option(
        "mischief", "NAME=PROBABILITY of a misbehaviour; repeatable.", "none", metavar="NAME=P"
    ),
]
PositionFile = Annotated[
    Path | None, _option("position", "Keeps how far it is.", "position-RUN.json in --out")
]
Url = Annotated[str, typer.Option(show_default="messages are printed", help="The storage manager.")]
AuthUrl = Annotated[str, typer.Option(show_default="as --url", help="data-access.")]
SecretFile = Annotated[
    Path | None, typer.Option(help="File with daq's secret; must be given with --url.")
]
Verbose = Annotated[bool, typer.Option(help="Tell of each message in a line.")]

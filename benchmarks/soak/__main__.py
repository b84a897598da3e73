"""``make soak``: sends for ``SOAK_MINUTES`` (60) from ``SOAK_SEED``, and tells what came of it.

All of it lies in ``SOAK_DIR``, where one is given, or in a folder that goes if nothing was wrong.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figure import machine
from benchmarks.soak.memory import FLAT_MIB_PER_H, Fit, draw, fit
from benchmarks.soak.scenario import Options, Outcome, soak

OUT = Path(__file__).parents[1] / "out"
SHOWN = 40


def main() -> int:
    """Return 0 if nothing is wrong."""
    minutes = float(os.environ.get("SOAK_MINUTES", "60"))
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(10**6))
    given = os.environ.get("SOAK_DIR")
    folder = Path(given or tempfile.mkdtemp(prefix="penstock-soak-")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty; SOAK_DIR names a new folder.")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    console.print(f"A soak of {minutes:g} min, SOAK_SEED={seed}, in {folder}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    options = Options(
        folder,
        minutes * 60,
        seed,
        restart_s=min(300.0, minutes * 6),
        patience_s=min(900.0, 120 + minutes * 60),
    )
    outcome = soak(options, lambda line: console.print(f"{time.strftime('%H:%M:%S')}  {line}"))
    found = fit(outcome.samples)
    report(console, outcome, found)
    keep(outcome, found)
    is_good = not outcome.problems and found.is_flat
    if is_good and not given:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        console.print(f"SOAK_SEED={seed}; all of it is left in {folder}")
    return 0 if is_good else 1


def report(console: Console, outcome: Outcome, found: Fit) -> None:
    """Print what was done, what became of it, and what is wrong."""
    counts, table = outcome.counts, Table(title=f"Soak, seed {outcome.seed}")
    table.add_column("what")
    table.add_column("how much")
    slope = f"{found.told} (allowed {FLAT_MIB_PER_H:g})"
    rows = {
        "sent and settled in": f"{outcome.seconds / 60:.1f} min",
        "runs": outcome.runs,
        "restarts of the house": _listed(outcome.restarts),
        "misbehaviours": f"{outcome.deeds.total()}: {_listed(outcome.deeds)}",
        "runs closed by": _listed(outcome.rules),
        "STFs made": counts.made,
        "= registered + missing": f"{counts.registered} + {counts.missing}",
        "registered = decoded + put aside + archived": (
            f"{counts.decoded} + {counts.put_aside} + {counts.archived}"
            f" ({counts.decoded_before} decoded before they were put aside)"
        ),
        "counted by the last steps = decoded": counts.counted,
        "memory, median and most": f"{found.median_mib:.0f}, {found.most_mib:.0f} MiB",
        "memory, slope": f"{slope}, over {found.lives} lives ({found.samples} samples)",
    }
    for what, value in rows.items():
        table.add_row(what, str(value))
    console.print(table)
    for problem in outcome.problems[:SHOWN]:
        console.print(f"[red]wrong[/] {problem}", soft_wrap=True)
    if len(outcome.problems) > SHOWN:
        console.print(f"… and {len(outcome.problems) - SHOWN} more, in {OUT / 'soak.json'}")
    if not found.is_flat:
        console.print("[red]wrong[/] memory grows")


def _listed(counts: "dict[str, int]") -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items())) or "none"


def keep(outcome: Outcome, found: Fit) -> None:
    """Store all of it as JSON, and the picture of the memory."""
    OUT.mkdir(exist_ok=True)
    told = {name: getattr(outcome, name) for name in Outcome.__slots__ if name != "samples"}
    told |= {"counts": asdict(outcome.counts), "memory": asdict(found), "machine": machine()}
    (OUT / "soak.json").write_text(json.dumps(told, indent=2, default=str) + "\n")
    if outcome.samples:
        draw(outcome.samples, found, OUT / "soak-memory.png")


if __name__ == "__main__":
    raise SystemExit(main())

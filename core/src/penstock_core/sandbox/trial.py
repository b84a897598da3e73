"""One cell, tried inside a house: ``python -I -m penstock_core.sandbox.trial``; 0 = it can be."""

import os
import sys
import tempfile
import traceback
from pathlib import Path

from penstock_core.sandbox.cell import Cell
from penstock_core.sandbox.house import House
from penstock_core.sandbox.limits import Limits
from penstock_core.sandbox.rungs import Rung


def main() -> int:
    """Make a cell as for a job and write a file in it; return its process's exit code."""
    covered = Path(tempfile.mkdtemp())
    covered.chmod(0o755)
    folder = covered / "cell"
    folder.mkdir()
    cell = Cell(folder, (covered,), House().system, Limits(), Rung.NAMESPACES)
    cell.part()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            cell.enter()
            (folder / "file").write_text("written")
            code = 0
        except Exception:  # told to whoever tries
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())

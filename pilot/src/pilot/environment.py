"""What the jobs of this pilot run in, as their history keeps it."""

import platform
from importlib.metadata import version

from penstock_core.contracts.workflow import Environment
from penstock_core.sandbox import Rung


def environment(rung: Rung) -> Environment:
    """Return what a job that starts now runs in; no container, for this pilot runs none."""
    return Environment(
        system=f"penstock-pilot {version('penstock-pilot')}",
        engine=f"cwltool {version('cwltool')}",
        python=platform.python_version(),
        platform=platform.platform(),
        sandbox=rung.shown(),
    )

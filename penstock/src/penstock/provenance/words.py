"""What jobs ran in, in words."""

from penstock_core.contracts.workflow import Environment


def in_words(there: Environment | None) -> str:
    """Return what a job ran in, in one line; "" if nobody knows."""
    if there is None:
        return ""
    words = (
        there.system,
        there.engine,
        f"Python {there.python}" if there.python else "",
        there.platform,
        f"sandbox: {there.sandbox}" if there.sandbox else "",
        f"container {there.container}" if there.container else "no container",
    )
    return "; ".join(filter(None, words))

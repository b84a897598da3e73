"""The names of what belongs to a dataset: its parts, its successors, its deltas."""

import hashlib

MOST = 250


def member_name(name: str, series: str, number: int) -> str:
    """Return the name of one member; where it would be too long, a digest stands for its end.

    >>> member_name("swf.7.run", "d", 1)
    'swf.7.run.d1'
    """
    suffix = f".{series}{number}"
    if len(name) + len(suffix) <= MOST:
        return name + suffix
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: MOST - len(suffix) - len(digest) - 1]}-{digest}{suffix}"

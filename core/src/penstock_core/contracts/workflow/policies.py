"""What a step's template says about failure: when its task pauses, which loss it accepts."""

from pydantic import Field

from penstock_core.contracts.base import Frozen


class PauseAt(Frozen):
    """When a task pauses by itself: once ``after`` jobs have ended, ``rate`` of them FAILED.

    Both count from its last resume or retry on, so that one who resumes is not overruled at once.
    """

    rate: float = Field(default=0.5, gt=0, le=1)
    after: int = Field(default=20, ge=1, le=1_000_000)

"""When a dataset closes: a function of what is seen of it and of the time.

The scheduler closes by it, REST foretells by it, and tests and simulations call the same one.
"""

from penstock_core.closing.decision import decide_close, foretell
from penstock_core.closing.dues import Close, Due, Wait

__all__ = ["Close", "Due", "Wait", "decide_close", "foretell"]

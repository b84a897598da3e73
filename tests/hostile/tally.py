"""What became of each hostile case, counted by family."""

from collections import Counter
from collections.abc import Iterator


class Tally:
    """Counts; ``escaped`` is what must not be."""

    def __init__(self) -> None:
        self._outcomes: dict[tuple[str, str], str] = {}

    def add(self, family: str, name: str, outcome: str) -> None:
        self._outcomes[family, name] = outcome

    def lines(self) -> Iterator[str]:
        """Yield the table; the last line is the sum."""
        families = dict.fromkeys(family for family, _ in self._outcomes)
        for family in families:
            counts = Counter(o for (of, _), o in self._outcomes.items() if of == family)
            yield f"{family:22} {self._shown(counts)}"
        yield self._shown(Counter(self._outcomes.values()))

    def __bool__(self) -> bool:
        return bool(self._outcomes)

    @staticmethod
    def _shown(counts: Counter[str]) -> str:
        kinds = ("refused", "contained", "escaped")
        return ", ".join(f"{counts[kind]} {kind}" for kind in kinds)

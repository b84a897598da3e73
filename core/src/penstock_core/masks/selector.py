"""What a template, a rule or a shadow takes: masks, exclusions, conditions and a namespace."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from penstock_core.errors import InvalidMask
from penstock_core.masks.automaton import missing_part
from penstock_core.masks.conditions import Condition, first_failure, parse_condition
from penstock_core.masks.contradiction import find_contradiction
from penstock_core.masks.glob import Mask
from penstock_core.masks.inclusion import is_swallowed
from penstock_core.masks.parser import parse_mask

ANY_NAMESPACE = "*"

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Decision:
    """Whether a selector takes a dataset, and why; ``clause`` is the text that decided."""

    matched: bool
    reason: str
    clause: str
    captures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Selector:
    """Takes a dataset that some mask fits, no exclusion fits, and of which all conditions hold.

    Conditions see the metadata of the dataset and the captures of the mask; of two with one name
    the capture counts. Where several masks fit, the first whose captures fulfil the conditions
    gives the captures. A selector that can never match is refused with ``InvalidMask``.
    """

    masks: tuple[Mask, ...]
    exclude: tuple[Mask, ...] = ()
    where: tuple[Condition, ...] = ()
    namespace: str = ANY_NAMESPACE

    def __post_init__(self) -> None:
        _refuse_no_mask(self)
        _refuse_contradiction(self)
        _refuse_all_excluded(self)

    @classmethod
    def parse(
        cls,
        masks: Iterable[str],
        exclude: Iterable[str] = (),
        where: Iterable[str] = (),
        namespace: str = ANY_NAMESPACE,
    ) -> "Selector":
        """Return the selector that these texts say."""
        return cls(
            masks=tuple(parse_mask(text) for text in masks),
            exclude=tuple(parse_mask(text) for text in exclude),
            where=tuple(parse_condition(text) for text in where),
            namespace=namespace,
        )

    def decide(
        self, name: str, namespace: str = "default", metadata: Mapping[str, object] = _NOTHING
    ) -> Decision:
        """Return the decision on one dataset, with its reason in words."""
        if self.namespace not in (ANY_NAMESPACE, namespace):
            reason = f"takes namespace {self.namespace} only; this one is {namespace}"
            return Decision(False, reason, self.namespace)
        for mask in self.exclude:
            if mask.fits(name) and self._fits(name):
                return Decision(False, f"excluded by mask {mask}", mask.text)
        return self._decide_by_masks(name, metadata)

    def _fits(self, name: str) -> bool:
        return any(mask.fits(name) for mask in self.masks)

    def _decide_by_masks(self, name: str, metadata: Mapping[str, object]) -> Decision:
        refused: Decision | None = None
        for mask in self.masks:
            captures = mask.match(name)
            if captures is None:
                continue
            failure = first_failure(self.where, {**metadata, **captures})
            if failure is None:
                return Decision(True, self._reason(mask), mask.text, captures)
            refused = refused or Decision(False, failure.reason, str(failure.condition), captures)
        return refused or self._explain_no_fit(name)

    def _reason(self, mask: Mask) -> str:
        conditions = " and ".join(str(each) for each in self.where)
        return f"mask {mask} fits" + (f", and {conditions}" if conditions else "")

    def _explain_no_fit(self, name: str) -> Decision:
        """Return a refusal that names the mask which reads furthest into the name."""
        parts = [(*missing_part(mask, name), mask) for mask in self.masks]
        read, missing, nearest = max(parts, key=lambda part: (part[0], -len(part[1])))
        if read < len(name):
            where = f"stops at column {read + 1} of the name, {name[read]!r}"
        else:
            where = f"finds nothing for its {missing!r}"
        reason = f"no mask fits; the nearest, {nearest}, {where}"
        return Decision(False, reason, nearest.text)


def _refuse_no_mask(selector: Selector) -> None:
    if not selector.masks:
        hint = "Give at least one; * takes every dataset."
        raise InvalidMask("There is no mask, so nothing can ever match.", hint=hint)


def _refuse_contradiction(selector: Selector) -> None:
    contradiction = find_contradiction(selector.where)
    if contradiction:
        together = " and ".join(str(each) for each in contradiction)
        raise InvalidMask(
            f"The conditions can never hold together: {together}.",
            hint=f"Change or remove one of the conditions on {contradiction[0].key}.",
            field="where",
            facts={"conditions": [str(each) for each in contradiction]},
        )


def _refuse_all_excluded(selector: Selector) -> None:
    masks, exclude = selector.masks, selector.exclude
    if exclude and all(is_swallowed(mask, exclude) for mask in masks):
        raise InvalidMask(
            f"Nothing can ever match: {_listed(exclude)} excludes all that {_listed(masks)} takes.",
            hint="Narrow the exclusion, or widen the mask.",
            field="exclude",
            facts={"masks": [m.text for m in masks], "exclude": [m.text for m in exclude]},
        )


def _listed(masks: Iterable[Mask]) -> str:
    return " or ".join(mask.text for mask in masks)

"""The services' hints name REST calls; on a page the next step is another page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from penstock_core.errors import PenstockError


@dataclass(frozen=True, slots=True)
class Hint:
    """What to do next, and the page where; ``address`` is "" where there is none."""

    text: str
    address: str = ""


_PAGES: Mapping[str, Hint] = {
    "/auth/forgot-password": Hint("Check both; an admin can give you a new password."),
    "/auth/jwt/login": Hint("Sign in", "/ui/sign-in"),
    "/api/v1/(dataset|file|storage)|/dataset": Hint("See all datasets", "/ui/datasets"),
    "/task|/workflow": Hint("See all tasks", "/ui/tasks"),
    "/template": Hint("See all templates", "/ui/templates"),
    "/users": Hint("An admin can change it."),
}
_CALL = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) (/\S*)")


def page_hint(error: PenstockError) -> Hint:
    """Return the hint of ``error``, or the page in place of the REST call that it names."""
    call = _CALL.search(error.hint)
    if call is None:
        return Hint(error.hint)
    for path, hint in _PAGES.items():
        if re.match(rf"(?:{path})\b", call[1]):
            return hint
    return Hint("An operator can help: the command line knows more than these pages.")

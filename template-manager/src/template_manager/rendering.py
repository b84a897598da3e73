"""Jinja2 with escaping always on, and the few functions that pages need."""

import json
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from penstock_core import looks
from penstock_core.clock import now
from template_manager.chart import until
from template_manager.hints import page_hint


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("template_manager", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"utc": looks.utc, "size": looks.size, "why": looks.why, "look": looks.look}
    made.filters |= {"pretty": pretty, "until": until, "hint": page_hint}
    return made


def pretty(value: Any) -> str:
    """Return ``value`` as JSON for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


_ENVIRONMENT = _environment()


def render(
    request: Request, name: str, *, status: int = 200, refresh: int = 0, **values: Any
) -> HTMLResponse:
    """Return the page ``name``; it reloads itself every ``refresh`` seconds, 0 = never."""
    moment = now()
    text = _ENVIRONMENT.get_template(name).render(
        visitor=getattr(request.state, "visitor", None),
        path=request.url.path,
        refresh=refresh,
        now=moment,
        age=lambda when: looks.age(when, moment),
        **values,
    )
    return HTMLResponse(text, status)

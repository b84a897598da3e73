"""The application: pages, static files, sign-in, and what every answer has in common."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from penstock_core.tokens import Verifier
from penstock_core.web import add_readiness, new_app
from template_manager import error_pages, guard
from template_manager.faces import Faces
from template_manager.pages import (
    acting,
    datasets,
    files,
    services,
    sign_in,
    tasks,
    templates,
    values,
)

STATIC = Path(__file__).parent / "static"


def new_web_face(faces: Faces, verifier: Verifier) -> FastAPI:
    """Return the web face over ``faces``; all its pages are under ``/ui/``."""
    app = new_app("template-manager", verifier, description="Pages for people.")
    app.state.faces = faces
    app.mount("/ui/static", StaticFiles(directory=STATIC))
    for page in (sign_in, templates, values, datasets, files, tasks, acting, services):
        app.include_router(page.router, prefix="/ui", include_in_schema=False)
    app.add_api_route("/ui/", _home, include_in_schema=False)
    app.middleware("http")(guard.guard)
    error_pages.install(app)
    add_readiness(app, _ready)
    return app


async def _home() -> RedirectResponse:
    return RedirectResponse("/ui/tasks", 303)


async def _ready() -> dict[str, str]:
    return {}

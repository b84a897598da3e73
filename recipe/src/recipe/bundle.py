"""A bundle of documents, loaded by cwltool without ever reaching a disk or a network."""

import posixpath
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from cwltool.context import LoadingContext
from cwltool.load_tool import fetch_document, make_tool, resolve_and_validate_document
from cwltool.process import Process
from cwltool.workflow import default_make_tool
from schema_salad.exceptions import ValidationException
from schema_salad.fetcher import Fetcher

from recipe.model import REFERENCE
from recipe.paths import is_folder

ROOT = "file:///penstock-bundle/"
# cwltool shows addresses relative to its working directory: ../../penstock-bundle/a.cwl
_ADDRESS = re.compile(r"(?:file://)?[./]*\bpenstock-bundle/")


def url_of(path: str) -> str:
    """Return the address that stands for a bundle's file while it is loaded."""
    return ROOT + urllib.parse.quote(path, safe="/")


def path_of(url: str) -> str | None:
    """Return the bundle's path of an address, without its fragment; None if it is outside."""
    bare = urllib.parse.urldefrag(url)[0].replace(REFERENCE, ROOT, 1)
    if not bare.startswith(ROOT):
        return None
    path = urllib.parse.unquote(bare.removeprefix(ROOT))
    return None if path != posixpath.normpath(path) or path.startswith("..") else path


def shortened(text: str) -> str:
    """Return a text of cwltool's with the bundle's own paths in place of addresses."""
    return _ADDRESS.sub("", text)


def inside(documents: Mapping[str, str]) -> str:
    """Return a phrase that names what the bundle has, for messages."""
    return "The bundle has: " + ", ".join(sorted(documents)) + "."


class BundleFetcher(Fetcher):
    """schema-salad's door to documents: a dictionary is all that is behind it.

    Only ``readable`` files are given, for those were guarded; others may be named, as data.
    """

    def __init__(self, bundle: "Bundle") -> None:
        self._bundle = bundle

    def _path(self, url: str) -> str:
        path = path_of(url)
        if path is None:
            raise ValidationException(f"reference to {url} is outside the uploaded bundle")
        return path

    def fetch_text(self, url: str, content_types: list[str] | None = None) -> str:
        """Return a file of the bundle; raises for all else."""
        path = self._path(url)
        if path not in self._bundle.documents:
            raise ValidationException(
                f"file {path!r} is not in the uploaded bundle. {inside(self._bundle.documents)}"
            )
        if path not in self._bundle.readable:
            raise ValidationException(f"file {path!r} is read by no step; nothing may import it")
        return self._bundle.documents[path]

    def check_exists(self, url: str) -> bool:
        """Return whether the bundle has it; raises for a bare name, as schema-salad expects."""
        if not urllib.parse.urlsplit(url).scheme:
            raise ValidationException(f"unsupported scheme in {url!r}")
        path = path_of(url)
        names = self._bundle.documents
        return path is not None and (path in names or is_folder(path, names))

    def urljoin(self, base_url: str, url: str) -> str:
        """Return ``url`` seen from ``base_url``."""
        return url if url.startswith("_:") else urllib.parse.urljoin(base_url, url)

    def supported_schemes(self) -> list[str]:
        """Return the schemes that are looked at, in order to refuse them with our words."""
        return ["file", "http", "https"]


@dataclass(frozen=True)
class Bundle:
    """Documents by their path, of which the ``readable`` were guarded and may be loaded."""

    documents: Mapping[str, str]
    readable: frozenset[str]

    def load(self, main: str, part: str = "") -> Process:
        """Return cwltool's fully validated process of ``main``; raises what cwltool raises."""
        address = url_of(main) + (f"#{part}" if part else "")
        context = LoadingContext(
            {
                "fetcher_constructor": lambda cache, session: BundleFetcher(self),
                "skip_schemas": True,
                "doc_cache": False,
                "strict": True,
                # The check would start node and trust its vm as a sandbox, which it is not.
                "disable_js_validation": True,
                "do_validate": True,
                "enable_dev": False,
                "construct_tool_object": default_make_tool,
            }
        )
        context, workflow, uri = fetch_document(address, context)
        context, uri = resolve_and_validate_document(context, workflow, uri)
        return make_tool(uri, context)

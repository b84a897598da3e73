"""Nothing on a page comes from outside, and no page needs a script."""

import re
from pathlib import Path

import template_manager

ROOM = Path(template_manager.__file__).parent
SOURCES = [*ROOM.glob("html/*.html"), *ROOM.glob("static/*")]
NAMESPACE = "http://www.w3.org/2000/svg"


def test_no_page_or_style_names_anything_outside():
    assert len(SOURCES) > 10
    for source in SOURCES:
        text = source.read_text().replace(f'xmlns="{NAMESPACE}"', "")
        assert not re.search(r"https?:|url\(|@import|src=\"//", text), source.name


def test_no_page_has_scripts_or_styles_inside():
    for source in ROOM.glob("html/*.html"):
        text = source.read_text()
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", text), source.name

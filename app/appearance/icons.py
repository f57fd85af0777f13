"""Lucide icons, inlined so that they take the colour of the words beside them.

The files come from npm's lucide-static; set-up copies them to static/vendor/lucide (never committed).
"""

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup

ICONS = Path(__file__).parents[1] / "static" / "vendor" / "lucide"
_NAME = re.compile(r"[a-z0-9-]+")
_SVG_TAG = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_OPENING = (
    '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" '
    'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
)


def icon(name: str) -> Markup:
    """The SVG of a lucide icon, hidden from screen readers (the words beside it speak). KeyError: no such icon."""
    return Markup(_inline(name, ICONS))  # noqa: S704 - the file is a pinned package's, never a person's


@cache
def _inline(name: str, folder: Path) -> str:
    path = folder / f"{name}.svg"
    if not _NAME.fullmatch(name) or not path.is_file():
        message = f"no icon {name!r} in {folder}: run `make setup`, or choose a name from lucide.dev/icons"
        raise KeyError(message)
    body = _SVG_TAG.split(path.read_text("utf-8"), maxsplit=1)[1]
    return _OPENING + " ".join(body.split()).replace("> <", "><")

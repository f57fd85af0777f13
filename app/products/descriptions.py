"""A vendor's words about a product, as HTML that can do no harm in the shop's theme."""

import re
from typing import Final

import nh3
from markupsafe import escape

_TAGS: Final = {"p", "br", "strong", "em", "b", "i", "u", "ul", "ol", "li", "h3", "h4", "blockquote", "a"}
_LOOKS_LIKE_HTML: Final = re.compile(
    r"</?(?:" + "|".join(sorted(_TAGS | {"div", "span", "h1", "h2"})) + r")\b", re.IGNORECASE
)


def clean_description(text: str) -> str:
    """HTML from HTML or plain text: an allow-list of tags, links only to the web, empty lines as paragraphs."""
    text = text.replace("\r\n", "\n").strip()
    if not _LOOKS_LIKE_HTML.search(text):
        parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
        text = "".join(f"<p>{escape(part)}</p>".replace("\n", "<br>") for part in parts)
    cleaned = nh3.clean(
        text,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    return "" if not plain_text(cleaned) else cleaned


def plain_text(html: str) -> str:
    """The words alone, for counting and for tables."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).replace("&nbsp;", " ").split())

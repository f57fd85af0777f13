"""A vendor's words about a product, as HTML that can do no harm in the shop's theme."""

import re
from typing import Final

import nh3
from markupsafe import escape

_TAGS: Final = {"p", "br", "strong", "em", "b", "i", "u", "ul", "ol", "li", "h3", "h4", "blockquote", "a"}
_HAS_BLOCKS: Final = re.compile(r"</?(?:p|br|ul|ol|li|div|h\d|blockquote)\b", re.IGNORECASE)
_HAS_INLINE: Final = re.compile(r"</?(?:strong|em|b|i|u|a|span|script|img|iframe)\b", re.IGNORECASE)


def clean_description(text: str) -> str:
    """HTML from HTML or plain text: an allow-list of tags, links only to the web, empty lines as paragraphs."""
    text = text.replace("\r\n", "\n").strip()
    if not _HAS_BLOCKS.search(text):
        parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
        words = parts if _HAS_INLINE.search(text) else [str(escape(part)) for part in parts]
        text = "".join(f"<p>{part}</p>".replace("\n", "<br>") for part in words)
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

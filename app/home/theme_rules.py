"""Our blocks in a theme's files. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

FILES: Final = ("templates/*.json", "sections/*.json", "config/settings_data.json")
"""Where the theme editor writes which blocks stand where."""
_COMMENT: Final = re.compile(r"\A\s*/\*.*?\*/", re.DOTALL)
_TYPE: Final = re.compile(r"shopify://apps/(?P<app>[^/]+)/blocks/(?P<block>[^/]+)/")


class Block(NamedTuple):
    """What the theme editor calls it, and the template that it belongs in; an embed stands on every page."""

    title: str
    template: str | None


BLOCKS: Final[Mapping[str, Block]] = {
    "vendor-card": Block("Sold by", "product"),
    "vendor-products": Block("Vendor's products", "product"),
    "vendor-questions": Block("Questions to the vendor", "product"),
    "stock-line": Block("Stock", "product"),
    "wishlist-button": Block("Wishlist button", "product"),
    "also-viewed": Block("Also viewed", "product"),
    "recently-viewed": Block("Recently viewed", "product"),
    "vendor-page": Block("Vendor page", "metaobject/vendor"),
    "vendor-reviews": Block("Vendor's reviews", "metaobject/vendor"),
    "follow-button": Block("Follow button", "metaobject/vendor"),
    "marketplace": Block("Marketplace", "index"),
    "saved-carts": Block("Saved carts", "cart"),
    "become-a-vendor": Block("Become a vendor", "page"),
    "vendor-directory": Block("Vendor directory", "page"),
    "vendor-portal": Block("Vendor portal", "page"),
    "wishlist": Block("Wishlist", "page"),
    "followed-vendors": Block("Followed vendors", "page"),
    "lists": Block("Lists and carts", None),
}
"""By handle: the file's name in extensions/theme/blocks."""


def find_blocks(files: Iterable[str], app_handle: str) -> set[str]:
    """Handles of the app's blocks that stand in a theme's JSON files and are not switched off.

    >>> find_blocks(['{"a": {"type": "shopify://apps/stall/blocks/lists/0195"}}'], "stall")
    {'lists'}
    """
    return {block for text in files for block in _walk(_read(text), app_handle)}


def list_lost(before: Iterable[str], was_lost: Iterable[str], now: Iterable[str], *, is_new_theme: bool) -> list[str]:
    """Which blocks to tell the merchant of: what a new theme has not and the one before had, and what is still missing.

    A block that is taken out of the same theme was taken out by somebody who meant to.
    """
    missing = {*was_lost, *(before if is_new_theme else ())} - set(now)
    return sorted(missing & BLOCKS.keys())


def _read(text: str) -> Any:
    """The file's content. Shopify puts a comment before the JSON. What cannot be read holds no block of ours."""
    try:
        return json.loads(_COMMENT.sub("", text, count=1))
    except (ValueError, RecursionError):
        return None


def _walk(part: Any, app_handle: str) -> Iterator[str]:
    if isinstance(part, dict):
        found = _TYPE.match(part["type"]) if isinstance(part.get("type"), str) else None
        if part.get("disabled") is True:
            return
        if found and found["app"] == app_handle:
            yield found["block"]
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        yield from _walk(inner, app_handle)

"""Shopify's global ids: numbers inside, `gid://shopify/Product/1` at the edges."""

import re

_GID = re.compile(r"^gid://shopify/(?P<kind>[A-Za-z]+)/(?P<id>\d+)(?:\?.*)?$")


class InvalidGidError(ValueError):
    """The text is not a gid, or a gid of another type than the one asked for."""


def gid(kind: str, number: int) -> str:
    """`gid("Product", 12)` is `gid://shopify/Product/12`."""
    return f"gid://shopify/{kind}/{number}"


def parse_gid(text: str) -> tuple[str, int]:
    """Type and number of a gid. Raises InvalidGidError."""
    found = _GID.match(text)
    if not found:
        raise InvalidGidError(f"Invalid global id '{text}'")
    return found["kind"], int(found["id"])


def number_of(text: str, kind: str) -> int:
    """The number in a gid that must be of type `kind`. Raises InvalidGidError."""
    found, number = parse_gid(text)
    if found != kind:
        raise InvalidGidError(f"Invalid id: {text}")
    return number

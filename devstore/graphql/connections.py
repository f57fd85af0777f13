"""Cursor pagination as Shopify does it: `first`/`last` of at most 250, opaque cursors, `pageInfo`."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from graphql import GraphQLError

LARGEST_PAGE = 250
# A bulk operation reads every connection to its end, whatever sizes it names.
WHOLE: ContextVar[bool] = ContextVar("whole", default=False)


def paginate(
    items: Sequence[Mapping[str, Any]],
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    reverse: bool = False,  # noqa: FBT001, FBT002
) -> dict[str, Any]:
    """One page of a connection. Raises GraphQLError when neither or both sizes are given, or one is out of bounds."""
    if WHOLE.get():
        first, after, last, before = len(items), None, None, None
    size = first if WHOLE.get() and first is not None else _size(first, last)
    ordered = list(reversed(items)) if reverse else list(items)
    start = _position(ordered, after) + 1 if after else 0
    stop = _position(ordered, before) if before else len(ordered)
    window = range(start, max(start, stop))
    page = window[:size] if first is not None else window[max(0, len(window) - size) :]
    edges = [{"cursor": _cursor(ordered[index], index), "node": ordered[index]} for index in page]
    return {
        "edges": edges,
        "nodes": [edge["node"] for edge in edges],
        "pageInfo": {
            "hasNextPage": bool(page) and page[-1] + 1 < len(ordered) if page else stop < len(ordered),
            "hasPreviousPage": page[0] > 0 if page else start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _size(first: int | None, last: int | None) -> int:
    if (first is None) == (last is None):
        said = (
            "you must provide one of first or last"
            if first is None
            else "providing both first and last is not supported"
        )
        raise GraphQLError(said, extensions={"code": "BAD_REQUEST"})
    size = first if first is not None else last or 0
    if not 0 <= size <= LARGEST_PAGE:
        raise GraphQLError(
            f"{size} is out of bounds, pages hold 0 to {LARGEST_PAGE}", extensions={"code": "BAD_REQUEST"}
        )
    return size


def _cursor(item: Mapping[str, Any], index: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([item.get("id"), index]).encode()).decode()


def _position(items: Sequence[Mapping[str, Any]], cursor: str) -> int:
    """Where the cursor points now: at its item, or at the place where that item was when it is gone."""
    try:
        identity, index = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error) as error:
        raise GraphQLError(f"Invalid cursor for current pagination sort: {cursor}") from error
    found = [position for position, item in enumerate(items) if identity is not None and item.get("id") == identity]
    return found[0] if found else min(int(index), len(items)) - 1 if identity is not None else int(index)

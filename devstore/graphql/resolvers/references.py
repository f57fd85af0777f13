"""From a reference's text to the object it points at."""

import json
from typing import Any

from devstore.gids import InvalidGidError
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context
from devstore.graphql.resolvers.shop import node_by_id
from devstore.store import Doc
from devstore.values import REFERENCES


def resolve_reference(ctx: Context, kind: str, value: str | None) -> Doc | None:
    if value is None or kind not in REFERENCES:
        return None
    return _resolve(ctx, value)


def resolve_references(ctx: Context, kind: str, value: str | None, page: dict[str, Any]) -> Doc | None:
    """A connection for list types, nothing for others."""
    if value is None or kind.removeprefix("list.") not in REFERENCES or not kind.startswith("list."):
        return None
    found = [_resolve(ctx, each) for each in json.loads(value)]
    return paginate([each for each in found if each], **page)


def _resolve(ctx: Context, text: str) -> Doc | None:
    try:
        return node_by_id(ctx, text)
    except InvalidGidError:
        return None

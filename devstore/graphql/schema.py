"""The executable schema: the pruned SDL, Shopify's scalars, and the registered resolvers behind its fields."""

import importlib
import logging
import pkgutil
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
)

from devstore.clock import parse_iso
from devstore.gids import InvalidGidError, gid
from devstore.graphql import idempotency, resolvers
from devstore.graphql.registry import RESOLVERS, Context, RefusedError, Resolver
from devstore.store import Doc

_SDL = Path(__file__).parents[1] / "schema" / "admin.graphql"
_log = logging.getLogger(__name__)


@cache
def load() -> GraphQLSchema:
    """Built once; importing every module in `resolvers` is what signs them up."""
    for found in pkgutil.iter_modules(resolvers.__path__):
        importlib.import_module(f"{resolvers.__name__}.{found.name}")
    schema = build_schema(_SDL.read_text(encoding="utf-8"))
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            _attach(kind)
        elif isinstance(kind, GraphQLScalarType) and kind.name in _SCALARS:
            kind.parse_value = _SCALARS[kind.name]  # type: ignore[assignment, method-assign]
    return schema


def _attach(kind: GraphQLObjectType) -> None:
    for name, field in kind.fields.items():
        for argument_name, argument in field.args.items():
            argument.out_name = snake(argument_name)
        resolver = RESOLVERS.get((kind.name, name))
        if kind.name == "Mutation":
            field.resolve = _mutation(resolver or _unanswered)
        elif resolver or kind.name == "QueryRoot":
            field.resolve = _plain(resolver or _unanswered, root=kind.name == "QueryRoot")
        else:
            field.resolve = by_key


def _unanswered(*_: Any, **__: Any) -> Any:
    raise GraphQLError("The development store does not answer this field yet", extensions={"code": "NOT_IMPLEMENTED"})


def _plain(function: Resolver, *, root: bool) -> Callable[..., Any]:
    def resolve(parent: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        return _guarded(lambda: function(info.context, *([] if root else [parent]), **arguments), info)

    return resolve


def _mutation(function: Resolver) -> Callable[..., Any]:
    """All or nothing: what a refused mutation wrote is rolled back and its userErrors are the answer."""

    def resolve(_: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        ctx: Context = info.context
        key = idempotency.key_of(info)

        def run() -> Any:
            with ctx.store.transaction():
                if key is None:
                    return function(ctx, **arguments)
                sent = {name: value for name, value in arguments.items() if value is not None}
                return idempotency.once(
                    ctx.store, ctx.shop, info.field_name, key, sent, lambda: function(ctx, **arguments)
                )

        try:
            return _guarded(run, info)
        except RefusedError as refused:
            return {"userErrors": [_with_known_code(error, info) for error in refused.errors]}

    return resolve


def _with_known_code(error: Doc, info: GraphQLResolveInfo) -> Doc:
    """Each payload has its own list of codes; one that this payload does not know would hide the message."""
    payload = get_named_type(info.return_type)
    entry = get_named_type(payload.fields["userErrors"].type) if isinstance(payload, GraphQLObjectType) else None
    codes = (
        get_named_type(entry.fields["code"].type)
        if isinstance(entry, GraphQLObjectType) and "code" in entry.fields
        else None
    )
    if not isinstance(codes, GraphQLEnumType) or error["code"] is None or error["code"] in codes.values:
        return error
    _log.warning("%s does not know the code %s", codes.name, error["code"])
    return {**error, "code": "INVALID" if "INVALID" in codes.values else None}


def _guarded(call: Callable[[], Any], info: GraphQLResolveInfo) -> Any:
    try:
        return call()
    except (GraphQLError, RefusedError):
        raise
    except InvalidGidError as error:
        raise GraphQLError(str(error), info.field_nodes, extensions={"code": "argumentLiteralsIncompatible"}) from error
    except Exception as error:
        _log.exception("%s.%s failed", info.parent_type.name, info.field_name)
        said = "Internal error. Looks like something went wrong on our end."
        raise GraphQLError(said, info.field_nodes, extensions={"code": "INTERNAL_SERVER_ERROR"}) from error


def by_key(parent: Any, info: GraphQLResolveInfo, **_: Any) -> Any:
    """The document's own key in camelCase or snake_case; a numeric `id` becomes the gid of its type."""
    if not isinstance(parent, Mapping):
        return getattr(parent, snake(info.field_name), None)
    name = info.field_name
    value = parent[name] if name in parent else parent.get(snake(name))
    if name == "id" and isinstance(value, int):
        return gid(info.parent_type.name, value)
    if name == "legacyResourceId" and value is None:
        return str(parent["id"])
    return value


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _decimal(value: Any) -> str:
    try:
        return str(Decimal(str(value)))
    except InvalidOperation as error:
        raise GraphQLError(f"'{value}' is not a decimal number") from error


def _moment(value: Any) -> str:
    try:
        parse_iso(str(value))
    except ValueError as error:
        raise GraphQLError(f"'{value}' is not an ISO 8601 time") from error
    return str(value)


_SCALARS: dict[str, Callable[[Any], Any]] = {"Decimal": _decimal, "Money": _decimal, "DateTime": _moment}

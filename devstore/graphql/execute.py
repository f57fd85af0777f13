"""One Admin GraphQL request, from text to Shopify's answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from devstore.graphql import access, cost, schema
from devstore.graphql.registry import Context

_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")

buckets = cost.Buckets()


@dataclass(frozen=True)
class Answer:
    body: dict[str, Any]
    cost: int | None = None


def run(ctx: Context, text: str, variables: Mapping[str, Any] | None, operation_name: str | None) -> Answer:
    """Answer a request as Shopify does: validated, priced, allowed, then executed. Every refusal is in `errors`."""
    document, errors = _read(text)
    if document is None or errors:
        return _refuse(*errors)
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return _refuse(
            GraphQLError(
                f"No operation named {operation_name!r}" if operation_name else "Must provide an operation name"
            )
        )
    request = _request(document, operation, variables or {})
    requested = request.requested()
    if requested > cost.MAXIMUM_QUERY:
        said = f"Query cost is {requested}, which exceeds the single query max cost limit ({cost.MAXIMUM_QUERY})."
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": cost.MAXIMUM_QUERY}
        return _refuse(GraphQLError(said, extensions=extensions))
    enough, level = buckets.take(ctx.shop, requested)
    if not enough:
        return _throttled(requested, level)
    denied = access.denials(schema.load(), document, ctx.installation["scopes"])
    if denied:
        level = buckets.give_back(ctx.shop, requested)
        return Answer({**_refuse(*denied).body, "extensions": {"cost": cost.report(requested, 0, level)}})
    return _execute(ctx, document, request, operation_name, requested)


def _execute(
    ctx: Context, document: DocumentNode, request: cost.Request, operation_name: str | None, requested: int
) -> Answer:
    result = execute_sync(
        schema.load(),
        document,
        context_value=ctx,
        variable_values=dict(request.variables),
        operation_name=operation_name,
    )
    actual = request.actual(result.data) if result.data else 0
    level = buckets.give_back(ctx.shop, requested - actual)
    body: dict[str, Any] = {} if result.data is None and result.errors else {"data": result.data}
    if result.errors:
        body["errors"] = [_in_shopifys_words(error).formatted for error in result.errors]
    body["extensions"] = {"cost": cost.report(requested, actual, level)}
    return Answer(body, actual)


@lru_cache(maxsize=512)
def _read(text: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        return None, (error,)
    return document, tuple(_in_shopifys_words(error) for error in validate(schema.load(), document))


def _in_shopifys_words(error: GraphQLError) -> GraphQLError:
    if error.message.startswith("Variable '$") and not error.extensions:
        return GraphQLError(error.message, error.nodes, extensions={"code": "INVALID_VARIABLE"})
    unknown = _UNKNOWN_FIELD.match(error.message)
    if not unknown:
        return error
    field, kind = unknown.groups()
    extensions = {"code": "undefinedField", "typeName": kind, "fieldName": field}
    return GraphQLError(f"Field '{field}' doesn't exist on type '{kind}'", error.nodes, extensions=extensions)


def _request(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> cost.Request:
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    return cost.Request(schema.load(), operation, fragments, variables)


def _refuse(*errors: GraphQLError) -> Answer:
    return Answer({"errors": [error.formatted for error in errors]})


def _throttled(requested: int, level: float) -> Answer:
    error = {
        "message": "Throttled",
        "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
    }
    return Answer({"errors": [error], "extensions": {"cost": cost.report(requested, None, level)}})

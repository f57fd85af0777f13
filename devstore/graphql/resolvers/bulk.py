"""Bulk queries: a whole connection, with those inside it, as a file of JSON lines."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    Visitor,
    execute_sync,
    parse,
    validate,
    visit,
)

from devstore.gids import gid, number_of
from devstore.graphql import access, schema
from devstore.graphql.connections import WHOLE, paginate
from devstore.graphql.registry import Context, RefusedError, mutation, node, query
from devstore.search import matches
from devstore.store import Doc

MOST_CONNECTIONS = 5


@node("BulkOperation")
def operation_node(ctx: Context, number: int) -> Doc | None:
    return ctx.store.get(ctx.shop, "bulk_operation", number)


@query("bulkOperation")
def bulk_operation(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return operation_node(ctx, number_of(id, "BulkOperation"))


@query("bulkOperations")
def list_operations(ctx: Context, query: str | None = None, **page: Any) -> Doc:
    found = ctx.store.all(ctx.shop, "bulk_operation")
    return paginate([each for each in found if matches(query, lambda key, it=each: _lookup(it, key))], **page)  # type: ignore[misc]


def _lookup(doc: Doc, key: str | None) -> list[Any]:
    return [doc[key]] if key in {"id", "status", "created_at"} else []


@mutation("bulkOperationRunQuery")
def run_query(ctx: Context, query: str, group_objects: bool = False) -> Doc:  # noqa: FBT001, FBT002
    """Runs at once, as the data is small, but answers CREATED as Shopify does: the result is read later."""
    if group_objects:
        raise RefusedError(["groupObjects"], "The development store does not group objects", "INVALID")
    lines = list(_lines(_result(ctx, query), None))
    number = ctx.store.next_id()
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path = ctx.config.data / "files" / f"bulk-{number}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    now = ctx.timestamp()
    done: Doc = {
        "id": number,
        "status": "COMPLETED",
        "type": "QUERY",
        "query": query,
        "createdAt": now,
        "created_at": now,
        "completedAt": now,
        "objectCount": str(len(lines)),
        "rootObjectCount": str(sum("__parentId" not in line for line in lines)),
        "fileSize": str(len(text.encode())),
        "url": f"{ctx.config.public_url}/files/{path.name}" if lines else None,
    }
    ctx.store.put(ctx.shop, "bulk_operation", done)
    ctx.emit("bulk_operations/finish", _payload(done))
    running = {"status": "CREATED", "completedAt": None, "url": None, "fileSize": None, "objectCount": "0"}
    return {"bulkOperation": {**done, **running}, "userErrors": []}


def _payload(done: Doc) -> Doc:
    return {
        "admin_graphql_api_id": gid("BulkOperation", done["id"]),
        "completed_at": done["completedAt"],
        "created_at": done["createdAt"],
        "error_code": None,
        "status": "completed",
        "type": "query",
    }


def _result(ctx: Context, text: str) -> Mapping[str, Any]:
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        raise RefusedError(["query"], error.message, "INVALID") from error
    operation = next((each for each in document.definitions if isinstance(each, OperationDefinitionNode)), None)
    if operation is None or operation.operation.value != "query":
        raise RefusedError(["query"], "Bulk queries must be queries", "INVALID")
    counter = _Connections()
    visit(document, counter)
    if not 0 < counter.count <= MOST_CONNECTIONS:
        said = f"Bulk queries must contain 1 to {MOST_CONNECTIONS} connections."
        raise RefusedError(["query"], said, "INVALID")
    errors = validate(schema.load(), document) or access.denials(schema.load(), document, ctx.installation["scopes"])
    if errors:
        raise RefusedError(["query"], errors[0].message, "INVALID")
    token = WHOLE.set(True)
    try:
        result = execute_sync(schema.load(), document, context_value=ctx)
    finally:
        WHOLE.reset(token)
    if result.errors or result.data is None:
        raise RefusedError(["query"], result.errors[0].message if result.errors else "No data", "INVALID")
    return result.data


class _Connections(Visitor):
    """Counts connections: what selects `edges` or `nodes`."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        chosen = node.selection_set.selections if node.selection_set else ()
        self.count += any(isinstance(each, FieldNode) and each.name.value in {"edges", "nodes"} for each in chosen)


def _lines(data: Mapping[str, Any], parent: str | None) -> Iterator[Doc]:
    """Every object of every connection, each followed by those inside it, which name it in `__parentId`."""
    for value in data.values():
        if not isinstance(value, dict):
            continue
        items = value.get("nodes") or [edge["node"] for edge in value.get("edges") or []]
        for item in items:
            own = {key: each for key, each in item.items() if not _is_connection(each)}
            yield {**own, "__parentId": parent} if parent else own
            yield from _lines({key: each for key, each in item.items() if _is_connection(each)}, item.get("id"))


def _is_connection(value: Any) -> bool:
    return isinstance(value, dict) and ("nodes" in value or "edges" in value)

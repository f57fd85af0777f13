"""Access scopes: every field and every type of a request must be open to the token that asks."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

_FILE = Path(__file__).parents[1] / "schema" / "access.json"


@cache
def rules() -> Mapping[str, list[str]]:
    """Scopes by "Type" or "Type.field"; any one of the listed is enough."""
    loaded: Mapping[str, list[str]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


def denials(schema: GraphQLSchema, document: DocumentNode, granted: Iterable[str]) -> list[GraphQLError]:
    """One ACCESS_DENIED error for each selected field that the granted scopes do not open."""
    held = set(granted)
    held |= {scope.replace("write_", "read_", 1) for scope in held if scope.startswith("write_")}
    info = TypeInfo(schema)
    visitor = _Visitor(info, held)
    visit(document, TypeInfoVisitor(info, visitor))
    return visitor.errors


class _Visitor(Visitor):
    def __init__(self, info: TypeInfo, held: set[str]) -> None:
        super().__init__()
        self.errors: list[GraphQLError] = []
        self._info = info
        self._held = held

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent, returned = self._info.get_parent_type(), self._info.get_type()
        if parent is None or returned is None or node.name.value.startswith("__"):
            return
        asked = (f"{parent.name}.{node.name.value}", get_named_type(returned).name, parent.name)
        needed = [rules().get(name) for name in asked]
        for scopes in needed:
            if scopes and not self._held.intersection(scopes):
                self.errors.append(_denied(node, scopes))
                return


def _denied(node: FieldNode, scopes: list[str]) -> GraphQLError:
    required = " or ".join(f"`{scope}`" for scope in scopes) + " access scope."
    extensions = {
        "code": "ACCESS_DENIED",
        "documentation": "https://shopify.dev/api/usage/access-scopes",
        "requiredAccess": required,
    }
    said = f"Access denied for {node.name.value} field. Required access: {required}"
    return GraphQLError(said, node, extensions=extensions)

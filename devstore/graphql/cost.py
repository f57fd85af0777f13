"""What a request costs and what a shop may spend: Shopify's points, leaky bucket and the 1,000 point ceiling."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

MAXIMUM_QUERY = 1000
CAPACITY = 2000.0
RESTORE_PER_SECOND = 100.0
_MUTATION = 10


@dataclass(frozen=True)
class Request:
    """A validated operation with what is needed to walk it."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def requested(self) -> int:
        """Points before it runs: every page full."""
        return self._root(None)

    def actual(self, data: Mapping[str, Any]) -> int:
        """Points by what came back."""
        return self._root(data)

    def _root(self, data: Mapping[str, Any] | None) -> int:
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None
        cost = self._selections(root, self.operation.selection_set, data)
        return max(cost, _MUTATION) if self.operation.operation.value == "mutation" else cost

    def _selections(self, parent: Any, selected: SelectionSetNode | None, data: Mapping[str, Any] | None) -> int:
        """Fields add up; of fragments on different types only the dearest counts, as an object is of one type."""
        own = 0
        by_type: dict[str, int] = {}
        for selection in selected.selections if selected else ():
            if isinstance(selection, FieldNode):
                own += self._field(parent, selection, data)
            elif isinstance(selection, FragmentSpreadNode | InlineFragmentNode):
                name, inner = self._fragment(parent, selection)
                cost = self._selections(self.schema.get_type(name), inner, data)
                by_type[name] = by_type.get(name, 0) + cost
        return own + by_type.pop(parent.name, 0) + max(by_type.values(), default=0)

    def _fragment(self, parent: Any, node: FragmentSpreadNode | InlineFragmentNode) -> tuple[str, SelectionSetNode]:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments[node.name.value]
            return fragment.type_condition.name.value, fragment.selection_set
        return node.type_condition.name.value if node.type_condition else parent.name, node.selection_set

    def _field(self, parent: Any, node: FieldNode, data: Mapping[str, Any] | None) -> int:
        if node.name.value.startswith("__") or not hasattr(parent, "fields"):
            return 0
        kind = get_named_type(parent.fields[node.name.value].type)
        if is_leaf_type(kind):
            return 0
        value = None if data is None else data.get(node.alias.value if node.alias else node.name.value)
        if data is not None and value is None:
            return 0
        if kind.name.endswith("Connection"):
            return self._connection(kind, node, value)
        inner = value[0] if isinstance(value, list) and value else None if isinstance(value, list) else value
        return 1 + (0 if data is not None and inner is None else self._selections(kind, node.selection_set, inner))

    def _connection(self, kind: GraphQLObjectType, node: FieldNode, value: Mapping[str, Any] | None) -> int:
        per_item, items = 0, 0
        for selection in node.selection_set.selections if node.selection_set else ():
            if isinstance(selection, FieldNode) and selection.name.value in {"nodes", "edges"}:
                part = get_named_type(kind.fields[selection.name.value].type)
                edge = selection.name.value == "edges"
                per_item += (
                    self._selections(part, selection.selection_set, None)
                    if edge
                    else 1 + self._selections(part, selection.selection_set, None)
                )
                if value is not None:
                    items = len(value.get(selection.alias.value if selection.alias else selection.name.value) or [])
        return 2 + (self._size(node) if value is None else items) * per_item

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments:
            if argument.name.value in {"first", "last"}:
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    given = self.variables.get(argument.value.name.value)
                    if isinstance(given, int):
                        return given
        return 0


class Buckets:
    """One leaky bucket per shop, on the machine's clock: a store's moved clock does not refill it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, shop: str, points: float) -> tuple[bool, float]:
        """Whether there was enough, and what is left."""
        with self._lock:
            level = self._level(shop)
            enough = level >= points
            left = level - points if enough else level
            self._levels[shop] = (left, time.monotonic())
            return enough, left

    def give_back(self, shop: str, points: float) -> float:
        """Return what was not used; the new level."""
        with self._lock:
            level = min(CAPACITY, self._level(shop) + points)
            self._levels[shop] = (level, time.monotonic())
            return level

    def drain(self, shop: str) -> None:
        with self._lock:
            self._levels[shop] = (0.0, time.monotonic())

    def _level(self, shop: str) -> float:
        level, at = self._levels.get(shop, (CAPACITY, time.monotonic()))
        return min(CAPACITY, level + (time.monotonic() - at) * RESTORE_PER_SECOND)


def report(requested: int, actual: int | None, level: float) -> dict[str, Any]:
    """`extensions.cost` of a response."""
    status = {"maximumAvailable": CAPACITY, "currentlyAvailable": int(level), "restoreRate": RESTORE_PER_SECOND}
    return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}

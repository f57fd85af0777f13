"""Where resolvers sign up: `@query`, `@mutation` and `@field` put a plain function behind a field of the schema."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from devstore import webhooks
from devstore.clock import iso
from devstore.config import Config
from devstore.store import Doc, Store

Resolver = Callable[..., Any]
_R = TypeVar("_R", bound=Resolver)

RESOLVERS: dict[tuple[str, str], Resolver] = {}
NODES: dict[str, Callable[["Context", int], Doc | None]] = {}


class RefusedError(Exception):
    """A mutation says no: everything it wrote is rolled back, and this becomes its `userErrors`."""

    def __init__(self, field_path: list[str] | None, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.errors: list[Doc] = [{"field": field_path, "message": message, "code": code}]


@dataclass(frozen=True)
class Context:
    """Who asks, for which shop. Lives as long as one GraphQL request."""

    store: Store
    shop: str
    installation: Doc
    config: Config

    def now(self) -> datetime:
        return self.store.clock.now()

    def timestamp(self) -> str:
        return iso(self.now())

    def emit(self, topic: str, payload: Doc) -> None:
        """Queue a webhook; it leaves when the mutation's transaction has committed."""
        webhooks.emit(self.store, self.shop, topic, payload)

    @property
    def shop_doc(self) -> Doc:
        doc = self.store.find(self.shop, "shop")
        if doc is None:
            raise LookupError(f"No shop {self.shop}")
        return doc


def query(name: str) -> Callable[[_R], _R]:
    """Sign up `function(ctx, **arguments)` for a root field of Query; arguments arrive in snake_case."""
    return field("QueryRoot", name)


def mutation(name: str) -> Callable[[_R], _R]:
    """Sign up `function(ctx, **arguments)` for a root field of Mutation; input objects keep their camelCase keys."""
    return field("Mutation", name)


def field(type_name: str, name: str) -> Callable[[_R], _R]:
    """Sign up `function(ctx, parent, **arguments)` for a field of an object type (no `parent` for root fields)."""

    def sign_up(function: _R) -> _R:
        if (type_name, name) in RESOLVERS:
            raise ValueError(f"{type_name}.{name} has two resolvers")
        RESOLVERS[type_name, name] = function
        return function

    return sign_up


def node(kind: str) -> Callable[[_R], _R]:
    """Sign up `function(ctx, number) -> document | None`, which `node(id:)` and `nodes(ids:)` call for that type.

    The document handed back carries `__typename`.
    """

    def sign_up(function: _R) -> _R:
        NODES[kind] = function
        return function

    return sign_up

"""Reading a list of Shopify's to its end."""

from collections.abc import Mapping
from typing import Any, Final

from app.shopify.client import DEADLINE_SECONDS, graphql
from app.shopify.tokens import ShopCredentials

PER_PAGE: Final = 100


def read_whole(
    shop: ShopCredentials, document: str, variables: Mapping[str, Any], connection: str
) -> dict[str, Any] | None:
    """A document's object with every page of one of its connections; None when the object is gone.

    The document takes `$after` for that connection and asks for its pageInfo. Raises ShopifyError.
    """
    whole = graphql(shop, document, variables)
    if not whole:
        return None
    page = whole[connection]["pageInfo"]
    while page["hasNextPage"]:
        more = graphql(shop, document, {**variables, "after": page["endCursor"]})
        if not more:
            return None
        whole[connection]["nodes"] += more[connection]["nodes"]
        page = more[connection]["pageInfo"]
    return whole


def finish(shop: ShopCredentials, document: str, part: Mapping[str, Any], connection: str) -> None:
    """Read the rest of a connection inside another answer: `part` is an object that `document` asks for by id."""
    if part[connection]["pageInfo"]["hasNextPage"]:
        whole = read_whole(shop, document, {"id": part["id"]}, connection)
        part[connection]["nodes"][:] = whole[connection]["nodes"] if whole else []


def list_all(shop: ShopCredentials, name: str, *, patience_seconds: float = DEADLINE_SECONDS) -> list[dict[str, Any]]:
    """Every node of the list that documents/<name>.graphql asks for, page by page. Raises ShopifyError.

    The document takes `$first` and `$after`, and asks for pageInfo.
    """
    nodes: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = graphql(shop, name, {"first": PER_PAGE, "after": after}, patience_seconds=patience_seconds)
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]

"""A whole list at once, for a shop that was away for long: Shopify writes it into a file while we do something else."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from app.db import assert_no_transaction
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError, ShopifyUserErrors
from app.shopify.operations import get_operation
from app.shopify.tokens import ShopCredentials
from app.shopify.transport import get_http

_AT_ONCE: Final = 100
_UNDER_WAY: Final = frozenset({"CREATED", "RUNNING"})


@dataclass(frozen=True, slots=True)
class Operation:
    """A list that was ordered. `url` is None while it is written, and when nothing fitted."""

    is_under_way: bool
    is_complete: bool
    url: str | None
    created_at: datetime


def start(shop: ShopCredentials, document: str, query: str) -> str | None:
    """Order the list that `document` reads page by page. Returns the operation's gid; None when Shopify takes none now.

    Raises ShopifyError.
    """
    try:
        answer = graphql(shop, "bulkOperationRunQuery", {"query": query_text(document, query)})
    except ShopifyUserErrors:
        # Five at once is Shopify's limit; page by page it goes at any time.
        return None
    gid: str = answer["bulkOperation"]["id"]
    return gid


def find(shop: ShopCredentials, gid: str) -> Operation | None:
    """How far the list is; None when Shopify does not know of it any more. Raises ShopifyError."""
    found = graphql(shop, "bulkOperation", {"id": gid})
    if not found:
        return None
    created_at = datetime.fromisoformat(found["createdAt"])
    return Operation(found["status"] in _UNDER_WAY, found["status"] == "COMPLETED", found["url"], created_at)


def read(url: str, skip: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The objects of the list, a hundred at a time, without the first `skip`. Raises ShopifyError."""
    assert_no_transaction()
    try:
        with get_http().stream("GET", url) as response:
            if response.is_error:
                raise ShopifyError(f"Shopify's list could not be fetched ({response.status_code}).", permanent=True)
            lines = itertools.islice(response.iter_lines(), skip, None)
            while part := [json.loads(line) for line in itertools.islice(lines, _AT_ONCE)]:
                yield part
    except (httpx.HTTPError, ValueError) as error:
        raise ShopifyError(f"Shopify's list broke off: {error}", permanent=False) from error


def query_text(document: str, query: str) -> str:
    """The list of a document of ours as a bulk operation wants it: without pages, its arguments written out."""
    operation = get_operation(document)
    fields = operation.text.partition("nodes {")[2].partition("pageInfo")[0]
    text = f"{{ {operation.root}(query: {json.dumps(query)}) {{ edges {{ node {{ {fields} }} }} }}"
    return " ".join(text.split())

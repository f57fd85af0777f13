"""A customer asks to send goods back. Shopify says what can come back and keeps the request; its news tell the rest.

Nothing here runs inside a transaction: every function asks Shopify, while somebody waits for the answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from app.errors import AppError, Conflict
from app.languages import _
from app.shopify.client import PAGE_SECONDS, graphql
from app.shopify.errors import ShopifyUserErrors
from app.shopify.tokens import ShopCredentials
from app.shopify.webhook_bodies import number_of
from app.typed import storable, tidy

_LONGEST_NOTE: Final = 300
_MOST_LINES: Final = 40
_MOST_PAGES: Final = 5


class Wish(msgspec.Struct, frozen=True):
    """Units of one line of a parcel. `line` and `reason` are numbers of Shopify's."""

    line: int
    quantity: int
    reason: int | None = None
    note: str = ""


class Request(msgspec.Struct, frozen=True):
    lines: list[Wish]


def read_request(raw: bytes) -> Request:
    """What the page sent. Raises AppError for anything that it would not send."""
    try:
        request = msgspec.json.decode(raw, type=Request)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise AppError(_("The request could not be read. Open the page again.")) from None
    numbers = [number for wish in request.lines for number in (wish.line, wish.quantity, wish.reason or 1)]
    if not 0 < len(request.lines) <= _MOST_LINES or not all(0 < number < 2**63 for number in numbers):
        raise AppError(_("The request could not be read. Open the page again."))
    return request


def list_returnable(shop: ShopCredentials, order_number: int) -> list[dict[str, Any]]:
    """[{line, item, quantity, reasons: [{id, handle, name}]}] of what was sent; `item`: the order's line.

    Raises ShopifyError.
    """
    sent = _read_sent(shop, order_number)
    items = list(dict.fromkeys(each["fulfillmentLineItem"]["lineItem"]["id"] for each in sent))[:_MOST_LINES]
    reasons = _read_reasons(shop, items) if items else {}
    return [
        {
            "line": number_of(each["fulfillmentLineItem"]["id"]),
            "item": number_of(item),
            "quantity": each["quantity"],
            "reasons": reasons.get(item, []),
        }
        for each in sent
        if (item := each["fulfillmentLineItem"]["lineItem"]["id"]) in items
    ]


def request(shop: ShopCredentials, order_number: int, wishes: Sequence[Wish]) -> int:
    """Ask for a return, which the merchant approves or declines. Returns its number.

    Raises Conflict when Shopify says no, ShopifyError: then it may have been asked for all the same.
    """
    lines = [
        {
            "fulfillmentLineItemId": f"gid://shopify/FulfillmentLineItem/{wish.line}",
            "quantity": wish.quantity,
            "customerNote": tidy(storable(wish.note))[:_LONGEST_NOTE],
            **(
                {"returnReasonDefinitionId": f"gid://shopify/ReturnReasonDefinition/{wish.reason}"}
                if wish.reason
                else {}
            ),
        }
        for wish in wishes
    ]
    asked = {"orderId": f"gid://shopify/Order/{order_number}", "returnLineItems": lines}
    try:
        made = graphql(shop, "returnRequest", {"input": asked}, patience_seconds=PAGE_SECONDS)
    except ShopifyUserErrors:
        raise Conflict(_("These items cannot be returned, or not so many. Choose again.")) from None
    return number_of(made["return"]["id"])


def _read_sent(shop: ShopCredentials, order_number: int) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    after: str | None = None
    for _page in range(_MOST_PAGES):
        asked = {"orderId": f"gid://shopify/Order/{order_number}", "after": after}
        page = graphql(shop, "returnableFulfillments", asked, patience_seconds=PAGE_SECONDS)
        found += [line for parcel in page["nodes"] for line in parcel["returnableFulfillmentLineItems"]["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return found


def _read_reasons(shop: ShopCredentials, items: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: Any = graphql(shop, "nodesReturnReasons", {"ids": items}, patience_seconds=PAGE_SECONDS)
    return {
        line["id"]: [
            {"id": number_of(one["id"]), "handle": one["handle"], "name": one["name"]}
            for one in (line["suggestedReturnReasonDefinitions"] or {"nodes": []})["nodes"]
            if not one["deleted"]
        ]
        for line in found
        if line
    }

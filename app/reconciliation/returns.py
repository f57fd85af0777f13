"""Returns of which no webhook came: those of orders that changed, as Shopify has them now."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.orders import OrderReturn
from app.shopify.errors import ShopifyAccessLost, ShopifyError
from app.shopify.paging import read_whole
from app.shopify.tokens import ShopCredentials
from app.shopify.webhook_bodies import number_of

TOPIC: Final = "returns/update"
_NONE: Final = "NO_RETURN"

log = structlog.get_logger()


def read(shop: ShopCredentials, nodes: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """News of the returns of those orders of a page that have any, by Shopify's number. Raises ShopifyError.

    A shop that does not let us read returns has none for us.
    """
    found: dict[int, dict[str, Any]] = {}
    for node in nodes:
        if node["returnStatus"] == _NONE:
            continue
        try:
            order = read_whole(shop, "orderReturns", {"id": node["id"]}, "returns")
        except ShopifyAccessLost:
            raise
        except ShopifyError as error:
            if not error.permanent:
                raise
            log.info("returns_not_read", shop=shop.domain, error=error.message)
            return found
        for one in order["returns"]["nodes"] if order else ():
            # A return that is opened again is news again: the order's time tells the two apart.
            body = {"admin_graphql_api_id": one["id"], "status": one["status"], "updated_at": node["updatedAt"]}
            found[number_of(one["id"])] = body
    return found


def find_missed(
    session: Session, shop_id: int, found: Mapping[int, dict[str, Any]]
) -> list[tuple[str, dict[str, Any]]]:
    """The news that we have not: of returns that we do not know, or not in the state that they are in."""
    query = select(OrderReturn.shopify_id, OrderReturn.status)
    where = (OrderReturn.shop_id == shop_id, OrderReturn.shopify_id.in_(list(found)))
    held = dict(session.execute(query.where(*where)).all())
    return [(TOPIC, body) for number, body in found.items() if held.get(number) != body["status"].lower()]

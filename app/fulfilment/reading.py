"""What Shopify says of an order's fulfilment: what is still to be sent, what may not be sent yet, what was sent."""

from typing import Any

from app.languages import _
from app.shopify.errors import ShopifyError
from app.shopify.paging import finish, read_whole
from app.shopify.tokens import ShopCredentials


def read_order(shop: ShopCredentials, number: int) -> dict[str, Any]:
    """An order with its fulfilment orders and fulfilments, however many and long. Raises ShopifyError."""
    order = read_whole(shop, "order", {"id": f"gid://shopify/Order/{number}"}, "fulfillmentOrders")
    if order is None:
        raise ShopifyError(
            _("Shopify does not show this order. It was deleted, or it is older than 60 days."), permanent=True
        )
    for part in order["fulfillmentOrders"]["nodes"]:
        finish(shop, "fulfillmentOrder", part, "lineItems")
    for made in order["fulfillments"]:
        finish(shop, "fulfillment", made, "fulfillmentLineItems")
    return order

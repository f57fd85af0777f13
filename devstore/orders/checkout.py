"""The one way an order comes to be: priced, paid or not, taken from stock, routed to a location, announced."""

from typing import Unpack

from devstore.orders import announce, stock
from devstore.orders.basket import Basket, fill_basket
from devstore.orders.buyers import find_or_create_customer
from devstore.orders.documents import add_transaction, save
from devstore.orders.drafting import draft_order
from devstore.orders.errors import OrderError
from devstore.orders.purchase import Purchase
from devstore.orders.routing import open_fulfillment_orders
from devstore.store import Doc, Store


def create_order(store: Store, shop: str, **purchase: Unpack[Purchase]) -> Doc:
    """Place an order and return its document. Raises OrderError, and then nothing was written."""
    with store.transaction():
        basket = fill_basket(
            store,
            shop,
            purchase["lines"],
            discount_codes=purchase.get("discount_codes", ()),
            shipping_rate_code=purchase.get("shipping_rate_code"),
        )
        _check_delivery(basket, purchase)
        customer = purchase.get("customer") or find_or_create_customer(
            store, shop, str(purchase.get("email")), purchase.get("shipping_address")
        )
        order = draft_order(store, shop, basket, customer, purchase)
        if purchase.get("pay", True) and basket.priced.total:
            kind = "sale" if purchase.get("capture", True) else "authorization"
            add_transaction(store, order, kind, order["total_price"], at=order["created_at"])
        order["fulfillment_orders"] = open_fulfillment_orders(store, order)
        save(store, shop, order, _placed_by(order, customer), at=order["created_at"])
        moves = [stock.sold(line.variant["id"], line.location_id, line.quantity) for line in basket.lines]
        announce.placed(store, shop, order)
        stock.apply(store, shop, moves)
        return order


def _check_delivery(basket: Basket, purchase: Purchase) -> None:
    if not purchase.get("customer") and not purchase.get("email"):
        raise OrderError("Enter an email address", ["email"], "BLANK")
    if not basket.requires_shipping:
        return
    if not purchase.get("shipping_address"):
        raise OrderError("Enter a shipping address", ["shipping_address"], "BLANK")
    if basket.shipping_rate is None:
        raise OrderError("Choose a shipping method", ["shipping_rate_code"], "BLANK")


def _placed_by(order: Doc, customer: Doc) -> str:
    name = " ".join(filter(None, [customer.get("first_name"), customer.get("last_name")])) or order["email"]
    return f"{name} placed this order on Online Store."

"""Everything that news of orders ask the database, in one round trip: the orders' locks, then a look at all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.orm import Session

from app import clock
from app.commissions import in_force
from app.commissions.in_force import InForce
from app.db import together
from app.orders.held import HEARD, READ, Held, lock_orders, place_rows, read_held
from app.rows import ids_ahead, keep_ids, read_rows
from app.shopify import payloads_orders as payloads
from app.shops.queries import ADDRESSEE, Addressee

_POSTINGS_OF_ORDER: Final = 8
_POSTINGS_OF_LINE: Final = 4
"""So many ids are taken along. An order that needs more asks for them; others leave a few unused."""


class Product(msgspec.Struct):
    """One of our vendors' products."""

    gid: str
    vendor_id: int | None
    category_gid: str | None
    tags: list[str]


class _Seller(msgspec.Struct):
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Looked:
    shop: Addressee
    held: Mapping[int, Held]
    """By Shopify's number of the order."""
    in_force: InForce
    since: datetime
    """From when on its rules are complete."""
    products: Mapping[str, Product | None]
    """Of all that were sold, by gid; None: not ours."""
    sellers: Mapping[str, int]
    """Vendors who are called what a line says of its vendor, by that name in lower case."""


_PRODUCTS: Final = """
    SELECT 'product', row_to_json(r)::text FROM (
        SELECT p.shopify_gid AS gid, p.vendor_id, p.category_gid, p.tags
        FROM products p WHERE p.shop_id = %(shop)s AND p.shopify_gid = ANY(%(gids)s::text[])) r
"""
# Whoever merely applied under the name of a brand that the store sells must not earn with it.
_SELLERS: Final = """
    SELECT 'seller', row_to_json(r)::text FROM (
        SELECT v.id, v.name FROM vendors v
        WHERE v.shop_id = %(shop)s AND v.status IN ('approved', 'suspended')
          AND lower(v.name) = ANY(%(names)s::text[])) r
"""
_NUMBERED: Final = ("orders", "ledger_transactions")
_IDS: Final = [f"SELECT 'ids:{table}', {ids_ahead(table)}" for table in _NUMBERED]
_BESIDE: Final = " UNION ALL ".join((ADDRESSEE, in_force.READ, _PRODUCTS, _SELLERS, *_IDS))
_LOOK: Final = f"{READ} UNION ALL {_BESIDE}".encode()
_LOOK_AT_NEW: Final = f"{HEARD} UNION ALL {_BESIDE}".encode()


def look(
    session: Session, shop_id: int, numbers: Sequence[int], bodies: Sequence[payloads.Order], *, new: bool = False
) -> Looked:
    """Lock the orders of these numbers of Shopify's, sorted, and read what is known of them and of what they sold.

    `new`: probably nothing is known of any. Of those that something is known of it takes one more round trip.
    """
    items = [item for body in bodies for item in body.line_items]
    gids = {f"gid://shopify/Product/{item.product_id}" for item in items if item.product_id}
    since = min((body.processed_at or body.created_at for body in bodies), default=clock.now())
    values = {
        "shop": shop_id,
        "numbers": list(numbers),
        "since": since,
        "gids": list(gids),
        "names": list({item.vendor.strip().lower() for item in items if item.vendor}),
        "orders": len(bodies),
        "ledger_transactions": _POSTINGS_OF_ORDER * len(bodies) + _POSTINGS_OF_LINE * len(items),
    }
    with together(session):
        lock_orders(session, shop_id, numbers)
        looked_up = read_rows(session, _LOOK_AT_NEW if new else _LOOK, values)
    found = looked_up.fetchall()
    answers: dict[str, list[str]] = {}
    for kind, text in found:
        answers.setdefault(kind, []).append(text)
    for table in _NUMBERED:
        keep_ids(session, table, answers[f"ids:{table}"][0])
    heard = sorted({int(number) for number in answers.get("heard", ())})
    products = [msgspec.json.decode(text, type=Product) for text in answers.get("product", ())]
    sellers = [msgspec.json.decode(text, type=_Seller) for text in answers.get("seller", ())]
    return Looked(
        shop=msgspec.json.decode(answers["shop"][0], type=Addressee),
        held=place_rows(found, numbers) | (read_held(session, shop_id, heard) if heard else {}),
        in_force=in_force.read_text(answers["in_force"][0]),
        since=since,
        products=dict.fromkeys(gids) | {product.gid: product for product in products},
        sellers={one.name.lower(): one.id for one in sorted(sellers, key=lambda one: -one.id)},
    )

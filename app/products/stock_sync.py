"""Stock on its way to Shopify, location by location, and back from a location that vendors are to use.

Shopify compares each count with what the vendor saw. If something was sold or corrected meanwhile, the vendor's
difference is kept: two more on the shelf are two more than there are now.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import scoped
from app.live.channels import announce
from app.models.products import Location, StockLevel, Variant
from app.models.shops import Shop
from app.products import places
from app.shopify.client import graphql
from app.shopify.errors import ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

_STALE: Final = "CHANGE_FROM_QUANTITY_STALE"
_ROUNDS: Final = 5
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """A count that Shopify has to be told. `level_id` is None at the shop's first location."""

    variant_id: int
    level_id: int | None
    item: str
    place: str
    wanted: int
    before: int | None
    requested_at: datetime
    is_new: bool
    """Shopify has never said that the item is stocked there."""


def push_stock(shop_id: int, product_id: int) -> None:
    """Tell Shopify the stock that the vendor set. Raises ShopifyError."""
    for _ in range(_ROUNDS):
        with scoped(shop_id) as session:
            shop = session.get_one(Shop, shop_id)
            wishes = _list_wishes(session, shop, product_id)
            credentials = ShopCredentials(shop.id, shop.domain)
        if not wishes:
            return
        _open(credentials, wishes)
        try:
            told_at = _send(credentials, wishes)
        except ShopifyUserErrors as refusal:
            if not refusal.has_code(_STALE):
                raise
            _start_over(credentials, wishes)
            continue
        with scoped(shop_id) as session:
            _settle(session, wishes, told_at)


def read_stock(shop_id: int, location_id: int) -> None:
    """Take over what lies at a location that vendors are to use from now on. Repeatable. Raises ShopifyError."""
    with scoped(shop_id) as session:
        shop, location = session.get_one(Shop, shop_id), session.get(Location, location_id)
        if location is None or not location.for_vendors or not location.is_active:
            return
        credentials, gid = ShopCredentials(shop.id, shop.domain), location.shopify_gid
        query = select(Variant.inventory_item_gid).where(Variant.inventory_item_gid.is_not(None)).order_by(Variant.id)
        items = [item for item in session.scalars(query) if item]
    for start in range(0, len(items), _AT_ONCE):
        found = _read(credentials, items[start : start + _AT_ONCE], gid)
        with scoped(shop_id) as session:
            location = session.get_one(Location, location_id)
            variants = session.scalars(select(Variant).where(Variant.inventory_item_gid.in_(found)).with_for_update())
            for variant in variants:
                quantity, seen_at = found[variant.inventory_item_gid or ""]
                places.note_level(session, variant, location, quantity, seen_at)
                announce(session, shop_id, "StockChanged", variant.vendor_id)


def _list_wishes(session: Session, shop: Shop, product_id: int) -> list[Wish]:
    variants = session.scalars(
        select(Variant).where(Variant.product_id == product_id, Variant.inventory_item_gid.is_not(None))
    ).all()
    levels = places.list_levels(session, variants)
    gids = {row.id: row.shopify_gid for row in session.scalars(select(Location).where(Location.for_vendors))}
    wishes = []
    for variant in variants:
        item = variant.inventory_item_gid or ""
        if variant.stock_requested_at and shop.location_gid:
            first = places.at_first(variant, levels[variant.id])
            said = (shop.location_gid, first, variant.stock_before, variant.stock_requested_at, False)
            wishes.append(Wish(variant.id, None, item, *said))
        for level in levels[variant.id].values():
            if level.stock_requested_at and level.location_id in gids:
                place, is_new = gids[level.location_id], level.stock_updated_at is None
                said = (place, level.quantity, level.stock_before, level.stock_requested_at, is_new)
                wishes.append(Wish(variant.id, level.id, item, *said))
    return wishes


def _open(shop: ShopCredentials, wishes: Sequence[Wish]) -> None:
    """Have items stocked at locations where they never were."""
    new = sorted((wish for wish in wishes if wish.is_new), key=lambda wish: wish.item)
    for item, some in groupby(new, key=lambda wish: wish.item):
        updates = [{"locationId": wish.place, "activate": True} for wish in some]
        graphql(shop, "inventoryBulkToggleActivation", {"item": item, "updates": updates})


def _send(shop: ShopCredentials, wishes: Sequence[Wish]) -> datetime | None:
    """Shopify's own time of the change, so that a sale a moment later is news and not history; None: no difference."""
    quantities = [
        {
            "inventoryItemId": wish.item,
            "locationId": wish.place,
            "quantity": wish.wanted,
            "changeFromQuantity": wish.before,
        }
        for wish in wishes
    ]
    change = {"name": "available", "reason": "correction", "quantities": quantities}
    said = ";".join(f"{w.item}@{w.place}={w.wanted}<{w.before}@{w.requested_at}" for w in wishes)
    key = f"stock-{shop.shop_id}-{hashlib.sha256(said.encode()).hexdigest()[:32]}"
    group = graphql(shop, "inventorySetQuantities", {"input": change}, idempotency_key=key).get(
        "inventoryAdjustmentGroup"
    )
    return datetime.fromisoformat(group["createdAt"]) if group else None


def _start_over(shop: ShopCredentials, wishes: Sequence[Wish]) -> None:
    """Put the vendor's differences on top of what Shopify has now."""
    by_place = sorted(wishes, key=lambda wish: wish.place)
    now: dict[tuple[str, str], int] = {}
    for place, some in groupby(by_place, key=lambda wish: wish.place):
        found = _read(shop, [wish.item for wish in some], place)
        now |= {(item, place): quantity for item, (quantity, _) in found.items()}
    with scoped(shop.shop_id) as session:
        for wish, row in _lock(session, wishes):
            if row.stock_requested_at != wish.requested_at:
                continue  # counted again since: its own ring tells of that
            present = now.get((wish.item, wish.place), 0)
            moved = max(0, present + wish.wanted - (present if wish.before is None else wish.before)) - wish.wanted
            row.stock_before = present
            if isinstance(row, StockLevel):
                row.quantity += moved
            session.get_one(Variant, wish.variant_id).stock += moved


def _settle(session: Session, wishes: Sequence[Wish], told_at: datetime | None) -> None:
    for wish, row in _lock(session, wishes):
        if row.stock_requested_at == wish.requested_at:
            row.stock_requested_at = row.stock_before = None
        elif row.stock_requested_at:
            row.stock_before = wish.wanted  # counted again since: the difference begins at what Shopify has heard now
        else:
            continue  # and Shopify has heard of that, too
        row.stock_updated_at = told_at or row.stock_updated_at


def _lock(session: Session, wishes: Sequence[Wish]) -> list[tuple[Wish, Variant | StockLevel]]:
    """The wishes whose rows are still there, with these rows."""
    ids = sorted({wish.variant_id for wish in wishes})
    locked = session.scalars(select(Variant).where(Variant.id.in_(ids)).order_by(Variant.id).with_for_update()).all()
    variants: Mapping[int, Any] = {row.id: row for row in locked}
    level_ids = [wish.level_id for wish in wishes if wish.level_id]
    levels = {row.id: row for row in session.scalars(select(StockLevel).where(StockLevel.id.in_(level_ids)))}
    found = [(wish, levels.get(wish.level_id) if wish.level_id else variants.get(wish.variant_id)) for wish in wishes]
    return [(wish, row) for wish, row in found if row is not None]


def _read(shop: ShopCredentials, items: Sequence[str], place: str) -> dict[str, tuple[int, datetime]]:
    """What is available of these items at a location, and since when; those not stocked there are left out."""
    nodes: Any = graphql(shop, "nodesInStock", {"ids": list(items), "location": place})
    return {
        node["id"]: (
            node["inventoryLevel"]["quantities"][0]["quantity"],
            datetime.fromisoformat(node["inventoryLevel"]["updatedAt"]),
        )
        for node in nodes
        if node and node.get("inventoryLevel")
    }

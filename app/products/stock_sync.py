"""Stock on its way to Shopify, location by location, and back from a location that vendors are to use.

Shopify compares each count with what the vendor saw. If something was sold or corrected meanwhile, the vendor's
difference is kept: two more on the shelf are two more than there are now.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import scoped
from app.live.channels import announce
from app.models.products import Location, Product, StockCall, StockLevel, Variant
from app.models.shops import Shop
from app.products import places
from app.shopify.client import graphql
from app.shopify.errors import ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

KEY_LIVES: Final = timedelta(hours=12)
"""Shopify keeps the answer to a key for a limited time, and promises none: it is relied on for half a day."""
_STALE: Final = "CHANGE_FROM_QUANTITY_STALE"
_ROUNDS: Final = 5
_AT_ONCE: Final = 100
_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=12)
_DOUBLINGS: Final = 10
"""By then it is the longest; after weeks the product would be no time span any more."""

log = structlog.get_logger()


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
    key: str
    """Of the call, the same for all that it tells. Whatever was answered gets another: Shopify refuses a key again."""
    first_told_at: datetime
    """When that key was first used, at the earliest."""

    def keep(self) -> dict[str, Any]:
        """For a column."""
        times = {name: getattr(self, name).isoformat() for name in ("requested_at", "first_told_at")}
        return asdict(self) | times

    @staticmethod
    def read(held: Mapping[str, Any]) -> "Wish":
        """What `keep` made, also before it kept `first_told_at`."""
        first_told_at = held.get("first_told_at", held["requested_at"])
        times = {"requested_at": held["requested_at"], "first_told_at": first_told_at}
        return Wish(**{**held, **{name: datetime.fromisoformat(text) for name, text in times.items()}})


def push_stock(shop_id: int, product_id: int) -> None:
    """Tell Shopify the stock that the vendor set. What it refuses is kept with the reason, and tried again later.

    What is to be told is written down first. If the answer is lost, the same is told again under the same key, which
    Shopify carries out once, before it hears of anything counted since. Raises ShopifyError.
    """
    for _ in range(_ROUNDS):
        with scoped(shop_id) as session:
            shop = session.get_one(Shop, shop_id)
            credentials = ShopCredentials(shop.id, shop.domain)
            wishes = _begin(session, shop, product_id)
        if not wishes:
            break
        if wishes[0].first_told_at < clock.now() - KEY_LIVES:
            _find_out(credentials, product_id, wishes)
            continue
        try:
            _open(credentials, wishes)
            told_at = _send(credentials, wishes)
        except ShopifyUserErrors as refusal:
            if not refusal.has_code(_STALE):
                _note_refusal(shop_id, product_id, wishes, refusal)
                return
            _start_over(credentials, product_id, wishes)
            continue
        with scoped(shop_id) as session:
            rows = _lock(session, wishes)
            if _close(session, product_id, wishes):
                _settle(rows, told_at)
    _catch_up(credentials, product_id)


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
    key, now = f"stock-{shop.id}-{secrets.token_hex(16)}", clock.now()
    wishes = []
    for variant in variants:
        item = variant.inventory_item_gid or ""
        if variant.stock_requested_at and shop.location_gid:
            first = places.at_first(variant, levels[variant.id])
            said = (shop.location_gid, first, variant.stock_before, variant.stock_requested_at, False, key, now)
            wishes.append(Wish(variant.id, None, item, *said))
        for level in levels[variant.id].values():
            if level.stock_requested_at and level.location_id in gids:
                place, is_new = gids[level.location_id], level.stock_updated_at is None
                said = (place, level.quantity, level.stock_before, level.stock_requested_at, is_new, key, now)
                wishes.append(Wish(variant.id, level.id, item, *said))
    return wishes


def _begin(session: Session, shop: Shop, product_id: int) -> list[Wish]:
    """What is to be told now, written down: what was told last, if nobody has read the answer."""
    call = session.get(StockCall, product_id, with_for_update=True)
    if call is not None and call.wishes:
        return [Wish.read(held) for held in call.wishes]
    wishes = _list_wishes(session, shop, product_id)
    if wishes:
        call = call or places.get_call(session, session.get_one(Product, product_id))
        call.wishes = [wish.keep() for wish in wishes]
    elif call is not None:
        call.attempts, call.again_at, call.error = 0, None, None
    return wishes


def _close(session: Session, product_id: int, wishes: Sequence[Wish]) -> bool:
    """The answer to these wishes was read. False if another job has read it before us: what it did is not done again.

    The variants are locked by now: news of Shopify's lock them first, too.
    """
    call = session.get(StockCall, product_id, with_for_update=True)
    if call is None or not _is_about(call, wishes):
        return False
    call.wishes, call.attempts, call.again_at, call.error = [], 0, None, None
    return True


def _is_about(call: StockCall, wishes: Sequence[Wish]) -> bool:
    return [Wish.read(held) for held in call.wishes] == list(wishes)


def _note_refusal(shop_id: int, product_id: int, wishes: Sequence[Wish], refusal: ShopifyUserErrors) -> None:
    """Shopify did none of it, and would not in a minute either: asked again after pauses that grow to half a day."""
    with scoped(shop_id) as session:
        call = session.get(StockCall, product_id, with_for_update=True)
        if call is None or not _is_about(call, wishes):
            return
        log.warning("stock_refused", product=product_id, attempts=call.attempts + 1, error=refusal.message)
        call.wishes, call.error = [], refusal.message
        call.again_at = clock.now() + min(_LONGEST_PAUSE, _PAUSE * 2 ** min(call.attempts, _DOUBLINGS))
        call.attempts += 1


def _catch_up(shop: ShopCredentials, product_id: int) -> None:
    """Read what Shopify has where it told of a change that we left aside, for our count was on its way."""
    with scoped(shop.shop_id) as session:
        call = session.get(StockCall, product_id)
        if call is None or not call.has_news:
            return
        first = session.get_one(Shop, shop.shop_id).location_gid
        used = session.scalars(select(Location).where(Location.for_vendors, Location.is_active)).all()
        mine = select(Variant.inventory_item_gid).where(Variant.product_id == product_id)
        items = [item for item in session.scalars(mine) if item]
        others = {location.shopify_gid: location.id for location in used}
    found = {gid: _read(shop, items, gid) for gid in dict.fromkeys([first, *others]) if gid}
    with scoped(shop.shop_id) as session:
        query = select(Variant).where(Variant.product_id == product_id).order_by(Variant.id).with_for_update()
        variants = session.scalars(query).all()
        call = session.get_one(StockCall, product_id, with_for_update=True)
        for variant in variants:
            for gid, seen in found.items():
                if variant.inventory_item_gid not in seen:
                    continue
                if gid == first:
                    places.note_first(session, variant, *seen[variant.inventory_item_gid])
                else:
                    location = session.get_one(Location, others[gid])
                    places.note_level(session, variant, location, *seen[variant.inventory_item_gid])
        # Counted once more meanwhile: it is read again after that.
        call.has_news = bool(call.wishes) or places.is_on_its_way(session, product_id)
        announce(session, shop.shop_id, "StockChanged", call.vendor_id)


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
    answer = graphql(shop, "inventorySetQuantities", {"input": change}, idempotency_key=wishes[0].key)
    group = answer.get("inventoryAdjustmentGroup")
    return datetime.fromisoformat(group["createdAt"]) if group else None


def _start_over(shop: ShopCredentials, product_id: int, wishes: Sequence[Wish]) -> None:
    """Put the vendor's differences on top of what Shopify has now."""
    now = _read_told(shop, wishes)
    with scoped(shop.shop_id) as session:
        rows = _lock(session, wishes)
        if not _close(session, product_id, wishes):
            return
        for wish, row in rows:
            if row.stock_requested_at != wish.requested_at:
                continue  # counted again since: its own ring tells of that
            present, _ = now.get((wish.item, wish.place), (0, None))
            moved = max(0, present + wish.wanted - (present if wish.before is None else wish.before)) - wish.wanted
            row.stock_before = present
            if isinstance(row, StockLevel):
                row.quantity += moved
            session.get_one(Variant, wish.variant_id).stock += moved


def _find_out(shop: ShopCredentials, product_id: int, wishes: Sequence[Wish]) -> None:
    """The answer was lost so long ago that Shopify may have forgotten the key, and might count the difference twice.

    What lies there says what became of it. Not touched since: it never arrived, and is told anew. As wished: it did.
    Anything else may be either, with a sale or a correction: then Shopify's count holds, and the log says so.
    """
    now = _read_told(shop, wishes)
    with scoped(shop.shop_id) as session:
        rows = _lock(session, wishes)
        if not _close(session, product_id, wishes):
            return
        for wish, row in rows:
            present, since = now.get((wish.item, wish.place), (None, wish.first_told_at))
            if present is None or (since < wish.first_told_at and present != wish.wanted):
                continue
            if present != wish.wanted:
                _believe(session, product_id, wish, row, present)
            _settle([(wish, row)], since, present)


def _believe(session: Session, product_id: int, wish: Wish, row: Variant | StockLevel, present: int) -> None:
    """Take over what lies in Shopify; a count that the vendor made since is told on top of it."""
    audit.record(
        session,
        row.shop_id,
        "product.stock_unclear",
        ("product", product_id),
        actor="system",
        vendor_id=row.vendor_id,
        reason="Shopify's answer to this count was lost, and the stock was changed since. Shopify's number was kept.",
        changes={"stock": [wish.wanted, present]},
    )
    if row.stock_requested_at != wish.requested_at:
        return
    if isinstance(row, StockLevel):
        row.quantity += present - wish.wanted
    session.get_one(Variant, wish.variant_id).stock += present - wish.wanted


def _settle(
    rows: Sequence[tuple[Wish, Variant | StockLevel]], told_at: datetime | None, heard: int | None = None
) -> None:
    """Shopify has heard of these. `heard`: what it has now, where that is not what was wished."""
    for wish, row in rows:
        if row.stock_requested_at == wish.requested_at:
            row.stock_requested_at = row.stock_before = None
        elif row.stock_requested_at:
            # Counted again since: the difference begins at what Shopify has heard now.
            row.stock_before = wish.wanted if heard is None else heard
        else:
            continue  # and Shopify has heard of that, too
        row.stock_updated_at = told_at or row.stock_updated_at


def _lock(session: Session, wishes: Sequence[Wish]) -> list[tuple[Wish, Variant | StockLevel]]:
    """The wishes whose rows are still there, with these rows, as they are now."""
    ids = sorted({wish.variant_id for wish in wishes})
    locked = session.scalars(select(Variant).where(Variant.id.in_(ids)).order_by(Variant.id).with_for_update()).all()
    variants: Mapping[int, Any] = {row.id: row for row in locked}
    level_ids = [wish.level_id for wish in wishes if wish.level_id]
    levels = {row.id: row for row in session.scalars(select(StockLevel).where(StockLevel.id.in_(level_ids)))}
    found = [(wish, levels.get(wish.level_id) if wish.level_id else variants.get(wish.variant_id)) for wish in wishes]
    return [(wish, row) for wish, row in found if row is not None]


def _read_told(shop: ShopCredentials, wishes: Sequence[Wish]) -> dict[tuple[str, str], tuple[int, datetime]]:
    """What is available of what the wishes are about, by item and location, and since when."""
    found: dict[tuple[str, str], tuple[int, datetime]] = {}
    for place, some in groupby(sorted(wishes, key=lambda wish: wish.place), key=lambda wish: wish.place):
        levels = _read(shop, [wish.item for wish in some], place)
        found |= {(item, place): level for item, level in levels.items()}
    return found


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

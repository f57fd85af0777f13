"""Where vendors keep their stock: at the shop's first location, and at others if the merchant lets them.

A variant's `stock` is what lies at all of these together. What lies elsewhere than at the first location has a row in
stock_levels; the rest is at the first. So whoever counts nothing by location need not know of any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import ValidationErrors
from app.models.products import Location, Product, StockCall, StockLevel, Variant
from app.models.shops import Shop
from app.queue import enqueue_after_commit


@dataclass(frozen=True, slots=True)
class Places:
    """The first location by its name, and the others (id → name) at which vendors keep stock, too."""

    main: str
    others: Mapping[int, str]


def get_places(session: Session, shop: Shop) -> Places:
    """Where the shop's vendors keep stock now."""
    rows = _list_usable(session, shop)
    main = next((row.name for row in rows if row.shopify_gid == shop.location_gid), "")
    return Places(main, {row.id: row.name for row in rows if row.shopify_gid != shop.location_gid})


def list_locations(session: Session, shop: Shop) -> Sequence[Location]:
    """The shop's open locations, the first one first."""
    query = select(Location).where(Location.shop_id == shop.id, Location.is_active)
    return session.scalars(query.order_by(Location.shopify_gid != shop.location_gid, Location.name, Location.id)).all()


def choose(session: Session, shop_id: int, ids: Sequence[int], *, actor: str) -> bool:
    """Let vendors keep stock at these locations beside the first. Returns whether anything changed.

    What lies at a location that is left is no vendors' stock any more; what lies at a new one is read from Shopify.
    Raises ValidationErrors for a location that is not among the open ones.
    """
    shop = session.get_one(Shop, shop_id, with_for_update=True)
    rows = {row.id: row for row in list_locations(session, shop) if row.shopify_gid != shop.location_gid}
    wanted = set(ids)
    if not wanted <= rows.keys():
        raise ValidationErrors({"location": "This location is not open any more. Look at the list again."})
    before = {row.id for row in rows.values() if row.for_vendors}
    if wanted == before:
        return False
    for row in rows.values():
        row.for_vendors = row.id in wanted
    for left in sorted(before - wanted):
        forget_levels(session, left)
    for joined in sorted(wanted - before):
        enqueue_after_commit(session, "jobs.catalogue.read_stock", shop_id, joined, queue="catalogue")
    changes = {"locations": [sorted(rows[key].name for key in held) for held in (before, wanted)]}
    audit.record(session, shop_id, "settings.change", ("shop", shop_id), actor=actor, changes=changes)
    return True


def close(session: Session, shop: Shop, gid: str) -> None:
    """A location closed: what lay there is no stock now."""
    if (row := _find(session, shop, gid)) is not None:
        row.is_active = False
        forget_levels(session, row.id)


def reopen(session: Session, shop: Shop, gid: str) -> None:
    """A location is open again: if vendors kept stock there, they do so again."""
    if (row := _find(session, shop, gid)) is not None and row.for_vendors:
        row.is_active = True  # or whoever reads what lies there may be quicker than whoever reads that it is open
        enqueue_after_commit(session, "jobs.catalogue.read_stock", shop.id, row.id, queue="catalogue")


def settle_first(session: Session, shop: Shop) -> None:
    """Whichever location is the first now has no rows of its own; nor has one that closed, though no webhook came."""
    first = select(Location.id).where(Location.shop_id == shop.id, Location.shopify_gid == shop.location_gid)
    session.execute(delete(StockLevel).where(StockLevel.location_id.in_(first)))
    left = select(StockLevel.id).where(StockLevel.location_id == Location.id)
    closed = select(Location.id).where(Location.shop_id == shop.id, ~Location.is_active, left.exists())
    for gone in session.scalars(closed).all():
        forget_levels(session, gone)


def forget_levels(session: Session, location_id: int) -> None:
    """Nothing lies at this location for vendors any more."""
    at = select(StockLevel.quantity).where(StockLevel.location_id == location_id, StockLevel.variant_id == Variant.id)
    here = at.correlate(Variant).scalar_subquery()
    session.execute(update(Variant).where(here.is_not(None)).values(stock=Variant.stock - here))
    session.execute(delete(StockLevel).where(StockLevel.location_id == location_id))


def list_levels(session: Session, variants: Sequence[Variant]) -> dict[int, dict[int, StockLevel]]:
    """What lies elsewhere than at the first location: variant → location → row."""
    held: dict[int, dict[int, StockLevel]] = {variant.id: {} for variant in variants}
    for row in session.scalars(select(StockLevel).where(StockLevel.variant_id.in_(held))):
        held[row.variant_id][row.location_id] = row
    return held


def list_by_product(session: Session, product_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """What lies elsewhere, added up: product → location → quantity."""
    query = (
        select(Variant.product_id, StockLevel.location_id, func.sum(StockLevel.quantity))
        .join(Variant, Variant.id == StockLevel.variant_id)
        .where(Variant.product_id.in_(product_ids))
        .group_by(Variant.product_id, StockLevel.location_id)
    )
    found: dict[int, dict[int, int]] = {}
    for product_id, location_id, quantity in session.execute(query):
        found.setdefault(product_id, {})[location_id] = int(quantity)
    return found


def list_of_vendor(session: Session, vendor_id: int) -> dict[int, dict[int, int]]:
    """All that a vendor has elsewhere: variant → location → quantity."""
    found: dict[int, dict[int, int]] = {}
    for row in session.scalars(select(StockLevel).where(StockLevel.vendor_id == vendor_id)):
        found.setdefault(row.variant_id, {})[row.location_id] = row.quantity
    return found


def at_first(variant: Variant, elsewhere: Mapping[int, StockLevel]) -> int:
    """What lies at the first location."""
    return variant.stock - sum(level.quantity for level in elsewhere.values())


def count(
    session: Session, product: Product, variants: Sequence[Variant], counted: Mapping[tuple[int, int | None], int]
) -> dict[str, Any]:
    """Note what somebody counted, by (variant, location; None for the first), and that Shopify has to be told.

    Returns what changed, by the variant's values and the location's name: [before, now].
    """
    held, names = list_levels(session, variants), _names(session, product.shop_id)
    changes: dict[str, Any] = {}
    for variant in variants:
        first, label = at_first(variant, held[variant.id]), " / ".join(variant.option_values)
        if (now := counted.get((variant.id, None), first)) != first:
            changes[label] = [first, now]
            _want(variant, first, is_made=variant.inventory_item_gid is not None)
            variant.stock += now - first
        for location_id in [place for number, place in counted if number == variant.id and place in names]:
            assert location_id is not None
            now, level = counted[variant.id, location_id], held[variant.id].get(location_id)
            was = level.quantity if level else 0
            if now == was:
                continue
            level = level or _add_level(session, variant, location_id)
            changes[f"{label}, {names[location_id]}"] = [was, now]
            _want(level, was, is_made=True)
            level.quantity = now
            variant.stock += now - was
    session.flush()
    return changes


def _want(row: Variant | StockLevel, was: int, *, is_made: bool) -> None:
    """Shopify has to be told. What it has now is kept as it was before the first wish that it has not heard of."""
    if row.stock_requested_at is None:
        row.stock_before = was
    row.stock_requested_at = clock.now() if is_made else None


def _add_level(session: Session, variant: Variant, location_id: int) -> StockLevel:
    owner = {"shop_id": variant.shop_id, "vendor_id": variant.vendor_id, "variant_id": variant.id}
    level = StockLevel(**owner, location_id=location_id, quantity=0)
    session.add(level)
    return level


def note_level(session: Session, variant: Variant, location: Location, quantity: int, seen_at: Any) -> bool:
    """Shopify says what lies at a location other than the first. Returns whether that was news."""
    owner = {"shop_id": variant.shop_id, "vendor_id": variant.vendor_id, "variant_id": variant.id}
    made = insert(StockLevel).values(**owner, location_id=location.id, quantity=0).on_conflict_do_nothing()
    session.execute(made)
    mine = (StockLevel.variant_id == variant.id, StockLevel.location_id == location.id)
    level = session.scalars(select(StockLevel).where(*mine).with_for_update()).one()
    older = level.stock_updated_at is not None and seen_at < level.stock_updated_at
    if older:
        return False
    if level.stock_requested_at:
        _leave_aside(session, variant)
        return False
    variant.stock += quantity - level.quantity
    level.quantity, level.stock_updated_at = quantity, seen_at
    return True


def note_first(session: Session, variant: Variant, available: int, seen_at: Any) -> bool:
    """Shopify says what lies at the first location of a locked variant. Returns whether that was news."""
    if variant.stock_updated_at and seen_at < variant.stock_updated_at:
        return False
    if variant.stock_requested_at:
        _leave_aside(session, variant)
        return False
    elsewhere = list_levels(session, [variant])[variant.id]
    variant.stock += available - at_first(variant, elsewhere)
    variant.stock_updated_at = seen_at
    return True


def get_call(session: Session, product: Product) -> StockCall:
    """The product's row in stock_calls, locked."""
    owner = {"shop_id": product.shop_id, "vendor_id": product.vendor_id, "product_id": product.id}
    session.execute(insert(StockCall).values(**owner).on_conflict_do_nothing())
    return session.get_one(StockCall, product.id, with_for_update=True)


def read_again(session: Session, product: Product) -> None:
    """Have what lies of a product at each location read from Shopify."""
    get_call(session, product).has_news = True
    enqueue_after_commit(session, "jobs.catalogue.push_stock", product.shop_id, product.id, queue="catalogue")


def is_on_its_way(session: Session, product_id: int) -> bool:
    """Whether a count of the product's waits for Shopify to take it."""
    counted = or_(Variant.stock_requested_at.is_not(None), StockLevel.stock_requested_at.is_not(None))
    query = select(Variant.id).outerjoin(StockLevel, StockLevel.variant_id == Variant.id)
    return session.scalar(query.where(Variant.product_id == product_id, counted).limit(1)) is not None


def _leave_aside(session: Session, variant: Variant) -> None:
    """The vendor has counted, and the job is telling Shopify: what it has then is read when that is done."""
    get_call(session, session.get_one(Product, variant.product_id)).has_news = True


def find_usable(session: Session, shop: Shop, gid: str) -> Location | None:
    """The location with that gid, if vendors keep stock there beside the first one."""
    return next(
        (row for row in _list_usable(session, shop) if row.shopify_gid == gid and gid != shop.location_gid), None
    )


def _find(session: Session, shop: Shop, gid: str) -> Location | None:
    return session.scalar(select(Location).where(Location.shop_id == shop.id, Location.shopify_gid == gid))


def _list_usable(session: Session, shop: Shop) -> Sequence[Location]:
    return [row for row in list_locations(session, shop) if row.for_vendors or row.shopify_gid == shop.location_gid]


def _names(session: Session, shop_id: int) -> dict[int, str]:
    # The first has no rows of its own, also when vendors kept stock there before it was the first.
    first = select(Shop.location_gid).where(Shop.id == shop_id).scalar_subquery()
    mine = (Location.shop_id == shop_id, Location.is_active, Location.for_vendors)
    others = select(Location).where(*mine, Location.shopify_gid.is_distinct_from(first))
    return {row.id: row.name for row in session.scalars(others)}

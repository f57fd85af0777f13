"""A vendor's orders by where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, Text, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import OrderLine, VendorOrder, VendorOrderStatus
from app.orders.packed import has_packed, is_to_pack, list_wholly_packed

PER_PAGE: Final = 50
LATE_AFTER: Final = timedelta(days=10)
"""A parcel with a tracking number that has not arrived by then is worth a question to the carrier."""
WAITING: Final = (VendorOrderStatus.TO_SHIP, VendorOrderStatus.PARTLY_SHIPPED)
_SENT: Final = VendorOrder.status == VendorOrderStatus.SHIPPED
TABS: Final[Mapping[str, ColumnElement[bool]]] = {
    "to_ship": VendorOrder.status.in_(WAITING) & is_to_pack(),
    "packed": VendorOrder.status.in_(WAITING) & has_packed(),
    "shipped": _SENT & VendorOrder.delivered_at.is_(None),
    "delivered": _SENT & VendorOrder.delivered_at.is_not(None),
    "returned": VendorOrder.items_returned > 0,
    "on_hold": VendorOrder.status.in_(WAITING) & (VendorOrder.holds != []),
    "unpaid": VendorOrder.status == VendorOrderStatus.UNPAID,
    "cancelled": VendorOrder.status == VendorOrderStatus.CANCELLED,
}
_SORTS: Final[Mapping[str, Sort]] = {
    "newest": Sort((VendorOrder.ordered_at, VendorOrder.id), is_descending=True),
    "oldest": Sort((VendorOrder.ordered_at, VendorOrder.id)),
    "most": Sort((VendorOrder.earned_minor, VendorOrder.id), is_descending=True),
    "name": Sort((func.lower(VendorOrder.customer_name, type_=Text()), VendorOrder.id)),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a vendor's orders is asked for. `tab`: a name of TABS, or all; `days`: ordered within; 0 is ever."""

    tab: str = ""
    search: str = ""
    days: int = 0
    late: bool = False
    sort: str = "newest"


@dataclass(frozen=True, slots=True)
class Row:
    part: VendorOrder
    lines: Sequence[tuple[int, str]]
    """Units and title of each line."""
    packed: str = ""
    """As `name_packed` says it."""

    @property
    def state(self) -> str:
        return tell_state(self.part, self.packed)

    @property
    def days_late(self) -> int:
        """Days since it was sent, once that is too long to have heard nothing; else 0."""
        if self.part.shipped_at is None or self.part.delivered_at or self.part.items_returned:
            return 0
        since = clock.now() - self.part.shipped_at
        return since.days if since > LATE_AFTER else 0


def list_orders(
    session: Session, vendor_id: int, wanted: Wanted, *, place: Place = BEGINNING, limit: int = PER_PAGE
) -> Page[Row]:
    query = select(VendorOrder).where(*_where(vendor_id, wanted))
    page = read_page(session, query, _SORTS.get(wanted.sort, _SORTS["newest"]), place, limit=limit, make=only)
    lines = list_titles(session, vendor_id, [part.order_id for part in page.rows])
    words = name_packed(session, [part.id for part in page.rows])
    return page.with_rows([Row(part, lines.get(part.order_id, ()), words.get(part.id, "")) for part in page.rows])


def tell_state(part: VendorOrder, packed: str = "") -> str:
    """The status, told further than Shopify tells it: came back, arrived, or nothing of it may be sent yet."""
    if part.items_returned and not part.items_to_ship:
        return "returned"
    if packed and part.status in WAITING:
        return packed
    if part.is_held:
        return "on_hold"
    return "delivered" if part.delivered_at else part.status


def name_packed(session: Session, part_ids: Sequence[int]) -> Mapping[int, str]:
    """Of those parts that have nothing left to pack: "packed" until the shop has collected all, then "collected"."""
    packed = list_wholly_packed(session, part_ids)
    return {part_id: "packed" if has_ready else "collected" for part_id, has_ready in packed.items()}


def count_tabs(session: Session, vendor_id: int) -> Mapping[str, int]:
    """How many orders stand in each tab, and in all ("") of them."""
    counts = [func.count().filter(condition) for condition in TABS.values()]
    mine = VendorOrder.vendor_id == vendor_id
    found = session.execute(select(func.count(), *counts).select_from(VendorOrder).where(mine)).one()
    return dict(zip(("", *TABS), found, strict=True))


def count_late(session: Session, vendor_id: int) -> int:
    """Orders sent too long ago to have heard nothing of their parcels."""
    where = (VendorOrder.vendor_id == vendor_id, *_late(vendor_id))
    return session.scalar(select(func.count()).select_from(VendorOrder).where(*where)) or 0


def list_titles(session: Session, vendor_id: int, order_ids: Sequence[int]) -> Mapping[int, list[tuple[int, str]]]:
    """Units and titles of the vendor's lines, by order."""
    query = select(OrderLine.order_id, OrderLine.quantity, OrderLine.title).where(
        OrderLine.order_id.in_(order_ids), OrderLine.vendor_id == vendor_id
    )
    titles: dict[int, list[tuple[int, str]]] = {}
    for order_id, units, title in session.execute(query.order_by(OrderLine.position, OrderLine.id)):
        titles.setdefault(order_id, []).append((units, title))
    return titles


def _where(vendor_id: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [VendorOrder.vendor_id == vendor_id]
    if wanted.tab in TABS:
        where.append(TABS[wanted.tab])
    if wanted.late:
        where.extend(_late(vendor_id))
    if wanted.days:
        where.append(VendorOrder.ordered_at >= clock.now() - timedelta(days=wanted.days))
    if wanted.search:
        where.append(_matches(vendor_id, wanted.search))
    return where


def _matches(vendor_id: int, search: str) -> ColumnElement[bool]:
    """The number, the customer, what was bought, or the number on a parcel."""
    like = f"%{search.lstrip('#')}%"
    inside = select(OrderLine.id).where(
        OrderLine.order_id == VendorOrder.order_id,
        OrderLine.vendor_id == vendor_id,
        or_(OrderLine.title.ilike(like), OrderLine.sku.ilike(like)),
    )
    parcel = _parcels(vendor_id).where(Fulfilment.tracking_number.ilike(like))
    names = (VendorOrder.name.ilike(like), VendorOrder.customer_name.ilike(like))
    return or_(*names, inside.exists(), parcel.exists())


def _late(vendor_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        TABS["shipped"],
        VendorOrder.items_returned == 0,
        VendorOrder.shipped_at < clock.now() - LATE_AFTER,
        _parcels(vendor_id).where(Fulfilment.tracking_number != "").exists(),
    )


def _parcels(vendor_id: int) -> Select[int]:
    return select(Fulfilment.id).where(
        Fulfilment.shop_id == VendorOrder.shop_id,
        Fulfilment.order_shopify_id == VendorOrder.order_shopify_id,
        Fulfilment.vendor_id == vendor_id,
        Fulfilment.state == FulfilmentState.CREATED,
    )

"""What the merchant reads of pickups: the list, by where each stands, and the numbers on the home page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, load_only

from app import clock
from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import OrderLine, VendorOrder
from app.models.pickups import Pickup, PickupState
from app.models.vendors import Vendor
from app.orders.inscriptions import Inscription, Inscriptions, list_inscriptions
from app.orders.left import list_packed_units
from app.orders.packed import is_open, is_open_in
from app.orders.queries import WAITING

PER_PAGE: Final = 50
_WAITS: Final = VendorOrder.status.in_(WAITING)
_SENT_IN: Final = Pickup.state == PickupState.SHIPPED
_REFUSED: Final = and_(_SENT_IN, Fulfilment.state == FulfilmentState.FAILED)
_CALLED_OFF: Final = and_(_SENT_IN, Fulfilment.state == FulfilmentState.CANCELLED)
STATES: Final[Mapping[str, ColumnElement[bool]]] = {
    "ready": (Pickup.state == PickupState.READY) & _WAITS,
    "collected": or_(Pickup.state == PickupState.COLLECTED, _CALLED_OFF) & _WAITS,
    "refused": _REFUSED & _WAITS,
    "gone": ~_WAITS,
}
"""Of a pickup that is open, beside its part and its parcel."""
_SORTS: Final = {
    "oldest": Sort((Pickup.ready_at, Pickup.id)),
    "newest": Sort((Pickup.ready_at, Pickup.id), is_descending=True),
    "vendor": Sort((func.lower(Vendor.name), Pickup.id)),
    "place": Sort((func.lower(Pickup.place), Pickup.id)),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the list is asked for. `state`: a name of STATES, "sent", "withdrawn", or "" for all that is open."""

    search: str = ""
    state: str = ""
    vendor_id: int | None = None
    place: str | None = None
    days: int = 0
    """Ready for at least so many days; 0: since whenever."""
    sort: str = "oldest"


Packed = tuple[int, OrderLine, Sequence[Inscription]]
"""So many units of a line, and what the customer wrote on it."""


@dataclass(frozen=True, slots=True)
class Row:
    pickup: Pickup
    part: VendorOrder
    vendor_name: str
    parcel: Fulfilment | None
    lines: Sequence[Packed] = ()
    """What is still to be sent of it; of what is settled, what was packed."""
    is_gone: bool = False
    """Open, and nothing of it is left to send."""

    @property
    def units(self) -> int:
        return sum(units for units, *_ in self.lines)

    @property
    def state(self) -> str:
        """One of STATES, or "sending", "sent", "withdrawn"."""
        if self.is_gone:
            return "gone"
        if self.pickup.state is not PickupState.SHIPPED:
            return self.pickup.state
        state = self.parcel.state if self.parcel else FulfilmentState.CREATED
        words = {FulfilmentState.REQUESTED: "sending", FulfilmentState.FAILED: "refused"}
        return words.get(state, "collected" if state is FulfilmentState.CANCELLED else "sent")

    @property
    def days(self) -> int:
        """Since it was packed, while it waits at the vendor's."""
        return (clock.now() - self.pickup.ready_at).days if self.pickup.state is PickupState.READY else 0


def list_pickups(
    session: Session, shop_id: int, wanted: Wanted, *, place: Place = BEGINNING, limit: int = PER_PAGE
) -> Page[Row]:
    """The shop's pickups, what of each is still to be sent, and its parcel."""
    query = select_rows(shop_id).where(*matching(shop_id, wanted))
    page = read_page(session, query, _SORTS.get(wanted.sort, _SORTS["oldest"]), place, limit=limit, make=Row)
    return page.with_rows(_with_lines(session, page.rows))


def list_some(session: Session, shop_id: int, pickup_ids: Sequence[int]) -> list[Row]:
    """These pickups, the oldest first; those that are not the shop's, or not open, are left out."""
    query = select_rows(shop_id).where(Pickup.id.in_(pickup_ids), is_open()).order_by(Pickup.ready_at, Pickup.id)
    return _with_lines(session, [Row(*found) for found in session.execute(query)])


def list_places(session: Session, shop_id: int) -> Sequence[str]:
    """Where something waits now, by name."""
    query = select(Pickup.place).where(Pickup.shop_id == shop_id, Pickup.place != "", is_open_in(shop_id)).distinct()
    return sorted(session.scalars(query), key=str.lower)


def count_states(session: Session, shop_id: int) -> Mapping[str, int]:
    """How many open pickups stand in each of STATES."""
    counts = [func.count().filter(condition) for condition in STATES.values()]
    query = _join(select(*counts).select_from(Pickup)).where(Pickup.shop_id == shop_id, is_open_in(shop_id))
    return dict(zip(STATES, session.execute(query).one(), strict=True))


def select_rows(shop_id: int) -> Any:
    """A shop's pickups with the columns of Row, without lines."""
    return _join(select(Pickup, VendorOrder, Vendor.name, Fulfilment)).where(Pickup.shop_id == shop_id)


def _join(query: Any) -> Any:
    query = query.join(VendorOrder, VendorOrder.id == Pickup.part_id).join(Vendor, Vendor.id == Pickup.vendor_id)
    return query.outerjoin(Fulfilment, Fulfilment.id == Pickup.fulfilment_id)


def matching(shop_id: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Conditions on what `select_rows` joins."""
    where: list[ColumnElement[bool]] = []
    if wanted.state == "sent":
        where += [_SENT_IN, ~is_open()]
    elif wanted.state == "withdrawn":
        where.append(Pickup.state == PickupState.WITHDRAWN)
    else:
        where += [is_open_in(shop_id), *([STATES[wanted.state]] if wanted.state in STATES else [])]
    if wanted.vendor_id is not None:
        where.append(Pickup.vendor_id == wanted.vendor_id)
    if wanted.place is not None:
        where.append(Pickup.place == wanted.place)
    if wanted.days:
        where.append(Pickup.ready_at <= clock.now() - timedelta(days=wanted.days))
    if wanted.search:
        where.append(_matches(wanted.search))
    return where


def _matches(search: str) -> ColumnElement[bool]:
    """The order's number, the customer, the vendor, the place, or what is in it."""
    like = f"%{search.lstrip('#')}%"
    inside = select(OrderLine.id).where(
        OrderLine.order_id == VendorOrder.order_id,
        OrderLine.vendor_id == Pickup.vendor_id,
        or_(OrderLine.title.ilike(like), OrderLine.sku.ilike(like)),
    )
    names = (VendorOrder.name, VendorOrder.customer_name, Vendor.name, Pickup.place)
    return or_(*(name.ilike(like) for name in names), inside.exists())


def _with_lines(session: Session, rows: Sequence[Row]) -> list[Row]:
    left = list_packed_units(session, [row.part for row in rows])
    told = [units_of(row.pickup, left.get(row.pickup.id)) for row in rows]
    packed = OrderLine.shopify_id.in_({number for units, _ in told for number, count in units.items() if count})
    query = select(OrderLine).where(OrderLine.order_id.in_({row.part.order_id for row in rows}), packed)
    query = query.options(load_only(OrderLine.order_id, OrderLine.shopify_id, OrderLine.title, OrderLine.sku))
    lines = session.scalars(query.order_by(OrderLine.position)).all()
    written = list_inscriptions(rows[0].part.shop_id, lines) if rows else {}
    return [
        replace(row, lines=_packed(lines, units, written), is_gone=is_gone)
        for row, (units, is_gone) in zip(rows, told, strict=True)
    ]


def units_of(pickup: Pickup, left: Mapping[int, int] | None) -> tuple[Mapping[int, int], bool]:
    """Units by line, and whether it is open with nothing left to send. `left`: what is still to be sent of an open
    one, of which some was refunded or sent otherwise since. Of what is settled or gone, what was packed.
    """
    is_gone = left is not None and not any(left.values())
    return pickup.units if left is None or is_gone else left, is_gone


def _packed(lines: Iterable[OrderLine], units: Mapping[int, int], written: Inscriptions) -> Sequence[Packed]:
    return [(count, line, written.get(line.shopify_id, ())) for line in lines if (count := units.get(line.shopify_id))]

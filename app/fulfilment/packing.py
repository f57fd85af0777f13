"""What to take from the shelf, and what goes into which parcel: for paper. Reads a vendor's own orders only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.fulfilment.rules import MAX_ORDERS
from app.languages import _
from app.models.orders import OrderLine, VendorOrder
from app.models.products import Product, ProductImage
from app.orders.inscriptions import Inscriptions, list_for_vendor
from app.orders.left import Units, list_taken, units_held
from app.orders.vendor_list import WAITING


@dataclass(frozen=True, slots=True)
class Parcel:
    """One order with the lines that are left to send, and how many of each."""

    part: VendorOrder
    lines: Sequence[tuple[OrderLine, int]]
    bought: Sequence[tuple[OrderLine, int]]
    """All that was not refunded, sent or not."""

    @property
    def units(self) -> int:
        return sum(units for _, units in self.lines)


@dataclass(slots=True)
class Pick:
    """One thing to take from the shelf, for all orders together."""

    title: str
    sku: str
    picture: str | None
    units: int = 0
    orders: list[tuple[VendorOrder, OrderLine, int]] = field(default_factory=list)


def list_parcels(session: Session, vendor_id: int, part_ids: Sequence[int] = ()) -> list[Parcel]:
    """The vendor's orders of these ids, oldest first, with what is left of them to send; without ids all to ship.

    What is on its way to Shopify already, about to be cancelled or held back by the shop, is not left. At most
    MAX_ORDERS.
    """
    where = [VendorOrder.vendor_id == vendor_id]
    where.append(VendorOrder.id.in_(part_ids) if part_ids else VendorOrder.status.in_(WAITING))
    oldest = select(VendorOrder).where(*where).order_by(VendorOrder.ordered_at, VendorOrder.id)
    parts = session.scalars(oldest.limit(MAX_ORDERS)).all()
    mine = (OrderLine.order_id.in_([part.order_id for part in parts]), OrderLine.vendor_id == vendor_id)
    lines: dict[int, list[OrderLine]] = {}
    for line in session.scalars(select(OrderLine).where(*mine).order_by(OrderLine.position, OrderLine.id)):
        lines.setdefault(line.order_id, []).append(line)
    taken = list_taken(session, vendor_id, [part.order_shopify_id for part in parts])
    return [_parcel(part, lines.get(part.order_id, ()), taken) for part in parts]


def get_parcel(session: Session, vendor_id: int, part_id: int) -> Parcel:
    """One order of the vendor's. Raises NotFound for anybody else's."""
    found = list_parcels(session, vendor_id, [part_id])
    if not found:
        raise NotFound(_("There is no such order."))
    return found[0]


def list_written(parcels: Sequence[Parcel]) -> Inscriptions:
    """What the customers wrote on what they bought."""
    lines = [line for parcel in parcels for line, _ in (*parcel.lines, *parcel.bought)]
    return list_for_vendor([parcel.part for parcel in parcels], lines)


def make_pick_list(session: Session, parcels: Iterable[Parcel]) -> list[Pick]:
    """What is left to send, each thing once, by title."""
    listed = [(parcel.part, line, units) for parcel in parcels for line, units in parcel.lines]
    pictures = _pictures(session, {str(line.sold_as.get("product")) for _, line, _ in listed})
    picks: dict[tuple[str, str], Pick] = {}
    for part, line, units in listed:
        picture = pictures.get(str(line.sold_as.get("product")))
        pick = picks.setdefault((line.title, line.sku), Pick(line.title, line.sku, picture))
        pick.units += units
        pick.orders.append((part, line, units))
    return sorted(picks.values(), key=lambda pick: (pick.title.lower(), pick.sku))


def _parcel(part: VendorOrder, lines: Sequence[OrderLine], taken: Units) -> Parcel:
    held = units_held(part)
    left = [
        (line, line.to_ship - taken.get((part.order_shopify_id, line.shopify_id), 0) - held.get(line.shopify_id, 0))
        for line in lines
    ]
    bought = [(line, line.current_quantity) for line in lines]
    return Parcel(part, [one for one in left if one[1] > 0], [one for one in bought if one[1] > 0])


def _pictures(session: Session, gids: Iterable[str]) -> Mapping[str, str]:
    """Each product's first picture, by the product's Shopify id."""
    query = (
        select(Product.shopify_gid, ProductImage.url)
        .join(ProductImage, ProductImage.product_id == Product.id)
        .where(Product.shopify_gid.in_(list(gids)), ProductImage.url.is_not(None))
        .order_by(ProductImage.position.desc(), ProductImage.id.desc())
    )
    return {str(gid): str(url) for gid, url in session.execute(query)}

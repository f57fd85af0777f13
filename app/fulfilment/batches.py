"""Many parcels at once: all that can be sent is stored in one go, and each is told to Shopify by a job of its own.

Whatever is killed on the way, the parcels are found and told again (see service.sweep). The same page sent twice is
one batch: nothing is sent twice.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.errors import AppError, Conflict, NotFound, ValidationErrors
from app.fulfilment import service
from app.fulfilment.packing import list_parcels
from app.fulfilment.service import Tracking
from app.fulfilment.sheet import SheetRow
from app.languages import _, noted
from app.models.fulfilments import Fulfilment, FulfilmentState, ShipmentBatch
from app.models.orders import VendorOrder, VendorOrderStatus
from app.models.vendors import Vendor

UNPAID: Final = noted("The customer has not paid yet.")
NOTHING_LEFT: Final = noted("Nothing of it is left to send.")


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What became of one order of a batch. `state`: sent, waiting, failed or refused."""

    part_id: int
    name: str
    state: str
    problem: str | None = None


def ship_many(
    session: Session, vendor: Vendor, wanted: Mapping[int, Tracking], *, key: str, actor: str
) -> ShipmentBatch:
    """Send whatever is left of each order, by its id, with a result for each. The same `key` again is the same batch.

    Raises ValidationErrors when there is nothing to send.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"batch:{vendor.id}:{key}"}
    )
    mine = (ShipmentBatch.vendor_id == vendor.id, ShipmentBatch.key == key)
    if known := session.scalars(select(ShipmentBatch).where(*mine)).one_or_none():
        return known
    if not wanted:
        raise ValidationErrors({"orders": _("Choose at least one order to send.")})
    theirs = select(VendorOrder).where(VendorOrder.vendor_id == vendor.id, VendorOrder.id.in_(list(wanted)))
    parts = {part.id: part for part in session.scalars(theirs)}
    # By id, so that two of these never wait for each other in a circle.
    rows = [_ship(session, vendor, parts[number], wanted[number], actor) for number in sorted(parts)]
    batch = ShipmentBatch(shop_id=vendor.shop_id, vendor_id=vendor.id, key=key, rows=rows, created_by=actor)
    session.add(batch)
    session.flush()
    return batch


def get_batch(session: Session, vendor_id: int, batch_id: int) -> ShipmentBatch:
    """Raises NotFound for anybody else's."""
    batch = session.get(ShipmentBatch, batch_id)
    if batch is None or batch.vendor_id != vendor_id:
        raise NotFound(_("There is no such batch."))
    return batch


def read_outcomes(session: Session, batch: ShipmentBatch) -> list[OrderOutcome]:
    """What became of each order of the batch so far."""
    ids = [row["parcel_id"] for row in batch.rows if "parcel_id" in row]
    query = select(Fulfilment).where(Fulfilment.vendor_id == batch.vendor_id, Fulfilment.id.in_(ids))
    parcels = {parcel.id: parcel for parcel in session.scalars(query)}
    return [_outcome(row, parcels) for row in batch.rows]


def try_again(session: Session, batch: ShipmentBatch) -> int:
    """Have Shopify told once more of every parcel of the batch that it refused. Returns how many.

    Those whose items are not left any more stay as they are.
    """
    ids = [row["parcel_id"] for row in batch.rows if "parcel_id" in row]
    failed = select(Fulfilment.id, VendorOrder).join(
        VendorOrder,
        (VendorOrder.order_shopify_id == Fulfilment.order_shopify_id)
        & (VendorOrder.vendor_id == Fulfilment.vendor_id)
        & (VendorOrder.shop_id == Fulfilment.shop_id),
    )
    where = (Fulfilment.id.in_(ids), Fulfilment.state == FulfilmentState.FAILED)
    found = session.execute(failed.where(*where).order_by(VendorOrder.id)).all()
    told = 0
    for parcel_id, part in found:
        with suppress(Conflict):
            service.request_again(session, part, parcel_id)
            told += 1
    return told


def match_sheet(
    session: Session, vendor_id: int, rows: Sequence[SheetRow]
) -> tuple[dict[int, Tracking], list[tuple[SheetRow, str]]]:
    """The orders that a sheet names, with their tracking, and each line that cannot be sent, with why."""
    names = {f"#{row.order.lstrip('#')}" for row in rows} | {row.order for row in rows}
    query = select(VendorOrder).where(VendorOrder.vendor_id == vendor_id, VendorOrder.name.in_(names))
    known = {part.name.lstrip("#"): part for part in session.scalars(query)}
    left = {one.part.id: one.units for one in list_parcels(session, vendor_id, [part.id for part in known.values()])}
    found: dict[int, Tracking] = {}
    problems = []
    for row in rows:
        part = known.get(row.order.lstrip("#"))
        problem = _problem(part, row, left, found)
        if problem or part is None:
            problems.append((row, problem or _("You have no order of this number.")))
        else:
            found[part.id] = Tracking(row.carrier, row.tracking)
    return found, problems


def _problem(
    part: VendorOrder | None, row: SheetRow, left: Mapping[int, int], found: Mapping[int, Tracking]
) -> str | None:
    if part is None:
        return _("You have no order of this number.")
    if part.status == VendorOrderStatus.UNPAID:
        return UNPAID
    if not left.get(part.id):
        return service.ON_HOLD if part.items_held else NOTHING_LEFT
    if part.id in found:
        return _("It stands in the file more than once. Send orders of several parcels one by one.")
    return check_tracking(Tracking(row.carrier, row.tracking))


def check_tracking(tracking: Tracking) -> str | None:
    """What is wrong with a carrier and a number as typed; None when they can be sent."""
    if len(tracking.carrier) > 60 or len(tracking.number) > 80:
        return _("Use at most 60 characters for the carrier and 80 for the number.")
    if not (tracking.carrier + tracking.number).isprintable():
        return _("Use letters and digits as on the label.")
    return None


def _ship(session: Session, vendor: Vendor, part: VendorOrder, tracking: Tracking, actor: str) -> dict[str, object]:
    row: dict[str, object] = {"part_id": part.id, "name": part.name}
    if part.status == VendorOrderStatus.UNPAID:
        return {**row, "problem": UNPAID}
    if problem := check_tracking(tracking):
        return {**row, "problem": problem}
    try:
        # What is left is read under the order's own lock: what another window sent meanwhile is not sent again.
        parcel = service.request_rest(session, vendor, part, tracking, actor=actor)
    except AppError as error:
        return {**row, "problem": error.message}
    return {**row, "parcel_id": parcel.id}


def _outcome(row: Mapping[str, object], parcels: Mapping[int, Fulfilment]) -> OrderOutcome:
    part_id, name = int(str(row["part_id"])), str(row["name"])
    if "parcel_id" not in row:
        return OrderOutcome(part_id, name, "refused", str(row["problem"]))
    parcel = parcels.get(int(str(row["parcel_id"])))
    # Where its webhook was quicker than our own answer, the webhook's row took its place.
    if parcel is None or parcel.state is FulfilmentState.CREATED:
        return OrderOutcome(part_id, name, "sent")
    if parcel.state is FulfilmentState.REQUESTED:
        return OrderOutcome(part_id, name, "waiting")
    cancelled = parcel.state is FulfilmentState.CANCELLED
    return OrderOutcome(part_id, name, "failed", _("The parcel was cancelled.") if cancelled else parcel.error)

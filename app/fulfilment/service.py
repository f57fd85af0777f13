"""Sending parcels: stored at once, told to Shopify by a job that may be repeated without making a second parcel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import scoped, system
from app.errors import Conflict, NotFound, ValidationErrors
from app.fulfilment import holds, rules
from app.fulfilment.reading import read_order
from app.fulfilment.rules import Remaining
from app.languages import _, find_words, noted
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import VendorOrder, VendorOrderStatus
from app.models.pickups import Pickup
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from app.orders import service as orders
from app.orders.left import lock_sending, units_left, units_to_send
from app.orders.senders import holds_pickup, is_collected
from app.queue import enqueue, enqueue_after_commit
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials

_JOB: Final = "jobs.fulfilment.create_fulfilment"
_SWEEP_AFTER: Final = timedelta(minutes=1)
_OPEN: Final = frozenset({"OPEN", "IN_PROGRESS"})
ON_HOLD: Final = noted("The shop has put these items on hold. You can send them as soon as it releases them.")


@dataclass(frozen=True, slots=True)
class Tracking:
    carrier: str = ""
    number: str = ""
    url: str = ""


def request_shipment(
    session: Session, vendor: Vendor, part: VendorOrder, wanted: Mapping[int, int], tracking: Tracking, *, actor: str
) -> Fulfilment:
    """Store that the vendor has sent `wanted` (units by the line's Shopify id).

    Raises ValidationErrors, and Conflict before the order is paid.
    """
    _check_sender(session, vendor, part)
    return store_parcel(session, part, wanted, tracking, actor=actor)


def store_parcel(
    session: Session, part: VendorOrder, wanted: Mapping[int, int], tracking: Tracking, *, actor: str
) -> Fulfilment:
    """Store that `wanted` (units by the line's Shopify id) was sent, by whomever. Raises ValidationErrors."""
    lock_sending(session, part)
    units = {line_id: count for line_id, count in wanted.items() if count}
    if problem := check(session, part, units):
        raise ValidationErrors({"items": problem})
    parcel = Fulfilment(
        shop_id=part.shop_id,
        vendor_id=part.vendor_id,
        order_shopify_id=part.order_shopify_id,
        state=FulfilmentState.REQUESTED,
        quantities={str(line_id): count for line_id, count in units.items()},
        carrier=tracking.carrier,
        tracking_number=tracking.number,
        tracking_url=tracking.url,
        requested_by=actor,
        fulfilled_at=clock.now(),
    )
    session.add(parcel)
    session.flush()
    subject = ("fulfilment", parcel.id)
    audit.record(session, part.shop_id, "order.ship", subject, actor=actor, vendor_id=part.vendor_id)
    enqueue_after_commit(session, _JOB, part.shop_id, parcel.id, queue="calls")
    return parcel


def request_rest(session: Session, vendor: Vendor, part: VendorOrder, tracking: Tracking, *, actor: str) -> Fulfilment:
    """Store that the vendor has sent all that was left of the order.

    Raises ValidationErrors when nothing was, Conflict before the order is paid.
    """
    _check_sender(session, vendor, part)
    lock_sending(session, part)
    left = units_to_send(session, part)
    if not any(left.values()):
        held = any(units_left(session, part).values())
        raise ValidationErrors({"items": find_words(ON_HOLD) if held else _("Nothing of it is left to send.")})
    return store_parcel(session, part, left, tracking, actor=actor)


def request_again(session: Session, part: VendorOrder, parcel_id: int) -> None:
    """Have Shopify told once more of a parcel that it refused. Raises NotFound, Conflict.

    A refused parcel let its items go: meanwhile another may hold them, or a wish to cancel them.
    """
    parcel = _get_failed(session, part, parcel_id)
    wanted = {int(line_id): int(units) for line_id, units in parcel.quantities.items()}
    if problem := check(session, part, wanted):
        raise Conflict(problem)
    parcel.state, parcel.error = FulfilmentState.REQUESTED, None
    enqueue_after_commit(session, _JOB, part.shop_id, parcel.id, queue="calls")


def discard(session: Session, part: VendorOrder, parcel_id: int, *, actor: str) -> None:
    """Drop a parcel that Shopify refused: its items are left to send. Raises NotFound."""
    parcel = _get_failed(session, part, parcel_id)
    parcel.state = FulfilmentState.CANCELLED
    subject = ("fulfilment", parcel.id)
    audit.record(session, part.shop_id, "order.ship_discard", subject, actor=actor, vendor_id=part.vendor_id)


def create_in_shopify(shop_id: int, parcel_id: int) -> None:
    """Tell Shopify of a parcel. Raises ShopifyError when trying again later may help."""
    with scoped(shop_id) as session:
        parcel, shop = session.get(Fulfilment, parcel_id), session.get_one(Shop, shop_id)
        if parcel is None or parcel.state is not FulfilmentState.REQUESTED:
            return
        parcel.attempts += 1
        known = select(Fulfilment.shopify_id).where(
            Fulfilment.order_shopify_id == parcel.order_shopify_id,
            Fulfilment.requested_by.is_not(None),
            Fulfilment.shopify_id.is_not(None),
        )
        ours = set(session.scalars(known))
        credentials = ShopCredentials(shop.id, shop.domain)
    try:
        made = _find_or_make(credentials, parcel, ours)
    except ShopifyError as error:
        if not error.permanent:
            raise
        _fail(shop_id, parcel_id, error.message)
    else:
        _record(shop_id, parcel_id, *made)


def sweep() -> None:
    """Ring again for parcels whose ring was lost, or whose last attempt failed for the moment."""
    now = clock.now()
    with system() as session:
        here = (Shop.id == Fulfilment.shop_id) & (Shop.status == ShopStatus.INSTALLED)
        waiting = (
            select(Fulfilment.shop_id, Fulfilment.id)
            .join(Shop, here)
            .where(
                Fulfilment.state == FulfilmentState.REQUESTED,
                or_(Fulfilment.created_at < now - _SWEEP_AFTER, Fulfilment.attempts == 0),
            )
        )
        due = session.execute(waiting.order_by(Fulfilment.id).limit(200)).all()
    for shop_id, parcel_id in due:
        enqueue(_JOB, shop_id, parcel_id, queue="calls")


def check(session: Session, part: VendorOrder, wanted: Mapping[int, int]) -> str | None:
    """What is wrong with sending `wanted` now, in a sentence; None when it can be sent."""
    problem = rules.check_quantities(wanted, units_left(session, part))
    if problem is None and rules.check_quantities(wanted, units_to_send(session, part)):
        return find_words(ON_HOLD)
    return problem


def _check_sender(session: Session, vendor: Vendor, part: VendorOrder) -> None:
    if part.status == VendorOrderStatus.UNPAID:
        raise Conflict(_("The customer has not paid yet."))
    if is_collected(session, vendor):
        raise ValidationErrors({"items": _("The shop collects and sends this. Say that it is ready for pickup.")})


def _get_failed(session: Session, part: VendorOrder, parcel_id: int) -> Fulfilment:
    lock_sending(session, part)
    parcel = session.get(Fulfilment, parcel_id, populate_existing=True)
    theirs = parcel is not None and parcel.vendor_id == part.vendor_id and not holds_pickup(session, parcel.id)
    if parcel is None or not theirs or parcel.order_shopify_id != part.order_shopify_id:
        raise NotFound(_("There is no such parcel."))
    if parcel.state is not FulfilmentState.FAILED:
        raise NotFound(_("This parcel is no longer waiting for you."))
    return parcel


def _find_or_make(shop: ShopCredentials, parcel: Fulfilment, ours: set[int | None]) -> tuple[int, datetime]:
    """The parcel's number and time at Shopify. An attempt whose answer was lost is found, not repeated."""
    order = read_order(shop, parcel.order_shopify_id)
    wanted = {int(line_id): int(units) for line_id, units in parcel.quantities.items()}
    if parcel.attempts > 1:
        for made in order["fulfillments"]:
            if _number(made["id"]) not in ours and _is_same(made, parcel, wanted):
                return _number(made["id"]), _moment(made["createdAt"])
    taken = rules.take_units(wanted, _remaining(order))
    if taken is None:
        held = rules.list_held(order["fulfillmentOrders"]["nodes"])
        if any(one["line"] in wanted for one in held):
            raise ShopifyError(ON_HOLD, permanent=True)
        raise ShopifyError(
            _("Some of these items are no longer open in Shopify: sent, refunded or held."), permanent=True
        )
    tracking = {"company": parcel.carrier, "number": parcel.tracking_number, "url": parcel.tracking_url}
    parts = [
        {
            "fulfillmentOrderId": order_id,
            "fulfillmentOrderLineItems": [{"id": item, "quantity": units} for item, units in items.items()],
        }
        for order_id, items in taken.items()
    ]
    fulfillment = {
        "lineItemsByFulfillmentOrder": parts,
        "trackingInfo": {name: value for name, value in tracking.items() if value},
        # The customer gets our e-mail, which names the vendor; two would be one too many.
        "notifyCustomer": False,
    }
    answer = graphql(shop, "fulfillmentCreate", {"fulfillment": fulfillment})["fulfillment"]
    return _number(answer["id"]), _moment(answer["createdAt"])


def _remaining(order: Mapping[str, Any]) -> list[Remaining]:
    return [
        Remaining(part["id"], item["id"], _number(item["lineItem"]["id"]), item["remainingQuantity"])
        for part in order["fulfillmentOrders"]["nodes"]
        if part["status"] in _OPEN
        for item in part["lineItems"]["nodes"]
        if item["remainingQuantity"]
    ]


def _is_same(made: Mapping[str, Any], parcel: Fulfilment, wanted: Mapping[int, int]) -> bool:
    inside = {_number(i["lineItem"]["id"]): i["quantity"] for i in made["fulfillmentLineItems"]["nodes"]}
    numbers = [info["number"] for info in made["trackingInfo"]]
    same_tracking = parcel.tracking_number in numbers if parcel.tracking_number else not any(numbers)
    return made["status"] == "SUCCESS" and inside == dict(wanted) and same_tracking


def _record(shop_id: int, parcel_id: int, shopify_id: int, made_at: datetime) -> None:
    """Write what Shopify made, unless its webhook was quicker."""
    with scoped(shop_id) as session:
        parcel = session.get_one(Fulfilment, parcel_id)
        order = orders.lock_order(session, shop_id, parcel.order_shopify_id)
        session.refresh(parcel)
        if parcel.shopify_id is None:
            _join(session, parcel, shopify_id, made_at)
        if order is not None:
            orders.book_order(session, order)


def _join(session: Session, parcel: Fulfilment, shopify_id: int, made_at: datetime) -> None:
    twin = session.scalars(
        select(Fulfilment).where(Fulfilment.shop_id == parcel.shop_id, Fulfilment.shopify_id == shopify_id)
    ).one_or_none()
    if twin is not None:
        session.execute(update(Pickup).where(Pickup.fulfilment_id == parcel.id).values(fulfilment_id=twin.id))
        twin.vendor_id, twin.requested_by = parcel.vendor_id, parcel.requested_by
        session.delete(parcel)
    else:
        parcel.shopify_id, parcel.fulfilled_at = shopify_id, made_at
        parcel.state, parcel.error = FulfilmentState.CREATED, None
    session.flush()


def _fail(shop_id: int, parcel_id: int, message: str) -> None:
    with scoped(shop_id) as session:
        parcel = session.get_one(Fulfilment, parcel_id)
        # Its webhook may have come meanwhile: then it was made after all.
        orders.lock_order(session, shop_id, parcel.order_shopify_id)
        session.refresh(parcel)
        if parcel.state is FulfilmentState.REQUESTED:
            parcel.state, parcel.error = FulfilmentState.FAILED, message
            # Perhaps for a hold that nobody told us of.
            holds.ask(session, shop_id, parcel.order_shopify_id)


def _number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written)

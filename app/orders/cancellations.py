"""Items that a vendor cannot send: the vendor asks (or may do it alone), the merchant answers, Shopify refunds.

The books follow from the refund's own webhook. Who is told what stands in app/orders/cancelling.py.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock
from app.config import get_config
from app.emails.service import queue_email
from app.errors import Conflict, NotFound, ValidationErrors
from app.events import publish
from app.languages import _, noted
from app.models.cancellations import Cancellation, CancellationState
from app.models.events import DomainEvent
from app.models.orders import OrderLine, VendorOrder
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.orders.left import lock_sending, units_left
from app.queue import enqueue_after_commit

JOB: Final = "jobs.fulfilment.cancel_items"
REASONS: Final[Mapping[str, str]] = {
    "out_of_stock": noted("Out of stock"),
    "customer": noted("The customer asked for it"),
    "damaged": noted("Damaged"),
    "other": noted("Something else"),
}
_NOTE_AT_MOST: Final = 1000


class Item(TypedDict):
    """As e-mails and pages list it."""

    quantity: int
    title: str


def check(units: Mapping[int, int], left: Mapping[int, int], reason: str, note: str) -> dict[str, str]:
    """What is wrong with a wish to cancel, by field; `units` and `left` by line."""
    errors = {}
    if any(count < 0 for count in units.values()) or not any(units.values()):
        errors["items"] = _("Choose at least one item to cancel.")
    elif any(count > left.get(line_id, 0) for line_id, count in units.items()):
        errors["items"] = _("There are fewer items left than you chose. They may have been sent or refunded meanwhile.")
    if reason not in REASONS:
        errors["reason"] = _("Choose a reason.")
    elif reason == "other" and not note.strip():
        errors["note"] = _("Say why, in a sentence.")
    if len(note) > _NOTE_AT_MOST:
        errors["note"] = _("Use at most %(count)s characters.", count=f"{_NOTE_AT_MOST:,}")
    return errors


def ask(
    session: Session, part: VendorOrder, units: Mapping[int, int], *, reason: str, note: str, actor: str
) -> Cancellation:
    """Store the vendor's wish; where the merchant lets vendors do it alone, have Shopify told. Raises ValidationErrors.

    What is asked for can be neither sent nor asked for again until it is answered.
    """
    lock_sending(session, part)
    wanted = {line_id: count for line_id, count in units.items() if count}
    if errors := check(wanted, units_left(session, part), reason, note):
        raise ValidationErrors(errors)
    alone = vendors_may_cancel(session, part.shop_id)
    wish = Cancellation(
        shop_id=part.shop_id,
        vendor_id=part.vendor_id,
        part_id=part.id,
        order_shopify_id=part.order_shopify_id,
        quantities={str(line_id): count for line_id, count in wanted.items()},
        reason=reason,
        note=note.strip(),
        state=CancellationState.APPROVED if alone else CancellationState.ASKED,
        asked_by=actor,
    )
    session.add(wish)
    session.flush()
    _audit(session, wish, "order.cancel_items" if alone else "order.ask_to_cancel", actor, name_reason(wish))
    if alone:
        enqueue_after_commit(session, JOB, part.shop_id, wish.id, queue="calls")
    else:
        publish(session, part.shop_id, "CancellationAsked", vendor_id=part.vendor_id, cancellation_id=wish.id)
    return wish


def withdraw(session: Session, part: VendorOrder, number: int, *, actor: str) -> None:
    """The vendor can send the items after all. Raises NotFound, Conflict."""
    wish = _lock(session, number)
    if wish.part_id != part.id:
        raise NotFound(_("There is no such request."))
    if wish.state is not CancellationState.ASKED:
        raise Conflict(_("It was answered meanwhile. Load the page again to see it."))
    wish.state = CancellationState.WITHDRAWN
    _audit(session, wish, "order.cancel_withdrawn", actor)


def approve(session: Session, order_shopify_id: int, number: int, *, actor: str) -> None:
    """Have Shopify cancel and refund the items; also what it refused before. Raises NotFound, Conflict."""
    wish = _lock_for(session, order_shopify_id, number, CancellationState.ASKED, CancellationState.FAILED)
    if wish.state is CancellationState.FAILED:
        _take_again(session, wish)
    wish.state, wish.error = CancellationState.APPROVED, None
    wish.decided_by, wish.decided_at = actor, clock.now()
    _audit(session, wish, "order.cancel_approved", actor)
    enqueue_after_commit(session, JOB, wish.shop_id, wish.id, queue="calls")


def decline(session: Session, order_shopify_id: int, number: int, *, answer: str, actor: str) -> None:
    """The vendor is to send the items; they are told why. Raises NotFound, Conflict, ValidationErrors."""
    if not answer.strip():
        raise ValidationErrors({"answer": "Say why. The vendor reads it."})
    wish = _lock_for(session, order_shopify_id, number, CancellationState.ASKED, CancellationState.FAILED)
    wish.state, wish.answer = CancellationState.DECLINED, answer.strip()[:_NOTE_AT_MOST]
    wish.decided_by, wish.decided_at = actor, clock.now()
    _audit(session, wish, "order.cancel_declined", actor, wish.answer)
    vendor, part = session.get_one(Vendor, wish.vendor_id), session.get_one(VendorOrder, wish.part_id)
    context = {
        "vendor_name": vendor.name,
        "order_name": part.name,
        "reason": wish.answer,
        "link": f"{get_config().portal_url}/portal/orders/{part.id}",
    }
    key = f"vendor_cancellation_declined:{wish.id}"
    queue_email(
        session,
        wish.shop_id,
        "vendor_cancellation_declined",
        vendor.email,
        context,
        vendor_id=vendor.id,
        dedupe_key=key,
    )


def email_merchant(session: Session, event: DomainEvent) -> None:
    """CancellationAsked: it waits for an answer."""
    wish = session.get_one(Cancellation, event.subject["cancellation_id"])
    if wish.state is CancellationState.ASKED:
        tell_merchant(session, wish, session.get_one(VendorOrder, wish.part_id), "merchant_cancellation_asked")


def tell_merchant(session: Session, wish: Cancellation, part: VendorOrder, kind: str) -> None:
    """By e-mail, that a vendor asks for it, or has done it alone."""
    shop, vendor = session.get_one(Shop, wish.shop_id), session.get_one(Vendor, wish.vendor_id)
    if not shop.email:
        return
    context = {
        "vendor_name": vendor.name,
        "order_name": part.name,
        "lines": list_items(session, wish),
        "reason": name_reason(wish),
        "link": f"{get_config().app_url}/app/orders/{part.order_id}",
    }
    queue_email(session, wish.shop_id, kind, shop.email, context, dedupe_key=f"{kind}:{wish.id}")


def list_of_part(session: Session, part_id: int) -> Sequence[Cancellation]:
    """All that was asked for of a vendor's part, newest first."""
    query = select(Cancellation).where(Cancellation.part_id == part_id).order_by(Cancellation.id.desc())
    return session.scalars(query).all()


def list_of_order(session: Session, shop_id: int, order_shopify_id: int) -> Sequence[Cancellation]:
    """All that was asked for of an order by any vendor, oldest first."""
    of_order = (Cancellation.shop_id == shop_id, Cancellation.order_shopify_id == order_shopify_id)
    return session.scalars(select(Cancellation).where(*of_order).order_by(Cancellation.id)).all()


def list_items(session: Session, wish: Cancellation) -> list[Item]:
    lines = select(OrderLine).join(VendorOrder, VendorOrder.order_id == OrderLine.order_id)
    where = (VendorOrder.id == wish.part_id, OrderLine.vendor_id == wish.vendor_id)
    titles = {str(line.shopify_id): line.title for line in session.scalars(lines.where(*where))}
    return [{"quantity": units, "title": titles.get(key, "")} for key, units in wish.quantities.items()]


def name_reason(wish: Cancellation, translate: Callable[[str], str] = str) -> str:
    """In words, with what the vendor added."""
    words = translate(REASONS.get(wish.reason, wish.reason))
    if not wish.note:
        return words
    return wish.note if wish.reason == "other" else f"{words}: {wish.note}"


def vendors_may_cancel(session: Session, shop_id: int) -> bool:
    """Whether vendors cancel items without asking."""
    settings = session.get(ShopSettings, shop_id)
    return bool(settings and settings.vendors_may_cancel)


def _lock(session: Session, number: int) -> Cancellation:
    wish = session.get(Cancellation, number, with_for_update=True, populate_existing=True)
    if wish is None:
        raise NotFound(_("There is no such request."))
    return wish


def _lock_for(session: Session, order_shopify_id: int, number: int, *states: CancellationState) -> Cancellation:
    wish = _lock(session, number)
    if wish.order_shopify_id != order_shopify_id:
        raise NotFound(_("There is no such request."))
    if wish.state not in states:
        raise Conflict(_("It was answered meanwhile. Load the page again to see it."))
    return wish


def _take_again(session: Session, wish: Cancellation) -> None:
    """A refused wish let its items go: others may have taken them, and what was sent must not be refunded as unsent."""
    part = session.get_one(VendorOrder, wish.part_id)
    lock_sending(session, part)
    left = units_left(session, part)
    if any(int(units) > left.get(int(line_id), 0) for line_id, units in wish.quantities.items()):
        raise Conflict(
            "These items are not left any more: they were sent, refunded or asked for again meanwhile."
            " Decline the request."
        )


def _audit(session: Session, wish: Cancellation, action: str, actor: str, reason: str | None = None) -> None:
    subject = ("vendor_order", wish.part_id)
    audit.record(session, wish.shop_id, action, subject, actor=actor, vendor_id=wish.vendor_id, reason=reason)

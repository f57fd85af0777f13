"""Letting go of money before its return window has passed: a person's decision, for one vendor's part of an order."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import audit
from app.errors import Conflict, NotFound, ValidationErrors
from app.models.orders import OrderLine, VendorOrder
from app.orders.service import book_order, lock_order
from app.orders.stages import HoldReason


def release_hold(session: Session, shop_id: int, part_id: int, *, reason: str, actor: str) -> VendorOrder:
    """End the return window of a vendor's part now; what is still to be sent becomes available when it is sent.

    Raises NotFound, ValidationErrors without a reason, Conflict while something else holds the money.
    """
    part = session.get(VendorOrder, part_id)
    if part is None or part.shop_id != shop_id:
        raise NotFound("There is no such hold.")
    if not reason.strip():
        raise ValidationErrors({"reason": "Say why in a sentence. It stays in the log."})
    order = lock_order(session, shop_id, part.order_shopify_id)
    assert order is not None
    session.refresh(part)
    if part.is_test:
        raise Conflict("This is a test order. Its money is never paid out.")
    if not part.is_checked:
        raise Conflict("The order's amounts do not add up. Lift its flags on the order's page first.")
    if part.next_release_at is None:
        raise Conflict("No return window is running here: the money is not sent for yet, or it is available already.")
    if part.hold_reason == HoldReason.CHECK:
        raise Conflict("Shopify is asked what an edit of this order changed. The answer comes within an hour.")
    if part.hold_reason == HoldReason.RESERVE:
        raise Conflict("What is kept is the reserve. It is released on its day.")
    before = part.next_release_at
    lines = update(OrderLine).where(OrderLine.order_id == order.id, OrderLine.vendor_id == part.vendor_id)
    session.execute(lines.values(hold_days=0))
    session.expire_all()
    book_order(session, order)
    session.flush()
    audit.record(
        session,
        shop_id,
        "hold.release",
        ("vendor_order", part.id),
        actor=actor,
        vendor_id=part.vendor_id,
        reason=reason.strip(),
        changes={"next_release_at": [before.isoformat(), None]},
    )
    return part

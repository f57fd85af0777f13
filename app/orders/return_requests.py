"""Returns of goods, kept as Shopify has them: a webhook says which one changed, and a job reads it.

What was read last stands, by when its reading began: news that come later make it be read again, so the end is right
whatever the sequence in which webhooks arrive and readings end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import events
from app.db import scoped, system
from app.models.orders import Order, OrderLine, OrderReturn, VendorOrder
from app.models.shops import Shop, ShopStatus
from app.queue import enqueue, enqueue_after_commit
from app.shopify.paging import read_whole
from app.shopify.tokens import ShopCredentials
from app.shopify.webhook_bodies import number_of

GONE: Final = "gone"
_JOB: Final = "jobs.returns.read"
_SWEEP_AFTER: Final = timedelta(seconds=30)
_GIVE_UP_AFTER: Final = timedelta(days=7)


def note_news(session: Session, shop_id: int, number: int) -> None:
    """A return has changed: have it read."""
    told = {"told_at": func.clock_timestamp(), "read_at": None}
    row = insert(OrderReturn).values(shop_id=shop_id, shopify_id=number, **told)
    session.execute(row.on_conflict_do_update(index_elements=["shop_id", "shopify_id"], set_=told))
    enqueue_after_commit(session, _JOB, shop_id, number, queue="calls")


def read(shop_id: int, number: int) -> None:
    """Read a return and keep what it says. Raises ShopifyError; the sweep then has it read again."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        if shop.status is not ShopStatus.INSTALLED:
            return
        credentials = ShopCredentials(shop.id, shop.domain)
        began: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    found = read_whole(credentials, "return", {"id": f"gid://shopify/Return/{number}"}, "returnLineItems")
    with scoped(shop_id) as session:
        _keep(session, shop_id, number, found, began)


def sweep() -> int:
    """Ring again for returns whose reading was lost, or whose order had not come yet. Returns how many."""
    now = func.clock_timestamp()
    with system() as session:
        unread = (
            select(OrderReturn.shop_id, OrderReturn.shopify_id)
            .join(Shop, Shop.id == OrderReturn.shop_id)
            .where(
                OrderReturn.read_at.is_(None),
                OrderReturn.told_at < now - _SWEEP_AFTER,
                OrderReturn.told_at > now - _GIVE_UP_AFTER,
                Shop.status == ShopStatus.INSTALLED,
            )
        )
        due = session.execute(unread.order_by(OrderReturn.told_at).limit(200)).all()
    for shop_id, number in due:
        enqueue(_JOB, shop_id, number, queue="calls")
    return len(due)


def list_returns(session: Session, order: Order) -> Sequence[OrderReturn]:
    """The order's returns, the oldest first."""
    query = select(OrderReturn).where(
        OrderReturn.shop_id == order.shop_id, OrderReturn.order_shopify_id == order.shopify_id
    )
    return session.scalars(query.order_by(OrderReturn.opened_at, OrderReturn.id)).all()


def _keep(session: Session, shop_id: int, number: int, found: Mapping[str, Any] | None, began: datetime) -> None:
    """Write what was read, unless a reading that began later was quicker, or the order is not known yet."""
    mine = (OrderReturn.shop_id == shop_id, OrderReturn.shopify_id == number)
    row = session.scalars(select(OrderReturn).where(*mine).with_for_update()).one_or_none()
    if row is None or (row.read_at is not None and row.read_at > began):
        return
    before = row.status
    if found:
        row.order_shopify_id = number_of(found["order"]["id"])
        _take_over(row, found)
    else:
        row.status = GONE
    if row.order_shopify_id is None:
        row.read_at = began  # deleted before anybody could read whose it was
        return
    wanted = select(Order.id).where(Order.shop_id == shop_id, Order.shopify_id == row.order_shopify_id)
    order_id = session.scalar(wanted)
    if order_id is None:
        row.status = before  # its webhook is late: the sweep has this read again
        return
    if row.told_at <= began:
        row.read_at = began
    _tell_parts(session, order_id, row)
    if row.status != before:
        events.publish(session, shop_id, "ReturnChanged", order_id=order_id, return_id=row.id)
        if row.status == "requested":
            events.publish(session, shop_id, "ReturnRequested", order_id=order_id, return_id=row.id)


def _take_over(row: OrderReturn, found: Mapping[str, Any]) -> None:
    row.name, row.status = found["name"], found["status"].lower()
    row.decline_reason = found["decline"]["reason"].lower() if found["decline"] else None
    row.opened_at = datetime.fromisoformat(found["createdAt"])
    row.closed_at = datetime.fromisoformat(found["closedAt"]) if found["closedAt"] else None
    row.lines = [
        {
            "line": number_of(line["fulfillmentLineItem"]["lineItem"]["id"]),
            "quantity": line["quantity"],
            "refunded": line["refundedQuantity"],
            "reason": (line["returnReasonDefinition"] or {}).get("name", ""),
        }
        for line in found["returnLineItems"]["nodes"]
        if "fulfillmentLineItem" in line
    ]


def _tell_parts(session: Session, order_id: int, row: OrderReturn) -> None:
    """Put the return on the parts of the vendors whose goods come back, and off those of whom nothing does."""
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).all()
    goods = {line.shopify_id: line for line in lines}
    parts = select(VendorOrder).where(VendorOrder.order_id == order_id).order_by(VendorOrder.id)
    for part in session.scalars(parts.with_for_update(of=VendorOrder)).all():
        items = [
            {"title": goods[line["line"]].title, "quantity": line["quantity"], "reason": line["reason"]}
            for line in row.lines
            if line["line"] in goods and goods[line["line"]].vendor_id == part.vendor_id
        ]
        others = [known for known in part.returns if known["number"] != row.shopify_id]
        if items and row.status != GONE:
            others.append(_describe(row, items))
        if others != part.returns:
            part.returns = sorted(others, key=lambda known: (known["opened_at"], known["number"]))


def _describe(row: OrderReturn, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "number": row.shopify_id,
        "name": row.name,
        "status": row.status,
        "decline_reason": row.decline_reason,
        "opened_at": row.opened_at.isoformat() if row.opened_at else "",
        "items": items,
    }

"""Orders, refunds, parcels, payments and disputes, which may come before the order they belong to.

Every topic that carries the whole order does the same thing, so their order of arrival does not matter; and news that
arrived together are taken in together.
"""

import json
import re
from collections.abc import Callable, Sequence
from decimal import InvalidOperation
from typing import Final

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from app.orders.service import News, look_up, receive
from app.privacy.service import clean_late_news
from app.queue import enqueue_after_commit
from app.shopify.payloads import PayloadError, read_payload
from app.shopify.payloads_orders import Dispute, Fulfillment, Order, OrderEdited, OrderTransaction, Refund

_SPELT: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def _read_new_order(raw: bytes) -> News:
    return News(read_payload(Order, raw), raw, is_first=True)


def _read_order(raw: bytes) -> News:
    return News(read_payload(Order, raw), raw)


def _read_refund(raw: bytes) -> News:
    return News(read_payload(Refund, raw), raw)


def _read_parcel(raw: bytes) -> News:
    # Parcels are made in the portal, in the Shopify admin or by another app; all are told here.
    return News(read_payload(Fulfillment, raw), raw)


def _read_payment(raw: bytes) -> News:
    return News(read_payload(OrderTransaction, raw), raw)


def _read_dispute(raw: bytes) -> News:
    return News(read_payload(Dispute, raw), raw)


READERS: Final[dict[str, Callable[[bytes], News]]] = {
    "orders/create": _read_new_order,
    "orders/paid": _read_order,
    "orders/updated": _read_order,
    "orders/cancelled": _read_order,
    "refunds/create": _read_refund,
    "fulfillments/create": _read_parcel,
    "fulfillments/update": _read_parcel,
    "order_transactions/create": _read_payment,
    "disputes/create": _read_dispute,
    "disputes/update": _read_dispute,
}


def handle_news(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    handle_together(session, shop.id, [(payload, event)])


def handle_together(session: Session, shop_id: int, events: Sequence[tuple[bytes, InboxEvent]]) -> None:
    """Take in whatever came of these topics as one batch."""
    news = [_read(payload, event) for payload, event in events]
    looked = look_up(session, shop_id, news)
    if looked.shop.has_redactions:
        news = [_read(_forget(session, shop_id, payload, event), event) for payload, event in events]
    try:
        receive(session, shop_id, looked, news)
    except InvalidOperation as error:
        raise PayloadError("This body has an amount that is no number.") from error


def _read(raw: bytes, event: InboxEvent) -> News:
    news = READERS[event.topic](raw)
    _check_text(raw)
    return news


def handle_orders_edited(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    """The edit names lines, not amounts. The order as edited comes with orders/updated, or, should that one be lost, by
    asking for it.
    """
    if shop.has_redactions:
        payload = _forget(session, shop.id, payload, event)
    edit = read_payload(OrderEdited, payload).order_edit
    news = [News(edit, payload)]
    receive(session, shop.id, look_up(session, shop.id, news), news)
    enqueue_after_commit(session, "jobs.reconciliation.look_at_order", shop.id, edit.order_id, queue="catalogue")


def _forget(session: Session, shop_id: int, payload: bytes, event: InboxEvent) -> bytes:
    """Whoever asked to be forgotten is taken out before anything is kept of the body."""
    event.body = clean_late_news(session, shop_id, event.topic, payload)
    return event.body


def _check_text(raw: bytes) -> None:
    """The body is kept as it came: what we do not read of it must be text as well, and such as PostgreSQL can look at.

    That is text without NULs and halves of characters, which JSON may spell.
    """
    try:
        if not raw.isascii():
            raw.decode()
        if b"\\" in raw and _SPELT.search(raw) and "\0" in _join_texts(json.loads(raw)):
            raise PayloadError("This body has a NUL in a text.")
    except UnicodeError as error:
        raise PayloadError(f"This body is no text: {error}") from error


def _join_texts(part: object) -> str:
    """Every text in a body. Raises UnicodeEncodeError where one holds half a character."""
    if isinstance(part, dict):
        return "".join(map(_join_texts, (*part, *part.values())))
    if isinstance(part, list):
        return "".join(map(_join_texts, part))
    return part.encode().decode() if isinstance(part, str) else ""

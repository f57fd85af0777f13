"""Who wants which e-mail. What guards a seat or must be known (sign-in, decisions, returned money) always goes."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import ask_once
from app.languages import noted
from app.models.notices import NoticeChoice


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to hear of: its words, the e-mails that may be left out, and whether the app itself tells it, too."""

    title: str
    text: str
    emails: frozenset[str] = frozenset()
    is_in_app: bool = True


VENDOR_TOPICS: Final = {
    "orders": Topic(
        noted("Orders"),
        noted("New orders to send, changed and cancelled orders, returns and refunds."),
        emails=frozenset(
            {"vendor_new_order", "vendor_new_order_collected", "vendor_order_edited", "vendor_order_cancelled"}
        ),
    ),
    "customers": Topic(
        noted("Questions and reviews"),
        noted("What customers ask you, and what they write about you."),
        emails=frozenset({"vendor_question", "vendor_review"}),
    ),
    "products": Topic(
        noted("Products"),
        noted("Products and edits that the shop accepted, sent back or declined."),
        emails=frozenset(
            {
                "product_in_review",
                "product_published",
                "product_changes_requested",
                "product_rejected",
                "product_put_back",
                "product_edit_accepted",
                "product_edit_changes_requested",
                "product_edit_rejected",
            }
        ),
    ),
    "payouts": Topic(
        noted("Payouts"),
        noted("Money on its way to you. Of money that came back you always hear by e-mail."),
        emails=frozenset({"payout_sent"}),
    ),
}
SHOP_TOPICS: Final = {
    "orders": Topic(
        "Orders",
        "What is ready for pickup, and customers who ask to send something back.",
        emails=frozenset({"merchant_pickups_ready"}),
    ),
    "applications": Topic("Applications", "Sellers who apply.", emails=frozenset({"merchant_new_application"})),
    "review": Topic("Review queue", "Products and edits that wait for your decision."),
    "payouts": Topic(
        "Payouts",
        "Batches that wait for your approval by e-mail; payouts that came back in the app.",
        emails=frozenset({"merchant_payouts_prepared"}),
    ),
    "books": Topic(
        "Books",
        "Differences that the nightly proof finds.",
        emails=frozenset({"merchant_books_differ"}),
        is_in_app=False,
    ),
}
_TOPIC_OF: Final = {
    kind: name for topics in (VENDOR_TOPICS, SHOP_TOPICS) for name, topic in topics.items() for kind in topic.emails
}


def wants_email(session: Session, shop_id: int, kind: str, vendor_id: int | None) -> bool:
    """Whether an e-mail of `kind` should be written: to a vendor, or without one to the shop."""
    topic = _TOPIC_OF.get(kind)
    if topic is None:
        return True
    choice = find_choice(session, shop_id, topic, vendor_id)
    return choice is None or choice.by_email


def find_choice(session: Session, shop_id: int, topic: str, vendor_id: int | None) -> NoticeChoice | None:
    """What was chosen of a topic; None is everything."""
    whose = func.coalesce(NoticeChoice.vendor_id, 0) == (vendor_id or 0)
    query = select(NoticeChoice).where(NoticeChoice.shop_id == shop_id, whose, NoticeChoice.topic == topic)
    return ask_once(session, (find_choice, shop_id, topic, vendor_id), lambda: session.scalar(query))

"""Who hears of which domain event: names in the outbox, and the functions behind them.

A function gets the open transaction that will also carry its done-mark, so its effect happens once. It may be tried
again: it must not assume that it runs first, or soon.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from app.fulfilment import pickup_news
from app.hooks import service as hooks
from app.hooks.kinds import KINDS
from app.mailings import service as mailings
from app.messages import service as messages
from app.models.events import DomainEvent
from app.notices import service as notices
from app.notices.rules import KINDS as NOTICED
from app.orders import cancellations, days, dispute_news, notifications, payment_fees, return_news
from app.payouts.notifications import tell_vendor_of_payout, tell_vendor_of_return
from app.questions import service as questions
from app.reviews import requests as review_requests
from app.reviews import service as reviews
from app.storefront.service import forget_bought
from jobs import reservations

Subscriber = Callable[[Session, DomainEvent], None]

_OURS: Final[dict[str, list[tuple[str, Subscriber]]]] = {
    "OrderCreated": [("empty_saved_cart", forget_bought), ("sell_reserved", reservations.sell_reserved)],
    "PaymentReceived": [
        ("email_customer", notifications.tell_customer_of_order),
        ("email_vendors", notifications.tell_vendors_of_order),
        ("read_payment_fees", payment_fees.read_when_paid),
    ],
    "ChosenEmailRefused": [("stop_chosen_emails", mailings.stop_refused)],
    "CancellationAsked": [("email_merchant", cancellations.email_merchant)],
    "OrderMessageSent": [("email_customer", messages.email_customer)],
    "OrderMessageReceived": [("email_vendor", messages.email_vendor)],
    "OrderReadyForPickup": [("email_merchant", pickup_news.tell_merchant)],
    "OrderFulfilled": [
        ("email_customer", notifications.tell_customer_of_parcel),
        ("ask_for_review", review_requests.schedule),
    ],
    "OrderDelivered": [("ask_for_review", review_requests.schedule)],
    "OrderEdited": [
        ("email_vendors", notifications.tell_vendors_of_edit),
        ("mark_review", reviews.mark_returned),
    ],
    "OrderCancelled": [
        ("email_vendors", notifications.tell_vendors_of_cancellation),
        ("mark_review", reviews.mark_returned),
        ("free_reserved", reservations.free_cancelled),
    ],
    "RefundProcessed": [("mark_review", reviews.mark_returned)],
    "QuestionAnswered": [("email_asker", questions.tell_asker)],
    "ReviewAnswered": [("email_customer", reviews.tell_of_answer)],
    "DisputeOpened": [("email_vendors", dispute_news.tell_vendors_of_dispute)],
    "DisputeEnded": [("email_vendors", dispute_news.tell_vendors_of_decision)],
    "ReturnChanged": [("email_vendors", return_news.tell_vendors_of_return)],
    "PayoutSent": [("email_vendor", tell_vendor_of_payout)],
    "PayoutReturned": [("email_vendor", tell_vendor_of_return)],
}
_COUNTED: Final = frozenset({"OrderCreated", "PaymentReceived", "OrderEdited", "OrderCancelled", "RefundProcessed"})
"""What changes how much was ordered on a day."""
_EVERYWHERE: Final = (
    (KINDS, ("hooks", hooks.tell)),
    (NOTICED, ("notices", notices.write)),
    (_COUNTED, (days.SUBSCRIBER, days.note_day)),
)
SUBSCRIBERS: Final[dict[str, list[tuple[str, Subscriber]]]] = {
    kind: [*_OURS.get(kind, ()), *(subscriber for kinds, subscriber in _EVERYWHERE if kind in kinds)]
    for kind in dict.fromkeys((*_OURS, *KINDS, *sorted(NOTICED)))
}
"""Kind → (name, function). Names are stored with each delivery: do not rename one, add a new one."""


def find_subscriber(kind: str, name: str) -> Subscriber | None:
    return dict(SUBSCRIBERS.get(kind, [])).get(name)

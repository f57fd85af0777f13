"""The verbs that change reviews: writing, deciding, answering, reporting. Whoever publishes or takes away one has the
vendor's public page follow (`_refresh`).
"""

from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit, clock, events
from app.config import get_config
from app.emails.service import queue_email
from app.errors import Conflict, NotFound, ValidationErrors
from app.languages import _, lazy
from app.models.emails import Email
from app.models.events import DomainEvent
from app.models.orders import Order, VendorOrder
from app.models.reviews import ReviewRequest, ReviewSettings, ReviewState, VendorReview
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.reviews import queries, rules
from app.reviews.rules import Draft
from app.vendors.service import request_profile_sync

LONGEST_REASON: Final = 500


def write(session: Session, part: VendorOrder, draft: Draft) -> VendorReview:
    """Take a customer's review of their order in, or a new version of it. The session must be the shop's.

    Raises ValidationErrors, and Conflict when nothing of the order has arrived or nothing of it was kept.
    """
    if faults := rules.find_faults(draft):
        raise ValidationErrors(faults)
    now = clock.now()
    # Two clicks, or the link and the account at once, must not write two.
    session.execute(select(VendorOrder.id).where(VendorOrder.id == part.id).with_for_update())
    review, lines = queries.find_review(session, part.id), queries.list_lines(session, part)
    if review is None and not rules.has_arrived(queries.list_parcels(session, part, lines), now):
        raise Conflict(_("Nothing of this order has arrived yet. You can review it once it is with you."))
    if review is None and queries.is_returned(lines):
        raise Conflict(_("Everything of this order was refunded or cancelled, so there is nothing to review."))
    order = session.get_one(Order, part.order_id)
    if review is None:
        review = VendorReview(shop_id=part.shop_id, vendor_id=part.vendor_id, vendor_order_id=part.id)
        session.add(review)
    review.stars, review.title, review.words, review.shown_name = draft.stars, draft.title, draft.words, draft.name
    # A decision of the merchant's stands: what was rejected, or is reported, does not let itself out in new words.
    is_contested = review.state == ReviewState.REJECTED or review.reason is not None or _is_reported(review)
    review.written_at, review.forgotten_at = now, None
    review.is_returned = queries.is_returned(lines)
    chosen = queries.get_settings(session, part.shop_id)
    goes_out = not is_contested and rules.publishes_itself(
        draft,
        from_stars=chosen.publish_from_stars,
        is_known=queries.is_known(session, order),
        publish_known=chosen.publish_known,
    )
    _decide(session, review, ReviewState.PUBLISHED if goes_out else ReviewState.PENDING, "rule", now)
    _close_request(session, part, now)
    events.publish(session, part.shop_id, "ReviewWritten", vendor_id=part.vendor_id, review_id=review.id)
    return review


def publish(session: Session, shop_id: int, review_id: int, *, actor: str) -> VendorReview:
    """Raises NotFound, and Conflict when it is published already."""
    review = _lock(session, shop_id, review_id)
    if review.state == ReviewState.PUBLISHED and not _is_reported(review):
        raise Conflict("This review is published already.")
    _record(session, review, "publish", actor)
    if review.state == ReviewState.PUBLISHED:
        review.settled_at = clock.now()
    else:
        review.reason = None
        _decide(session, review, ReviewState.PUBLISHED, actor, clock.now())
    return review


def reject(session: Session, shop_id: int, review_id: int, reason: str, *, actor: str) -> VendorReview:
    """Do not show it, or no longer. The customer gets the reason.

    Raises NotFound, Conflict, and ValidationErrors without a reason.
    """
    review, reason = _lock(session, shop_id, review_id), reason.strip()
    if review.state == ReviewState.REJECTED:
        raise Conflict("This review is rejected already.")
    if not reason or len(reason) > LONGEST_REASON:
        raise ValidationErrors({"reason": f"Say why in at most {LONGEST_REASON} characters. The customer reads it."})
    review.reason = reason
    _record(session, review, "reject", actor, reason)
    _decide(session, review, ReviewState.REJECTED, actor, clock.now())
    _tell_customer(session, review, "customer_review_rejected", {"reason": reason})
    return review


def answer(session: Session, vendor: Vendor, review_id: int, words: str, *, actor: str) -> VendorReview:
    """The vendor's public answer; empty takes it away. Raises NotFound, ValidationErrors."""
    review = _lock_published(session, vendor, review_id)
    if len(words) > rules.LONGEST_ANSWER:
        raise ValidationErrors({"answer": _("Use at most %(number)s characters.", number=rules.LONGEST_ANSWER)})
    if words == review.answer:
        return review
    is_first = review.answered_at is None
    _record(session, review, "answer", actor)
    review.answer, review.answered_at = words, clock.now() if words else None
    _refresh(session, vendor)
    if words and is_first:
        # The customer's address is not the vendor's to know: the shop writes the e-mail.
        events.publish(session, vendor.shop_id, "ReviewAnswered", vendor_id=vendor.id, review_id=review.id)
    return review


def report(session: Session, vendor: Vendor, review_id: int, reason: str, *, actor: str) -> VendorReview:
    """Ask the merchant to look at a review again. Raises NotFound, Conflict, ValidationErrors."""
    review, reason = _lock_published(session, vendor, review_id), reason.strip()
    if review.reported_at is not None:
        raise Conflict(_("You have reported this review already. The shop decides about it."))
    if not reason or len(reason) > LONGEST_REASON:
        raise ValidationErrors(
            {"reason": _("Say what is wrong with it in at most %(number)s characters.", number=LONGEST_REASON)}
        )
    review.report, review.reported_at, review.settled_at = reason, clock.now(), None
    _record(session, review, "report", actor, reason)
    events.publish(session, vendor.shop_id, "ReviewReported", vendor_id=vendor.id, review_id=review.id)
    return review


def change_settings(session: Session, shop_id: int, wanted: dict[str, bool | int], *, actor: str) -> bool:
    """Take over checked settings. Returns whether anything changed."""
    held = queries.get_settings(session, shop_id)
    changes = {name: [getattr(held, name), new] for name, new in wanted.items() if getattr(held, name) != new}
    if changes:
        session.merge(ReviewSettings(shop_id=shop_id, **wanted, updated_at=clock.now()))
        audit.record(session, shop_id, "review.settings", ("shop", shop_id), actor=actor, changes=changes)
    return bool(changes)


# -- what happens elsewhere --------------------------------------------------------------------------------------------


def mark_returned(session: Session, event: DomainEvent) -> None:
    """RefundProcessed, OrderEdited, OrderCancelled: a review stays when its goods went back, and says so."""
    query = (
        select(VendorReview, VendorOrder)
        .join(VendorOrder, VendorOrder.id == VendorReview.vendor_order_id)
        .where(VendorOrder.order_id == event.subject["order_id"])
    )
    for review, part in session.execute(query).all():
        is_returned = queries.is_returned(queries.list_lines(session, part))
        if review.is_returned != is_returned:
            review.is_returned = is_returned
            _refresh_if_shown(session, review)


def tell_of_answer(session: Session, event: DomainEvent) -> None:
    """ReviewAnswered: the customer hears of it."""
    review = session.get(VendorReview, event.subject["review_id"])
    if review is not None and review.answer:
        _tell_customer(session, review, "customer_review_answered", {"answer": review.answer})


def forget(session: Session, shop_id: int, order_ids: frozenset[int]) -> int:
    """Take words and names out of the reviews of these orders (Shopify's numbers). The stars go on counting."""
    query = (
        select(VendorReview)
        .join(VendorOrder, VendorOrder.id == VendorReview.vendor_order_id)
        .where(VendorReview.shop_id == shop_id, VendorOrder.order_shopify_id.in_(order_ids))
        .where(VendorReview.forgotten_at.is_(None))
    )
    found = session.scalars(query).all()
    for review in found:
        review.title = review.words = review.shown_name = ""
        review.answer, review.report, review.reason = "", None, None
        review.forgotten_at = clock.now()
        told = (Email.shop_id == shop_id, Email.dedupe_key.startswith(f"vendor_review:{review.id}:"))
        gone = "The customer asked to be forgotten."
        session.execute(update(Email).where(*told).values(html=f"<p>{gone}</p>", text_body=gone))
        _refresh_if_shown(session, review)
    return len(found)


# -- inside ------------------------------------------------------------------------------------------------------------


def _decide(session: Session, review: VendorReview, state: ReviewState, by: str, now: datetime) -> None:
    was_shown = review.state == ReviewState.PUBLISHED
    review.state = state
    review.decided_at, review.decided_by = (None, None) if state == ReviewState.PENDING else (now, by)
    if state != ReviewState.PENDING and _is_reported(review):
        review.settled_at = now
    session.flush()
    if was_shown or state == ReviewState.PUBLISHED:
        _refresh_if_shown(session, review, always=True)
    if state == ReviewState.PUBLISHED and not was_shown:
        _tell_vendor(session, review)


def _refresh_if_shown(session: Session, review: VendorReview, *, always: bool = False) -> None:
    if always or review.state == ReviewState.PUBLISHED:
        _refresh(session, session.get_one(Vendor, review.vendor_id))


def _refresh(session: Session, vendor: Vendor) -> None:
    """Count the vendor's published reviews anew and have the public page follow."""
    session.flush()
    # Two decisions at once: the second counts when the first is visible.
    session.refresh(vendor, with_for_update=True)
    stars = queries.count_stars(session, vendor.id)
    shop = session.get_one(Shop, vendor.shop_id)
    vendor.rating_count = sum(stars.values())
    vendor.rating_sum = sum(number * count for number, count in stars.items())
    vendor.shown_reviews = rules.summarise(stars, queries.list_latest(session, shop, vendor.id, rules.LATEST))
    request_profile_sync(session, vendor)


def _lock(session: Session, shop_id: int, review_id: int) -> VendorReview:
    query = select(VendorReview).where(VendorReview.shop_id == shop_id, VendorReview.id == review_id)
    review = session.scalar(query.with_for_update())
    if review is None:
        raise NotFound("There is no such review.")
    return review


def _lock_published(session: Session, vendor: Vendor, review_id: int) -> VendorReview:
    review = _lock(session, vendor.shop_id, review_id)
    if review.vendor_id != vendor.id or review.state != ReviewState.PUBLISHED:
        raise NotFound(_("This review is not shown any more."))
    return review


def _is_reported(review: VendorReview) -> bool:
    return review.reported_at is not None and review.settled_at is None


def _close_request(session: Session, part: VendorOrder, now: datetime) -> None:
    request = session.get(ReviewRequest, part.id, with_for_update=True)
    if request is not None and request.closed_at is None:
        request.closed_at = now


def _record(session: Session, review: VendorReview, action: str, actor: str, reason: str | None = None) -> None:
    changes = {"state": [review.state.value if review.state else None, action]} if action != "answer" else {}
    subject = ("review", review.id)
    audit.record(
        session,
        review.shop_id,
        f"review.{action}",
        subject,
        actor=actor,
        vendor_id=review.vendor_id,
        reason=reason,
        changes=changes,
    )


def _tell_vendor(session: Session, review: VendorReview) -> None:
    vendor = session.get_one(Vendor, review.vendor_id)
    context = {
        "vendor_name": vendor.name,
        "stars": write_stars(review.stars),
        "review": "\n".join(filter(None, (review.title, review.words))),
        "link": f"{get_config().portal_url}/portal/reviews",
    }
    key = f"vendor_review:{review.id}:{review.written_at.isoformat()}"
    queue_email(session, review.shop_id, "vendor_review", vendor.email, context, vendor_id=vendor.id, dedupe_key=key)


def _tell_customer(session: Session, review: VendorReview, kind: str, more: dict[str, str]) -> None:
    part = session.get_one(VendorOrder, review.vendor_order_id)
    order = session.get_one(Order, part.order_id)
    if not order.customer_email:
        return
    vendor = session.get_one(Vendor, review.vendor_id)
    context = {"customer_name": order.customer_name, "vendor_name": vendor.name, "order_name": order.name, **more}
    at = review.answered_at if kind == "customer_review_answered" else review.decided_at
    key = f"{kind}:{review.id}:{at.isoformat() if at else ''}"
    bought_in = order.snapshot.get("customer_locale")
    queue_email(session, review.shop_id, kind, order.customer_email, context, locale=bought_in, dedupe_key=key)


def write_stars(stars: int) -> str:
    return lazy("%(stars)s of 5 stars", stars=stars)

"""Writing the e-mails that customers chose. What is written and what the customer now knows are one transaction, so
that whoever is killed half way writes nothing twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.config import get_config
from app.db import scoped, system
from app.emails.render import Leaving
from app.emails.service import queue_chosen_email
from app.languages import lazy
from app.mailings import queries, rules
from app.mailings.rules import Change, Offer
from app.mailings.service import stop_link
from app.models.mailings import MailingSettings, MailSubscriber
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor

_AT_ONCE: Final = 500
_MOST_WAITING: Final = 100
"""So few stand before an e-mail that somebody waits for, such as a sign-in link: all are sent in one row."""
_BETWEEN_COUNTS: Final = 20
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one subscriber's lists. The session holds the subscriber's row."""

    session: Session
    shop: Shop
    settings: MailingSettings
    subscriber: MailSubscriber
    now: datetime

    @property
    def whose(self) -> tuple[Session, int, int]:
        return self.session, self.shop.id, self.subscriber.customer_id

    def address(self, path: str) -> str:
        return f"{get_config().storefront_url(self.shop.domain, self.shop.primary_host)}{path}"

    def write(self, topic: str, context: dict[str, Any], occasion: str) -> None:
        mine = self.subscriber
        leaving = Leaving(stop_link(mine), self.settings.postal_address)
        kind = rules.KIND_OF[topic]
        key = f"{kind}:{mine.id}:{occasion}"
        queue_chosen_email(self.session, mine, kind, mine.email, context, leaving=leaving, dedupe_key=key)


def look_where_due() -> int:
    """Look at the lists of subscribers whose turn it is, in every shop. Returns at how many.

    Not while many of these e-mails wait to be sent: the turn comes again with the next ring.
    """
    now = clock.now()
    offered = or_(MailingSettings.vendors, MailingSettings.wishlist, MailingSettings.cart)
    query = (
        select(MailSubscriber.shop_id, MailSubscriber.id)
        .join(Shop, (Shop.id == MailSubscriber.shop_id) & (Shop.status == ShopStatus.INSTALLED))
        .join(MailingSettings, (MailingSettings.shop_id == MailSubscriber.shop_id) & offered)
        .where(MailSubscriber.confirmed_at.is_not(None), MailSubscriber.next_look_at <= now)
        .order_by(MailSubscriber.next_look_at)
    )
    with system() as session:
        due = session.execute(query.limit(_AT_ONCE)).all()
    for number, (shop_id, subscriber_id) in enumerate(due):
        if number % _BETWEEN_COUNTS == 0 and queries.count_waiting(_MOST_WAITING) >= _MOST_WAITING:
            return number
        _look_or_put_off(shop_id, subscriber_id, now)
    return len(due)


def _look_or_put_off(shop_id: int, subscriber_id: int, now: datetime) -> None:
    """What fails for one customer is no reason not to write to the others."""
    try:
        with scoped(shop_id) as session:
            _look(session, shop_id, subscriber_id, now)
    except Exception:
        log.exception("mailing_failed", shop=shop_id, subscriber=subscriber_id)
        with scoped(shop_id) as session:
            later = update(MailSubscriber).where(MailSubscriber.id == subscriber_id)
            session.execute(later.values(next_look_at=now + rules.LOOK_EVERY))


def _look(session: Session, shop_id: int, subscriber_id: int, now: datetime) -> None:
    mine = session.get(MailSubscriber, subscriber_id, with_for_update={"skip_locked": True})
    if mine is None or mine.confirmed_at is None or mine.next_look_at > now:
        return
    mine.next_look_at = now + rules.LOOK_EVERY
    settings = queries.get_settings(session, shop_id)
    look = Look(session, session.get_one(Shop, shop_id), settings, mine, now)
    for topic in queries.list_offered(settings):
        if topic in mine.topics:
            _TELL[topic](look)


def _tell_of_vendors(look: Look) -> None:
    mine = look.subscriber
    since = mine.vendors_at
    if look.now < since + timedelta(days=look.settings.vendors_every_days):
        return
    mine.vendors_at = look.now
    oldest = max(since, look.now - rules.OLDEST_NEWS) - rules.SETTLES
    found = queries.list_new_offers(*look.whose, oldest, look.now - rules.SETTLES)
    if found:
        vendors = [_write_vendor(look, vendor, offers) for vendor, offers in found[: rules.MOST_VENDORS]]
        if others := [vendor for vendor, _offers in found[rules.MOST_VENDORS :]]:
            pages: list[dict[str, Any]] = [
                {"title": vendor.name, "url": _page_of(look, vendor)} for vendor in others[: rules.MOST_NAMED]
            ]
            if more := len(others) - len(pages):
                pages.append({"title": lazy("More vendors: %(number)s", number=more), "url": look.address("/")})
            vendors.append({"name": lazy("These have something new, too"), "lines": pages})
        look.write("vendors", {"vendors": vendors}, since.isoformat())


def _write_vendor(look: Look, vendor: Vendor, offers: list[Offer]) -> dict[str, Any]:
    lines: list[dict[str, Any]] = [_write_offer(look, offer) for offer in offers[: rules.MOST_OF_A_VENDOR]]
    if len(offers) > len(lines):
        lines.append({"title": lazy("Everything new"), "url": _page_of(look, vendor)})
    return {"name": vendor.name, "lines": lines}


def _page_of(look: Look, vendor: Vendor) -> str:
    return look.address(f"/pages/vendors/{vendor.handle}")


def _write_offer(look: Look, offer: Offer) -> dict[str, Any]:
    return {"title": offer.title, "price": offer.price, "url": look.address(f"/products/{offer.handle}")}


def _tell_of_wishlist(look: Look) -> None:
    mine = look.subscriber
    if mine.wishlist_at and look.now < mine.wishlist_at + timedelta(days=look.settings.wishlist_every_days):
        return
    changes, known = rules.compare(mine.seen, queries.list_wished(*look.whose))
    told, left = changes[: rules.MOST_LINES], changes[rules.MOST_LINES :]
    # What does not fit is not known yet: the next e-mail tells it, if it is still so.
    mine.seen = known | {change.offer.number: mine.seen[change.offer.number] for change in left}
    if told:
        mine.wishlist_at = look.now
        lines = [_write_change(look, change) for change in told]
        look.write("wishlist", {"lines": lines}, look.now.isoformat())


def _write_change(look: Look, change: Change) -> dict[str, Any]:
    note = lazy("Back in stock") if change.is_back else lazy("Cheaper")
    return {**_write_offer(look, change.offer), "before": change.before, "note": note}


def _tell_of_cart(look: Look) -> None:
    mine = look.subscriber
    lines, edited_at = queries.read_cart(*look.whose)
    after = timedelta(hours=look.settings.cart_after_hours)
    if not lines or edited_at is None:
        return
    if not rules.is_left(edited_at=edited_at, told_at=mine.cart_at, now=look.now, after=after):
        return
    if queries.has_ordered_since(*look.whose, edited_at):
        return
    mine.cart_at = look.now
    named = [line for line in lines if line.handle]
    items: list[dict[str, Any]] = [
        {"title": line.title or line.handle, "quantity": line.quantity, "url": look.address(f"/products/{line.handle}")}
        for line in named[: rules.MOST_LINES]
    ]
    if more := len(named) - len(items):
        items.append({"title": lazy("And %(number)s more in your cart", number=more), "url": look.address("/cart")})
    if items:
        look.write("cart", {"lines": items, "link": look.address("/cart")}, edited_at.isoformat())


_TELL: Final[dict[str, Callable[[Look], None]]] = {
    "vendors": _tell_of_vendors,
    "wishlist": _tell_of_wishlist,
    "cart": _tell_of_cart,
}

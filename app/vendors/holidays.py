"""Days on which a vendor does not send. They begin and end by the clock alone: nothing has to be switched back."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict, ValidationErrors
from app.languages import _
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.vendors.service import request_profile_sync


def is_away(vendor: Vendor, now: datetime) -> bool:
    return bool(vendor.away_from and vendor.away_until and vendor.away_from <= now < vendor.away_until)


def is_ahead(vendor: Vendor, now: datetime) -> bool:
    """Whether a holiday is planned or on."""
    return bool(vendor.away_until and now < vendor.away_until)


def is_hidden_now(vendor: Vendor, now: datetime) -> bool:
    """Whether the vendor's products are off sale for a holiday."""
    return vendor.away_hides and is_away(vendor, now)


def hidden_now(now: datetime) -> ColumnElement[bool]:
    """`is_hidden_now` for PostgreSQL. Never null."""
    on = and_(Vendor.away_from <= now, Vendor.away_until > now)
    return and_(Vendor.away_hides, Vendor.away_from.is_not(None), Vendor.away_until.is_not(None), on)


def plan(
    session: Session, shop: Shop, vendor: Vendor, first_day: date, back_on: date, *, hides: bool, note: str, actor: str
) -> None:
    """Be away from the beginning of `first_day` to that of `back_on`, in the shop's time zone.

    Raises ValidationErrors when that is over already.
    """
    zone = ZoneInfo(shop.timezone)
    begin, end = (datetime.combine(day, time(), zone) for day in (first_day, back_on))
    if end <= clock.now():
        raise ValidationErrors({"back_on": _("This day has passed. Choose one that is still to come.")})
    _change(session, vendor, begin, end, "vendor.plan_holiday", actor)
    vendor.away_hides, vendor.away_note = hides, note


def come_back(session: Session, vendor: Vendor, *, actor: str) -> None:
    """End a holiday now, or call a planned one off. Raises Conflict when there is none."""
    now = clock.now()
    if not is_ahead(vendor, now) or vendor.away_from is None:
        raise Conflict(_("You are back already: customers see no holiday."))
    _change(session, vendor, min(vendor.away_from, now), now, "vendor.end_holiday", actor)


def _change(session: Session, vendor: Vendor, begin: datetime, end: datetime, action: str, actor: str) -> None:
    before = (vendor.away_from, vendor.away_until)
    vendor.away_from, vendor.away_until = begin, end
    request_profile_sync(session, vendor)
    changes = {
        name: [was.isoformat() if was else None, new.isoformat()]
        for name, was, new in zip(("away_from", "away_until"), before, (begin, end), strict=True)
    }
    subject = ("vendor", vendor.id)
    audit.record(session, vendor.shop_id, action, subject, actor=actor, vendor_id=vendor.id, changes=changes)

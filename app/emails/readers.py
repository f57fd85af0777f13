"""Which language the person reads who gets an e-mail, and how amounts are written for them."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import ask_once
from app.emails.kinds import KINDS
from app.languages import find_language, locale_for
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorUser


@dataclass(frozen=True, slots=True)
class Reader:
    language: str
    """One of app.languages."""
    locale: str
    """As Babel names it, such as "de_CH"."""


def find_reader(
    session: Session, shop: Shop, kind: str, to: str, *, vendor_id: int | None = None, locale: str | None = None
) -> Reader:
    """Of the e-mail `kind` to the address `to`. `locale` is the one in which a customer bought."""
    if KINDS[kind].reader == "merchant":
        return Reader("en", locale_for("en", shop.locale))
    if KINDS[kind].reader == "customer":
        return _reader(locale, locale or shop.locale, shop)
    person = (
        select(VendorUser.language, Vendor.locale)
        .join(Vendor, Vendor.id == VendorUser.vendor_id)
        .where(VendorUser.shop_id == shop.id, func.lower(VendorUser.email) == to.lower())
        .order_by(VendorUser.language.is_(None), VendorUser.last_seen_at.desc().nulls_last())
    )
    if vendor_id is not None:
        person = person.where(VendorUser.vendor_id == vendor_id)
    asked = (find_reader, shop.id, to, vendor_id)
    found = ask_once(session, asked, lambda: session.execute(person.limit(1)).one_or_none())
    language, region = found or (None, shop.locale)
    return _reader(language, region, shop)


def _reader(language: str | None, region: str, shop: Shop) -> Reader:
    spoken = find_language([language, shop.locale]) or "en"
    return Reader(spoken, locale_for(spoken, region))

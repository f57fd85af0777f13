"""What the merchant agreed with all vendors, and with one alone: read as the books read it, and changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.commissions.queries import get_settings
from app.commissions.terms import Terms, merge_terms, write_overrides
from app.errors import ValidationErrors
from app.models.commissions import MoneySettings, VendorTerms
from app.models.events import AuditEntry
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor

_CHANGED: Final = ("money_settings.change", "vendor_terms.change")
_OF_SETTINGS: Final = (
    "shipping_to", "shipping_share", "shipping_tax_to", "sales_tax_to", "payment_fees_to", "keep_payment_fee",
    "keep_commission", "fee_tax_bps", "discount_bps", "reserve_bps", "reserve_days", "refund_bearer", "dispute_fee_to",
)  # fmt: skip
_OF_RESERVE: Final = frozenset({"reserve_bps", "reserve_days"})
_OF_SHOP: Final = ("hold_days", "payout_minimum_minor")
_NAMED: Final = 5
_FOR_ALL_ONLY: Final = ("dispute_fee_minor", "discount_bearers")


@dataclass(frozen=True, slots=True)
class Agreed:
    settings: MoneySettings
    """What holds for the whole shop alone stands here only."""
    shared: Terms
    alone: Mapping[int, Terms]
    """Of the vendors with terms of their own, what holds for them."""
    currency: str
    """Of the amounts: the shop's."""

    def of(self, vendor_id: int | None) -> Terms:
        return self.shared if vendor_id is None else self.alone.get(vendor_id, self.shared)


def get_agreed(session: Session, shop_id: int) -> Agreed:
    """The shop's terms, and of each vendor who has some of their own, theirs."""
    of_shop = select(Shop.currency, ShopSettings).outerjoin(ShopSettings, ShopSettings.shop_id == Shop.id)
    currency, held = session.execute(of_shop.where(Shop.id == shop_id)).one()
    limits = {name: getattr(held, name) for name in _OF_SHOP} if held else {}
    rows = session.scalars(select(VendorTerms).where(VendorTerms.shop_id == shop_id))
    alone = {row.vendor_id: row.overrides for row in rows}
    return merge_agreed(get_settings(session, shop_id), limits, alone, currency)


def merge_agreed(
    settings: MoneySettings, limits: Mapping[str, Any], overrides: Mapping[int, Mapping[str, Any]], currency: str
) -> Agreed:
    """The same of what is stored: the shop's settings, its days and minimum if it has any, and by vendor their own."""
    shared = Terms(**{name: getattr(settings, name) for name in _OF_SETTINGS}, **limits)
    return Agreed(settings, shared, {vendor: merge_terms(shared, own) for vendor, own in overrides.items()}, currency)


def get_overrides(session: Session, vendor_id: int) -> dict[str, Any]:
    """What was agreed with this vendor alone, as stored; empty when nothing was."""
    found = session.get(VendorTerms, vendor_id)
    return dict(found.overrides) if found else {}


def save_settings(session: Session, shop: Shop, chosen: Mapping[str, Any], actor: str) -> dict[str, Any]:
    """For orders first seen from now on; orders already seen keep what was frozen. Returns what changed.

    Raises ValidationErrors.
    """
    lock(session, shop.id)
    before = get_settings(session, shop.id)
    wanted = {name: chosen[name] for name in (*_OF_SETTINGS, *_FOR_ALL_ONLY)}
    changes = {
        name: [_said(getattr(before, name)), _said(value)]
        for name, value in wanted.items()
        if getattr(before, name) != value
    }
    if not changes:
        return {}
    if changes.keys() & _OF_RESERVE:
        shared = replace(get_agreed(session, shop.id).shared, **{name: wanted[name] for name in _OF_RESERVE})
        _need_days(session, shared, list_vendors_with_terms(session, shop.id))
    values = wanted | {"updated_at": clock.now()}
    statement = insert(MoneySettings).values(shop_id=shop.id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["shop_id"], set_=values))
    session.expire_all()
    audit.record(session, shop.id, _CHANGED[0], ("shop", shop.id), actor=actor, changes=changes)
    return changes


def lock(session: Session, shop_id: int) -> None:
    """What is agreed, for all and alone, hangs together: one is saved after another, by what the last one left."""
    session.flush()
    session.expire_all()
    session.get_one(ShopSettings, shop_id, with_for_update=True)


def _need_days(session: Session, terms: Terms, alone: Mapping[int, Mapping[str, Any]]) -> None:
    """No reserve without days: in these terms, and in theirs who have a part of them alone. Raises ValidationErrors."""
    if _lacks_days(terms):
        raise ValidationErrors({"reserve_days": "Say for how many days, or enter 0 for no reserve."})
    lacking = [vendor for vendor, own in alone.items() if _lacks_days(merge_terms(terms, own))]
    if not lacking:
        return
    names = session.scalars(select(Vendor.name).where(Vendor.id.in_(lacking)).order_by(Vendor.name)).all()
    named = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    raise ValidationErrors({"reserve_days": f"A reserve would be left without days, by what you agreed with: {named}."})


def _lacks_days(terms: Terms) -> bool:
    return bool(terms.reserve_bps) and not terms.reserve_days


def save_overrides(
    session: Session, shop: Shop, vendor_id: int, chosen: Mapping[str, Any], actor: str
) -> dict[str, Any]:
    """Replace what was agreed with one vendor alone. Returns what changed, empty when nothing did.

    Raises ValidationErrors.
    """
    lock(session, shop.id)
    before, after = get_overrides(session, vendor_id), write_overrides(chosen)
    _date_schedule(before, after, clock.today(shop.timezone))
    changes = {
        name: [_said(before.get(name)), _said(after.get(name))]
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }
    if not changes:
        return {}
    _need_days(session, merge_terms(get_agreed(session, shop.id).shared, after), {})
    values = {"shop_id": shop.id, "overrides": after, "updated_at": clock.now()}
    statement = insert(VendorTerms).values(vendor_id=vendor_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["vendor_id"], set_=values))
    session.expire_all()
    subject = ("vendor", vendor_id)
    audit.record(session, shop.id, _CHANGED[1], subject, actor=actor, vendor_id=vendor_id, changes=changes)
    return changes


def _date_schedule(before: Mapping[str, Any], after: dict[str, Any], today: date) -> None:
    """A schedule that is new begins today; one that stays keeps its beginning, from which fortnights are counted."""
    old, new = before.get("payout_schedule", {}), after.get("payout_schedule")
    if new:
        same = (old.get("schedule"), old.get("day")) == (new["schedule"], new["day"])
        after["payout_schedule"] = {**new, "since": old["since"] if same else today.isoformat()}


def list_changes(session: Session, shop_id: int, vendor_id: int | None = None) -> Sequence[AuditEntry]:
    """Who changed the settings, or one vendor's, newest first; the latest fifty."""
    where = [AuditEntry.shop_id == shop_id, AuditEntry.action.in_(_CHANGED)]
    if vendor_id is not None:
        where += [AuditEntry.action == _CHANGED[1], AuditEntry.subject_id == vendor_id]
    return session.scalars(select(AuditEntry).where(*where).order_by(AuditEntry.id.desc()).limit(50)).all()


def list_vendors_with_terms(session: Session, shop_id: int) -> dict[int, dict[str, Any]]:
    """What was agreed alone, by vendor id; vendors without are left out."""
    rows = session.scalars(select(VendorTerms).where(VendorTerms.shop_id == shop_id))
    return {row.vendor_id: dict(row.overrides) for row in rows if row.overrides}


def _said(value: Any) -> Any:
    """For the audit trail: what JSON can hold, and None for what is as for everybody."""
    return value if value is None or isinstance(value, (bool, int, dict, list)) else str(value)

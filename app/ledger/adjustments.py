"""Crediting or debiting a vendor by hand: with a reason, both sides booked, taken back only by a counter-entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict, NotFound, ValidationErrors
from app.events import publish
from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.ledger.rules import Account, Entry, Posting
from app.ledger.service import post_once
from app.models.ledger import Adjustment
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money

LONGEST_REASON: Final = 300
PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Each word of `search` is in the reason or the vendor's name; `state`: "booked" or "taken_back" alone."""

    vendor_id: int | None = None
    search: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    adjustment: Adjustment
    vendor: Vendor


def adjust(
    session: Session, shop: Shop, vendor_id: int, amount: Money, reason: str, *, form_key: str, actor: str
) -> Adjustment:
    """Book `amount`, plus for a credit, on the vendor's available balance. The same `form_key` again changes nothing.

    Raises NotFound for another shop's vendor, ValidationErrors without an amount or a reason, Conflict when the form
    was sent before with other figures.
    """
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.shop_id != shop.id:
        raise NotFound("There is no such vendor.")
    reason = _checked_reason(reason)
    if not amount:
        raise ValidationErrors({"amount": "Enter an amount other than zero."})
    values = {"vendor_id": vendor_id, "amount_minor": amount.minor, "currency": amount.currency, "reason": reason}
    row = insert(Adjustment).values(shop_id=shop.id, form_key=form_key, made_by=actor, made_at=clock.now(), **values)
    made = session.scalar(row.on_conflict_do_nothing().returning(Adjustment.id))
    if made is None:
        same = (Adjustment.shop_id == shop.id, Adjustment.form_key == form_key)
        held = session.scalars(select(Adjustment).where(*same)).one()
        if (held.vendor_id, held.amount_minor, held.currency) != (vendor_id, amount.minor, amount.currency):
            raise Conflict("This form was sent before, with other figures, and those are booked. Nothing was added.")
        return held
    adjustment = session.get_one(Adjustment, made)
    _book(session, adjustment, "adjustment", f"adjustment:{made}", amount.minor)
    subject = ("adjustment", made)
    changes = {"amount": ["", str(amount)]}
    audit.record(
        session, shop.id, "vendor.adjust", subject, actor=actor, vendor_id=vendor_id, reason=reason, changes=changes
    )
    publish(session, shop.id, "BalanceAdjusted", vendor_id=vendor_id, adjustment_id=made)
    return adjustment


def take_back(session: Session, shop: Shop, adjustment_id: int, reason: str, *, actor: str) -> Adjustment:
    """Book the opposite. Raises NotFound, Conflict when it was taken back before, ValidationErrors without a reason."""
    adjustment = session.get(Adjustment, adjustment_id, with_for_update=True)
    if adjustment is None or adjustment.shop_id != shop.id:
        raise NotFound("There is no such adjustment.")
    if adjustment.reversed_at is not None:
        raise Conflict("This adjustment was taken back already.")
    reason = _checked_reason(reason)
    adjustment.reversed_at, adjustment.reversed_by, adjustment.reversal_reason = clock.now(), actor, reason
    key = f"adjustment:{adjustment.id}:reversed"
    _book(session, adjustment, "adjustment_reversed", key, -adjustment.amount_minor)
    subject, vendor_id = ("adjustment", adjustment.id), adjustment.vendor_id
    audit.record(
        session, shop.id, "vendor.take_back_adjustment", subject, actor=actor, vendor_id=vendor_id, reason=reason
    )
    publish(session, shop.id, "BalanceAdjusted", vendor_id=vendor_id, adjustment_id=adjustment.id)
    return adjustment


def list_adjustments(
    session: Session, shop_id: int, wanted: Wanted, place: Place = BEGINNING, *, limit: int = PER_PAGE
) -> Page[AdjustmentRow]:
    """Newest first."""
    query = select(Adjustment, Vendor).join(Vendor, Vendor.id == Adjustment.vendor_id)
    query = query.where(Adjustment.shop_id == shop_id)
    if wanted.vendor_id is not None:
        query = query.where(Adjustment.vendor_id == wanted.vendor_id)
    if wanted.state in {"booked", "taken_back"}:
        is_back = Adjustment.reversed_at.is_not(None)
        query = query.where(is_back if wanted.state == "taken_back" else ~is_back)
    for word in wanted.search.split()[:8]:
        said = (column.icontains(word, autoescape=True) for column in (Adjustment.reason, Vendor.name))
        query = query.where(or_(*said))
    newest = Sort((Adjustment.id,), is_descending=True)
    return read_page(session, query, newest, place, limit=limit, make=AdjustmentRow)


def find_of_keys(session: Session, keys: Sequence[str]) -> dict[str, Adjustment]:
    """The adjustments behind postings, by the postings' keys."""
    ids = {key: int(key.split(":")[1]) for key in keys if key.startswith("adjustment:")}
    if not ids:
        return {}
    rows = {row.id: row for row in session.scalars(select(Adjustment).where(Adjustment.id.in_(ids.values())))}
    return {key: rows[number] for key, number in ids.items() if number in rows}


def _book(session: Session, adjustment: Adjustment, kind: str, key: str, minor: int) -> None:
    vendor = adjustment.vendor_id
    entries = (Entry(Account.VENDOR_AVAILABLE, minor, vendor), Entry(Account.ADJUSTMENTS, -minor))
    posting = Posting(key, kind, clock.now(), entries, f"adjustment:{adjustment.id}", vendor)
    post_once(session, adjustment.shop_id, adjustment.currency, posting)


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ValidationErrors({"reason": "Say why. The vendor reads it."})
    if len(reason) > LONGEST_REASON:
        raise ValidationErrors({"reason": f"Use at most {LONGEST_REASON} characters."})
    return reason

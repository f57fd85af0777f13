"""Words of a vendor's public page that the shop's staff replaced in Shopify's admin: what stood there before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict
from app.languages import _
from app.models.events import AuditEntry
from app.models.vendors import Vendor
from app.vendors.service import request_profile_sync
from app.vendors.sync import TEXT_FIELDS

SHOWN_FOR: Final = timedelta(days=30)
_READ: Final = "vendor.read_replaced"
_EDITED: Final = "vendor.edit_in_shopify"


@dataclass(frozen=True, slots=True)
class Replaced:
    """One field: what the vendor had written, what the shop's staff wrote, and when we heard of it."""

    entry_id: int
    field: str
    before: str
    after: str
    at: datetime


def list_replaced(session: Session, vendor: Vendor) -> list[Replaced]:
    """The newest change of each field that still stands and replaced something, as long as the vendor has not put it
    aside; a month at most.
    """
    query = select(AuditEntry).where(
        AuditEntry.shop_id == vendor.shop_id,
        AuditEntry.subject_type == "vendor",
        AuditEntry.subject_id == vendor.id,
        AuditEntry.action.in_((_EDITED, _READ)),
        AuditEntry.at > clock.now() - SHOWN_FOR,
    )
    found: dict[str, Replaced] = {}
    for entry in session.scalars(query.order_by(AuditEntry.id)):
        if entry.action == _READ:
            found.clear()
            continue
        for field, (before, after) in entry.changes.items():
            if field in TEXT_FIELDS:
                found[field] = Replaced(entry.id, field, before, after, entry.at)
    return [one for one in found.values() if one.before and getattr(vendor, one.field) == one.after]


def put_back(session: Session, vendor: Vendor, field: str, entry_id: int, *, actor: str) -> None:
    """Have a field say again what the vendor had written. Raises Conflict when it was changed again meanwhile, and for
    a name: another vendor may have it by now.
    """
    session.refresh(vendor, with_for_update=True)
    asked = [one for one in list_replaced(session, vendor) if (one.field, one.entry_id) == (field, entry_id)]
    if not asked or field == "name":
        raise Conflict(_("This was changed again meanwhile. Look at your profile as it is now."))
    setattr(vendor, field, asked[0].before)
    changes = {field: [asked[0].after, asked[0].before]}
    subject = ("vendor", vendor.id)
    audit.record(
        session, vendor.shop_id, "vendor.edit_profile", subject, actor=actor, vendor_id=vendor.id, changes=changes
    )
    request_profile_sync(session, vendor)


def put_aside(session: Session, vendor: Vendor, *, actor: str) -> None:
    """The vendor has seen what was replaced, and leaves it."""
    audit.record(session, vendor.shop_id, _READ, ("vendor", vendor.id), actor=actor, vendor_id=vendor.id)


def write_seen(vendor: Vendor) -> str:
    """What a form carries, to tell afterwards which words were changed while it was open."""
    return json.dumps({field: _mark(getattr(vendor, field)) for field in TEXT_FIELDS})


def find_changed(vendor: Vendor, seen: str, wanted: Mapping[str, str]) -> dict[str, bool]:
    """Fields that somebody else changed since `seen` was written; whether the form wants yet another thing there.

    What a form does not carry, or carries garbled, is as it is now.
    """
    try:
        marks = json.loads(seen)
    except ValueError:
        return {}
    if not isinstance(marks, dict):
        return {}
    changed: dict[str, bool] = {}
    for field in TEXT_FIELDS:
        mark, now = marks.get(field), getattr(vendor, field)
        if isinstance(mark, str) and mark != _mark(now) and field in wanted:
            changed[field] = _mark(wanted[field]) not in {mark, _mark(now)}
    return changed


def _mark(words: str) -> str:
    """The same for words that differ in spaces only: forms tidy those."""
    return hashlib.sha256(" ".join(words.split()).encode()).hexdigest()[:16]

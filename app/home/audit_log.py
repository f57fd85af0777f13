"""Every change by anyone, as the merchant searches it. Runs in the shop's scope."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from app.auth.staff import name_machine
from app.keyset import BEGINNING, Part, Place, Sort, read_part, walk_parts
from app.models.api import ApiToken
from app.models.events import AuditEntry
from app.models.staff import StaffMember
from app.models.vendors import Vendor, VendorUser
from app.typed import read_number

PER_PAGE: Final = 50
_AT_ONCE: Final = 1000

ACTORS: Final = {
    "staff": "You and your staff",
    "vendor_user": "Vendors' people",
    "applicant": "Applicants",
    "api": "Programs",
    "shopify": "Shopify",
    "system": "By itself",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty values narrow nothing. `since` is included, `until` is not."""

    search: str = ""
    actor: str = ""
    action: str = ""
    vendor_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def narrows(self) -> bool:
        return self != Filter()


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with the names of whom it is about and who did it, as far as they are still here."""

    entry: AuditEntry
    vendor: str | None
    person: str | None
    """Or the program: its token's name."""

    @property
    def who(self) -> str:
        kind, _, number = self.entry.actor.partition(":")
        if kind == "staff":
            return self.person or f"Staff member {number}"
        if kind == "vendor_user":
            return self.person or "Somebody who has left"
        words = {"system": "By itself", "applicant": f"Applicant {number}"}
        return words.get(kind) or name_machine(self.entry.actor, self.person)


def list_entries(
    session: Session, shop_id: int, wanted: Filter, place: Place = BEGINNING, *, limit: int = PER_PAGE
) -> Part[Row]:
    """Newest first."""
    person = (
        select(func.coalesce(func.nullif(VendorUser.name, ""), VendorUser.email))
        .where(VendorUser.shop_id == shop_id, AuditEntry.actor == func.concat("vendor_user:", VendorUser.id))
        .correlate(AuditEntry)
        .scalar_subquery()
    )
    member = (
        select(func.coalesce(func.nullif(StaffMember.name, ""), func.nullif(StaffMember.email, "")))
        .where(StaffMember.shop_id == shop_id, AuditEntry.actor == func.concat("staff:", StaffMember.number))
        .correlate(AuditEntry)
        .scalar_subquery()
    )
    token = (
        select(ApiToken.name)
        .where(ApiToken.shop_id == shop_id, ApiToken.id == _number_after("api:"))
        .correlate(AuditEntry)
        .scalar_subquery()
    )
    about = func.coalesce(AuditEntry.vendor_id, _vendor_of_subject())
    query = (
        select(AuditEntry, Vendor.name, func.coalesce(member, person, token))
        .outerjoin(Vendor, Vendor.id == about)
        .where(*_conditions(shop_id, wanted))
    )
    newest = Sort((AuditEntry.id,), is_descending=True)
    part = read_part(session, query, newest, after=place.after, before=place.before, limit=limit)
    return Part([Row(*found[:-1]) for found in part.rows], part.before, part.after)


def every_entry(session: Session, shop_id: int, wanted: Filter) -> Iterator[Row]:
    """For a file: part after part, so that no log is too long."""
    for part in walk_parts(lambda place: list_entries(session, shop_id, wanted, place, limit=_AT_ONCE)):
        yield from part.rows


def list_actions(session: Session, shop_id: int) -> Sequence[str]:
    """What was ever done in the shop, for the filter."""
    query = select(AuditEntry.action).where(AuditEntry.shop_id == shop_id).distinct().order_by(AuditEntry.action)
    return session.scalars(query).all()


def _number_after(kind: str) -> ColumnElement[int | None]:
    """The number of an actor of this kind; NULL of all others."""
    return cast(func.nullif(func.split_part(AuditEntry.actor, kind, 2), ""), BigInteger)


def _vendor_of_subject() -> ColumnElement[int | None]:
    return case((AuditEntry.subject_type == "vendor", AuditEntry.subject_id), else_=None)


def _conditions(shop_id: int, wanted: Filter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [AuditEntry.shop_id == shop_id]
    if wanted.search:
        texts = (AuditEntry.reason, AuditEntry.action, AuditEntry.actor, cast(AuditEntry.changes, Text))
        sought = [text.icontains(wanted.search, autoescape=True) for text in texts]
        if (number := read_number(wanted.search)) is not None:
            sought.append(AuditEntry.subject_id == number)
        where.append(or_(*sought))
    if wanted.actor:
        own = AuditEntry.actor == wanted.actor
        where.append(or_(own, AuditEntry.actor.startswith(f"{wanted.actor}:", autoescape=True)))
    if wanted.action:
        where.append(AuditEntry.action == wanted.action)
    if wanted.vendor_id is not None:
        where.append(or_(AuditEntry.vendor_id == wanted.vendor_id, _vendor_of_subject() == wanted.vendor_id))
    if wanted.since is not None:
        where.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        where.append(AuditEntry.at < wanted.until)
    return where

"""The shop's staff in a vendor's pages: by a ticket from the admin, for half an hour, in the vendor's sight.

Without a reason a visit only looks. Its start, its end and every form it sends are written to the log under the staff
member's own number; the vendor reads them under More, Signing in.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app import audit, clock
from app.crypto import hash_token, new_token
from app.errors import Conflict, ValidationErrors
from app.models.staff import StaffMember, Visit
from app.models.vendors import PortalSession, Vendor, VendorStatus

LASTS: Final = timedelta(minutes=30)
TICKET_LASTS: Final = timedelta(minutes=2)
LONGEST_REASON: Final = 500
OPEN_TO: Final = (VendorStatus.PENDING, VendorStatus.APPROVED, VendorStatus.SUSPENDED)


def prepare(session: Session, vendor: Vendor, member: StaffMember, *, change: bool, reason: str) -> str:
    """A ticket for a visit. Raises Conflict where the vendor has no pages, ValidationErrors when a reason lacks."""
    if vendor.status not in OPEN_TO:
        raise Conflict(f"{vendor.name} is {vendor.status}, so there are no vendor pages to open.")
    reason = reason.strip()
    if change and not reason:
        raise ValidationErrors({"reason": "Say why you make changes for them. The vendor reads it."})
    if len(reason) > LONGEST_REASON:
        raise ValidationErrors({"reason": f"Use at most {LONGEST_REASON} characters."})
    token, now = new_token(), clock.now()
    visit = Visit(
        shop_id=vendor.shop_id,
        vendor_id=vendor.id,
        staff_number=member.number,
        staff_name=member.called,
        reason=reason if change else "",
        token_hash=hash_token(token),
        made_at=now,
        expires_at=now + TICKET_LASTS,
    )
    session.add(visit)
    session.flush()
    return token


def find_role(session: Session, visit: Visit) -> str:
    """What the visitor may do in the app now, whatever it was when they came. Empty: nothing."""
    whose = (StaffMember.shop_id == visit.shop_id, StaffMember.number == visit.staff_number)
    return session.scalar(select(StaffMember.role).where(*whose)) or ""


def find_waiting(session: Session, token: str) -> Visit | None:
    """The visit that a ticket opens, while it does."""
    return session.scalar(select(Visit).where(*_waiting(token)))


def begin(session: Session, token: str) -> Visit | None:
    """Use the ticket up. None: it was used before, or is too old. The session must see every shop."""
    now = clock.now()
    opened = {"opened_at": now, "expires_at": now + LASTS}
    visit = session.scalar(update(Visit).where(*_waiting(token)).values(opened).returning(Visit))
    if visit is not None:
        _record(session, visit, "visit.start", changes={"may_change": [None, bool(visit.reason)]})
    return visit


def end(session: Session, visit_id: int, *, by_itself: bool = False) -> None:
    """End a visit and what it signed in; a second time changes nothing."""
    now = clock.now()
    ended = session.scalar(
        update(Visit).where(Visit.id == visit_id, Visit.ended_at.is_(None)).values(ended_at=now).returning(Visit)
    )
    if ended is None:
        return
    mine = (PortalSession.visit_id == visit_id, PortalSession.revoked_at.is_(None))
    session.execute(update(PortalSession).where(*mine).values(revoked_at=now))
    forms = {"forms_sent": [None, ended.changes]}
    _record(session, ended, "visit.end", actor="system" if by_itself else None, changes=forms)


def note_change(session: Session, visit: Visit, method: str, path: str) -> None:
    """Write down a form that the visit sends; the action's own entry in the log bears the same number."""
    session.execute(update(Visit).where(Visit.id == visit.id).values(changes=Visit.changes + 1))
    _record(session, visit, "visit.change", changes={"form": [None, f"{method} {path}"]})


def end_lapsed(session: Session) -> int:
    """Write the end of visits whose time is over. Returns how many. The session must see every shop."""
    over = (Visit.opened_at.is_not(None), Visit.ended_at.is_(None), Visit.expires_at <= clock.now())
    lapsed = session.scalars(select(Visit.id).where(*over).limit(500)).all()
    for visit_id in lapsed:
        end(session, visit_id, by_itself=True)
    return len(lapsed)


def list_visits(session: Session, vendor_id: int) -> Sequence[Visit]:
    """The latest twenty, newest first; a ticket that nobody used is no visit."""
    query = select(Visit).where(Visit.vendor_id == vendor_id, Visit.opened_at.is_not(None))
    return session.scalars(query.order_by(Visit.id.desc()).limit(20)).all()


def _waiting(token: str) -> tuple[ColumnElement[bool], ...]:
    return Visit.token_hash == hash_token(token), Visit.opened_at.is_(None), Visit.expires_at > clock.now()


def _record(
    session: Session, visit: Visit, action: str, *, actor: str | None = None, changes: dict[str, list[object]]
) -> None:
    audit.record(
        session,
        visit.shop_id,
        action,
        ("vendor", visit.vendor_id),
        actor=actor or f"staff:{visit.staff_number}",
        vendor_id=visit.vendor_id,
        reason=visit.reason or None,
        changes=dict(changes),
    )

"""Asking sellers to join: by e-mail, one or many at once, with a link that proves the address.

Whoever follows the link fills in the application and is signed in. With `is_approved` the merchant has decided already.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from app import audit, clock
from app.auth.staff import who
from app.config import get_config
from app.crypto import hash_token, new_token
from app.emails.service import queue_email
from app.errors import Conflict, NotFound, ValidationErrors
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.models.invitations import VendorInvitation
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.typed import tidy
from app.vendors import service
from app.vendors.service import Application, Entry

LASTS: Final = timedelta(days=30)
FORGOTTEN_AFTER: Final = timedelta(days=90)
MOST_AT_ONCE: Final = 100
MOST_SENT: Final = 5
PER_PAGE: Final = 50
_SPLIT: Final = re.compile(r"[\n;,]+")
_NAMED: Final = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]+)>")


@dataclass(frozen=True, slots=True)
class Line:
    """One of the addresses that were typed, and the name beside it."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one line."""

    line: Line
    is_done: bool
    words: str


def read_lines(text: str) -> list[Line]:
    """What was typed or pasted: addresses between commas, semicolons or line ends, as such or as "Name <address>"."""
    lines: dict[str, Line] = {}
    for part in filter(None, map(tidy, _SPLIT.split(text))):
        named = _NAMED.fullmatch(part)
        email = (named["email"] if named else part).strip()
        lines.setdefault(email.lower(), Line(email, named["name"].strip(' "') if named else ""))
    return list(lines.values())


def state_of(invitation: VendorInvitation) -> str:
    """accepted, withdrawn, expired or open."""
    if invitation.accepted_at:
        return "accepted"
    if invitation.withdrawn_at:
        return "withdrawn"
    return "expired" if invitation.expires_at <= clock.now() else "open"


def invite_all(
    session: Session, shop: Shop, lines: Sequence[Line], *, note: str, is_approved: bool, actor: str
) -> list[Result]:
    """Ask each of them. A line that cannot be asked says why and holds up no other. Raises ValidationErrors."""
    if not lines:
        raise ValidationErrors({"addresses": "Enter at least one e-mail address."})
    if len(lines) > MOST_AT_ONCE:
        raise ValidationErrors({"addresses": f"These are {len(lines)} addresses. Send at most {MOST_AT_ONCE} at once."})
    if len(note) > 1000:
        raise ValidationErrors({"note": "Use at most 1,000 characters."})
    # Two people who ask the same seller at once must not both find that nobody did.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"vendors.invite:{shop.id}", 0))))
    known = _find_known(session, shop.id, lines)
    return [_invite(session, shop, line, known, note=note, is_approved=is_approved, actor=actor) for line in lines]


def resend(session: Session, shop: Shop, invitation_id: int, *, actor: str) -> VendorInvitation:
    """Send it again with a new link; the old one works no more. Raises NotFound, Conflict."""
    invitation = _get_for_update(session, shop.id, invitation_id)
    if invitation.accepted_at:
        raise Conflict(f"{invitation.email} has joined already.")
    if invitation.times_sent >= MOST_SENT:
        raise Conflict(f"{invitation.email} got {MOST_SENT} e-mails. Ask them in another way.")
    invitation.withdrawn_at = None
    invitation.times_sent += 1
    _send(session, shop, invitation)
    _record(session, invitation, "vendor.invite_again", actor)
    return invitation


def withdraw(session: Session, shop: Shop, invitation_id: int, *, actor: str) -> VendorInvitation:
    """Let the link open nothing any more; a second time changes nothing. Raises NotFound, Conflict."""
    invitation = _get_for_update(session, shop.id, invitation_id)
    if invitation.accepted_at:
        raise Conflict(f"{invitation.email} has joined already. Pause or close the vendor instead.")
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = clock.now()
        _record(session, invitation, "vendor.withdraw_invitation", actor)
    return invitation


def find_open(session: Session, token: str) -> VendorInvitation | None:
    """The invitation that a link stands for, while it works."""
    return session.scalar(select(VendorInvitation).where(VendorInvitation.token_hash == hash_token(token), *_is_open()))


def accept(
    session: Session, shop: Shop, token: str, application: Application, entries: Collection[Entry]
) -> Vendor | None:
    """Make a vendor of who filled the application in; the address is the invitation's. None: the link works no more.

    Who applied meanwhile by another way is that vendor. Whom the shop turned away or parted with since it asked them
    waits for its decision, as everybody does. Raises ValidationErrors when the name is taken.
    """
    taken = update(VendorInvitation).where(VendorInvitation.token_hash == hash_token(token), *_is_open())
    invitation = session.scalar(taken.values(accepted_at=clock.now()).returning(VendorInvitation))
    if invitation is None:
        return None
    approved_by = invitation.invited_by if invitation.is_approved else None
    vendor = find_vendor(session, shop.id, invitation.email)
    if vendor is None or vendor.status in ("rejected", "closed"):
        if vendor is not None and vendor.status_changed_at > invitation.sent_at:
            approved_by = None
        vendor = service.apply(session, shop, application, entries, approved_by=approved_by)
        assert vendor is not None
    elif approved_by and vendor.status == "pending":
        service.move(session, shop.id, vendor.id, "approve", actor=approved_by)
    invitation.vendor_id = vendor.id
    return vendor


def find_vendor(session: Session, shop_id: int, email: str) -> Vendor | None:
    """Who applied with an address."""
    return session.scalar(select(Vendor).where(Vendor.shop_id == shop_id, func.lower(Vendor.email) == email.lower()))


def list_invitations(
    session: Session,
    shop_id: int,
    *,
    search: str = "",
    state: str = "",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[VendorInvitation]:
    """Last sent first. `state` as `state_of` says it."""
    where: list[ColumnElement[bool]] = [VendorInvitation.shop_id == shop_id]
    if search:
        columns = (VendorInvitation.email, VendorInvitation.name)
        where.append(columns[0].icontains(search, autoescape=True) | columns[1].icontains(search, autoescape=True))
    if state in _STANDS_AT:
        where += _STANDS_AT[state]()
    order = Sort((VendorInvitation.sent_at, VendorInvitation.id), is_descending=True)
    return read_page(session, select(VendorInvitation).where(*where), order, place, limit=limit, make=only)


def forget_old(session: Session) -> int:
    """Remove addresses of people who never came. Returns how many. The session must see every shop."""
    old = VendorInvitation.expires_at < clock.now() - FORGOTTEN_AFTER
    gone = delete(VendorInvitation).where(VendorInvitation.accepted_at.is_(None), old)
    return len(session.execute(gone.returning(VendorInvitation.id)).all())


def _find_known(session: Session, shop_id: int, lines: Sequence[Line]) -> dict[str, str]:
    """Who need not be asked, by address, and why."""
    emails = [line.email.lower() for line in lines]
    asked = select(VendorInvitation.email).where(VendorInvitation.shop_id == shop_id, *_is_open())
    waiting = session.scalars(asked.where(func.lower(VendorInvitation.email).in_(emails))).all()
    sellers = select(Vendor.email, Vendor.name, Vendor.status).where(
        Vendor.shop_id == shop_id, func.lower(Vendor.email).in_(emails), Vendor.status.not_in(("rejected", "closed"))
    )
    known = dict.fromkeys((email.lower() for email in waiting), "Was asked already. Send it again from the list.")
    return known | {email.lower(): f"Is {name} already ({status})." for email, name, status in session.execute(sellers)}


def _invite(
    session: Session, shop: Shop, line: Line, known: dict[str, str], *, note: str, is_approved: bool, actor: str
) -> Result:
    try:
        email = validate_email(line.email, check_deliverability=False).normalized
    except EmailNotValidError:
        return Result(line, is_done=False, words="Does not look like an e-mail address.")
    if why := known.get(email.lower()):
        return Result(line, is_done=False, words=why)
    now = clock.now()
    invitation = VendorInvitation(
        shop_id=shop.id,
        email=email,
        name=line.name[:80],
        note=note.strip(),
        is_approved=is_approved,
        token_hash=hash_token(new_token()),
        invited_by=actor,
        times_sent=1,
        created_at=now,
        expires_at=now,
    )
    session.add(invitation)
    session.flush()
    _send(session, shop, invitation)
    _record(session, invitation, "vendor.invite", actor)
    return Result(line, is_done=True, words="Invited.")


def _send(session: Session, shop: Shop, invitation: VendorInvitation) -> None:
    token, now = new_token(), clock.now()
    invitation.token_hash = hash_token(token)
    invitation.sent_at, invitation.expires_at = now, now + LASTS
    context = {
        "inviter": who(invitation.invited_by),
        "note": invitation.note,
        "link": f"{get_config().portal_url}/portal/join/{token}",
        "link_lasts": LASTS,
    }
    key = f"vendor_invited:{invitation.id}:{invitation.times_sent}"
    queue_email(session, shop.id, "vendor_invited", invitation.email, context, dedupe_key=key)


def _get_for_update(session: Session, shop_id: int, invitation_id: int) -> VendorInvitation:
    mine = (VendorInvitation.shop_id == shop_id, VendorInvitation.id == invitation_id)
    found = session.scalar(select(VendorInvitation).where(*mine).with_for_update())
    if found is None:
        raise NotFound("There is no such invitation any more.")
    return found


def _is_open() -> tuple[ColumnElement[bool], ...]:
    return (
        VendorInvitation.withdrawn_at.is_(None),
        VendorInvitation.accepted_at.is_(None),
        VendorInvitation.expires_at > clock.now(),
    )


_STANDS_AT: Final[dict[str, Callable[[], Sequence[ColumnElement[bool]]]]] = {
    "open": _is_open,
    "accepted": lambda: [VendorInvitation.accepted_at.is_not(None)],
    "withdrawn": lambda: [VendorInvitation.accepted_at.is_(None), VendorInvitation.withdrawn_at.is_not(None)],
    "expired": lambda: [
        VendorInvitation.accepted_at.is_(None),
        VendorInvitation.withdrawn_at.is_(None),
        VendorInvitation.expires_at <= clock.now(),
    ],
}


def _record(session: Session, invitation: VendorInvitation, action: str, actor: str) -> None:
    subject, changes = ("invitation", invitation.id), {"email": [None, invitation.email]}
    audit.record(session, invitation.shop_id, action, subject, actor=actor, changes=changes)

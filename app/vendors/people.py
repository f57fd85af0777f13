"""Who works for a vendor, as the merchant sees it: how they sign in, whether mail reaches them, and internal notes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.auth import factors
from app.config import get_config
from app.emails.service import queue_email
from app.errors import Conflict, NotFound, ValidationErrors
from app.languages import lazy
from app.models.emails import Email, EmailStatus
from app.models.factors import LoginFactor
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorUser

LONGEST_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may open the vendor's pages, and how many second factors guard their address."""

    user: VendorUser
    factors: int


def list_people(session: Session, vendor: Vendor) -> Sequence[Person]:
    """The longest there first."""
    guards = (
        select(func.count())
        .where(LoginFactor.shop_id == VendorUser.shop_id, LoginFactor.email == func.lower(VendorUser.email))
        .correlate(VendorUser)
        .scalar_subquery()
    )
    query = select(VendorUser, guards).where(VendorUser.vendor_id == vendor.id).order_by(VendorUser.id)
    return [Person(user, count) for user, count in session.execute(query)]


def reset_factors(session: Session, shop: Shop, vendor: Vendor, user_id: int, *, reason: str, actor: str) -> VendorUser:
    """Take every second factor from somebody who lost theirs, and tell them. From then on their mail alone opens.

    Raises NotFound, Conflict when there is none (any more), ValidationErrors without a reason.
    """
    user = session.scalar(select(VendorUser).where(VendorUser.vendor_id == vendor.id, VendorUser.id == user_id))
    if user is None:
        raise NotFound("Nobody like that works there any more.")
    if not reason.strip():
        raise ValidationErrors({"reason": "Say why, and how you know that it is them who ask. It goes into the log."})
    if not factors.remove_all(session, shop.id, user.email):
        raise Conflict(f"{user.email} has no second factor any more.")
    audit.record(
        session,
        shop.id,
        "vendor.reset_second_factor",
        ("vendor", vendor.id),
        actor=actor,
        vendor_id=vendor.id,
        reason=reason.strip(),
        changes={"email": [user.email, user.email]},
    )
    context = {
        "vendor_name": user.name or vendor.name,
        "change": lazy("%(shop)s took away your second step", shop=shop.name),
        "link": f"{get_config().portal_url}/portal/more",
    }
    key = f"vendor_security_changed:{user.id}:{clock.now().isoformat()}"
    queue_email(session, shop.id, "vendor_security_changed", user.email, context, vendor_id=vendor.id, dedupe_key=key)
    return user


def add_note(session: Session, vendor: Vendor, words: str, *, actor: str) -> None:
    """Keep a remark in the vendor's log. It bears no vendor_id, so that the vendor's own scope never sees it.

    Raises ValidationErrors.
    """
    if not words.strip():
        raise ValidationErrors({"note": "Write the note first."})
    if len(words) > LONGEST_NOTE:
        raise ValidationErrors({"note": f"Use at most {LONGEST_NOTE:,} characters."})
    subject = ("vendor", vendor.id)
    audit.record(session, vendor.shop_id, "vendor.note", subject, actor=actor, reason=words.strip())


def find_unreachable(session: Session, vendor: Vendor) -> Email | None:
    """The latest e-mail with known fate to the vendor's address, if it did not arrive."""
    known = (EmailStatus.DELIVERED, EmailStatus.BOUNCED, EmailStatus.COMPLAINED)
    query = select(Email).where(
        Email.shop_id == vendor.shop_id,
        func.lower(Email.to_address) == vendor.email.lower(),
        Email.status.in_(known),
    )
    newest = session.scalar(query.order_by(Email.id.desc()).limit(1))
    return newest if newest is not None and newest.status is not EmailStatus.DELIVERED else None

"""A way in for whoever can read the mail of an address: single use, short-lived, stored only as a hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.auth import rules
from app.config import get_config
from app.crypto import hash_token, new_token
from app.models.shops import Shop, ShopStatus
from app.models.vendors import MagicLink, Vendor, VendorStatus, VendorUser

# A pending vendor fills in the profile, a suspended one still ships and is paid; the others have nothing to do here.
MAY_ENTER = (VendorStatus.PENDING, VendorStatus.APPROVED, VendorStatus.SUSPENDED)
MAX_FROM_ONE = 6
"""Links an hour for one address, asked for by one browser or from one network."""
MAX_FROM_ALL = 30
"""And by all together: what a stranger with many networks may do to somebody's mailbox."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A place that an address may take: this person at this vendor of this shop."""

    user: VendorUser
    vendor: Vendor
    shop: Shop


def list_seats(session: Session, email: str, *, shop_id: int | None = None) -> Sequence[Seat]:
    """Every vendor that `email` may work for, in one shop or in all; the session must see those shops."""
    query = (
        select(VendorUser, Vendor, Shop)
        .join(Vendor, Vendor.id == VendorUser.vendor_id)
        .join(Shop, Shop.id == Vendor.shop_id)
        .where(
            func.lower(VendorUser.email) == email.strip().lower(),
            Vendor.status.in_(MAY_ENTER),
            Shop.status == ShopStatus.INSTALLED,
        )
        .order_by(Shop.id, Vendor.name)
    )
    if shop_id is not None:
        query = query.where(Vendor.shop_id == shop_id)
    return [Seat(user, vendor, shop) for user, vendor, shop in session.execute(query)]


def issue_link(
    session: Session,
    shop_id: int,
    email: str,
    *,
    ip: str = "",
    lifetime: timedelta = rules.LINK_LIFETIME,
    next_path: str | None = None,
) -> str:
    """The address that signs `email` in at a shop, once. The session must not be a vendor's."""
    token = issue_token(session, shop_id, lifetime, email=email, ip=ip)
    query = f"?{urlencode({'next': next_path})}" if next_path else ""
    return f"{get_config().portal_url}/portal/enter/{token}{query}"


def issue_token(session: Session, shop_id: int, lifetime: timedelta, *, email: str = "", ip: str = "") -> str:
    """A token for `find_link` and `take_link`. Only its hash stays here. Without `email` it opens nothing by itself."""
    token = new_token()
    now = clock.now()
    session.add(
        MagicLink(
            shop_id=shop_id,
            email=email.strip().lower(),
            token_hash=hash_token(token),
            ip=ip,
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return token


def are_too_many(session: Session, shop_id: int, email: str, ip: str) -> bool:
    """Whether this address got as many links as it may in an hour: a brake that survives the loss of Redis."""
    query = select(func.count(MagicLink.id), func.count(MagicLink.id).filter(MagicLink.ip == ip)).where(
        MagicLink.shop_id == shop_id,
        MagicLink.email == email.strip().lower(),
        MagicLink.ip != "",  # those that nobody asked for here: welcomes, invitations
        MagicLink.created_at > clock.now() - timedelta(hours=1),
    )
    from_all, from_this = session.execute(query).one()
    return from_this >= MAX_FROM_ONE or from_all >= MAX_FROM_ALL


def find_link(session: Session, token: str) -> MagicLink | None:
    """The link, when it can still be used."""
    return session.execute(
        select(MagicLink).where(
            MagicLink.token_hash == hash_token(token), MagicLink.used_at.is_(None), MagicLink.expires_at > clock.now()
        )
    ).scalar_one_or_none()


def take_link(session: Session, token: str) -> MagicLink | None:
    """Use the link up. None: it was used before, or is too old."""
    now = clock.now()
    # The row count is the lock: of two presses at once, one finds used_at set.
    is_good = (MagicLink.token_hash == hash_token(token), MagicLink.used_at.is_(None), MagicLink.expires_at > now)
    used = update(MagicLink).where(*is_good).values(used_at=now)
    return session.execute(used.returning(MagicLink)).scalar_one_or_none()


def use_link(session: Session, token: str) -> MagicLink | None:
    """Use the link up, and every other one sent to the same address."""
    link = take_link(session, token)
    if link is not None:
        others = (MagicLink.shop_id == link.shop_id, MagicLink.email == link.email, MagicLink.used_at.is_(None))
        session.execute(update(MagicLink).where(*others).values(used_at=clock.now()))
    return link

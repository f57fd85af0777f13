"""The verbs of the portal that belong to no other domain: sending links, handing over, accepting terms, switching."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock, crypto, db
from app.auth import magic_links, rules
from app.auth.magic_links import Seat
from app.config import get_config
from app.emails.service import queue_email
from app.errors import Conflict
from app.languages import _
from app.models.shops import Shop, ShopSettings, ShopStatus
from app.models.vendors import Vendor, VendorUser

_HANDOVER: Final = "portal-handover"
_CONNECT: Final = "portal-connect"
_CONNECTED: Final = "portal-connected"
_CONNECT_LIFETIME: Final = timedelta(minutes=10)


def find_shop(session: Session, domain: str) -> Shop | None:
    """The installed shop of that domain; without a domain, the only installed one."""
    query = select(Shop).where(Shop.status == ShopStatus.INSTALLED).limit(2)
    if domain:
        query = query.where(Shop.domain == domain)
    shops = session.scalars(query).all()
    return shops[0] if len(shops) == 1 else None


# -- links ------------------------------------------------------------------------------------------------------------


def send_links(email: str, *, shop_domain: str, ip: str, is_known: bool, next_path: str | None) -> int:
    """E-mail a link for every shop in which `email` works (for the named one, if any). Returns how many were sent.

    What others asked for counts against strangers only, not against a browser that `is_known`.
    """
    with db.system() as session:
        shop = find_shop(session, shop_domain) if shop_domain else None
        seats = magic_links.list_seats(session, email, shop_id=shop.id if shop else None)
        by_shop = {seat.shop.id: seat for seat in reversed(seats)}
        free = [
            seat
            for seat in by_shop.values()
            if is_known or not magic_links.are_too_many(session, seat.shop.id, seat.user.email, ip)
        ]
        for seat in free:
            _send_link(session, seat, ip, next_path)
    return len(free)


def _send_link(session: Session, seat: Seat, ip: str, next_path: str | None) -> None:
    link = magic_links.issue_link(session, seat.shop.id, seat.user.email, ip=ip, next_path=next_path)
    context = {
        "vendor_name": seat.user.name or seat.vendor.name,
        "link": link,
        "link_lasts": rules.LINK_LIFETIME,
    }
    key = f"vendor_magic_link:{crypto.hash_token(link).hex()[:32]}"
    queue_email(session, seat.shop.id, "vendor_magic_link", seat.user.email, context, dedupe_key=key)


# -- from the storefront ----------------------------------------------------------------------------------------------


def find_customers_seat(session: Session, shop_id: int, customer_id: int) -> Seat | None:
    """The place of the person who connected this customer account to a vendor. Never found by e-mail address: a shop
    may let anybody register with an address they cannot read.
    """
    row = session.execute(
        select(VendorUser, Vendor, Shop)
        .join(Vendor, Vendor.customer_user_id == VendorUser.id)
        .join(Shop, Shop.id == Vendor.shop_id)
        .where(
            Vendor.shop_id == shop_id,
            VendorUser.vendor_id == Vendor.id,
            Vendor.shopify_customer_id == customer_id,
            Vendor.status.in_(magic_links.MAY_ENTER),
        )
        .order_by(Vendor.id)
        .limit(1)
    ).first()
    return Seat(*row) if row else None


def issue_handover(session: Session, seat: Seat) -> str:
    """The address that signs the seat's person in once, within a minute."""
    # For no address: an e-mailed link opens all places of the person, and is used up with every other one.
    token = magic_links.issue_token(session, seat.shop.id, rules.HANDOVER_LIFETIME)
    claims = {"token": token, "vendor_user": seat.user.id, "customer": seat.vendor.shopify_customer_id}
    ticket = _sign(claims, _HANDOVER, rules.HANDOVER_LIFETIME)
    # Too late, its sign-in page still has to know in whose frame it stands.
    return f"{get_config().portal_url}/portal/arrive/{ticket}?shop={seat.shop.domain}"


def find_handover(session: Session, ticket: str) -> Seat | None:
    """The seat of a hand-over that was not used before and still holds."""
    claims = crypto.read_ticket(ticket, get_config().secret_keys, _HANDOVER)
    link = magic_links.find_link(session, claims["token"]) if claims else None
    return _seat_of(session, claims, link.shop_id) if claims and link else None


def redeem_handover(session: Session, ticket: str) -> Seat | None:
    """The same, and it is used up."""
    claims = crypto.read_ticket(ticket, get_config().secret_keys, _HANDOVER)
    link = magic_links.take_link(session, claims["token"]) if claims else None
    return _seat_of(session, claims, link.shop_id) if claims and link else None


def _seat_of(session: Session, claims: dict[str, Any], shop_id: int) -> Seat | None:
    seat = find_customers_seat(session, shop_id, claims["customer"])
    return seat if seat and seat.user.id == claims["vendor_user"] else None


def issue_connection(user: VendorUser) -> str:
    """A ticket to carry to the storefront, where Shopify says which customer carries it. Only `user` ever gets it."""
    return _sign({"vendor_user": user.id, "shop": user.shop_id}, _CONNECT, _CONNECT_LIFETIME)


def confirm_connection(ticket: str, shop_id: int, customer_id: int) -> str | None:
    """At the storefront: the ticket back to the portal, now with the customer that Shopify vouched for."""
    claims = crypto.read_ticket(ticket, get_config().secret_keys, _CONNECT)
    if claims is None or claims["shop"] != shop_id:
        return None
    return _sign({"vendor_user": claims["vendor_user"], "customer": customer_id}, _CONNECTED, _CONNECT_LIFETIME)


def read_connection(ticket: str, user: VendorUser) -> int | None:
    """Back in the portal: the customer to connect, if the ticket is this person's own."""
    claims = crypto.read_ticket(ticket, get_config().secret_keys, _CONNECTED)
    return int(claims["customer"]) if claims and claims["vendor_user"] == user.id else None


def connect_customer(session: Session, vendor: Vendor, user: VendorUser, customer_id: int | None) -> None:
    """Let a customer account open this vendor's portal from the storefront, as `user` (None: no longer)."""
    before, vendor.shopify_customer_id = vendor.shopify_customer_id, customer_id
    vendor.customer_user_id = user.id if customer_id else None
    audit.record(
        session,
        vendor.shop_id,
        "vendor.connect_customer" if customer_id else "vendor.disconnect_customer",
        ("vendor", vendor.id),
        actor=f"vendor_user:{user.id}",
        vendor_id=vendor.id,
        changes={"shopify_customer_id": [before, customer_id]},
    )


def _sign(claims: dict[str, Any], purpose: str, lifetime: timedelta) -> str:
    return crypto.sign_ticket(claims, get_config().secret_keys, purpose, seconds=int(lifetime.total_seconds()))


# -- terms ------------------------------------------------------------------------------------------------------------


def accept_terms(session: Session, vendor: Vendor, user: VendorUser, version: str) -> None:
    """Write down that `user` accepted that version. Raises Conflict when the terms changed while they were read."""
    settings = session.get_one(ShopSettings, vendor.shop_id)
    if version != settings.terms_version:
        raise Conflict(_("The terms changed while you were reading. Read the new ones, then accept them."))
    before, vendor.terms_version, vendor.terms_accepted_at = vendor.terms_version, version, clock.now()
    audit.record(
        session,
        vendor.shop_id,
        "vendor.accept_terms",
        ("vendor", vendor.id),
        actor=f"vendor_user:{user.id}",
        vendor_id=vendor.id,
        changes={"terms_version": [before, version]},
    )

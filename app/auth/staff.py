"""Who of the shop's staff is asking, and what they may do.

Shopify's session token gives a number; the name is asked for once in a while. The first person ever, and the owner of
the store, may do everything; who comes later starts with the role that the shop chose for newcomers.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock, db
from app.auth.staff_roles import StaffRole
from app.errors import Conflict, NotFound
from app.models.api import ApiToken
from app.models.shops import Shop, ShopSettings
from app.models.staff import StaffMember
from app.shopify import tokens
from app.shopify.errors import ShopifyError
from app.shopify.id_tokens import IdToken

_SEEN_EVERY: Final = timedelta(minutes=5)
_ASK_AGAIN: Final = timedelta(days=30)
_ASK_SOON: Final = timedelta(hours=1)
_MOST: Final = 200
_log = structlog.get_logger()


def recognise(shop_id: int, token: IdToken) -> StaffMember:
    """The member behind a verified token. Shopify may be asked: no transaction may be open.

    A name that Shopify does not tell now is asked for again later: nobody is kept out for it.
    """
    with db.scoped(shop_id) as session:
        member = find_member(session, shop_id, token.staff_id)
    now = clock.now()
    if member is None or now - member.asked_at > (_ASK_AGAIN if member.name else _ASK_SOON):
        return _learn(shop_id, token)
    if now - member.last_seen_at > _SEEN_EVERY:
        with db.scoped(shop_id) as session:
            member = session.get_one(StaffMember, member.id)
            member.last_seen_at = now
    return member


def find_member(session: Session, shop_id: int, number: str) -> StaffMember | None:
    """By Shopify's number."""
    return session.scalar(select(StaffMember).where(StaffMember.shop_id == shop_id, StaffMember.number == number))


def list_members(session: Session, shop_id: int) -> Sequence[StaffMember]:
    """Who ever opened the app, latest first."""
    query = select(StaffMember).where(StaffMember.shop_id == shop_id).order_by(StaffMember.last_seen_at.desc())
    return session.scalars(query.limit(_MOST)).all()


def list_keepers(session: Session, shop_id: int) -> list[str]:
    """What to call those who may change others' roles."""
    query = select(StaffMember).where(StaffMember.shop_id == shop_id, StaffMember.role == StaffRole.EVERYTHING)
    return [member.called for member in session.scalars(query.order_by(StaffMember.id).limit(3))]


def change_role(session: Session, shop: Shop, member_id: int, role: StaffRole, *, actor: str) -> StaffMember:
    """Counts from the person's next click. Raises NotFound, Conflict when nobody could do everything any more."""
    session.execute(select(Shop.id).where(Shop.id == shop.id).with_for_update(key_share=True))
    member = session.scalar(select(StaffMember).where(StaffMember.shop_id == shop.id, StaffMember.id == member_id))
    if member is None:
        raise NotFound("There is no such person among your staff.")
    if member.is_account_owner and role is not StaffRole.EVERYTHING:
        raise Conflict(f"{member.called} owns the store and may always do everything.")
    before = member.role
    if before == role:
        return member
    if before == StaffRole.EVERYTHING and len(list_keepers(session, shop.id)) == 1:
        raise Conflict("Somebody has to be able to do everything. Give that role to another person first.")
    member.role = role
    changes = {"role": [before, role], "name": [member.called, member.called]}
    audit.record(session, shop.id, "staff.change_rights", ("shop", shop.id), actor=actor, changes=changes)
    return member


def newcomer_role(session: Session, shop_id: int) -> str:
    """What staff may do who open the app for the first time."""
    settings = session.get(ShopSettings, shop_id)
    return settings.newcomer_role if settings else StaffRole.VIEWER


def change_newcomer_role(session: Session, shop: Shop, role: StaffRole, *, actor: str) -> None:
    settings = session.get_one(ShopSettings, shop.id, with_for_update=True)
    if settings.newcomer_role != role:
        changes = {"newcomer_role": [settings.newcomer_role, role]}
        settings.newcomer_role = role
        audit.record(session, shop.id, "settings.change", ("shop", shop.id), actor=actor, changes=changes)


def list_names(session: Session, shop_id: int) -> dict[str, str]:
    """What to call each actor of the log that is staff: {"staff:42": "Mona Merchant"}."""
    return {f"staff:{member.number}": member.called for member in list_members(session, shop_id)}


_MACHINES: Final = {
    "system": "Stallkeeper",
    "schedule": "Stallkeeper",
    "operator": "The command line",
    "shopify": "Shopify",
    "rail": "PayPal or Stripe",
}


def who(actor: str) -> str:
    """An actor of the log in words, for a merchant's page."""
    kind, _, number = actor.partition(":")
    if kind == "staff":
        if "staff_names" not in g:
            g.staff_names = list_names(g.session, g.shop.id)
        return str(g.staff_names.get(actor, f"Staff member {number}"))
    if kind == "api":
        named = select(ApiToken.name).where(ApiToken.shop_id == g.shop.id, ApiToken.id == int(number))
        return name_machine(actor, g.session.scalar(named))
    return {"vendor_user": "The vendor", "applicant": "The applicant"}.get(kind) or name_machine(actor)


def name_machine(actor: str, token: str | None = None) -> str:
    """An actor of the log that is no person, in words. A program is called like its token, if that is still here."""
    kind, _, number = actor.partition(":")
    if kind == "api":
        return f"Program “{token}”" if token else f"Program with token {number}"
    return _MACHINES.get(kind, actor)


def _learn(shop_id: int, token: IdToken) -> StaffMember:
    try:
        person = tokens.identify(token)
    except ShopifyError as error:
        _log.warning("staff_not_named", shop=token.shop_domain, error=str(error))
        person = None
    now = clock.now()
    with db.scoped(shop_id) as session:
        # Two who come first at once must not both be the first.
        session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update(key_share=True))
        member = find_member(session, shop_id, token.staff_id)
        if member is None:
            role = newcomer_role(session, shop_id) if list_keepers(session, shop_id) else StaffRole.EVERYTHING
            member = StaffMember(shop_id=shop_id, number=token.staff_id, role=role, created_at=now)
            session.add(member)
        if person is not None:
            member.name, member.email, member.is_account_owner = person.name, person.email, person.is_owner
        if member.is_account_owner:
            member.role = StaffRole.EVERYTHING
        member.asked_at = member.last_seen_at = now
    return member

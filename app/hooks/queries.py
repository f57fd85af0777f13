"""Reads for the pages of other systems' addresses. All run in the shop's scope."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.models.hooks import CallState, Hook, HookCall
from app.models.shops import Shop

PER_PAGE: Final = 50


def list_hooks(session: Session, shop: Shop) -> Sequence[Row[Hook, int]]:
    """Each address, and how many calls to it failed for good."""
    failed = func.count(HookCall.id).filter(HookCall.state == CallState.FAILED)
    query = select(Hook, failed).outerjoin(HookCall, HookCall.hook_id == Hook.id)
    return session.execute(query.where(Hook.shop_id == shop.id).group_by(Hook.id).order_by(Hook.id)).all()


def find_hook(session: Session, shop: Shop, hook_id: int) -> Hook | None:
    return session.scalars(select(Hook).where(Hook.id == hook_id, Hook.shop_id == shop.id)).one_or_none()


def list_calls(
    session: Session, hook: Hook, state: str, place: Place = BEGINNING, *, limit: int = PER_PAGE
) -> Page[HookCall]:
    """Newest first."""
    which = [HookCall.hook_id == hook.id]
    if state in set(CallState):
        which.append(HookCall.state == CallState(state))
    newest = Sort((HookCall.id,), is_descending=True)
    return read_page(session, select(HookCall).where(*which), newest, place, limit=limit, make=only)


def count_failed(session: Session, hook: Hook) -> int:
    failed = (HookCall.hook_id == hook.id, HookCall.state == CallState.FAILED)
    return session.execute(select(func.count()).select_from(HookCall).where(*failed)).scalar_one()


def find_call(session: Session, shop: Shop, call_id: int) -> HookCall | None:
    return session.scalars(select(HookCall).where(HookCall.id == call_id, HookCall.shop_id == shop.id)).one_or_none()

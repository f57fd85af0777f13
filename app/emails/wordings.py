"""The words that a shop chose for its e-mails: looking them up, changing them, going back."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.emails import wording as rules
from app.emails.kinds import KINDS
from app.emails.wording import Wording
from app.errors import NotFound, ValidationErrors
from app.models.emails import EmailWording
from app.models.shops import Shop, ShopSettings


def find_wording(session: Session, shop_id: int, kind: str) -> Wording | None:
    """The shop's own words for a kind; None where it uses ours."""
    newest = (
        select(EmailWording.words)
        .where(EmailWording.shop_id == shop_id, EmailWording.kind == kind)
        .order_by(EmailWording.id.desc())
    )
    words = session.scalar(newest.limit(1))
    return rules.reword(kind, words) if words else None


def list_current(session: Session, shop_id: int) -> dict[str, EmailWording]:
    """The newest row of each kind that has one."""
    newest = select(func.max(EmailWording.id)).where(EmailWording.shop_id == shop_id).group_by(EmailWording.kind)
    return {row.kind: row for row in session.scalars(select(EmailWording).where(EmailWording.id.in_(newest)))}


def list_history(session: Session, shop_id: int, kind: str) -> Sequence[EmailWording]:
    """The latest twenty, newest first."""
    query = select(EmailWording).where(EmailWording.shop_id == shop_id, EmailWording.kind == kind)
    return session.scalars(query.order_by(EmailWording.id.desc()).limit(20)).all()


def get_earlier(session: Session, shop_id: int, kind: str, wording_id: int) -> Wording:
    """Words from the history. Raises NotFound."""
    query = select(EmailWording.words).where(
        EmailWording.shop_id == shop_id, EmailWording.kind == kind, EmailWording.id == wording_id
    )
    words = session.scalar(query)
    if words is None:
        raise NotFound("There are no such earlier words.")
    return rules.reword(kind, words)


def change_wording(session: Session, shop: Shop, kind: str, wanted: Wording, *, actor: str) -> bool:
    """Use these words from the next e-mail on. Returns whether that is a change; ours again is a reset.

    Raises ValidationErrors for words that could not be sent.
    """
    if errors := rules.check(kind, wanted):
        raise ValidationErrors(errors)
    session.get_one(ShopSettings, shop.id, with_for_update=True)  # of two saves one is the newer
    before = find_wording(session, shop.id, kind) or rules.default_wording(kind)
    if wanted == before:
        return False
    words = {} if wanted == rules.default_wording(kind) else _words(wanted)
    session.add(EmailWording(shop_id=shop.id, kind=kind, words=words, actor=actor, created_at=clock.now()))
    changes: dict[str, Any] = {
        name: [old, _words(wanted)[name]] for name, old in _words(before).items() if old != _words(wanted)[name]
    }
    action = "email.change_words" if words else "email.reset_words"
    audit.record(session, shop.id, action, ("shop", shop.id), actor=actor, reason=KINDS[kind].label, changes=changes)
    session.flush()
    return True


def _words(wording: Wording) -> dict[str, str]:
    return {name: value for name, value in asdict(wording).items() if name in rules.LONGEST}

"""The words that a shop chose for its e-mails: looking them up, changing them, going back."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import ask_once
from app.emails import wording as rules
from app.emails.kinds import KINDS
from app.emails.wording import Wording
from app.errors import NotFound, ValidationErrors
from app.models.emails import EmailWording
from app.models.events import AuditEntry
from app.models.shops import Shop, ShopSettings

_ACTIONS: Final = ("email.change_words", "email.reset_words")


def find_wording(session: Session, shop_id: int, kind: str, language: str) -> Wording | None:
    """The shop's own words for a kind in a language; None where it uses ours."""
    newest = select(EmailWording.words).where(_is_of(shop_id, kind, language)).order_by(EmailWording.id.desc())
    words = ask_once(session, (find_wording, shop_id, kind, language), lambda: session.scalar(newest.limit(1)))
    return rules.reword(kind, language, words) if words else None


def list_current(session: Session, shop_id: int) -> dict[tuple[str, str], EmailWording]:
    """The newest row of each kind and language that has one."""
    newest = (
        select(func.max(EmailWording.id))
        .where(EmailWording.shop_id == shop_id)
        .group_by(EmailWording.kind, EmailWording.language)
    )
    rows = session.scalars(select(EmailWording).where(EmailWording.id.in_(newest)))
    return {(row.kind, row.language): row for row in rows}


def list_history(session: Session, shop_id: int, kind: str, language: str) -> Sequence[EmailWording]:
    """The latest twenty, newest first."""
    query = select(EmailWording).where(_is_of(shop_id, kind, language))
    return session.scalars(query.order_by(EmailWording.id.desc()).limit(20)).all()


def get_earlier(session: Session, shop_id: int, kind: str, language: str, wording_id: int) -> Wording:
    """Words from the history. Raises NotFound."""
    query = select(EmailWording.words).where(_is_of(shop_id, kind, language), EmailWording.id == wording_id)
    words = session.scalar(query)
    if words is None:
        raise NotFound("There are no such earlier words.")
    return rules.reword(kind, language, words)


def change_wording(session: Session, shop: Shop, kind: str, language: str, wanted: Wording, *, actor: str) -> bool:
    """Use these words from the next e-mail on. Returns whether that is a change; ours again is a reset.

    Raises ValidationErrors for words that could not be sent.
    """
    if errors := rules.check(kind, wanted):
        raise ValidationErrors(errors)
    session.get_one(ShopSettings, shop.id, with_for_update=True)  # of two saves one is the newer
    ours = rules.default_wording(kind, language)
    before = find_wording(session, shop.id, kind, language) or ours
    if wanted == before:
        return False
    words = {} if wanted == ours else _words(wanted)
    row = EmailWording(shop_id=shop.id, kind=kind, language=language, words=words, actor=actor, created_at=clock.now())
    session.add(row)
    changes: dict[str, Any] = {
        name: [old, _words(wanted)[name]] for name, old in _words(before).items() if old != _words(wanted)[name]
    }
    action, about = _ACTIONS[0 if words else 1], _about(kind, language)
    audit.record(session, shop.id, action, ("shop", shop.id), actor=actor, reason=about, changes=changes)
    session.flush()
    return True


def changes_of(kind: str, language: str) -> ColumnElement[bool]:
    """Which entries of the log tell of these words."""
    return AuditEntry.action.in_(_ACTIONS) & (AuditEntry.reason == _about(kind, language))


def _about(kind: str, language: str) -> str:
    return KINDS[kind].label if language == "en" else f"{KINDS[kind].label} ({language})"


def _is_of(shop_id: int, kind: str, language: str) -> ColumnElement[bool]:
    return and_(EmailWording.shop_id == shop_id, EmailWording.kind == kind, EmailWording.language == language)


def _words(wording: Wording) -> dict[str, str]:
    return {name: value for name, value in asdict(wording).items() if name in rules.LONGEST}

"""Answers to vendors that staff keep for use again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.errors import Conflict, NotFound, ValidationErrors
from app.models.approvals import SavedReply
from app.typed import tidy, tidy_lines

MOST: Final = 50
PLACEHOLDERS: Final = {
    "{vendor}": "the vendor's name",
    "{product}": "the product's title",
    "{shop}": "your store's name",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A saved reply with its placeholders filled in for one product."""

    title: str
    words: str


def list_replies(session: Session, shop_id: int) -> Sequence[SavedReply]:
    """By title."""
    query = select(SavedReply).where(SavedReply.shop_id == shop_id)
    return session.scalars(query.order_by(func.lower(SavedReply.title), SavedReply.id)).all()


def list_filled(session: Session, shop_id: int, *, vendor: str, product: str, shop: str) -> Sequence[Reply]:
    """As they would be sent about this product."""
    held = list_replies(session, shop_id)
    return [Reply(reply.title, fill_for(reply.body, vendor=vendor, product=product, shop=shop)) for reply in held]


def fill_for(body: str, *, vendor: str, product: str, shop: str) -> str:
    """`body` as it is sent about one product."""
    return fill(body, {"{vendor}": vendor, "{product}": product, "{shop}": shop})


def fill(body: str, names: dict[str, str]) -> str:
    """`body` with its placeholders replaced in one go: a title that holds a placeholder stays as it is."""
    parts: list[str] = []
    rest = body
    while rest:
        found = min((place for name in names if (place := rest.find(name)) >= 0), default=-1)
        if found < 0:
            return "".join([*parts, rest])
        name = next(name for name in names if rest.startswith(name, found))
        parts += [rest[:found], names[name]]
        rest = rest[found + len(name) :]
    return "".join(parts)


def save_reply(session: Session, shop_id: int, reply_id: int | None, title: str, body: str, *, actor: str) -> None:
    """A new reply for None. Raises NotFound, ValidationErrors naming `title` or `body`, Conflict."""
    title, body = tidy(title), tidy_lines(body)
    errors = {}
    if not title or len(title) > 80:
        errors["title"] = "Give the reply a title of at most 80 characters."
    if not body or len(body) > 2000:
        errors["body"] = "Write what the vendor reads, up to 2,000 characters."
    if errors:
        raise ValidationErrors(errors)
    if reply_id is None:
        count = select(func.count()).select_from(SavedReply).where(SavedReply.shop_id == shop_id)
        if (session.scalar(count) or 0) >= MOST:
            raise Conflict(f"There are {MOST} saved replies already. Remove one first.")
        reply = SavedReply(shop_id=shop_id, title=title, body=body)
        session.add(reply)
    else:
        reply = _get(session, shop_id, reply_id)
    before = [reply.title, reply.body]
    reply.title, reply.body = title, body
    session.flush()
    changes = {"reply": [before, [title, body]]}
    audit.record(session, shop_id, "saved_reply.save", ("saved_reply", reply.id), actor=actor, changes=changes)


def remove_reply(session: Session, shop_id: int, reply_id: int, *, actor: str) -> None:
    """Raises NotFound."""
    reply = _get(session, shop_id, reply_id)
    changes = {"reply": [[reply.title, reply.body], None]}
    audit.record(session, shop_id, "saved_reply.remove", ("saved_reply", reply.id), actor=actor, changes=changes)
    session.delete(reply)
    session.flush()


def _get(session: Session, shop_id: int, reply_id: int) -> SavedReply:
    reply = session.scalar(select(SavedReply).where(SavedReply.shop_id == shop_id, SavedReply.id == reply_id))
    if reply is None:
        raise NotFound("There is no such reply.")
    return reply

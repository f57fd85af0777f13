"""The e-mail log, as the merchant reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models.emails import Email

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the log and how many e-mails there are in all."""

    emails: Sequence[Email]
    total: int


def list_emails(
    session: Session, shop_id: int, *, search: str = "", status: str = "", kind: str = "", page: int = 1
) -> Page:
    """Newest first. `search` looks into address and subject."""
    where = [Email.shop_id == shop_id]
    if search:
        where.append(
            or_(Email.to_address.icontains(search, autoescape=True), Email.subject.icontains(search, autoescape=True))
        )
    if status:
        where.append(Email.status == status)
    if kind:
        where.append(Email.kind == kind)
    total = session.scalar(select(func.count()).select_from(Email).where(*where)) or 0
    emails = session.scalars(
        select(Email).where(*where).order_by(Email.id.desc()).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    ).all()
    return Page(emails, total)


def get_email(session: Session, shop_id: int, email_id: int) -> Email:
    email = session.scalar(select(Email).where(Email.shop_id == shop_id, Email.id == email_id))
    if email is None:
        raise NotFound("There is no such e-mail.")
    return email

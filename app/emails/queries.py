"""The e-mail log, as the merchant reads it."""

from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.models.emails import Email

PER_PAGE: Final = 50
_SORTS: Final = {"newest": Sort((Email.id,), is_descending=True), "oldest": Sort((Email.id,))}


def list_emails(
    session: Session,
    shop_id: int,
    *,
    search: str = "",
    status: str = "",
    kind: str = "",
    sort: str = "newest",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Email]:
    """`search` looks into address and subject."""
    where = [Email.shop_id == shop_id]
    if search:
        where.append(
            or_(Email.to_address.icontains(search, autoescape=True), Email.subject.icontains(search, autoescape=True))
        )
    if status:
        where.append(Email.status == status)
    if kind:
        where.append(Email.kind == kind)
    order = _SORTS.get(sort, _SORTS["newest"])
    return read_page(session, select(Email).where(*where), order, place, limit=limit, make=only)


def get_email(session: Session, shop_id: int, email_id: int) -> Email:
    email = session.scalar(select(Email).where(Email.shop_id == shop_id, Email.id == email_id))
    if email is None:
        raise NotFound("There is no such e-mail.")
    return email

"""Reading questions."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.db import Scope, read_at_once
from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.models.customer_questions import Question, QuestionState
from app.models.orders import Order
from app.models.products import Product
from app.models.vendors import Vendor
from app.orders.queries import by_customer

PER_PAGE: Final = 25
SHOWN: Final = 20
_SHOWN: Final = """
    SELECT words, shown_name AS name, answer FROM questions
    WHERE vendor_id = (SELECT id FROM vendors
                       WHERE shop_id = %(shop_id)s AND handle = %(handle)s AND status = 'approved')
      AND state = 'answered' AND may_be_shown
      AND CASE WHEN %(product)s::text IS NULL THEN product_id IS NULL
          ELSE product_id = (SELECT id FROM products WHERE shop_id = %(shop_id)s AND shopify_gid = %(product)s) END
    ORDER BY answered_at DESC, id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Row:
    question: Question
    vendor: Vendor
    product: Product | None


def list_questions(
    session: Session,
    shop_id: int,
    *,
    state: str = "",
    vendor_id: int | None = None,
    search: str = "",
    sort: str = "",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Row]:
    """Those whose asker is proven. `sort`: "newest" or "oldest"; else open ones oldest first, the rest newest first."""
    asked = [Question.shop_id == shop_id, Question.state != QuestionState.UNCONFIRMED]
    if state in set(QuestionState):
        asked.append(Question.state == state)
    if vendor_id is not None:
        asked.append(Question.vendor_id == vendor_id)
    texts = (Question.words, Question.answer)
    asked += [or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in search.split()[:8]]
    order = Sort(
        (Question.asked_at, Question.id), is_descending=sort == "newest" if sort else state != QuestionState.OPEN
    )
    return read_page(session, _rows().where(*asked), order, place, limit=limit, make=Row)


def list_shown(shop_id: int, handle: str, product_gid: str | None) -> list[dict[str, Any]]:
    """Answered ones that their askers let be shown, newest first; of a product, or of the vendor as a whole.

    In a transaction and a round trip of its own.
    """
    values = {"shop_id": shop_id, "handle": handle, "product": product_gid, "most": SHOWN}
    return [row._asdict() for row in read_at_once(Scope(shop_id), _SHOWN, **values)]


def count_open(session: Session, vendor_id: int) -> int:
    waiting = (Question.vendor_id == vendor_id, Question.state == QuestionState.OPEN)
    return session.scalar(select(func.count()).select_from(Question).where(*waiting)) or 0


def find_known_email(session: Session, shop_id: int, customer_id: int) -> str | None:
    """The address of the customer's newest order: Shopify knows that it is theirs."""
    query = select(Order.customer_email).where(by_customer(shop_id, customer_id), Order.customer_email.is_not(None))
    return session.scalar(query.order_by(Order.ordered_at.desc()).limit(1))


def _rows() -> Any:
    return (
        select(Question, Vendor, Product)
        .join(Vendor, Vendor.id == Question.vendor_id)
        .outerjoin(Product, Product.id == Question.product_id)
    )

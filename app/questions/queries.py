"""Reading questions."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.keyset import BEGINNING, Page, Place, Sort, read_page
from app.models.customer_questions import Question, QuestionState
from app.models.orders import Order
from app.models.products import Product
from app.models.vendors import Vendor
from app.orders.queries import by_customer

PER_PAGE: Final = 25
SHOWN: Final = 20


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
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[Row]:
    """Those whose asker is proven; open ones oldest first, the rest newest first."""
    asked = [Question.shop_id == shop_id, Question.state != QuestionState.UNCONFIRMED]
    if state in set(QuestionState):
        asked.append(Question.state == state)
    if vendor_id is not None:
        asked.append(Question.vendor_id == vendor_id)
    texts = (Question.words, Question.answer)
    asked += [or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in search.split()[:8]]
    order = Sort((Question.asked_at, Question.id), is_descending=state != QuestionState.OPEN)
    return read_page(session, _rows().where(*asked), order, place, limit=limit, make=Row)


def list_shown(session: Session, shop_id: int, vendor_id: int, product_gid: str | None) -> list[dict[str, Any]]:
    """Answered ones that their askers let be shown, newest first; of a product, or of the vendor as a whole."""
    query = _rows().where(
        Question.shop_id == shop_id,
        Question.vendor_id == vendor_id,
        Question.state == QuestionState.ANSWERED,
        Question.may_be_shown,
    )
    query = query.where(Product.shopify_gid == product_gid if product_gid else Question.product_id.is_(None))
    found = session.execute(query.order_by(Question.answered_at.desc(), Question.id.desc()).limit(SHOWN)).all()
    return [{"words": asked.words, "name": asked.shown_name, "answer": asked.answer} for asked, _, _ in found]


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

"""The verbs of questions: asking, proving one's address, answering, hiding.

A vendor reads a question once its asker is known: signed in with an order here, or by the link in an e-mail.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock, events
from app.auth import letters
from app.config import get_config
from app.db import system
from app.emails.service import queue_email
from app.errors import Conflict, NotFound, ValidationErrors
from app.languages import _
from app.models.customer_questions import Question, QuestionAsker, QuestionState
from app.models.emails import Email
from app.models.events import DomainEvent
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor

PURPOSE: Final = "question"
LONGEST_WORDS: Final = 1000
LONGEST_NAME: Final = 60
LONGEST_ANSWER: Final = 2000
_LINK_LASTS: Final = timedelta(days=7)
_UNCONFIRMED_LASTS: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it comes in; tidied."""

    key: str
    words: str
    name: str
    may_be_shown: bool
    product_gid: str | None = None


def ask(
    session: Session, vendor: Vendor, asked: Asked, email: str, *, customer_id: int | None, is_proven: bool
) -> Question:
    """Take a question in; the same key again is the same question. `is_proven`: the address is the asker's.

    Raises ValidationErrors.
    """
    if not asked.words or len(asked.words) > LONGEST_WORDS:
        raise ValidationErrors(
            {"words": _("Write your question in at most %(number)s characters.", number=LONGEST_WORDS)}
        )
    if len(asked.name) > LONGEST_NAME:
        raise ValidationErrors({"name": _("Use at most %(number)s characters.", number=LONGEST_NAME)})
    new = {
        "shop_id": vendor.shop_id,
        "vendor_id": vendor.id,
        "product_id": _find_product(session, vendor, asked.product_gid),
        "key": asked.key,
        "words": asked.words,
        "shown_name": asked.name,
        "may_be_shown": asked.may_be_shown,
        "asked_at": clock.now(),
    }
    number = session.scalar(insert(Question).values(new).on_conflict_do_nothing().returning(Question.id))
    if number is None:
        known = (Question.shop_id == vendor.shop_id, Question.key == asked.key)
        return session.scalars(select(Question).where(*known)).one()
    question = session.get_one(Question, number)
    session.add(QuestionAsker(question_id=number, shop_id=vendor.shop_id, email=email, customer_id=customer_id))
    session.flush()
    if is_proven:
        _open(session, vendor, question)
    else:
        _ask_to_confirm(session, vendor, question, email)
    return question


def confirm(session: Session, question: Question) -> None:
    """The address is proven: the vendor reads it now. Again changes nothing."""
    session.refresh(question, with_for_update=True)
    if question.state is QuestionState.UNCONFIRMED:
        _open(session, session.get_one(Vendor, question.vendor_id), question)


def answer(session: Session, vendor: Vendor, question_id: int, words: str, *, actor: str) -> Question:
    """Raises NotFound, ValidationErrors."""
    question = _lock(session, vendor.shop_id, question_id)
    if question.vendor_id != vendor.id or question.state in {QuestionState.UNCONFIRMED, QuestionState.HIDDEN}:
        raise NotFound(_("This question is not here any more."))
    if not words or len(words) > LONGEST_ANSWER:
        raise ValidationErrors(
            {"answer": _("Write an answer of at most %(number)s characters.", number=LONGEST_ANSWER)}
        )
    is_first = question.answered_at is None
    question.answer, question.state = words, QuestionState.ANSWERED
    question.answered_at = question.answered_at or clock.now()
    _record(session, question, "answer", actor)
    if is_first:
        # The asker's address is not the vendor's to know: the shop writes the e-mail.
        events.publish(session, vendor.shop_id, "QuestionAnswered", vendor_id=vendor.id, question_id=question.id)
    return question


def hide(session: Session, shop_id: int, question_id: int, *, hidden: bool, actor: str) -> Question:
    """Take a question off the shop's pages and the vendor's, or give it back. Raises NotFound, Conflict."""
    question = _lock(session, shop_id, question_id)
    if hidden == (question.state is QuestionState.HIDDEN):
        raise Conflict("That has been done already. Look at the list again.")
    if hidden:
        question.state, question.hidden_at = QuestionState.HIDDEN, clock.now()
    else:
        question.state = QuestionState.ANSWERED if question.answered_at else QuestionState.OPEN
        question.hidden_at = None
    _record(session, question, "hide" if hidden else "show", actor)
    return question


def tell_asker(session: Session, event: DomainEvent) -> None:
    """QuestionAnswered: who asked gets the answer."""
    question = session.get(Question, event.subject["question_id"])
    asker = session.get(QuestionAsker, event.subject["question_id"])
    if question is None or asker is None:
        return
    vendor = session.get_one(Vendor, question.vendor_id)
    context = {
        "customer_name": question.shown_name,
        "vendor_name": vendor.name,
        "question": question.words,
        "answer": question.answer,
        "link": _page_of(session, question, vendor),
    }
    key = f"customer_question_answered:{question.id}"
    queue_email(session, question.shop_id, "customer_question_answered", asker.email, context, dedupe_key=key)


def forget(session: Session, shop_id: int, customer_id: int | None, emails: frozenset[str]) -> int:
    """Delete what this customer asked, and what the vendor was told of it. Returns how many questions."""
    theirs: list[ColumnElement[bool]] = [func.lower(QuestionAsker.email).in_(emails)]
    if customer_id is not None:
        theirs.append(QuestionAsker.customer_id == customer_id)
    whose = select(QuestionAsker.question_id).where(QuestionAsker.shop_id == shop_id, or_(*theirs))
    found = session.scalars(whose).all()
    gone = "The customer asked to be forgotten."
    for number in found:
        told = (Email.shop_id == shop_id, Email.dedupe_key == f"vendor_question:{number}")
        session.execute(update(Email).where(*told).values(html=f"<p>{gone}</p>", text_body=gone))
        session.delete(session.get_one(Question, number))
    session.flush()
    return len(found)


def remove_unconfirmed() -> int:
    """Questions whose askers never said that they were theirs, in every shop. Returns how many."""
    old = (Question.state == QuestionState.UNCONFIRMED, Question.asked_at < clock.now() - _UNCONFIRMED_LASTS)
    with system() as session:
        return len(session.scalars(delete(Question).where(*old).returning(Question.id)).all())


def _open(session: Session, vendor: Vendor, question: Question) -> None:
    question.state = QuestionState.OPEN
    session.flush()
    context = {
        "vendor_name": vendor.name,
        "question": question.words,
        "link": f"{get_config().portal_url}/portal/customer-questions",
    }
    key = f"vendor_question:{question.id}"
    queue_email(session, vendor.shop_id, "vendor_question", vendor.email, context, vendor_id=vendor.id, dedupe_key=key)
    events.publish(session, vendor.shop_id, "QuestionAsked", vendor_id=vendor.id, question_id=question.id)


def _ask_to_confirm(session: Session, vendor: Vendor, question: Question, email: str) -> None:
    link = letters.link(vendor.shop_id, PURPOSE, question.id, seconds=int(_LINK_LASTS.total_seconds()))
    # Nothing that was typed stands in it: anybody may have typed this address.
    context = {"vendor_name": vendor.name, "link": link, "link_lasts": _LINK_LASTS}
    key = f"customer_question_confirm:{question.id}"
    queue_email(session, vendor.shop_id, "customer_question_confirm", email, context, dedupe_key=key)


def _find_product(session: Session, vendor: Vendor, gid: str | None) -> int | None:
    known = (Product.shop_id == vendor.shop_id, Product.vendor_id == vendor.id, Product.shopify_gid == gid)
    return session.scalar(select(Product.id).where(*known)) if gid else None


def _page_of(session: Session, question: Question, vendor: Vendor) -> str:
    shop = session.get_one(Shop, question.shop_id)
    product = session.get(Product, question.product_id) if question.product_id else None
    path = f"/products/{product.handle}" if product and product.handle else f"/pages/vendors/{vendor.handle}"
    return get_config().storefront_url(shop.domain, shop.primary_host) + path


def _lock(session: Session, shop_id: int, question_id: int) -> Question:
    query = select(Question).where(Question.shop_id == shop_id, Question.id == question_id)
    question = session.scalar(query.with_for_update())
    if question is None:
        raise NotFound("There is no such question.")
    return question


def _record(session: Session, question: Question, action: str, actor: str) -> None:
    subject = ("question", question.id)
    audit.record(session, question.shop_id, f"question.{action}", subject, actor=actor, vendor_id=question.vendor_id)

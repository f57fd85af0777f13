"""What the shop asks of its vendors: the merchant's list of questions, vendors' answers, and their documents.

Documents stay with us, encrypted, and are handed out as downloads only, to the vendor's owners and the shop's staff.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.config import get_config
from app.errors import NotFound, ValidationErrors
from app.languages import _
from app.models.questions import QuestionKind, VendorAnswer, VendorQuestion
from app.models.vendors import Vendor
from app.typed import storable, tidy, tidy_lines

MAX_BYTES: Final = 5 * 1024 * 1024
MOST: Final = 20
LONGEST: Final = 2000
_TYPES: Final = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
"""By how a file begins: the name that somebody gave it says nothing."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and a vendor's answer to it, if there is one."""

    question: VendorQuestion
    answer: VendorAnswer | None


def list_questions(session: Session, shop_id: int) -> Sequence[VendorQuestion]:
    """What is asked now, in the order in which it was added."""
    asked = select(VendorQuestion).where(VendorQuestion.shop_id == shop_id, VendorQuestion.ended_at.is_(None))
    return session.scalars(asked.order_by(VendorQuestion.id)).all()


def add_question(
    session: Session, shop_id: int, *, kind: str, label: str, hint: str, choices: str, is_required: bool, actor: str
) -> VendorQuestion:
    """Ask every vendor one thing more. `choices`: one in a line. Raises ValidationErrors."""
    label, hint = tidy(label), tidy(hint)
    options = list(dict.fromkeys(filter(None, map(tidy, choices.splitlines())))) if kind == QuestionKind.CHOICE else []
    errors: dict[str, str] = {}
    if kind not in set(QuestionKind):
        errors["kind"] = "Choose what kind of answer you want."
    if not label or len(label) > 200:
        errors["label"] = "Write the question, with at most 200 characters."
    if len(hint) > 300:
        errors["help"] = "Use at most 300 characters."
    if kind == QuestionKind.CHOICE and not 2 <= len(options) <= 20:
        errors["choices"] = "Write between 2 and 20 answers to choose from, one in a line."
    if len(list_questions(session, shop_id)) >= MOST:
        errors["label"] = f"You ask {MOST} questions already. Remove one first."
    if errors:
        raise ValidationErrors(errors)
    question = VendorQuestion(
        shop_id=shop_id, kind=QuestionKind(kind), label=label, help=hint, choices=options, is_required=is_required
    )
    question.created_at = clock.now()
    session.add(question)
    session.flush()
    changes = {"question": [None, label]}
    audit.record(session, shop_id, "questions.add", ("question", question.id), actor=actor, changes=changes)
    return question


def end_question(session: Session, shop_id: int, question_id: int, *, actor: str) -> None:
    """Ask no more; answers stay with the vendors. A second time changes nothing. Raises NotFound."""
    mine = (VendorQuestion.shop_id == shop_id, VendorQuestion.id == question_id)
    question = session.scalar(select(VendorQuestion).where(*mine).with_for_update())
    if question is None:
        raise NotFound("There is no such question.")
    if question.ended_at is None:
        question.ended_at = clock.now()
        changes = {"question": [question.label, None]}
        audit.record(session, shop_id, "questions.remove", ("question", question.id), actor=actor, changes=changes)


def list_asked(session: Session, vendor: Vendor, *, with_ended: bool = False) -> list[Asked]:
    """Everything that the vendor is asked; `with_ended`, also what they answered once."""
    query = (
        select(VendorQuestion, VendorAnswer)
        .outerjoin(
            VendorAnswer, (VendorAnswer.question_id == VendorQuestion.id) & (VendorAnswer.vendor_id == vendor.id)
        )
        .where(VendorQuestion.shop_id == vendor.shop_id)
        .order_by(VendorQuestion.id)
    )
    found = [Asked(question, answer) for question, answer in session.execute(query)]
    return [one for one in found if one.question.ended_at is None or (with_ended and one.answer is not None)]


def count_open(session: Session, vendor: Vendor) -> int | None:
    """How many answers are still owed; None when the shop asks nothing."""
    asked = list_asked(session, vendor)
    return sum(one.question.is_required and one.answer is None for one in asked) if asked else None


def answer_all(session: Session, vendor: Vendor, words: dict[int, str], files: dict[int, Upload], *, actor: str) -> int:
    """Keep what was answered; a document that is not sent again stays. Returns how many answers are new or changed.

    Raises ValidationErrors by "q<number>" of each question whose answer will not do; then nothing is kept.
    """
    errors: dict[str, str] = {}
    wanted: list[tuple[VendorQuestion, str, Upload | None, str | None]] = []
    for asked in list_asked(session, vendor):
        question, upload = asked.question, files.get(asked.question.id)
        given = tidy_lines(storable(words.get(question.id, "")))
        problem, kind = check(asked, given, upload)
        if problem:
            errors[f"q{question.id}"] = problem
        elif question.kind is QuestionKind.FILE:
            wanted += [(question, tidy(upload.name)[:120] or "document", upload, kind)] if upload else []
        elif given != (asked.answer.words if asked.answer else ""):
            wanted.append((question, given, None, None))
    if errors:
        raise ValidationErrors(errors)
    for question, text, upload, kind in wanted:
        keep(session, vendor, question, text, upload, kind, actor=actor)
    if wanted:
        changes = {"answers": [None, ", ".join(question.label for question, *_ in wanted)]}
        subject = ("vendor", vendor.id)
        audit.record(
            session, vendor.shop_id, "vendor.answer", subject, actor=actor, vendor_id=vendor.id, changes=changes
        )
    return len(wanted)


def get_document(session: Session, vendor: Vendor, answer_id: int) -> tuple[VendorAnswer, bytes]:
    """A document of this vendor's. Raises NotFound."""
    mine = (VendorAnswer.vendor_id == vendor.id, VendorAnswer.id == answer_id, VendorAnswer.content.is_not(None))
    answer = session.scalar(select(VendorAnswer).where(*mine))
    if answer is None or answer.content is None:
        raise NotFound(_("There is no such document any more."))
    return answer, base64.b64decode(crypto.decrypt(answer.content, get_config().secret_keys))


def remove_document(session: Session, vendor: Vendor, answer_id: int, *, actor: str) -> None:
    """Delete a document for good. Raises NotFound."""
    answer, _content = get_document(session, vendor, answer_id)
    changes = {"document": [answer.words, None]}
    session.delete(answer)
    subject = ("vendor", vendor.id)
    audit.record(
        session, vendor.shop_id, "vendor.remove_document", subject, actor=actor, vendor_id=vendor.id, changes=changes
    )


def check(asked: Asked, given: str, upload: Upload | None) -> tuple[str | None, str | None]:
    """What is wrong with an answer, and of a good document its type."""
    question = asked.question
    if question.kind is QuestionKind.FILE:
        if upload is None:
            is_owed = question.is_required and asked.answer is None
            return (_("Choose the file.") if is_owed else None), None
        return _check_document(upload)
    if not given:
        return (_("Answer this, too.") if question.is_required else None), None
    if question.kind is QuestionKind.CHOICE and given not in question.choices:
        return _("Choose one of the answers."), None
    if question.kind is QuestionKind.YES_NO and given not in {"yes", "no"}:
        return _("Choose yes or no."), None
    return (_("Use at most 2,000 characters.") if len(given) > LONGEST else None), None


def _check_document(upload: Upload) -> tuple[str | None, str | None]:
    if len(upload.content) > MAX_BYTES:
        return _("This file is larger than 5 MB. Send a smaller one."), None
    kind = next((kind for mark, kind in _TYPES.items() if upload.content.startswith(mark)), None)
    return (None, kind) if kind else (_("Send a PDF, JPEG or PNG."), None)


def keep(
    session: Session,
    vendor: Vendor,
    question: VendorQuestion,
    text: str,
    upload: Upload | None = None,
    kind: str | None = None,
    *,
    actor: str,
) -> None:
    """The vendor's answer from now on: words that `check` let pass, or a document and its type."""
    packed = base64.b64encode(upload.content).decode() if upload else None
    values = {
        "words": text,
        "content": crypto.encrypt(packed, get_config().secret_keys) if packed is not None else None,
        "content_type": kind,
        "size": len(upload.content) if upload else None,
        "answered_by": actor,
        "answered_at": clock.now(),
    }
    mine = {"shop_id": vendor.shop_id, "vendor_id": vendor.id, "question_id": question.id}
    row = insert(VendorAnswer).values(**mine, **values)
    session.execute(row.on_conflict_do_update(index_elements=["vendor_id", "question_id"], set_=values))

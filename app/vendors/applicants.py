"""What applicants are asked beyond the form's own fields, on the storefront: answers in words, and documents by name.

Anybody may type anybody's address there, so documents are taken from the vendor pages alone, after the link by mail.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.models.questions import QuestionKind, VendorQuestion
from app.models.vendors import Vendor
from app.typed import storable, tidy_lines
from app.vendors import questions
from app.vendors.questions import Asked


def list_questions(session: Session, shop_id: int) -> Sequence[VendorQuestion]:
    """What the form asks, in order; documents last, because they come later."""
    asked = [question for question in questions.list_questions(session, shop_id) if question.at_application]
    return sorted(asked, key=lambda question: question.kind is QuestionKind.FILE)


def describe(question: VendorQuestion) -> dict[str, Any]:
    """The question as data, for the storefront's script."""
    return {
        "name": f"q{question.id}",
        "kind": question.kind.value,
        "label": question.label,
        "help": question.help,
        "choices": question.choices,
        "required": question.is_required,
        "max_length": questions.LONGEST,
    }


def read_answers(
    asked: Sequence[VendorQuestion], values: Mapping[str, Any]
) -> tuple[list[tuple[VendorQuestion, str]], dict[str, str]]:
    """What was answered in words, and what is wrong with it by the field's name.

    A question that the form did not show, as one without its script does not, is left for the vendor pages.
    """
    answers, errors = [], {}
    for question in asked:
        name, given = f"q{question.id}", values.get(f"q{question.id}")
        if question.kind is QuestionKind.FILE or not isinstance(given, str):
            continue
        words = tidy_lines(storable(given))
        problem, _type = questions.check(Asked(question, None), words, None)
        if problem:
            errors[name] = problem
        elif words:
            answers.append((question, words))
    return answers, errors


def keep_answers(session: Session, vendor: Vendor, answers: Sequence[tuple[VendorQuestion, str]]) -> None:
    """Store what an applicant answered, in the applicant's name."""
    for question, words in answers:
        questions.keep(session, vendor, question, words, actor=f"applicant:{vendor.email}")

"""What the shop asks of its vendors: answered by owners, seen by the shop, kept encrypted, handed out as downloads."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import db, rotation
from app.models.events import AuditEntry
from app.models.questions import VendorAnswer, VendorQuestion
from app.models.shops import Shop
from app.models.staff import StaffMember
from app.models.vendors import Vendor, VendorUser
from app.vendors import questions
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.portal.conftest import signed_in

PAGE = "/app/settings/questions"
PDF = b"%PDF-1.7 trade licence of Ada"
ASKED = {
    "How do you pack?": {"kind": "text", "is_required": "y"},
    "Where are you registered?": {"kind": "choice", "choices": "Hamburg\r\nBremen\r\nHamburg\r\n", "is_required": "y"},
    "Do you insure parcels?": {"kind": "yes_no"},
    "Trade licence": {"kind": "file", "is_required": "y"},
}


@pytest.fixture(scope="module")
def app() -> Flask:
    return get_app()


@pytest.fixture
def merchant(merchant: FlaskClient) -> FlaskClient:
    """Has asked what is to be asked."""
    for label, form in ASKED.items():
        assert merchant.post(PAGE, data={"label": label, **form}).status_code == 200
    return merchant


@pytest.fixture
def adas(app: Flask, seller: Vendor) -> FlaskClient:
    return signed_in(app, seller)


def fill(**changes: object) -> dict[str, object]:
    """A whole answer, by the numbers that the questions have."""
    with db.system() as session:
        numbers = session.scalars(select(VendorQuestion.id).order_by(VendorQuestion.id)).all()
    names = [f"q{number}" for number in numbers]
    licence = (io.BytesIO(PDF), "licence.pdf")
    given: dict[str, object] = dict(
        zip(("packs", "where", "insures", "licence"), ("In straw", "Bremen", "no", licence), strict=True)
    )
    given |= changes
    return {name: value for name, value in zip(names, given.values(), strict=True) if value is not None}


def document() -> int:
    with db.system() as session:
        return session.scalars(select(VendorAnswer.id).where(VendorAnswer.content_type.is_not(None))).one()


def test_the_list_shows_what_is_asked_and_says_what_is_wrong_with_a_question(merchant: FlaskClient) -> None:
    page = merchant.get(PAGE).text
    assert lint_polaris(page) == []
    assert "One of several answers: Hamburg, Bremen" in page
    for form, words in (
        ({"label": " ", "kind": "text"}, "Write the question"),
        ({"label": "x", "kind": "choice", "choices": "One"}, "between 2 and 20 answers"),
        ({"label": "x", "kind": "riddle"}, "what kind of answer"),
    ):
        refused = merchant.post(PAGE, data=form)
        assert (refused.status_code, words in refused.text) == (422, True)


def test_answers_are_given_in_the_portal_and_read_by_the_shop(
    merchant: FlaskClient, adas: FlaskClient, seller: Vendor
) -> None:
    assert "3 questions of the shop to answer" in adas.get("/portal").text
    assert adas.post("/portal/questions", data=fill()).status_code == 303
    assert "questions of the shop to answer" not in adas.get("/portal").text
    page = merchant.get(f"/app/vendors/{seller.id}").text
    assert lint_polaris(page) == []
    for words in ("In straw", "Bremen", "No", "licence.pdf"):
        assert words in page
    kept = adas.post("/portal/questions", data=fill(packs="In paper", licence=None))
    assert kept.status_code == 303
    assert "licence.pdf" in adas.get("/portal/questions").text
    with db.system() as session:
        log = session.scalars(select(AuditEntry.changes).where(AuditEntry.action == "vendor.answer")).all()
    assert log[-1] == {"answers": [None, "How do you pack?"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"packs": ""}, "Answer this, too."),
        ({"packs": "x" * 2001}, "at most 2,000 characters"),
        ({"where": "Paris"}, "Choose one of the answers."),
        ({"insures": "maybe"}, "Choose yes or no."),
        ({"licence": None}, "Choose the file."),
        ({"licence": (io.BytesIO(b"<html>"), "licence.pdf")}, "Send a PDF, JPEG or PNG."),
        ({"licence": (io.BytesIO(b"%PDF-" + b"x" * 1000), "big.pdf")}, "larger than 5 MB"),
    ],
)
def test_an_answer_that_will_not_do_keeps_none_of_them(
    adas: FlaskClient, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], words: str
) -> None:
    monkeypatch.setattr(questions, "MAX_BYTES", 1000)
    refused = adas.post("/portal/questions", data=fill(**changes))
    assert (refused.status_code, words in refused.text) == (422, True)
    with db.system() as session:
        assert session.scalars(select(VendorAnswer.id)).all() == []


def test_a_document_lies_encrypted_survives_new_keys_and_comes_as_a_download(
    merchant: FlaskClient, adas: FlaskClient, seller: Vendor
) -> None:
    adas.post("/portal/questions", data=fill(licence=(io.BytesIO(PDF), "../../licence.pdf")))
    with db.system() as session:
        [content] = session.scalars(select(VendorAnswer.content).where(VendorAnswer.content.is_not(None)))
    assert content is not None
    assert b"trade licence" not in content
    assert rotation.rotate_all() >= 1
    for answer in (
        adas.get(f"/portal/questions/documents/{document()}"),
        merchant.get(f"/app/vendors/{seller.id}/documents/{document()}"),
    ):
        assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert "vendor.open_document" in merchant.get("/app/log/export.csv").text


def test_documents_are_out_of_reach_of_others(
    app: Flask, merchant: FlaskClient, adas: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    adas.post("/portal/questions", data=fill())
    bea = make_vendor(shop, "Bea's Bakery", "bea@example.com")
    assert signed_in(app, bea).get(f"/portal/questions/documents/{document()}").status_code == 404
    assert merchant.get(f"/app/vendors/{bea.id}/documents/{document()}").status_code == 404
    with db.scoped(shop.id, bea.id) as session:
        assert session.scalars(select(VendorAnswer.id)).all() == []
    with db.system() as session:
        session.execute(update(VendorUser).values(role="catalogue"))
        session.execute(update(StaffMember).values(role="orders"))
    assert adas.get(f"/portal/questions/documents/{document()}").status_code == 403
    assert merchant.get(f"/app/vendors/{seller.id}/documents/{document()}").status_code == 403


def test_the_vendor_deletes_a_document_and_then_owes_it_again(adas: FlaskClient) -> None:
    adas.post("/portal/questions", data=fill())
    assert adas.post(f"/portal/questions/documents/{document()}/remove").status_code == 303
    assert "1 question of the shop to answer" in adas.get("/portal").text


def test_a_question_that_is_asked_no_more_keeps_its_answers(
    merchant: FlaskClient, adas: FlaskClient, seller: Vendor
) -> None:
    adas.post("/portal/questions", data=fill())
    with db.system() as session:
        first = session.scalars(select(VendorQuestion.id).order_by(VendorQuestion.id)).first()
    assert merchant.post(f"{PAGE}/{first}/remove").status_code == 200
    assert "How do you pack?" not in adas.get("/portal/questions").text
    page = merchant.get(f"/app/vendors/{seller.id}").text
    assert ("not asked any more" in page, "In straw" in page) == (True, True)

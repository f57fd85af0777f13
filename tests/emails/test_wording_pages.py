"""Changing the words of an e-mail, by the merchant's real door, to the e-mail that leaves."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.emails.service import queue_email
from app.emails.wording import default_wording
from app.models.emails import Email, EmailWording
from app.models.events import AuditEntry
from app.models.shops import Shop
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor

KIND = "vendor_rejected"
PAGE = f"/app/emails/words/{KIND}"
OURS = default_wording(KIND)
WORDS = {
    "subject": "No, {{ vendor_name }}",
    "preview": "Sorry",
    "heading": "Not now",
    "body": "Because:\n\n> {{ reason }}",
}


def emails(shop: Shop) -> list[Email]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(Email).order_by(Email.id)))


def write(shop: Shop, number: int, *, vendor_id: int | None = None) -> Email:
    with db.scoped(shop.id, vendor_id) as session:
        context = {"vendor_name": "Ada", "reason": "Too few pictures."}
        queue_email(session, shop.id, KIND, "ada@example.com", context, vendor_id=vendor_id, dedupe_key=f"t:{number}")
    return emails(shop)[-1]


def test_changed_words_are_in_the_next_email_until_they_are_reset(merchant: FlaskClient, shop: Shop) -> None:
    answer = merchant.post(PAGE, data=WORDS)
    assert answer.status_code == 200
    assert lint_polaris(answer.text) == []
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    sent = write(shop, 1, vendor_id=ada.id)  # a vendor's own request sends with them, too
    assert (sent.subject, "Not now" in sent.html, "Because:" in sent.text_body) == ("No, Ada", True, True)
    assert merchant.post(f"{PAGE}/reset").status_code == 200
    assert write(shop, 2).subject == f"Your application to {shop.name}"
    with db.scoped(shop.id) as session:
        actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
        kept = list(session.scalars(select(EmailWording).order_by(EmailWording.id)))
    assert actions[-2:] == ["email.change_words", "email.reset_words"]
    assert [row.words.get("subject") for row in kept] == ["No, {{ vendor_name }}", None]
    again = merchant.get(f"{PAGE}?from={kept[0].id}").text
    assert "Earlier words are in the form" in again
    assert "No, {{ vendor_name }}" in again


def test_words_that_cannot_be_sent_are_refused_and_nothing_is_lost(merchant: FlaskClient, shop: Shop) -> None:
    answer = merchant.post(PAGE, data=WORDS | {"subject": "Order {{ order_name }}"})
    assert answer.status_code == 422
    assert "knows no {{ order_name }}" in answer.text
    assert "&gt; {{ reason }}" in answer.text
    with db.scoped(shop.id) as session:
        assert session.scalars(select(EmailWording)).all() == []


def test_saving_what_is_there_already_writes_nothing(merchant: FlaskClient, shop: Shop) -> None:
    ours: dict[str, Any] = {name: getattr(OURS, name) for name in WORDS}
    assert "Nothing had changed" in merchant.post(PAGE, data=ours).headers["HX-Trigger"]
    with db.scoped(shop.id) as session:
        assert session.scalars(select(EmailWording)).all() == []


def test_the_preview_speaks_of_the_shops_newest_vendor(merchant: FlaskClient, shop: Shop) -> None:
    make_vendor(shop, "Bea's Bakery", "bea@example.com")
    shown = merchant.post(f"{PAGE}/preview", data=WORDS).text
    assert "No, Bea&#39;s Bakery" in shown
    assert "Examples stand for: the reason you gave." in shown
    assert "cannot be sent yet" in merchant.post(f"{PAGE}/preview", data=WORDS | {"body": "{{ x }}"}).text


def test_a_test_goes_to_the_address_that_was_given_with_words_that_are_not_saved(
    merchant: FlaskClient, shop: Shop
) -> None:
    assert merchant.post(f"{PAGE}/test", data=WORDS | {"to": "nobody"}).status_code == 422
    wrong = WORDS | {"to": "me@acme.example", "subject": "{{ x }}"}
    refused = merchant.post(f"{PAGE}/test", data=wrong, headers={"HX-Request": "true"})
    assert (refused.status_code, refused.headers["HX-Reswap"]) == (422, "none"), "what was typed stays"
    assert "knows no {{ x }}" in refused.headers["HX-Trigger"]
    answer = merchant.post(f"{PAGE}/test", data=WORDS | {"to": "me@acme.example"})
    assert answer.status_code == 200
    [sent] = emails(shop)
    assert (sent.to_address, sent.subject) == ("me@acme.example", "[Test] No, Ada's Ceramics")
    assert write(shop, 1).subject == f"Your application to {shop.name}"


def test_every_kind_has_its_page(merchant: FlaskClient, shop: Shop) -> None:
    for page in (
        "/app/emails/words",
        "/app/emails/words/vendor_new_order",
        "/app/emails/words/customer_order_received",
    ):
        answer = merchant.get(page)
        assert answer.status_code == 200
        assert lint_polaris(answer.text) == []
    assert merchant.get("/app/emails/words/nothing").status_code == 404

"""The merchant asks a vendor, and reads what a decision does before making it."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.emails import Email
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.vendors.effects import Standing, list_effects
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor


def mails(shop: Shop) -> list[Email]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(Email).order_by(Email.id)))


def test_a_question_reaches_the_applicant_by_e_mail_stays_in_the_history_and_decides_nothing(
    merchant: FlaskClient, shop: Shop
) -> None:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com", VendorStatus.PENDING)
    path = f"/app/vendors/{ada.id}"
    empty = merchant.post(f"{path}/ask", data={"question": " "})
    assert (empty.status_code, "Write what you want to know" in empty.text, mails(shop)) == (422, True, [])
    long = merchant.post(f"{path}/ask", data={"question": "x" * 2001})
    assert (long.status_code, "x" * 2001 in long.text) == (422, True), "what was typed is not lost"
    asked = merchant.post(f"{path}/ask", data={"question": "Do you have <b>a kiln</b> of your own?"})
    assert (asked.status_code, lint_polaris(asked.text)) == (200, [])
    assert "Asked: Do you have &lt;b&gt;a kiln&lt;/b&gt; of your own?" in asked.text
    [mail] = mails(shop)
    assert (mail.kind, mail.to_address) == ("vendor_asked", "ada@example.com")
    assert "Do you have <b>a kiln</b> of your own?" in mail.text_body
    assert "<b>a kiln</b>" not in mail.html
    with db.scoped(shop.id) as session:
        assert session.get_one(Vendor, ada.id).status is VendorStatus.PENDING
        assert session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "vendor.ask")).one()


def test_without_a_mailbox_to_answer_to_nobody_is_asked(merchant: FlaskClient, shop: Shop) -> None:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com", VendorStatus.PENDING)
    with db.scoped(shop.id) as session:
        session.get_one(Shop, shop.id).email = None
    assert "no e-mail address to answer to" in merchant.get(f"/app/vendors/{ada.id}").text
    refused = merchant.post(f"/app/vendors/{ada.id}/ask", data={"question": "Where is your kiln?"})
    assert (refused.status_code, mails(shop)) == (422, [])
    assert "your store has no e-mail address" in refused.text
    assert "Where is your kiln?" in refused.text, "what was typed is not lost"


def test_who_is_closed_or_of_another_shop_is_not_asked(merchant: FlaskClient, shop: Shop, zenith: Shop) -> None:
    gone = make_vendor(shop, "Gone", "gone@example.com", VendorStatus.CLOSED)
    other = make_vendor(zenith, "Cy", "cy@example.com")
    assert "Send the question" not in merchant.get(f"/app/vendors/{gone.id}").text
    assert merchant.post(f"/app/vendors/{gone.id}/ask", data={"question": "Back?"}).status_code == 409
    assert merchant.post(f"/app/vendors/{other.id}/ask", data={"question": "Back?"}).status_code == 404
    assert (mails(shop), mails(zenith)) == ([], [])


def test_who_sells_again_is_told_and_the_reason_stays_in_the_log(merchant: FlaskClient, shop: Shop) -> None:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com", VendorStatus.SUSPENDED)
    shown = merchant.get(f"/app/vendors/{ada.id}").text
    assert lint_polaris(shown) == []
    assert "payouts go on. An e-mail says so." in shown
    assert "still to be sent" not in shown, "there is nothing to send"
    merchant.post(f"/app/vendors/{ada.id}/reinstate", data={"reason": "Papers came"})
    assert [(mail.kind, mail.to_address) for mail in mails(shop)] == [("vendor_reinstated", "ada@example.com")]
    assert "Sells again: Papers came" in merchant.get(f"/app/vendors/{ada.id}").text


def test_effects_name_what_is_touched() -> None:
    some, one, none = (list_effects(Standing(goods, orders)) for goods, orders in ((12, 3), (1, 1), (0, 0)))
    assert "12 products go off sale. 3 orders that are still to be sent stay theirs to send." in some["suspend"]
    assert "1 product goes off sale. 1 order that is still to be sent stays theirs to send." in one["suspend"]
    assert none["suspend"] == "The public page is hidden. Nothing is paid out meanwhile."
    assert "3 orders are still to be sent: see first who sends them." in some["close"]
    assert "1 order is still to be sent: see first who sends it." in one["close"]
    assert "still to be sent" not in none["close"]


@pytest.mark.parametrize("status", [VendorStatus.PENDING, VendorStatus.REJECTED])
def test_an_applicant_who_is_put_away_is_not_told_that_a_shop_was_closed(
    merchant: FlaskClient, shop: Shop, status: VendorStatus
) -> None:
    ada = make_vendor(shop, "Ada", "ada@example.com", status)
    assert "The vendor reads it in an e-mail." not in merchant.get(f"/app/vendors/{ada.id}").text
    assert merchant.post(f"/app/vendors/{ada.id}/close", data={"reason": "Twice the same"}).status_code == 200
    assert mails(shop) == []


def test_who_is_closed_is_told_with_the_reason_where_there_is_one(merchant: FlaskClient, shop: Shop) -> None:
    for name, reason in (("Ada", "You asked us to"), ("Bea", "")):
        vendor = make_vendor(shop, name, f"{name.lower()}@example.com", VendorStatus.SUSPENDED)
        assert "The vendor reads it in an e-mail." in merchant.get(f"/app/vendors/{vendor.id}").text
        assert merchant.post(f"/app/vendors/{vendor.id}/close", data={"reason": reason}).status_code == 200
        assert merchant.post(f"/app/vendors/{vendor.id}/close", data={"reason": "Again"}).status_code == 409
    told, plain = mails(shop)
    assert {told.kind, plain.kind} == {"vendor_closed"}
    assert (told.to_address, plain.to_address) == ("ada@example.com", "bea@example.com")
    assert "You asked us to" in told.text_body
    assert ">" not in plain.text_body, "no empty quotation"

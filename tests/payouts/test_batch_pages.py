"""Payouts by the merchant's pages: each state, each refusal in words, what is not there, and nobody else's."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.auth.staff_roles import StaffRole
from app.models.events import AuditEntry
from app.models.payouts import Payout, PayoutBatch, PayoutState, RailName
from app.models.shops import Shop
from app.models.staff import StaffMember
from app.models.vendors import Vendor, VendorStatus
from app.payouts import service
from app.payouts.checks import check_books
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.payouts.conftest import ACCOUNTS, earn, use_account
from tests.payouts.reading import read_lines
from tests.portal.conftest import signed_in


@pytest.fixture
def merchant(acme: Shop, merchant: FlaskClient) -> FlaskClient:
    return merchant


@pytest.fixture
def ada_paid(acme: Shop, payee: Callable[[str], Vendor]) -> Vendor:
    """Ada, with 42.00 to be paid to her bank account."""
    ada = payee("bank")
    earn(acme, ada, "sale", 4200)
    return ada


def only(shop: Shop) -> Payout:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Payout)).one()


def batch_of(merchant: FlaskClient, shop: Shop) -> tuple[str, str]:
    """A batch prepared on the page; its address and its payout's."""
    answer = merchant.post("/app/payouts", data={"everybody": "yes"})
    assert answer.status_code == 200
    payout = only(shop)
    assert answer.headers["HX-Push-Url"] == f"/app/payouts/{payout.batch_id}"
    return f"/app/payouts/{payout.batch_id}", f"/app/payouts/{payout.batch_id}/payouts/{payout.id}"


def test_a_batch_goes_from_the_preview_to_the_bank_and_back(
    merchant: FlaskClient, acme: Shop, ada_paid: Vendor
) -> None:
    assert "$42.00" in merchant.get("/app/payouts").text
    batch, payout = batch_of(merchant, acme)
    explained = re.search(r'href="(/app/books/entries/\d+)"[^>]*>\$42.00<', merchant.get(payout).text)
    assert explained
    assert merchant.get(explained[1]).status_code == 200
    steps: tuple[tuple[str, dict[str, str], PayoutState], ...] = (
        (f"{payout}/hold", {"reason": "A question"}, PayoutState.ON_HOLD),
        (f"{payout}/release", {}, PayoutState.PENDING),
        (f"{batch}/approve", {}, PayoutState.APPROVED),
        (f"{batch}/make_file", {}, PayoutState.SENDING),
        (f"{batch}/mark_sent", {}, PayoutState.SENT),
        (f"{payout}/settle", {}, PayoutState.SETTLED),
        (f"{payout}/fail", {"reason": "The bank sent it back"}, PayoutState.FAILED),
    )
    for path, form, state in steps:
        answer = merchant.post(path, data=form or {"x": "y"})
        assert (answer.status_code, only(acme).state) == (200, state), path
        assert lint_polaris(answer.text) == [], path
        assert ("1 payout is on hold." in merchant.get(batch).text) is (state is PayoutState.ON_HOLD)
    page = merchant.get(payout).text
    assert "A question" in page
    assert "The bank sent it back" in page
    assert "$42.00" in merchant.get("/app/payouts").text, "it can be paid again"
    with db.scoped(acme.id) as session:
        assert check_books(session, session.get_one(Shop, acme.id)).holds


@pytest.mark.parametrize(
    ("path", "form", "status", "words"),
    [
        ("{payout}/hold", {"reason": " "}, 422, "Say why."),
        ("{payout}/settle", {}, 409, "so that is no longer possible"),
        ("{payout}/undo", {"reason": "x"}, 409, "so that is no longer possible"),
        ("{payout}/refuse", {}, 404, "There is no such action."),
        ("{payout}/send", {}, 404, "There is no such action."),
        ("{batch}/settle", {}, 404, "There is no such action."),
        ("{batch}/make_file", {}, 409, "Approve at least one payout first."),
        ("{batch}/send", {}, 409, "There is nothing approved to send."),
        ("{batch}/mark_sent", {}, 409, "There was nothing left to do."),
        ("{payout}/by-hand", {"reference": " ", "paid_on": "2026-11-01"}, 422, "Enter the reference"),
        ("{payout}/by-hand", {"reference": "T1", "paid_on": ""}, 422, "Enter the day on which it was paid."),
        ("{payout}/by-hand", {"reference": "T1", "paid_on": "2199-01-01"}, 422, "This day has not come yet."),
        ("/app/payouts", {"vendor": "999"}, 409, "Nobody of these can be paid now."),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    merchant: FlaskClient, acme: Shop, ada_paid: Vendor, path: str, form: dict[str, str], status: int, words: str
) -> None:
    batch, payout = batch_of(merchant, acme)
    answer = merchant.post(path.format(batch=batch, payout=payout), data=form or {"x": "y"})
    assert answer.status_code == status
    assert words in answer.text + answer.headers.get("HX-Trigger", "")
    assert only(acme).state is PayoutState.PENDING


def test_what_was_paid_by_hand_says_how_and_can_be_undone(merchant: FlaskClient, acme: Shop, ada_paid: Vendor) -> None:
    _, payout = batch_of(merchant, acme)
    paid = merchant.post(f"{payout}/by-hand", data={"reference": "Transfer 7", "paid_on": "2026-11-01"})
    assert (paid.status_code, only(acme).state) == (200, PayoutState.SENT)
    assert "Transfer 7" in paid.text
    assert "Nov 1, 2026" in paid.text
    assert "Sent on Nov 1, 2026" in read_lines(merchant.get(f"{payout}/statement.pdf").data)
    portal = signed_in(get_app(), ada_paid)
    for page in ("", "/payouts", f"/payouts/{only(acme).id}"):
        assert "Nov 1, 2026" in portal.get(f"/portal/money{page}").text
    assert merchant.post(f"{payout}/undo", data={"reason": "Typed too early"}).status_code == 200
    assert only(acme).state is PayoutState.APPROVED


def test_the_banks_words_end_before_what_became_of_the_money(
    merchant: FlaskClient, acme: Shop, ada_paid: Vendor
) -> None:
    batch, payout = batch_of(merchant, acme)
    for address in (f"{batch}/approve", f"{batch}/make_file", f"{batch}/mark_sent"):
        merchant.post(address, data={"x": "y"})
    merchant.post(f"{payout}/fail", data={"reason": "Account closed"})
    page = signed_in(get_app(), ada_paid).get(f"/portal/money/payouts/{only(acme).id}").text
    assert "Account closed. The amount is in your available balance again." in page


def test_papers_come_when_there_are_some(merchant: FlaskClient, acme: Shop, ada_paid: Vendor) -> None:
    batch, payout = batch_of(merchant, acme)
    assert merchant.get(f"{batch}/file.csv").status_code == 409, "no file was made"
    for action in ("approve", "make_file"):
        assert merchant.post(f"{batch}/{action}", data={"x": "y"}).status_code == 200
    assert only(acme).reference in merchant.get(f"{batch}/file.csv").text
    without_payer = merchant.get(f"{batch}/file.xml")
    assert without_payer.status_code == 400
    assert "Enter the account that pays" in without_payer.text
    assert merchant.get(f"{batch}/file.txt").status_code == 404
    assert merchant.get(f"{payout}/statement.pdf").data.startswith(b"%PDF")
    assert "42.00" in merchant.get(f"{payout}/statement.csv").text
    assert merchant.get(f"{payout}/statement.doc").status_code == 404


def pay_from(merchant: FlaskClient, iban: str) -> None:
    assert merchant.post("/app/payouts/settings/payer", data={"name": "Acme", "iban": iban}).status_code == 200


def test_a_batchs_bank_file_says_the_same_for_ever(merchant: FlaskClient, acme: Shop, ada_paid: Vendor) -> None:
    batch, _ = batch_of(merchant, acme)
    for action in ("approve", "make_file"):
        merchant.post(f"{batch}/{action}", data={"x": "y"})
    pay_from(merchant, "GB29NWBK60161331926819")
    pay_from(merchant, "DE89370400440532013000")
    first = merchant.get(f"{batch}/file.xml").data
    assert b"DE89370400440532013000" in first, "nobody has seen a file with the account before"
    pay_from(merchant, "GB29NWBK60161331926819")
    with db.system() as session:
        shop = session.get_one(Shop, acme.id)
        shop.name, shop.timezone = "Acme and Sons", "Pacific/Kiritimati"
    assert merchant.get(f"{batch}/file.xml").data == first
    assert "Acme and Sons" not in merchant.get(f"{batch}/file.csv").text
    assert "•••• 3000" in merchant.get(batch).text


def test_a_file_that_the_bank_refused_is_paid_by_another(merchant: FlaskClient, acme: Shop, ada_paid: Vendor) -> None:
    batch, _ = batch_of(merchant, acme)
    for action in ("approve", "make_file"):
        merchant.post(f"{batch}/{action}", data={"x": "y"})
    pay_from(merchant, "DE89370400440532013000")
    first = merchant.get(f"{batch}/file.xml").text
    refused = {"payout": str(only(acme).id), "action": "fail"}
    assert "Say why." in merchant.post(f"{batch}/together", data=refused).text
    back = merchant.post(f"{batch}/together", data=refused | {"reason": "The bank refused the account that pays"})
    assert (back.status_code, only(acme).state) == (200, PayoutState.FAILED)
    assert ("file.xml" in back.text, "file.csv" in back.text) == (False, False)
    for kind in ("xml", "csv"):
        refusal = merchant.get(f"{batch}/file.{kind}")
        assert (refusal.status_code, "pay them twice" in refusal.text) == (409, True), kind
    pay_from(merchant, "GB29NWBK60161331926819")
    second = merchant.post("/app/payouts", data={"everybody": "yes"}).headers["HX-Push-Url"]
    for action in ("approve", "make_file"):
        merchant.post(f"{second}/{action}", data={"x": "y"})
    text = merchant.get(f"{second}/file.xml").text
    assert "GB29NWBK60161331926819" in text
    ids = [file.split("<MsgId>")[1].split("<")[0] for file in (first, text)]
    assert ids[0] != ids[1]


def test_a_payout_held_when_the_file_was_made_leads_to_a_later_batch(
    merchant: FlaskClient, acme: Shop, ada_paid: Vendor, bea: Vendor
) -> None:
    use_account(bea, ACCOUNTS[RailName.BANK])
    earn(acme, bea, "loaf", 1000)
    batch = merchant.post("/app/payouts", data={"everybody": "yes"}).headers["HX-Push-Url"]
    merchant.post(f"{batch}/approve", data={"x": "y"})
    with db.scoped(acme.id) as session:
        session.execute(update(Vendor).where(Vendor.id == bea.id).values(status=VendorStatus.SUSPENDED))
    page = merchant.post(f"{batch}/make_file", data={"x": "y"}).text
    assert "1 payout is to a bank account, but not in the bank file" in page
    assert "release it" not in page
    with db.scoped(acme.id) as session:
        held = session.scalars(select(Payout).where(Payout.vendor_id == bea.id)).one()
    assert held.state is PayoutState.ON_HOLD
    assert "End the hold" not in merchant.get(f"{batch}/payouts/{held.id}").text
    released = merchant.post(f"{batch}/together", data={"payout": str(held.id), "action": "release"})
    assert "Cancel this payout; the next batch pays it." in released.text
    merchant.post(f"{batch}/mark_sent", data={"x": "y"})
    assert "Nothing is left to do" not in merchant.get(batch).text
    assert "Nothing is left to do" in merchant.post(f"{batch}/cancel", data={"x": "y"}).text


def test_what_waits_for_approval_when_the_file_was_made_is_not_offered_for_it(
    merchant: FlaskClient, acme: Shop, ada_paid: Vendor
) -> None:
    batch, _ = batch_of(merchant, acme)
    assert "Approve all" in merchant.get(batch).text
    with db.scoped(acme.id) as session:
        session.execute(update(PayoutBatch).values(file_made_at=clock.now()))
    page = merchant.get(batch).text
    assert ("Approve all" in page, "not in the bank file" in page) == (False, True)
    assert merchant.post(f"{batch}/approve", data={"x": "y"}).status_code == 409


def test_who_only_looks_does_not_fix_which_account_pays(merchant: FlaskClient, acme: Shop, ada_paid: Vendor) -> None:
    batch, _ = batch_of(merchant, acme)
    for action in ("approve", "make_file"):
        merchant.post(f"{batch}/{action}", data={"x": "y"})
    pay_from(merchant, "DE89370400440532013000")
    assert "file.xml" in merchant.get(batch).text
    become(StaffRole.VIEWER)
    assert "file.xml" not in merchant.get(batch).text
    refusal = merchant.get(f"{batch}/file.xml")
    assert (refusal.status_code, "takes the first file" in refusal.text) == (403, True)
    become(StaffRole.MONEY)
    first = merchant.get(f"{batch}/file.xml").data
    become(StaffRole.VIEWER)
    assert "file.xml" in merchant.get(batch).text
    assert merchant.get(f"{batch}/file.xml").data == first
    with db.scoped(acme.id) as session:
        taken = select(AuditEntry.subject_id).where(AuditEntry.action == "payout_batch.take_file")
        assert session.scalars(taken).all() == [only(acme).batch_id]


def become(role: StaffRole) -> None:
    with db.system() as session:
        session.execute(update(StaffMember).values(role=role))


def test_payouts_are_found_and_taken_away_as_a_file(merchant: FlaskClient, acme: Shop, ada_paid: Vendor) -> None:
    batch, _ = batch_of(merchant, acme)
    reference = only(acme).reference
    shown = merchant.get(f"/app/payouts?q={reference.lower()}").text
    assert ("Batch 1" in shown, f"/app/payouts/export.csv?q={reference.lower()}" in shown) == (True, True)
    nothing = merchant.get("/app/payouts?q=nobody").text
    assert lint_polaris(nothing) == []
    assert ("Batch 1" in nothing, 'name="q"' in nothing) == (False, True)
    for address in ("/app/payouts/export.csv", f"{batch}/export.csv?state=pending", "/app/payouts/export.csv?q=ada"):
        lines = merchant.get(address).text.splitlines()
        assert lines[0].lstrip("\ufeff").startswith("reference,vendor,batch")
        assert lines[1].startswith(f"{reference},Ada's Ceramics,1,")
        assert lines[1].endswith("pending,bank,42.00,USD")
    for address in (f"{batch}/export.csv?state=sent", "/app/payouts/export.csv?q=bea"):
        assert len(merchant.get(address).text.splitlines()) == 1


def test_who_searches_and_finds_nobody_may_still_pay_everybody(
    merchant: FlaskClient, acme: Shop, ada_paid: Vendor, bea: Vendor
) -> None:
    use_account(bea, ACCOUNTS[RailName.BANK])
    earn(acme, bea, "sale-of-bea", 4200)
    found = [merchant.get(f"/app/payouts?q={words}").text for words in ("ada", "nobody")]
    assert ["Prepare the ticked" in page for page in found] == [True, False]
    assert ["Prepare all 2" in page for page in found] == [True, True]


def test_another_shops_batches_are_not_there(merchant: FlaskClient, acme: Shop, zenith: Shop, cy: Vendor) -> None:
    earn(zenith, cy, "sale", 100)
    with db.scoped(zenith.id) as session:
        vendor = session.get_one(Vendor, cy.id)
        vendor.payout_account, vendor.payout_holder, vendor.payout_last4 = b"x", b"x", "3000"
        batch = service.open_batch(session, session.get_one(Shop, zenith.id), None, actor="staff:1")
        payout = session.scalars(select(Payout.id)).one()
    pages = (
        f"/app/payouts/{batch.id}",
        f"/app/payouts/{batch.id}/payouts/{payout}",
        f"/app/payouts/{batch.id}/file.csv",
    )
    assert [merchant.get(path).status_code for path in pages] == [404] * 3
    assert merchant.post(f"/app/payouts/{batch.id}/approve", data={"x": "y"}).status_code == 404
    assert "Cycles" not in merchant.get("/app/payouts").text

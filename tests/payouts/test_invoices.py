"""Fee invoices: every commission on one paper, numbers without gaps, on paper in any European language."""

import io
import re
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import MultiDict

from app import clock, db
from app.config import get_config
from app.crypto import encrypt
from app.errors import Conflict
from app.languages import speaking
from app.ledger.rules import Account, Entry, Posting
from app.ledger.service import post_once
from app.models.payouts import FeeInvoice, FeeInvoicePosting, InvoiceRun
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts import invoice_files, invoice_lists, invoice_runs, invoices, settings, vendor_archives
from app.payouts.forms import InvoiceForm
from app.vendors.payout_details import PayoutDetails, change_payout_details
from tests.payouts.reading import read_lines
from tests.shops.test_settings import browser as browser  # noqa: PLC0414 - the fixture

WHO = {"invoice_name": "Acme & Söhne", "invoice_address": "1 Harbour Road\nŁódź", "invoice_country": "PL"}


@pytest.fixture
def seller(acme: Shop) -> Shop:
    with db.scoped(acme.id) as session:
        settings.save_invoicing(session, acme, WHO, actor="test")
    return acme


def charge(shop: Shop, vendor: Vendor, key: str, net: int, tax: int = 0) -> None:
    """Commission, and the tax on it; below zero it is given back."""
    amounts = ((Account.COMMISSION, net), (Account.FEE_TAX, tax))
    entries = tuple(Entry(account, minor) for account, minor in amounts if minor)
    with db.scoped(shop.id) as session:
        posting = Posting(
            key,
            "sale",
            clock.now(),
            (*entries, Entry(Account.VENDOR_PENDING, -net - tax, vendor.id)),
            vendor_id=vendor.id,
        )
        post_once(session, shop.id, shop.currency, posting)


def issue(shop: Shop) -> int:
    """To all vendors; returns how many."""
    with db.scoped(shop.id) as session:
        until = clock.today(shop.timezone) + timedelta(days=1)
        number = invoice_runs.ask(session, shop, until=until, actor="staff:1").id
    invoice_runs.carry_on(shop.id, number, 0)
    with db.scoped(shop.id) as session:
        run = session.get(InvoiceRun, number)
        return run.issued if run else 0


def issued(shop: Shop) -> list[tuple[str, str, int, int]]:
    with db.scoped(shop.id) as session:
        rows = session.scalars(select(FeeInvoice).order_by(FeeInvoice.sequence))
        return [(row.number, row.kind, row.net_minor, row.tax_minor) for row in rows]


def test_what_was_charged_is_invoiced_once_and_what_is_given_back_is_credited(
    seller: Shop, ada: Vendor, bea: Vendor
) -> None:
    charge(seller, ada, "sale:1", 432, 82)
    charge(seller, bea, "sale:2", 86)
    assert issue(seller) == 2
    assert issued(seller) == [("F-000001", "invoice", 432, 82), ("F-000002", "invoice", 86, 0)]
    assert issue(seller) == 0
    charge(seller, ada, "refund:1", -216, -41)
    issue(seller)
    assert issued(seller)[2:] == [("F-000003", "credit_note", -216, -41)]
    with db.scoped(seller.id) as session:
        note = session.scalars(select(FeeInvoice).where(FeeInvoice.kind == "credit_note")).one()
        lines = invoices.list_lines(session, note)
    assert [(line.net, line.tax) for line in lines] == [(-216, -41)]


def test_the_paper_has_the_shops_day_and_says_of_a_credit_note_that_the_vendor_has_the_money(
    seller: Shop, ada: Vendor, on: Callable[[int, int], None]
) -> None:
    on(3, 20)
    with db.scoped(seller.id) as session:
        session.get_one(Shop, seller.id).timezone = "Pacific/Honolulu"
    charge(seller, ada, "sale:1", 432)
    issue(seller)
    charge(seller, ada, "refund:1", -216)
    issue(seller)
    with db.scoped(seller.id) as session:
        papers = session.scalars(select(FeeInvoice).order_by(FeeInvoice.sequence)).all()
        invoice, note = (read_lines(invoice_files.make_file(session, paper, "pdf")[0]) for paper in papers)
    assert "Issued on Mar 19, 2027" in invoice
    assert "The amounts were kept from your sales; there is nothing to transfer." in invoice
    assert "The amounts were given back to your balance; there is nothing to transfer." in note


def test_an_invoice_names_the_accounts_holder_where_the_paper_lacks_letters(seller: Shop, ada: Vendor) -> None:
    with db.scoped(seller.id) as session:
        vendor = session.get_one(Vendor, ada.id)
        vendor.name = "ქეთი"
        change_payout_details(session, vendor, PayoutDetails("DE89370400440532013000", "Keti"), actor="test")
    charge(seller, ada, "sale:1", 432)
    issue(seller)
    with db.scoped(seller.id) as session:
        invoice = session.scalars(select(FeeInvoice)).one()
    assert invoices.read_parties(invoice)["buyer"]["name"] == "ქეთი (Keti)"


def test_what_was_given_back_before_any_invoice_is_on_none(seller: Shop, ada: Vendor) -> None:
    charge(seller, ada, "sale", 432)
    charge(seller, ada, "refund", -432)
    assert issue(seller) == 0
    assert issued(seller) == []


def test_two_people_at_once_leave_no_gap_and_charge_nothing_twice(seller: Shop, ada: Vendor, bea: Vendor) -> None:
    for number in range(4):
        charge(seller, ada, f"ada:{number}", 100)
        charge(seller, bea, f"bea:{number}", 50)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: issue(seller), range(3)))
    assert issued(seller) == [("F-000001", "invoice", 400, 0), ("F-000002", "invoice", 200, 0)]
    with db.scoped(seller.id) as session:
        assert session.scalar(select(func.count()).select_from(FeeInvoicePosting)) == 8


def test_without_a_name_nothing_is_issued(acme: Shop, ada: Vendor) -> None:
    charge(acme, ada, "sale", 432)
    with pytest.raises(Conflict, match="name and address"):
        issue(acme)


@pytest.mark.parametrize("prefix", ["../", 'F"', "F\r\nX: y", "=1+1", "№", "-F", "F/2026", " "])
def test_numbers_begin_with_nothing_that_a_file_a_header_or_a_sheet_would_take_for_more(prefix: str) -> None:
    assert not InvoiceForm(MultiDict({**WHO, "invoice_prefix": prefix})).validate()
    assert InvoiceForm(MultiDict({**WHO, "invoice_prefix": "RE-2026-"})).validate()


def test_files_hold_every_letter(seller: Shop, ada: Vendor) -> None:
    with db.scoped(seller.id) as session:
        session.get_one(Vendor, ada.id).name = "Łódź Œuvre Ελλάδα Жизнь 日本語 한국어 <b>"
    charge(seller, ada, "sale", 432, 82)
    issue(seller)
    with db.scoped(seller.id) as session:
        rows = list(invoice_lists.walk(session, seller, invoice_lists.Wanted(words="f-000001")))
        parties = invoices.read_parties(rows[0][0])
    assert len(rows) == 1
    archive = zipfile.ZipFile(io.BytesIO(b"".join(vendor_archives.zip_invoices(seller.id, ada.id, [rows[0][0].id]))))
    assert sorted(archive.namelist()) == ["F-000001.csv", "F-000001.pdf"]
    lines = read_lines(archive.read("F-000001.pdf"))
    assert "Łódź Œuvre Ελλάδα Жизнь 日本語 한국어 <b>" in lines
    assert "Total $5.14" in lines
    assert archive.read("F-000001.csv").decode("utf-8-sig").splitlines()[-1] == (
        "F-000001,invoice,Total,,4.32,0.82,5.14,USD"
    )
    assert parties["seller"]["name"] == "Acme & Söhne"
    assert parties["note"] == ""


@pytest.mark.parametrize(
    ("language", "phrase"),
    [
        ("en", "Reverse charge"),
        ("de", "Steuerschuldnerschaft des Leistungsempfängers"),
        ("fr", "Autoliquidation"),
        ("es", "Inversión del sujeto pasivo"),
        ("ja", "リバースチャージ"),
    ],
)
def test_who_owes_the_tax_abroad_is_said_in_the_readers_language(
    seller: Shop, ada: Vendor, language: str, phrase: str
) -> None:
    with db.scoped(seller.id) as session:
        vendor = session.get_one(Vendor, ada.id)
        vendor.country, vendor.tax_id = "DE", encrypt("DE123456789", get_config().secret_keys)
    charge(seller, ada, "sale", 432)
    issue(seller)
    with db.scoped(seller.id) as session, speaking(language):
        printed, _ = invoice_files.make_file(session, session.scalars(select(FeeInvoice)).one(), "pdf")
    assert re.search(f"{phrase}.*2006/112", " ".join(read_lines(printed)))


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Move the clock to a day of the year 2027."""

    def move(month: int, day: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime(2027, month, day, 9, tzinfo=UTC))

    return move


def due(shop: Shop) -> int | None:
    """How many the clock issues now; None when it is not its turn."""
    with db.system() as session:
        before = session.scalar(select(InvoiceRun.id))
    invoice_runs.ask_if_due(shop.id)
    with db.system() as session:
        number = session.scalar(select(InvoiceRun.id))
    if number is None or number == before:
        return None
    invoice_runs.carry_on(shop.id, number, 0)
    with db.system() as session:
        return session.get_one(InvoiceRun, number).issued


def test_every_month_is_invoiced_by_itself_once_and_however_late(
    acme: Shop, ada: Vendor, on: Callable[[int, int], None]
) -> None:
    on(3, 20)
    with db.scoped(acme.id) as session:
        settings.save_invoicing(session, acme, WHO, monthly=True, actor="test")
    charge(acme, ada, "march", 432)
    assert (invoice_runs.list_monthly(), due(acme)) == ([acme.id], None), "March is not over"
    on(4, 5)
    charge(acme, ada, "april", 100)
    assert (due(acme), due(acme)) == (1, None)
    assert issued(acme) == [("F-000001", "invoice", 432, 0)], "April's is for May"
    on(6, 2)
    assert due(acme) == 1
    on(7, 1)
    assert (due(acme), due(acme)) == (0, None), "nothing was charged"
    with db.scoped(acme.id) as session:
        periods = session.scalars(select(FeeInvoice.period_to).order_by(FeeInvoice.sequence)).all()
    assert [day.isoformat() for day in periods] == ["2027-03-31", "2027-05-31"]


def test_who_did_not_choose_it_is_not_invoiced_by_itself(seller: Shop, ada: Vendor) -> None:
    charge(seller, ada, "sale", 432)
    assert invoice_runs.list_monthly() == []


@pytest.mark.parametrize(
    "change",
    [
        update(FeeInvoice).values(net_minor=1),
        update(FeeInvoice).values(number="F-000009"),
        delete(FeeInvoice),
        update(FeeInvoicePosting).values(invoice_id=1),
        delete(FeeInvoicePosting),
    ],
)
def test_what_was_issued_cannot_be_changed_by_anybody(seller: Shop, ada: Vendor, change: Any) -> None:
    charge(seller, ada, "sale", 432)
    issue(seller)
    with pytest.raises(DBAPIError), db.system() as session:
        session.execute(change)
    assert issued(seller) == [("F-000001", "invoice", 432, 0)]


def test_the_merchants_page_issues_finds_and_hands_out_invoices(
    browser: FlaskClient, acme: Shop, ada: Vendor, bea: Vendor, on: Callable[[int, int], None]
) -> None:
    on(3, 20)
    page = "/app/payouts/invoices"
    charge(acme, ada, "sale:1", 432, 82)
    charge(acme, bea, "sale:2", 86)
    on(3, 21)
    nobody = browser.post(page)
    assert (nobody.status_code, "Enter who charges the commission below" in nobody.text) == (409, True)
    wrong = browser.post(f"{page}/settings", data={**WHO, "invoice_prefix": "F", "invoice_country": "P1"})
    assert (wrong.status_code, "two letters" in wrong.text) == (422, True)
    whole = browser.get(page).text
    assert 'name="invoice_country"' in whole
    assert not re.search(r'name="invoice_country"[^>]*maxlength', whole), "“Germany” is refused, not cut off to Georgia"
    saved = browser.post(f"{page}/settings", data={**WHO, "invoice_prefix": "RE", "invoice_monthly": "y"})
    assert (saved.status_code, "Choose Issue invoices" in saved.text) == (200, True)
    assert "Enter who charges the commission" not in saved.text
    assert invoice_runs.list_monthly() == [acme.id]
    asked = browser.post(page)
    assert "0 of 2 vendors looked at" in asked.text
    with db.scoped(acme.id) as session:
        invoice_runs.carry_on(acme.id, session.scalars(select(InvoiceRun.id)).one(), 0)
    done = browser.get(page)
    assert "2 invoices and credit notes issued for commission before Mar 21, asked for by" in done.text
    assert all(words in done.text for words in ("RE-000001", "RE-000002", ada.name.replace("'", "&#39;")))
    found = browser.get(f"{page}?q=Bea").text
    assert ("RE-000002" in found, "RE-000001" in found) == (True, False)
    only = browser.get(f"{page}?vendor={bea.id}").text
    assert ("RE-000002" in only, "RE-000001" in only) == (True, False)
    assert "No invoice matches" in browser.get(f"{page}?month=2026-01").text
    table = browser.get(f"{page}/all.csv?vendor={bea.id}")
    assert [line.split(",")[0] for line in table.text.lstrip("\ufeff").splitlines()] == ["number", "RE-000002"]
    with db.scoped(acme.id) as session:
        number = session.scalars(select(FeeInvoice.id).order_by(FeeInvoice.id)).first()
    for kind, begins in (("pdf", b"%PDF"), ("csv", b"")):
        file = browser.get(f"{page}/{number}.{kind}")
        assert file.status_code == 200
        assert file.data.startswith(begins)
    assert browser.get(f"{page}/999.pdf").status_code == 404

"""A shop that changed its currency: what was earned before is paid, shown and invoiced in the currency of then."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.auth import installation
from app.commissions import agreements
from app.commissions.queries import get_settings
from app.ledger.queries import sum_available
from app.ledger.rules import Account, Entry, Posting
from app.ledger.service import post_once
from app.models.events import AuditEntry
from app.models.payouts import FeeInvoice, Payout, PayoutBatch
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.payouts import invoices, queries, schedule, settings
from app.payouts.checks import check_books
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.payouts.conftest import earn
from tests.portal.conftest import signed_in


@pytest.fixture
def merchant(acme: Shop, merchant: FlaskClient) -> FlaskClient:
    """Has been here before: Shopify said then that the shop sells in dollars."""
    return merchant


def change_currency(shop: Shop, currency: str) -> None:
    with db.scoped(shop.id) as session:
        held = session.get_one(Shop, shop.id)
        installation._take_currency(session, held, currency)
    shop.currency = currency


@pytest.fixture
def moved(acme: Shop, payee: Callable[[str], Vendor]) -> Vendor:
    """Ada has 42.00 from when the shop sold in dollars, and 10.00 in euros since."""
    ada = payee("bank")
    earn(acme, ada, "sale", 4200)
    change_currency(acme, "EUR")
    earn(acme, ada, "a sale since", 1000)
    return ada


def balances(shop: Shop) -> dict[str, dict[int, int]]:
    with db.scoped(shop.id) as session:
        return sum_available(session, shop.id)


def test_the_page_shows_both_and_pays_each_in_its_own_batch(merchant: FlaskClient, acme: Shop, moved: Vendor) -> None:
    page = merchant.get("/app/payouts")
    assert "€10.00" in page.text
    assert "$42.00" not in page.text
    assert "/app/payouts?currency=USD" in page.text
    earlier = merchant.get("/app/payouts?currency=USD")
    assert lint_polaris(earlier.text) == []
    assert "$42.00" in earlier.text
    assert 'name="currency" value="USD"' in earlier.text
    made = merchant.post("/app/payouts", data={"vendor": moved.id, "currency": "USD"})
    assert made.status_code == 200
    assert balances(acme) == {"EUR": {moved.id: 1000}}
    assert merchant.post("/app/payouts", data={"everybody": "yes"}).status_code == 200
    assert balances(acme) == {}
    assert merchant.get("/app/payouts?currency=XXX").status_code == 200
    with db.scoped(acme.id) as session:
        rows = session.execute(select(PayoutBatch.currency, Payout.currency, Payout.amount_minor).join(Payout))
        assert [tuple(row) for row in rows] == [("USD", "USD", 4200), ("EUR", "EUR", 1000)]
        assert check_books(session, acme).holds


def test_a_payout_day_prepares_a_batch_for_each_currency(acme: Shop, moved: Vendor) -> None:
    today = clock.today(acme.timezone)
    with db.scoped(acme.id) as session:
        settings.save_schedule(session, acme, schedule="weekly", day=today.isoweekday(), today=today, actor="staff:1")
    assert schedule.prepare_if_due(acme.id)
    assert balances(acme) == {}


def test_the_smallest_payout_is_in_the_shops_currency_and_holds_back_no_other(acme: Shop, moved: Vendor) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).payout_minimum_minor = 5000
    with db.scoped(acme.id) as session:
        assert [row.obstacle is None for row in queries.preview(session, acme, currency="USD")] == [True]
        assert [row.obstacle is None for row in queries.preview(session, acme)] == [False]


def test_amounts_of_the_settings_begin_anew_and_it_is_noted(acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).payout_minimum_minor = 5000
        chosen: dict[str, Any] = {
            name: getattr(get_settings(session, acme.id), name)
            for name in (*agreements._OF_SETTINGS, *agreements._FOR_ALL_ONLY)
        }
        agreements.save_settings(session, acme, chosen | {"dispute_fee_minor": 1500, "reserve_days": 5}, "staff:1")
        own = {"payout_minimum_minor": 100, "hold_days": 3}
        agreements.save_overrides(session, acme, ada.id, own, "staff:1")
    change_currency(acme, "JPY")
    with db.scoped(acme.id) as session:
        agreed = agreements.get_agreed(session, acme.id)
        assert (agreed.shared.payout_minimum_minor, agreed.settings.dispute_fee_minor) == (0, 0)
        assert (agreed.of(ada.id).payout_minimum_minor, agreed.of(ada.id).hold_days) == (0, 3)
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "shop.currency")).one()
        assert noted.changes == {"currency": ["USD", "JPY"]}


def test_commission_of_each_currency_has_an_invoice_of_its_own(acme: Shop, moved: Vendor) -> None:
    with db.scoped(acme.id) as session:
        seller = {"invoice_name": "Acme", "invoice_address": "1 Road", "invoice_prefix": "F"}
        settings.save_invoicing(session, session.get_one(Shop, acme.id), seller, actor="staff:1")
        for currency, minor in (("USD", 300), ("EUR", 200)):
            entries = (Entry(Account.COMMISSION, minor), Entry(Account.CUSTOMER_RECEIPTS, -minor))
            posting = Posting(f"fee {currency}", "sale", clock.now(), entries, vendor_id=moved.id)
            post_once(session, acme.id, currency, posting)
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        tomorrow = clock.today(shop.timezone).fromordinal(clock.today(shop.timezone).toordinal() + 1)
        assert invoices.issue(session, shop, [moved.id], until=tomorrow) == 2
        issued = {row.currency: row for row in session.scalars(select(FeeInvoice))}
        assert {currency: row.net_minor for currency, row in issued.items()} == {"USD": 300, "EUR": 200}
        for row in issued.values():
            assert sum(line.net for line in invoices.list_lines(session, row)) == row.net_minor


def test_a_debt_of_an_earlier_currency_can_be_taken_off_by_hand(
    merchant: FlaskClient, acme: Shop, payee: Callable[[str], Vendor]
) -> None:
    ada = payee("bank")
    earn(acme, ada, "refund", -700)
    change_currency(acme, "EUR")
    form = {"form_key": "k", "vendor": ada.id, "direction": "credit", "amount": "7.00", "reason": "Waived"}
    assert "USD" in merchant.get("/app/books/adjustments").text
    assert merchant.post("/app/books/adjustments", data=form | {"currency": "GBP"}).status_code == 422
    assert merchant.post("/app/books/adjustments", data=form | {"currency": "USD"}).status_code == 200
    assert balances(acme) == {}


def test_a_vendor_reads_each_currency_on_its_own_and_pages_on_to_the_first_booking(acme: Shop, moved: Vendor) -> None:
    vendor = signed_in(get_app(), moved)
    for step in range(50):
        earn(acme, moved, f"sale {step}", 100)
    page = vendor.get("/portal/money").text
    assert "€60.00" in page
    assert "$42.00" not in page
    assert "currency=USD" in page
    statement = vendor.get("/portal/money/movements").text
    (older,) = re.findall(r'href="(/portal/money/movements\?[^"]*before=[^"]+)"', statement)
    first = vendor.get(html.unescape(older)).text
    assert "Newest" in first
    assert re.findall(r"€\d+\.\d\d", first)[-2:] == ["€10.00", "€10.00"], "the first booking, and the balance after it"
    earlier = vendor.get("/portal/money?currency=USD").text
    assert "$42.00" in earlier
    assert "€10.00" not in earlier
    assert vendor.get("/portal/money/movements?currency=GBP&before=nonsense").status_code == 200


def test_pages_write_amounts_of_before_in_the_currency_of_then(merchant: FlaskClient, acme: Shop, ada: Vendor) -> None:
    def save(page: str, **changed: str) -> None:
        answer = merchant.post(page, data=changed)
        assert answer.status_code == 200

    save("/app/settings", hold_days="0", payout_minimum="50", price_band="0", review_days="0", buyer_days="30")
    with db.scoped(acme.id) as session:
        held = get_settings(session, acme.id)
        names = (*agreements._OF_SETTINGS, *agreements._FOR_ALL_ONLY)
        chosen: dict[str, Any] = {name: getattr(held, name) for name in names}
        agreements.save_settings(session, acme, chosen | {"dispute_fee_minor": 1500}, "staff:1")
    change_currency(acme, "JPY")
    settings_page, money_page, log = (
        html.unescape(merchant.get(page).text) for page in ("/app/settings", "/app/settings/money", "/app/log")
    )
    assert "$50.00" in settings_page
    assert "15.00 USD" in money_page
    for amount in ("$50.00", "$15.00"):
        assert amount in log
    for page in (settings_page, money_page, log):
        assert "¥5,000" not in page
        assert "1500 JPY" not in page


def test_rules_with_amounts_of_before_are_named_until_they_have_some_in_the_new_currency(
    merchant: FlaskClient, acme: Shop
) -> None:
    numbers = re.findall(r'href="/app/commissions/(\d+)"', merchant.get("/app/commissions").text)
    fields = {"name": "Default", "rate": "10", "flat": "0.50"}
    assert merchant.post(f"/app/commissions/{numbers[0]}", data=fields).status_code == 200
    assert merchant.post("/app/commissions/new", data={**fields, "tags": "sale", "flat": ""}).status_code == 200
    page = merchant.get("/app/commissions").text
    assert "over what is sold in" not in page
    change_currency(acme, "EUR")
    page = merchant.get("/app/commissions").text
    assert "1 rule passes over what is sold in EUR" in page
    assert "is sold without a commission" in page
    assert lint_polaris(page) == []
    assert "commission rule has its amounts in an earlier currency" in merchant.get("/app").text
    assert merchant.post(f"/app/commissions/{numbers[0]}", data=fields).status_code == 200
    assert "over what is sold in" not in merchant.get("/app/commissions").text
    assert "in an earlier currency" not in merchant.get("/app").text

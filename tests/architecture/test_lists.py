"""Every list of the merchant's: what it offers to those who look for something in it, and why it does not offer more.

A page with a table that is not named here fails. What a list promises is tried on a marketplace with more of
everything than fits on a page. The vendors' lists: tests/portal/test_lists.py.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app import db
from app.models.payouts import PayoutBatch
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.apps import get_app
from tests.architecture.stocked import MORE_THAN_A_PAGE, stock
from tests.conftest import make_vendor
from tests.portal.booked import add_order
from tests.portal.conftest import signed_in

TEMPLATES: Final = Path(__file__).parents[2] / "app" / "templates"
FEATURES: Final = ("search", "filters", "sort", "together", "file")
BY_TIME: Final = "the newest first is what people look for; a day or a word finds the rest"
FOR_EVER: Final = "nothing in it can be changed, by one or by many"
BY_ITSELF: Final = "what is to be done is done by itself; a person decides nothing"
ALL_OPEN: Final = "all that is open wants to be cleared, and it should be nothing"
OWN_PAGE: Final = "each wants a look of its own: there is nothing that one would decide about many unseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """An act on all rows that are ticked: their box's name, where it is sent, and what with. A path that ends with a
    file's is downloaded.
    """

    ticks: str
    path: str
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list offers beside its pages. `lacks` says of each of FEATURES that it does not have, why."""

    path: str
    """With {batch} in place of the number of one."""
    template: str
    search: bool = True
    filters: tuple[str, ...] = ()
    sort: bool = False
    together: Together | None = None
    file: str = ""
    lacks: Mapping[str, str] = field(default_factory=dict)


MERCHANT: Final = (
    Listing(
        path="/app/vendors",
        template="vendors/list",
        filters=("status", "case"),
        sort=True,
        together=Together(ticks="vendor", path="/app/vendors/together", form={"action": "suspend", "reason": "Why"}),
        file="vendors.csv",
    ),
    Listing(
        path="/app/vendors/invitations",
        template="vendors/invitations",
        filters=("state",),
        together=Together(ticks="invitation", path="/app/vendors/invitations/together/resend"),
        file="invitations.csv",
        lacks={"sort": BY_TIME},
    ),
    Listing(
        path="/app/products",
        template="products/list",
        filters=("status", "vendor"),
        sort=True,
        together=Together(ticks="product", path="/app/products/together/take_down", form={"reason": "Why"}),
        file="products.csv",
    ),
    Listing(
        path="/app/products/imports",
        template="products/imports",
        filters=("status", "vendor"),
        file="product-files.csv",
        lacks={"sort": BY_TIME, "together": "a file is its vendor's to stop or to undo"},
    ),
    Listing(
        path="/app/review",
        template="review/queue",
        filters=("kind", "vendor"),
        sort=True,
        together=Together(ticks="tick", path="/app/review/decline/reject", form={"reason": "Why"}),
        file="review-queue.csv",
    ),
    Listing(
        path="/app/orders",
        template="orders/list",
        filters=("vendor", "status", "since", "until"),
        sort=True,
        file="orders.csv",
        lacks={"together": "vendors send their parts; what the shop sends itself is ticked among the pickups"},
    ),
    Listing(
        path="/app/pickups",
        template="pickups/list",
        filters=("state", "vendor", "place", "days"),
        sort=True,
        together=Together(ticks="pickup", path="/app/pickups/together", form={"action": "collect"}),
        file="pickups.csv",
    ),
    Listing(
        path="/app/books",
        template="books/ledger",
        filters=("vendor", "kind", "from", "to"),
        file="ledger.csv",
        lacks={"sort": BY_TIME, "together": FOR_EVER},
    ),
    Listing(
        path="/app/books/adjustments",
        template="books/adjustments",
        filters=("vendor", "state"),
        file="adjustments.csv",
        lacks={"sort": BY_TIME, "together": "each is taken back with a reason of its own, which its vendor reads"},
    ),
    Listing(
        path="/app/reconciliation",
        template="reconciliation",
        search=False,
        together=Together(ticks="difference", path="/app/reconciliation/together"),
        file="differences.csv",
        lacks={"search": ALL_OPEN, "filters": ALL_OPEN, "sort": "who waits longest stands first"},
    ),
    Listing(
        path="/app/events/told",
        template="deliveries",
        search=False,
        filters=("state", "kind", "subscriber"),
        file="deliveries.csv",
        lacks={
            "search": "it has no words",
            "sort": BY_TIME,
            "together": "one button has all told again that are stuck",
        },
    ),
    Listing(
        path="/app/payouts",
        template="payouts/list",
        filters=("show",),
        file="payouts.csv",
        lacks={
            "sort": BY_TIME,
            "together": "who is ticked gets a payout: the answer is the batch, with a row for each",
        },
    ),
    Listing(
        path="/app/payouts/{batch}",
        template="payouts/batch",
        filters=("state",),
        together=Together(ticks="payout", path="/app/payouts/{batch}/together", form={"action": "approve"}),
        file="batch-0.csv",
        lacks={"sort": "by vendor, as the bank's list is"},
    ),
    Listing(
        path="/app/payouts/invoices",
        template="payouts/invoices",
        filters=("vendor", "month"),
        together=Together(ticks="invoice", path="/app/payouts/invoices/all.csv"),
        file="invoices.csv",
        lacks={"sort": BY_TIME},
    ),
    Listing(
        path="/app/emails",
        template="emails/list",
        filters=("status", "kind"),
        sort=True,
        together=Together(ticks="email", path="/app/emails/together"),
        file="emails.csv",
    ),
    Listing(
        path="/app/reviews?state=",
        template="reviews/list",
        filters=("state", "stars", "vendor"),
        together=Together(ticks="tick", path="/app/reviews/decide", form={"do": "reject", "reason": "Why"}),
        file="reviews.csv",
        lacks={"sort": BY_TIME},
    ),
    Listing(
        path="/app/questions",
        template="questions/list",
        filters=("state", "vendor"),
        together=Together(ticks="question", path="/app/questions/together/hide"),
        file="questions.csv",
        lacks={"sort": "what is open stands oldest first, the rest newest first"},
    ),
    Listing(
        path="/app/codes",
        template="codes/list",
        file="codes.csv",
        lacks={"filters": "vendors put codes away themselves", "sort": BY_TIME, "together": OWN_PAGE},
    ),
    Listing(
        path="/app/log",
        template="log",
        filters=("actor", "action", "vendor", "since", "until"),
        file="log.csv",
        lacks={"sort": BY_TIME, "together": FOR_EVER},
    ),
    Listing(
        path="/app/events",
        template="events",
        filters=("topic", "state", "period"),
        sort=True,
        file="events.csv",
        lacks={
            "together": "what the search finds is replayed as a whole; each row's state then says what became of it"
        },
    ),
    Listing(
        path="/app/api",
        template="api",
        filters=("state",),
        together=Together(ticks="token", path="/app/api/together"),
        file="tokens.csv",
        lacks={"sort": BY_TIME},
    ),
    Listing(
        path="/app/privacy",
        template="privacy/list",
        filters=("kind", "state"),
        file="privacy-requests.csv",
        lacks={"sort": BY_TIME, "together": BY_ITSELF},
    ),
)

NO_LISTS: Final = {
    "_macros": "what a chart draws",
    "books/accounts": "one line for each kind of account",
    "books/explain": "one amount, explained",
    "channels": "Shopify's few channels",
    "commissions/_preview": "what the last 90 days would have been, by vendor",
    "commissions/history": "the log of the rules, with each list as it was",
    "emails/words": "one line for each kind of e-mail",
    "event": "one event",
    "home": "today's figures",
    "hooks/hook": "the calls to one address",
    "hooks/list": "the addresses that are called: a few",
    "journey": "figures",
    "locations": "Shopify's few locations",
    "notices": "what happened lately, by topic",
    "orders/detail": "one order",
    "payouts/payout": "one payout",
    "pickups/print": "the pickups, on paper",
    "pickups/ship": "a form for those that were ticked",
    "products/import": "one file",
    "questions": "at most twenty questions, in the order in which they are asked",
    "review/edit": "one edit",
    "review/product": "one product",
    "review/rules": "rules, in the order in which they are tried",
    "staff": "the people whom Shopify lets in",
    "vendors/detail": "one vendor",
}
"""Merchant pages with tables that are no lists to search, and what they are."""


@pytest.fixture
def portal(seller: Vendor) -> FlaskClient:
    return signed_in(get_app(), seller)


@pytest.fixture
def stocked(shop: Shop, seller: Vendor) -> dict[str, int]:
    """More of everything than fits on a page. Returns the numbers that stand in addresses, by name."""
    stock(shop, seller, range(MORE_THAN_A_PAGE))
    with db.scoped(shop.id) as session:
        return {"batch": session.scalars(select(PayoutBatch.id).where(PayoutBatch.number == 0)).one()}


def test_every_merchant_page_with_a_table_is_named() -> None:
    folder = TEMPLATES / "merchant"
    pages = {page.relative_to(folder).with_suffix("").as_posix(): page.read_text() for page in folder.rglob("*.html")}
    tables = {name for name, text in pages.items() if "<s-table>" in text or "<s-table " in text}
    assert tables <= {each.template for each in MERCHANT} | NO_LISTS.keys()
    assert {each.template for each in MERCHANT} <= tables


def test_what_a_list_lacks_has_a_reason() -> None:
    for each in MERCHANT:
        has = {name for name in FEATURES if getattr(each, name)}
        assert has | each.lacks.keys() == set(FEATURES), each.path
        assert not has & each.lacks.keys(), each.path


def test_every_list_can_be_searched_narrowed_and_sorted(merchant: FlaskClient, stocked: dict[str, int]) -> None:
    for each in MERCHANT:
        page = merchant.get(each.path.format(**stocked)).text
        wanted = [*each.filters, *["q"] * each.search, *["sort"] * each.sort]
        if not wanted:
            continue
        form = re.search(r'<form method="get".*?</form>', page, re.DOTALL)
        assert form, each.path
        assert [name for name in wanted if f'name="{name}"' not in form[0]] == [], each.path
        if not each.search:
            continue
        path = each.path.format(**stocked)
        asked = merchant.get(f"{path}{'&' if '?' in path else '?'}q=No+row+says+this")
        assert not rows_of(asked.text) & rows_of(page), each.path
        assert not re.search(r"data-tick-all|ticked</s-button>|\b0 of 0\b", asked.text), each.path


def test_every_list_goes_on_behind_its_last_row(merchant: FlaskClient, stocked: dict[str, int]) -> None:
    for each in MERCHANT:
        first = merchant.get(each.path.format(**stocked)).text
        link = re.search(r'accessibilitylabel="(?:Next page|Older [a-z]+)" href="([^"]+)"', first)
        assert link, each.path
        second = merchant.get(html.unescape(link[1])).text
        assert rows_of(second) - rows_of(first), each.path


def rows_of(page: str) -> set[str]:
    """The rows of a page's tables, and the boxes of those that are no table, as they are written."""
    return set(re.findall(r"<s-table-row[ >].*?</s-table-row>|<s-checkbox [^>]*\"Tick [^>]*>", page, re.DOTALL))


def test_every_list_is_a_file_too(merchant: FlaskClient, stocked: dict[str, int]) -> None:
    for each in MERCHANT:
        page = merchant.get(each.path.format(**stocked)).text
        link = re.search(rf'href="([^"]+)" download="{re.escape(each.file)}"', page)
        assert link, each.path
        file = merchant.get(html.unescape(link[1]))
        assert file.mimetype == "text/csv", each.path
        assert f'"{each.file}"' in file.headers["Content-Disposition"]
        assert len(file.text.splitlines()) > MORE_THAN_A_PAGE, each.path


def test_what_is_done_to_several_says_what_became_of_each(merchant: FlaskClient, stocked: dict[str, int]) -> None:
    for each in MERCHANT:
        if each.together is None:
            continue
        ticks = re.findall(
            rf'name="{each.together.ticks}" value="([^"]+)"', merchant.get(each.path.format(**stocked)).text
        )
        path = each.together.path.format(**stocked)
        sent = {**each.together.form, each.together.ticks: ticks[:2]}
        if "." in path:
            assert len(merchant.get(path, query_string=sent).text.splitlines()) == 3, each.path
        else:
            answer = merchant.post(path, data=sent)
            assert answer.status_code == 200, each.path
            assert answer.text.count("data-outcome") == 2, each.path


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[FlaskClient, str], int]]:
    """How many statements a page takes."""
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    def ask(browser: FlaskClient, path: str) -> int:
        seen.clear()
        answer = browser.get(path)
        assert answer.status_code == 200, path
        return len(seen)

    event.listen(db.get_engine(), "before_cursor_execute", note)
    yield ask
    event.remove(db.get_engine(), "before_cursor_execute", note)


def test_no_list_and_no_home_page_asks_more_when_there_is_more(
    merchant: FlaskClient, portal: FlaskClient, shop: Shop, seller: Vendor, count: Callable[[FlaskClient, str], int]
) -> None:
    stock(shop, seller, range(6))
    with db.scoped(shop.id) as session:
        numbers = {"batch": session.scalars(select(PayoutBatch.id).where(PayoutBatch.number == 0)).one()}
    pages: list[tuple[FlaskClient, Any]] = [(merchant, each.path) for each in MERCHANT]
    pages += [(merchant, path) for path in ("/app", "/app/notices", "/app/vendors/{}", "/app/vendors/{}/figures")]
    pages += [(portal, path) for path in PORTAL_PAGES]
    pages = [(browser, path.format(seller.id, **numbers)) for browser, path in pages]
    for browser, path in pages:  # what is learned once is learned now
        count(browser, path)
    few = {path: count(browser, path) for browser, path in pages}
    stock(shop, seller, range(6, 15))
    assert {path: count(browser, path) for browser, path in pages} == few
    assert max(few.values()) <= 40


def test_what_moved_a_vendors_money_is_a_file_with_its_balance(portal: FlaskClient, shop: Shop, seller: Vendor) -> None:
    for earned in (1000, 2550):
        add_order(seller, 1, earned)
    add_order(make_vendor(shop, "Bea's Bakery", "bea@example.com"), 1, 700)
    assert "/portal/money/export.csv?currency=USD" in portal.get("/portal/money").text
    lines = portal.get("/portal/money/export.csv").text.splitlines()
    assert [line.split(",")[4:] for line in lines[1:]] == [["25.50", "35.50", "USD"], ["10.00", "10.00", "USD"]]


PORTAL_PAGES: Final = {
    "/portal": "",
    "/portal/orders": "orders",
    "/portal/products": "products",
    "/portal/money": "",
    "/portal/reviews": "reviews",
    "/portal/customer-questions": "questions",
    "/portal/codes": "codes",
    "/portal/notices": "",
}
"""Path of a list to the name of its file; "" where a page is none, or has its files behind its rows."""


def test_every_list_of_the_portal_can_be_searched_and_taken_away_as_a_file(
    portal: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    stock(shop, seller, range(2))
    for path, name in PORTAL_PAGES.items():
        page = portal.get(path).text
        if not name:
            continue
        assert 'name="q"' in page, path
        assert f"{path}/export.csv" in page, path
        file = portal.get(f"{path}/export.csv?state=")
        assert file.mimetype == "text/csv", path
        assert f"{name}.csv" in file.headers["Content-Disposition"]
        assert len(file.text.splitlines()) > 1, path


def test_an_empty_list_of_the_merchant_teaches(merchant: FlaskClient, shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        session.add(batch := PayoutBatch(shop_id=shop.id, number=0, currency="USD", created_by="staff:42"))
        session.flush()
        numbers = {"batch": batch.id}
    taught = {
        "/app/log": "the log is never empty: the first entry says who installed the app",
        "/app/vendors/invitations": "the form to invite somebody stands there",
        "/app/payouts/{batch}": "no batch is made without a payout",
    }
    pages = [each.path for each in MERCHANT if each.path not in taught]
    assert [path for path in pages if "<s-empty-state" not in merchant.get(path.format(**numbers)).text] == []


def test_an_empty_list_of_a_vendor_teaches(portal: FlaskClient) -> None:
    pages = [path for path in PORTAL_PAGES if path not in {"/portal", "/portal/money"}]
    assert [path for path in pages if 'class="empty"' not in portal.get(path).text] == []


def test_a_file_holds_no_formula_and_what_the_list_was_narrowed_to(merchant: FlaskClient, shop: Shop) -> None:
    make_vendor(shop, "=cmd|calc", "evil@example.com")
    make_vendor(shop, "Bea's Bakery", "bea@example.com")
    file = merchant.get("/app/vendors/export.csv?q=evil").text
    assert "'=cmd|calc" in file
    assert "Bakery" not in file

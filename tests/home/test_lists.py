"""Every list of both workplaces: what it asks of the database does not grow, it is searched, and it is a file, too."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app import audit, clock, db
from app.models.codes import QrCode
from app.models.customer_questions import Question, QuestionState
from app.models.emails import Email, EmailStatus
from app.models.events import InboxEvent
from app.models.orders import VendorOrder
from app.models.products import Product, ProductStatus, Variant
from app.models.reviews import ReviewState, VendorReview
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.conftest import make_vendor
from tests.portal.booked import add_order
from tests.portal.conftest import signed_in
from wsgi import create_app

MERCHANT = {
    "/app": "",
    "/app/vendors": "vendors",
    "/app/products": "products",
    "/app/review": "",
    "/app/orders": "orders",
    "/app/payouts": "",
    "/app/books": "ledger",
    "/app/emails": "emails",
    "/app/reviews?state=": "reviews",
    "/app/questions": "questions",
    "/app/codes": "codes",
    "/app/log": "log",
    "/app/events": "events",
    "/app/notices": "",
    "/app/vendors/invitations": "",
}
PORTAL = {
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


@pytest.fixture
def seller(shop: Shop) -> Vendor:
    return make_vendor(shop, "Ada's Ceramics", "ada@example.com")


@pytest.fixture
def portal(seller: Vendor) -> FlaskClient:
    return signed_in(create_app(), seller)


def stock(shop: Shop, seller: Vendor, numbers: range) -> None:
    """One more of everything for each number: a vendor, a product, an order with a review, and so on."""
    for number in numbers:
        make_vendor(shop, f"Vendor {number}", f"vendor{number}@example.com")
        part_id = add_order(seller, number % 20, 1000 + number)
        with db.scoped(shop.id) as session:
            mine = {"shop_id": shop.id, "vendor_id": seller.id}
            status = list(ProductStatus)[number % len(ProductStatus)]
            session.add(product := Product(title=f"Bowl {number}", status=status, submitted_at=clock.now(), **mine))
            session.flush()
            session.add(Variant(product_id=product.id, price_minor=1250, currency="USD", stock=number, **mine))
            session.add(QrCode(code=f"code{number}", name=f"Stall {number}", **mine))
            session.add(
                VendorReview(
                    vendor_order_id=session.get_one(VendorOrder, part_id).id,
                    stars=number % 5 + 1,
                    words="Good",
                    state=ReviewState.PUBLISHED,
                    **mine,
                )
            )
            session.add(Question(key=f"k{number}", words="Dishwasher?", state=QuestionState.OPEN, **mine))
            said = {"subject": f"News {number}", "html": "", "text_body": "", "from_name": "Acme"}
            to = {"to_address": "ada@example.com", "kind": "vendor_new_order", "status": EmailStatus.SENT}
            session.add(Email(dedupe_key=f"mail{number}", **mine, **to, **said))
            session.add(
                InboxEvent(
                    shop_domain=shop.domain,
                    shop_id=shop.id,
                    topic="products/update",
                    webhook_id=f"w{number}",
                    event_id=f"e{number}",
                    body=b"{}",
                )
            )
            subject = ("product", product.id)
            audit.record(session, shop.id, "product.edit", subject, actor="vendor_user:1", vendor_id=seller.id)


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
    pages = [(merchant, path) for path in MERCHANT] + [(portal, path) for path in PORTAL]
    pages += [(merchant, f"/app/vendors/{seller.id}"), (merchant, f"/app/vendors/{seller.id}/figures")]
    stock(shop, seller, range(6))
    for browser, path in pages:  # what is learned once is learned now
        count(browser, path)
    few = {path: count(browser, path) for browser, path in pages}
    stock(shop, seller, range(6, 15))
    assert {path: count(browser, path) for browser, path in pages} == few
    assert max(few.values()) <= 40


def test_every_list_can_be_searched_and_taken_away_as_a_file(
    merchant: FlaskClient, portal: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    stock(shop, seller, range(2))
    for browser, lists in ((merchant, MERCHANT), (portal, PORTAL)):
        for path, name in lists.items():
            page = browser.get(path).text
            if not name:
                continue
            assert 'name="q"' in page, path
            address = f"{path.partition('?')[0]}/export.csv" if name != "events" else "/app/events.csv"
            assert address in page, path
            file = browser.get(address + "?state=")
            assert file.mimetype == "text/csv", path
            assert f"{name}.csv" in file.headers["Content-Disposition"]
            assert len(file.text.splitlines()) > 1, path


def test_what_moved_a_vendors_money_is_a_file_with_its_balance(portal: FlaskClient, shop: Shop, seller: Vendor) -> None:
    for earned in (1000, 2550):
        add_order(seller, 1, earned)
    add_order(make_vendor(shop, "Bea's Bakery", "bea@example.com"), 1, 700)
    assert "/portal/money/export.csv?currency=USD" in portal.get("/portal/money").text
    lines = portal.get("/portal/money/export.csv").text.splitlines()
    assert [line.split(",")[4:] for line in lines[1:]] == [["25.50", "35.50", "USD"], ["10.00", "10.00", "USD"]]


def test_an_empty_list_teaches(merchant: FlaskClient, portal: FlaskClient) -> None:
    exempt = {
        "/app",
        "/app/payouts",
        "/app/log",
        "/app/vendors/invitations",
        "/app/vendors",
        "/portal",
        "/portal/money",
    }
    for browser, lists, mark in ((merchant, MERCHANT, "<s-empty-state"), (portal, PORTAL, 'class="empty"')):
        missing = [path for path in lists if path not in exempt and mark not in browser.get(path).text]
        assert missing == []


def test_a_file_holds_no_formula_and_what_the_list_was_narrowed_to(merchant: FlaskClient, shop: Shop) -> None:
    make_vendor(shop, "=cmd|calc", "evil@example.com")
    make_vendor(shop, "Bea's Bakery", "bea@example.com")
    file = merchant.get("/app/vendors/export.csv?q=evil").text
    assert "'=cmd|calc" in file
    assert "Bakery" not in file

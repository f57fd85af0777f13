"""The merchant's first page: its numbers are the database's, its guide ticks itself."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app import audit, clock, db
from app.home import queries, setup, theme
from app.home.rules import change_of
from app.ledger.rules import Account
from app.models.customer_questions import Question, QuestionState
from app.models.invitations import VendorInvitation
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderLine
from app.models.payouts import RailKeys
from app.models.products import Product, ProductProposal, ProductStatus
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def sell(shop: Shop, vendor: Vendor | None, at: datetime, minor: int, number: int, **columns: object) -> None:
    with db.scoped(shop.id) as session:
        held = {"currency": "USD", "paid_seen_at": at, "total_minor": minor, **columns}
        order = Order(
            shop_id=shop.id,
            shopify_id=number,
            name=f"#{number}",
            ordered_at=at,
            snapshot={},
            snapshot_updated_at=at,
            terms={},
            **held,
        )
        session.add(order)
        session.flush()
        line = OrderLine(
            shop_id=shop.id,
            vendor_id=vendor.id if vendor else None,
            order_id=order.id,
            shopify_id=number,
            position=1,
            title="Bowl",
            attribution="product",
            hold_days=14,
            tax_to="marketplace",
            fee_tax_bps=0,
            gross_minor=minor + 300,
            vendor_discount_minor=200,
            market_discount_minor=100,
        )
        session.add(line)


def book(shop: Shop, vendor: Vendor, at: datetime, amounts: dict[Account, int]) -> None:
    with db.scoped(shop.id) as session:
        posting = LedgerTransaction(
            shop_id=shop.id,
            vendor_id=vendor.id,
            key=str(at),
            source_key=str(at),
            kind="sale",
            currency="USD",
            happened_at=at,
        )
        session.add(posting)
        session.flush()
        for account, minor in amounts.items():
            session.add(
                LedgerEntry(
                    shop_id=shop.id,
                    vendor_id=vendor.id,
                    transaction_id=posting.id,
                    account=account,
                    amount_minor=minor,
                    currency="USD",
                )
            )


def read(shop: Shop) -> queries.Numbers:
    with db.scoped(shop.id) as session:
        return queries.get_numbers(session, session.get_one(Shop, shop.id), NOW)


def test_sales_are_those_of_vendors_after_discounts_by_the_shops_own_day(acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).timezone = "America/New_York"
    sell(acme, ada, NOW, 1000, 1)
    sell(acme, ada, datetime(2026, 11, 20, 3, tzinfo=UTC), 500, 2)
    sell(acme, None, NOW, 9000, 3)
    sell(acme, ada, NOW, 9000, 4, test=True)
    sell(acme, ada, NOW, 9000, 5, paid_seen_at=None)
    sell(acme, ada, NOW - timedelta(days=31), 9000, 6)
    numbers = read(acme)
    assert len(numbers.days) == queries.DAYS
    assert [(day.day, amount.minor) for day, amount in numbers.days[-2:]] == [(19, 500), (20, 1000)]
    assert (numbers.now.sales.minor, numbers.now.orders) == (1500, 2)
    assert (numbers.today.sales.minor, numbers.today.orders) == (1000, 1)
    assert (numbers.before.sales.minor, numbers.before.orders) == (9000, 1)
    assert numbers.days_before[-2][1].minor == 9000


def test_sales_by_day_are_drawn_with_an_axis_and_can_be_read(merchant: FlaskClient, shop: Shop) -> None:
    vendor = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    now = clock.now()
    sell(shop, vendor, now, 150_000, 1)
    sell(shop, vendor, now - timedelta(days=queries.DAYS), 90_000, 2)
    page = merchant.get("/app").text
    assert lint_polaris(page) == []
    assert re.findall(r"[$][\d.]+K?(?=</s-text>.*</div>)", page) == ["$1.5K", "$1K", "$500", "$0"]
    newest = re.search(r"Show data.*?<s-table-row>(.*?)</s-table-row>", page, re.DOTALL)
    assert newest
    assert re.findall(r"<s-table-cell>([$].*?)</s-table-cell>", newest[1]) == ["$1,500.00", "$900.00"]


def test_commission_and_what_is_owed_come_from_the_books(acme: Shop, ada: Vendor) -> None:
    sale = {Account.CUSTOMER_RECEIPTS: -1000, Account.VENDOR_AVAILABLE: 900, Account.COMMISSION: 100}
    book(acme, ada, NOW, sale)
    held = {Account.CUSTOMER_RECEIPTS: -500, Account.VENDOR_HELD: 450, Account.COMMISSION: 50}
    book(acme, ada, NOW - timedelta(days=40), held)
    numbers = read(acme)
    assert (numbers.now.commission.minor, numbers.available.minor, numbers.held.minor) == (100, 900, 450)
    assert (numbers.before.commission.minor, numbers.today.commission.minor) == (50, 100)


def test_one_shops_numbers_are_not_anothers(acme: Shop, ada: Vendor, zenith: Shop) -> None:
    sell(acme, ada, NOW, 1000, 1)
    assert read(zenith).now.sales.minor == 0


@pytest.mark.parametrize(
    ("now", "before", "words"), [(112, 100, "+12 %"), (97, 100, "\u22123 %"), (100, 100, "\u00b10 %"), (5, 0, None)]
)
def test_a_number_is_set_against_the_one_before(now: int, before: int, words: str | None) -> None:
    assert change_of(now, before) == words


def guide(shop: Shop) -> dict[str, bool]:
    with db.scoped(shop.id) as session:
        return {step.title: step.done for step in setup.list_steps(session, session.get_one(Shop, shop.id))}


def test_each_step_of_the_guide_is_found_out(acme: Shop) -> None:
    assert not any(guide(acme).values())
    with db.scoped(acme.id) as session:
        audit.record(session, acme.id, "commission_rule.change", ("commission_rule", 1), actor="staff:1")
        session.get_one(ShopSettings, acme.id).mail_from_name = "Acme"
        session.add(RailKeys(shop_id=acme.id, rail="paypal", secret=b"x", hint="…"))
        now = clock.now()
        asked = {"email": "dora@example.com", "token_hash": b"x", "invited_by": "staff:1", "expires_at": now}
        session.add(VendorInvitation(shop_id=acme.id, **asked))
    ticked = {title for title, is_done in guide(acme).items() if is_done}
    begun = {
        "Set your commission",
        "Say who pays vendors",
        "Name the sender of your e-mails",
        "Invite the first vendor",
    }
    assert ticked == begun
    make_vendor(acme, "Ada's Ceramics", "ada@example.com", VendorStatus.PENDING)
    assert {title for title, is_done in guide(acme).items() if is_done} == begun | {
        "Put the application form into your theme"
    }


def test_who_is_nearly_set_up_reads_what_is_left_and_finds_the_rest_folded_away(
    merchant: FlaskClient, shop: Shop
) -> None:
    page = merchant.get("/app").text
    assert "steps are done" not in page
    make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    with db.scoped(shop.id) as session:
        session.get_one(ShopSettings, shop.id).mail_from_name = "Acme"
        session.add(RailKeys(shop_id=shop.id, rail="paypal", secret=b"x", hint="…"))
    page = merchant.get("/app").text
    left, folded = page.split("steps are done", 1)
    assert "Pay a vendor" in left
    assert "Invite the first vendor" not in left
    assert "Invite the first vendor" in folded
    assert lint_polaris(page) == []


def test_the_guide_asks_once_for_all_its_steps(acme: Shop) -> None:
    asked: list[str] = []

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        event.listen(db.get_engine(), "before_cursor_execute", note)
        steps = setup.list_steps(session, shop)
        event.remove(db.get_engine(), "before_cursor_execute", note)
    assert len(steps) == 9
    # The settings, the theme, and all the rest.
    assert len(asked) == 3


def test_the_guide_leads_into_the_theme_editor_with_the_block_to_add(acme: Shop) -> None:
    address = theme.block_address(acme, "become-a-vendor")
    assert address.endswith(
        "/store/acme/themes/current/editor?template=page&addAppBlockId=test-key/become-a-vendor&target=newAppsSection"
    )
    blocks = {path.stem for path in (Path(__file__).parents[2] / "extensions/theme/blocks").iterdir()}
    assert {"become-a-vendor", "vendor-card"} <= blocks


def test_the_guide_is_hidden_and_comes_back(acme: Shop) -> None:
    for is_hidden in (True, True, False):
        with db.scoped(acme.id) as session:
            setup.hide(session, session.get_one(Shop, acme.id), actor="staff:1", is_hidden=is_hidden)
        assert (guide(acme) == {}) is is_hidden


def test_home_counts_what_customers_and_vendors_wait_for(acme: Shop, ada: Vendor) -> None:
    mine = {"shop_id": acme.id, "vendor_id": ada.id}
    with db.scoped(acme.id) as session:
        for number, state in enumerate((QuestionState.OPEN, QuestionState.ANSWERED, QuestionState.UNCONFIRMED)):
            session.add(Question(key=f"k{number}", words="Dishwasher?", state=state, **mine))
        product = Product(title="Bowl", status=ProductStatus.PUBLISHED, **mine)
        session.add(product)
        session.flush()
        session.add(ProductProposal(product_id=product.id, changes={}, sent_by="vendor_user:1", sent_at=NOW, **mine))
        counts = queries.count_everything(session, acme)
    assert (counts.questions, counts.edits, counts.reviews, counts.cancellations) == (1, 1, 0, 0)

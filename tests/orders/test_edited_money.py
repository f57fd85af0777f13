"""Orders that staff edit after the payment: units, discounts and shipping that come on, and what is owed either way."""

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import msgspec
import pytest
from sqlalchemy import select

from app import db
from app.books.findings import credit_within
from app.ledger.rules import Account
from app.models.orders import Order
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import rules
from app.orders.facts import OrderTerms
from app.orders.intake import Frozen, read_order, read_refund
from app.orders.rules import book_to_date
from app.payouts.checks import check_books
from app.shopify import payloads_orders as payloads
from devstore.orders.edits import edit_order
from devstore.orders.payments import mark_as_paid
from devstore.orders.purchase import LineRequest
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.make import ADA, DAY_0, account, terms, vendor_total
from tests.orders.test_service import books, lines_of

VENDOR_ACCOUNTS = ("vendor_pending", "vendor_held", "vendor_available")


def earned(shop: Shop, vendor: Vendor) -> int:
    return sum(
        amount for (name, owner), amount in books(shop).items() if owner == vendor.id and name in VENDOR_ACCOUNTS
    )


def findings(shop: Shop) -> list[str]:
    """What the books' self-check says."""
    with db.scoped(shop.id) as session:
        return [finding.words for finding in check_books(session, session.get_one(Shop, shop.id)).findings]


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, request: pytest.FixtureRequest) -> Doc:
    """Two vases of Ada's at 33.33 and a loaf of Bea's at 10.00, shipping of 6.90, with 10 % tax on top: 91.92."""
    shop = store.find(ACME, "shop") or {}
    store.put(ACME, "shop", {**shop, "presentment_rates": {"EUR": "0.9137", "JPY": "151.3"}})
    return buy(store, (goods.vase, 2), (goods.loaf, 1), currency_presentment=getattr(request, "param", "USD"))


@pytest.mark.parametrize(
    ("disorder", "order"), [(number, paid) for number in range(4) for paid in ("USD", "EUR", "JPY")], indirect=["order"]
)
def test_a_discount_after_the_payment_is_returned_at_nobody_elses_cost(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor, disorder: int
) -> None:
    """6.66 off the vases with 0.67 of their tax: base 60.00, commission 6.00, of the shipping 5.91 and 0.99."""
    edit_order(store, ACME, order["id"], discounts={lines_of(order)["VASE"]: "6.66"})
    if disorder:
        post.deliver_in_disorder(disorder)
    else:
        post.deliver()
    now = books(acme)
    assert (earned(acme, ada), earned(acme, bea), now["commission", None]) == (5991, 999, 700)
    assert (now["customer_receipts", None], now["customer_credit", None]) == (-9192, 733)
    assert findings(acme) == []
    refund_order(store, ACME, order["id"], RefundRequest(amount="7.33"))
    post.deliver_in_disorder(disorder)
    now = books(acme)
    assert (earned(acme, ada), earned(acme, bea), now["commission", None]) == (5991, 999, 700)
    assert now["customer_receipts", None] == -8459
    assert ("customer_credit", None) not in now
    assert ("unexplained", None) not in now
    assert findings(acme) == []


@pytest.mark.parametrize(("off", "due"), [("20.00", 2200), ("19.95", 2194), ("19.00", 2090)])
@pytest.mark.parametrize("order", ["USD", "EUR", "JPY"], indirect=True)
def test_an_order_given_away_after_the_payment_is_worth_what_it_was_at_the_sale(
    goods: SimpleNamespace, order: Doc, store: Store, post: Post, acme: Shop, off: str, due: int
) -> None:
    """20.00 of mugs with 10 % tax; all or most of it off again, then that returned in the customer's currency."""
    handed_over = [{**variant, "requires_shipping": False} for variant in goods.mug["variants"]]
    store.put(ACME, "product", {**goods.mug, "variants": handed_over})
    currency = order["presentment_currency"]
    mugs = buy(store, (goods.mug, 4), shipping_rate_code=None, currency_presentment=currency)
    post.deliver()
    before = books(acme)
    edit_order(store, ACME, mugs["id"], discounts={lines_of(mugs)["MUG"]: off})
    post.deliver()
    missed = abs(books(acme)["customer_credit", None] - due)
    assert missed <= 1, "both currencies' amounts are rounded"
    with db.scoped(acme.id) as session:
        said = credit_within(session.scalars(select(Order).where(Order.shopify_id == mugs["id"])).one())
    assert missed <= said, "a proof against Shopify's figures must not stop payouts for that"
    assert (said == 0) == (currency == "USD")
    assert findings(acme) == []
    refund_order(store, ACME, mugs["id"], RefundRequest(amount=str(Decimal(due) / 100)))
    post.deliver()
    now = books(acme)
    assert ("customer_credit", None) not in now
    assert now["customer_receipts", None] - before["customer_receipts", None] == due
    assert findings(acme) == []


def test_the_self_check_names_a_return_that_was_booked_twice(
    order: Doc, store: Store, post: Post, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the total were all that was paid: 84.59, of which 7.33 went back."""
    edit_order(store, ACME, order["id"], discounts={lines_of(order)["VASE"]: "6.66"})
    refund_order(store, ACME, order["id"], RefundRequest(amount="7.33"))
    monkeypatch.setattr(rules, "money_received", lambda known, *_: known.total)
    monkeypatch.setattr(rules, "_was_paid", lambda *_: True)
    post.deliver()
    assert books(acme)["customer_receipts", None] == -7726
    assert findings(acme) == [f"Order {order['name']}: paid less returned is not what is booked."]


def test_units_and_shipping_that_come_on_are_shared_once_they_are_paid(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    loaf = lines_of(order)["LOAF"]
    edit_order(store, ACME, order["id"], more={loaf: 2}, shipping=("By courier", "9.00"))
    mark_as_paid(store, ACME, order["id"])
    post.deliver()
    # Goods of 66.66 and 10.00 share the first shipping, of 6.90, and 66.66 and 30.00 the 9.00 that came with more.
    assert (earned(acme, ada), earned(acme, bea)) == (6666 - 667 + 600 + 621, 3000 - 300 + 90 + 279)
    assert books(acme)["customer_receipts", None] == -(6666 + 3000 + 690 + 900 + 667 + 300 + 69 + 90)
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(loaf, 3)]))
    post.deliver()
    assert earned(acme, bea) == 90 + 279


@pytest.mark.parametrize(
    ("disorder", "order"), [(number, paid) for number in range(4) for paid in ("USD", "EUR", "JPY")], indirect=["order"]
)
def test_what_comes_on_takes_nothing_from_anybody_before_it_is_paid(
    goods: SimpleNamespace, order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor, disorder: int
) -> None:
    post.deliver()
    before = books(acme)
    bag = [LineRequest(variant_id=goods.mug["variants"][0]["id"], quantity=3)]
    store.clock.set_offset(60)  # Shopify dates changes by the second
    edit_order(store, ACME, order["id"], add=bag)
    store.clock.set_offset(120)
    edit_order(store, ACME, order["id"], more={lines_of(order)["LOAF"]: 1}, shipping=("By courier", "9.00"))
    post.deliver_in_disorder(disorder)
    assert books(acme) == before
    assert findings(acme) == []
    store.clock.set_offset(180)
    mark_as_paid(store, ACME, order["id"])
    post.deliver_in_disorder(disorder)
    # Goods of 66.66 and 10.00 share 6.90 of shipping, 81.66 and 20.00 the 9.00 that came on.
    assert (earned(acme, ada), earned(acme, bea)) == (8166 - 667 - 150 + 600 + 723, 2000 - 200 + 90 + 177)
    assert findings(acme) == []


def dollars(amount: str) -> dict[str, object]:
    return {"shop_money": {"amount": amount, "currency_code": "USD"}}


@pytest.mark.parametrize("outstanding", ["-20.00", "0.00"])
def test_units_taken_off_and_not_given_back_count_once_wherever_shopify_says_it(outstanding: str) -> None:
    """100.00 were paid, then 20.00 taken off: an adjustment, and perhaps in what is outstanding as well."""
    at = "2026-11-02T12:00:00Z"
    gone = {"id": 7, "line_item_id": 1, "quantity": 1, "restock_type": "cancel", "subtotal_set": dollars("20.00")}
    adjusted = {"id": 9, "kind": "refund_discrepancy", "amount_set": dollars("20.00")}
    edit = {"id": 5, "order_id": 1, "created_at": at, "refund_line_items": [gone], "order_adjustments": [adjusted]}
    body = {
        "id": 1, "name": "#1", "currency": "USD", "created_at": at, "updated_at": at, "financial_status": "paid",
        "total_price_set": dollars("100.00"), "current_total_price_set": dollars("80.00"),
        "total_outstanding": outstanding, "refunds": [edit],
        "line_items": [{"id": 1, "quantity": 5, "current_quantity": 4, "price_set": dollars("20.00")}],
    }  # fmt: skip
    order = msgspec.convert(body, type=payloads.Order)
    within = [read_refund(refund, "USD", rate=Fraction(1)) for refund in order.refunds]
    known = read_order(order, {1: Frozen(terms(ADA))}, OrderTerms(), within, [])
    assert book_to_date(known, DAY_0).flags == ()
    assert (vendor_total(known, ADA), account(known, Account.CUSTOMER_CREDIT)) == (7200, 2000)

"""Orders that staff edit after the payment: units, discounts and shipping that come on, and what is owed either way."""

from types import SimpleNamespace

import pytest

from app import db
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts.checks import check_books
from devstore.orders.edits import edit_order
from devstore.orders.payments import mark_as_paid
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
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
def order(goods: SimpleNamespace, store: Store) -> Doc:
    """Two vases of Ada's at 33.33 and a loaf of Bea's at 10.00, shipping of 6.90, with 10 % tax on top: 91.92."""
    return buy(store, (goods.vase, 2), (goods.loaf, 1))


@pytest.mark.parametrize("disorder", range(4))
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


def test_units_and_shipping_that_come_on_are_shared_once_they_are_paid(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    loaf = lines_of(order)["LOAF"]
    edit_order(store, ACME, order["id"], more={loaf: 2}, shipping=("By courier", "9.00"))
    mark_as_paid(store, ACME, order["id"])
    post.deliver()
    # Goods of 66.66 and 30.00 share 6.90 and 9.00 of shipping.
    assert (earned(acme, ada), earned(acme, bea)) == (6666 - 667 + 476 + 621, 3000 - 300 + 214 + 279)
    assert books(acme)["customer_receipts", None] == -(6666 + 3000 + 690 + 900 + 667 + 300 + 69 + 90)
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(loaf, 3)]))
    post.deliver()
    assert earned(acme, bea) == 214 + 279

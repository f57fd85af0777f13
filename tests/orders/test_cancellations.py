"""Items that a vendor cannot send: asked for, answered, refunded once, and told to everybody concerned."""

from decimal import Decimal
from types import SimpleNamespace

import httpx
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app import db
from app.errors import Conflict, NotFound, ValidationErrors
from app.fulfilment.packing import list_parcels
from app.fulfilment.service import Tracking, request_again, request_shipment
from app.models.cancellations import Cancellation, CancellationState
from app.models.emails import Email
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import VendorOrder
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.orders import cancellations, cancelling
from app.orders.cancel_preview import preview
from app.orders.left import units_left
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Doc, Store
from jobs import outbox
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_service import books, lines_of
from tests.portal.conftest import adas_browser, app
from tests.shopify.fake import FakeShopify, data

__all__ = ["adas_browser", "app"]

LINE = st.integers(1, 3)


@given(left=st.dictionaries(LINE, st.integers(0, 5)), units=st.dictionaries(LINE, st.integers(-1, 6)))
def test_only_what_is_left_can_be_cancelled(left: dict[int, int], units: dict[int, int]) -> None:
    fits = all(0 <= count <= left.get(line, 0) for line, count in units.items()) and any(units.values())
    assert ("items" not in cancellations.check(units, left, "damaged", "")) == fits


@pytest.mark.parametrize(
    ("reason", "note", "field"),
    [("", "", "reason"), ("bored", "", "reason"), ("other", " ", "note"), ("damaged", "x" * 1001, "note")],
)
def test_a_wish_without_a_reason_is_refused_beside_the_field(reason: str, note: str, field: str) -> None:
    assert set(cancellations.check({1: 1}, {1: 1}, reason, note)) == {field}


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, post: Post) -> Doc:
    """Two mugs and a vase of Ada's, a loaf of Bea's."""
    found = buy(store, (goods.mug, 2), (goods.vase, 1), (goods.loaf, 1))
    post.deliver()
    return found


def ask(vendor: Vendor, units: dict[int, int], reason: str = "out_of_stock", note: str = "") -> int:
    with db.scoped(vendor.shop_id, vendor_id=vendor.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        return cancellations.ask(session, part, units, reason=reason, note=note, actor="vendor_user:1").id


def state_of(shop: Shop, number: int) -> CancellationState:
    with db.scoped(shop.id) as session:
        return session.get_one(Cancellation, number).state


def let_vendors(shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        session.get_one(ShopSettings, shop.id).vendors_may_cancel = True


def mails(kind: str) -> list[tuple[str, str]]:
    with db.system() as session:
        return [
            (mail.to_address, mail.text_body)
            for mail in session.scalars(select(Email).where(Email.kind == kind).order_by(Email.id))
        ]


def test_what_is_asked_for_is_neither_sent_nor_asked_for_again(order: Doc, acme: Shop, ada: Vendor) -> None:
    mug = lines_of(order)["MUG"]
    number = ask(ada, {mug: 2})
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        assert units_left(session, part)[mug] == 0
        assert [line.title for line, _ in list_parcels(session, ada.id)[0].lines] == ["Vase"]
    with pytest.raises(ValidationErrors) as refused:
        ask(ada, {mug: 1})
    assert "fewer items" in refused.value.errors["items"]
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        cancellations.withdraw(session, part, number, actor="vendor_user:1")
        assert units_left(session, part)[mug] == 2


def test_the_merchant_is_asked_and_the_vendor_told_why_not(order: Doc, acme: Shop, ada: Vendor) -> None:
    number = ask(ada, {lines_of(order)["MUG"]: 1}, "other", "The kiln broke.")
    outbox.deliver(acme.id)
    ((to, words),) = mails("merchant_cancellation_asked")
    assert to == "owner@acme.example"
    assert "1 x Mug" in words
    assert "The kiln broke." in words
    with db.scoped(acme.id) as session:
        with pytest.raises(ValidationErrors):
            cancellations.decline(session, order["id"], number, answer=" ", actor="staff:1")
        with pytest.raises(NotFound):
            cancellations.decline(session, order["id"] + 1, number, answer="No.", actor="staff:1")
        cancellations.decline(session, order["id"], number, answer="Bea has one left.", actor="staff:1")
    ((to, words),) = mails("vendor_cancellation_declined")
    assert to == "ada@example.com"
    assert "Bea has one left." in words
    with db.scoped(acme.id) as session, pytest.raises(Conflict):
        cancellations.approve(session, order["id"], number, actor="staff:1")


@pytest.mark.parametrize("units", [{"MUG": 1}, {"MUG": 2, "VASE": 1}], ids=["a part", "all of the vendor's"])
def test_what_was_shown_before_is_what_is_booked_after(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, units: dict[str, int]
) -> None:
    lines = lines_of(order)
    with db.scoped(acme.id) as session:
        part = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == ada.id)).one()
    effect = preview(part, {lines[sku]: count for sku, count in units.items()})

    def adas() -> int:
        return sum(amount for (_, vendor), amount in books(acme).items() if vendor == ada.id)

    before = adas()
    parts = [LineRefund(lines[sku], count, "cancel") for sku, count in units.items()]
    refund = refund_order(store, ACME, order["id"], RefundRequest(parts))
    post.deliver()
    assert adas() - before == effect.vendor.minor < 0
    entries = refund["refund_line_items"]
    paid = sum(Decimal(entry["subtotal"]) + Decimal(entry["total_tax"]) for entry in entries)
    assert effect.returned.decimal == paid


def test_a_refund_whose_answer_was_lost_is_found_and_not_made_again(
    order: Doc, acme: Shop, ada: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    let_vendors(acme)
    number = ask(ada, {lines_of(order)["MUG"]: 1})
    total = {"presentmentMoney": {"amount": "5.00", "currencyCode": "USD"}}
    refund = {
        "id": "gid://shopify/Refund/77",
        "note": f"Out of stock (Stallkeeper {number})",
        "totalRefundedSet": total,
    }
    shopify.answer("orderToCancel", data(order={"presentmentCurrencyCode": "USD", "suggestedRefund": None}))
    shopify.answer("refundCreate", httpx.ReadTimeout("lost"))
    with pytest.raises(ShopifyError):
        cancelling.cancel_in_shopify(acme.id, number)
    assert state_of(acme, number) is CancellationState.APPROVED
    shopify.answer("orderRefunds", data(order={"refunds": [{**refund, "note": "By hand"}, refund]}))
    tries = shopify.names().count("refundCreate")
    cancelling.cancel_in_shopify(acme.id, number)
    assert shopify.names().count("refundCreate") == tries
    assert state_of(acme, number) is CancellationState.DONE
    cancelling.cancel_in_shopify(acme.id, number)
    ((to, words),) = mails("customer_items_cancelled")
    assert to == "cleo@example.com"
    assert "$5.00" in words
    assert len(mails("merchant_items_cancelled")) == 1


def test_a_refusal_waits_for_the_merchant(
    order: Doc, acme: Shop, ada: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    let_vendors(acme)
    number = ask(ada, {lines_of(order)["MUG"]: 1})
    shopify.answer("orderToCancel", data(order={"presentmentCurrencyCode": "USD", "suggestedRefund": None}))
    refused = {"refund": None, "userErrors": [{"field": ["orderId"], "message": "Order is locked"}]}
    shopify.answer("refundCreate", data(refundCreate=refused))
    cancelling.cancel_in_shopify(acme.id, number)
    assert state_of(acme, number) is CancellationState.FAILED
    assert mails("customer_items_cancelled") == []
    with db.scoped(acme.id) as session:
        cancellations.approve(session, order["id"], number, actor="staff:1")
    assert state_of(acme, number) is CancellationState.APPROVED
    shopify.answer("orderRefunds", data(order={"refunds": []}))
    cancelling.cancel_in_shopify(acme.id, number)
    keys = [variables["idempotencyKey"] for name, variables, _ in shopify.asked if name == "refundCreate"]
    assert len(set(keys)) == len(keys) == 2, "a key that Shopify knows brings the old refusal back"


@pytest.mark.parametrize("taken", ["asked for again", "sent"])
def test_what_shopify_refused_is_not_cancelled_when_its_items_are_taken(
    order: Doc, acme: Shop, ada: Vendor, taken: str
) -> None:
    """A refused wish holds nothing: granting it later would refund a second unit, or one that was sent."""
    vase = lines_of(order)["VASE"]
    number = ask(ada, {vase: 1})
    with db.scoped(acme.id) as session:
        session.get_one(Cancellation, number).state = CancellationState.FAILED
    if taken == "sent":
        with db.scoped(acme.id, vendor_id=ada.id) as session:
            part = session.scalars(select(VendorOrder)).one()
            request_shipment(session, session.get_one(Vendor, ada.id), part, {vase: 1}, Tracking(), actor="test")
    else:
        ask(ada, {vase: 1})
    with db.scoped(acme.id) as session, pytest.raises(Conflict, match="not left any more"):
        cancellations.approve(session, order["id"], number, actor="staff:1")


def test_a_parcel_that_shopify_refused_is_not_told_again_when_its_items_are_to_be_cancelled(
    order: Doc, acme: Shop, ada: Vendor
) -> None:
    vase = lines_of(order)["VASE"]
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        vendor = session.get_one(Vendor, ada.id)
        number = request_shipment(session, vendor, part, {vase: 1}, Tracking(), actor="test").id
    with db.scoped(acme.id) as session:
        session.get_one(Fulfilment, number).state = FulfilmentState.FAILED
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        cancellations.ask(session, part, {vase: 1}, reason="damaged", note="", actor="test")
        with pytest.raises(Conflict, match="fewer items left"):
            request_again(session, part, number)


def test_an_order_that_shopify_has_no_more_is_a_refusal(
    order: Doc, acme: Shop, ada: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    let_vendors(acme)
    number = ask(ada, {lines_of(order)["MUG"]: 1})
    shopify.answer("orderToCancel", data(order=None))
    cancelling.cancel_in_shopify(acme.id, number)
    assert state_of(acme, number) is CancellationState.FAILED


def test_the_vendor_sees_what_it_does_before_asking(
    order: Doc, acme: Shop, ada: Vendor, adas_browser: FlaskClient
) -> None:
    mug = f"units-{lines_of(order)['MUG']}"
    assert adas_browser.post("/portal/orders/1/cancel", data={mug: "3", "reason": "damaged"}).status_code == 422
    shown = adas_browser.post("/portal/orders/1/cancel", data={mug: "1", "reason": "damaged"}).text
    assert "Ask to cancel these items?" in shown
    assert "$5.50" in shown
    assert "-$4.50" in shown
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Cancellation)).all() == []
    answer = adas_browser.post("/portal/orders/1/cancel", data={mug: "1", "reason": "damaged", "sure": "1"})
    assert answer.status_code == 303
    assert "You asked to cancel items" in adas_browser.get("/portal/orders/1").text
    assert adas_browser.post("/portal/orders/2/cancel", data={mug: "1"}).status_code == 404


def test_nobody_touches_anothers_wish(order: Doc, acme: Shop, ada: Vendor, bea: Vendor) -> None:
    number = ask(ada, {lines_of(order)["MUG"]: 1})
    with db.scoped(acme.id, vendor_id=bea.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        with pytest.raises(NotFound):
            cancellations.withdraw(session, part, number, actor="vendor_user:2")
        units = {lines_of(order)["MUG"]: 1}
        with pytest.raises(ValidationErrors):
            cancellations.ask(session, part, units, reason="damaged", note="", actor="vendor_user:2")

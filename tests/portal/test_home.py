from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock, db
from app.models.customer_questions import Question, QuestionState
from app.models.messages import OrderThread
from app.models.orders import VendorOrderStatus
from app.models.payouts import Payout, PayoutBatch, PayoutState
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import ShopSettings
from app.models.vendors import Vendor, VendorStatus
from tests.portal.booked import add_order


def add_product(vendor: Vendor, status: ProductStatus, stock: int = 3) -> None:
    with db.scoped(vendor.shop_id) as session:
        product = Product(shop_id=vendor.shop_id, vendor_id=vendor.id, title="Bowl", status=status)
        session.add(product)
        session.flush()
        session.add(
            Variant(
                shop_id=vendor.shop_id,
                vendor_id=vendor.id,
                product_id=product.id,
                price_minor=1000,
                currency="USD",
                stock=stock,
            )
        )


def test_a_new_vendor_sees_what_is_left_to_do(adas_browser: FlaskClient) -> None:
    page = adas_browser.get("/portal").text
    assert "Say where your money should go" in page
    assert "Getting started" in page
    assert "0 of 3" in page


def test_home_counts_only_ones_own_products(adas_browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    add_product(ada, ProductStatus.CHANGES_REQUESTED)
    add_product(bea, ProductStatus.CHANGES_REQUESTED)
    assert "1 product needs a change" in adas_browser.get("/portal").text


def test_a_sold_out_product_is_pointed_out(adas_browser: FlaskClient, ada: Vendor) -> None:
    add_product(ada, ProductStatus.PUBLISHED, stock=0)
    page = adas_browser.get("/portal").text
    assert "<dt>Sold out</dt><dd>1</dd>" in page


def test_customers_who_wait_for_an_answer_are_pointed_out(adas_browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    parts = [ask(ada, unread=2), ask(bea, unread=1)]
    page = adas_browser.get("/portal").text
    assert "1 order with a new message" in page
    assert f'href="/portal/orders/{parts[0]}/messages"' in page
    with db.scoped(ada.shop_id) as session:
        session.execute(update(OrderThread).values(unread=0))
    page = adas_browser.get("/portal").text
    assert "1 question of a customer to answer" in page
    assert 'href="/portal/customer-questions?show=open"' in page


def ask(vendor: Vendor, *, unread: int) -> int:
    """A customer's question about the vendor, and one about an order of theirs. Returns the order's part."""
    part = add_order(vendor, 1, 1000, VendorOrderStatus.SHIPPED)
    mine = {"shop_id": vendor.shop_id, "vendor_id": vendor.id}
    with db.scoped(vendor.shop_id) as session:
        thread = {"order_shopify_id": part, "last_at": clock.now(), "unread": unread}
        session.add(OrderThread(part_id=part, token=f"token-{part}", **thread, **mine))
        session.add(Question(key=f"key-{part}", words="Blue?", state=QuestionState.OPEN, **mine))
    return part


def test_a_payout_on_its_way_is_told_until_it_arrives(adas_browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    add_order(ada, 1, 1000)
    assert "On its way to you" not in adas_browser.get("/portal").text
    number = add_payout(ada, 4321, PayoutState.APPROVED)
    add_payout(bea, 9876, PayoutState.SENDING)
    page = adas_browser.get("/portal").text
    assert ("On its way to you" in page, "43.21" in page, "98.76" in page) == (True, True, False)
    assert f'href="/portal/money/payouts/{number}"' in page
    for days_ago, is_told in ((1, True), (8, False)):
        with db.scoped(ada.shop_id) as session:
            sent = {"state": PayoutState.SENT, "sent_at": clock.now() - timedelta(days=days_ago)}
            session.execute(update(Payout).where(Payout.id == number).values(**sent))
        assert ("On its way to you" in adas_browser.get("/portal").text) is is_told


def add_payout(vendor: Vendor, amount: int, state: PayoutState) -> int:
    ours = {"shop_id": vendor.shop_id, "currency": "USD"}
    with db.scoped(vendor.shop_id) as session:
        batch = PayoutBatch(number=vendor.id, created_by="staff:1", **ours)
        session.add(batch)
        session.flush()
        bank = {"account": b"", "holder": b"", "last4": "3000", "rail_key": f"key-{vendor.id}"}
        name = f"SK-{vendor.id}"
        payout = Payout(
            vendor_id=vendor.id, batch_id=batch.id, reference=name, amount_minor=amount, state=state, **bank, **ours
        )
        session.add(payout)
        session.flush()
        return payout.id


def test_a_paused_vendor_reads_why(adas_browser: FlaskClient, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.execute(
            update(Vendor)
            .where(Vendor.id == ada.id)
            .values(status=VendorStatus.SUSPENDED, status_reason="Three late parcels in a row.")
        )
    page = adas_browser.get("/portal").text
    assert "Your shop is paused" in page
    assert "Three late parcels in a row." in page


def test_terms_are_accepted_in_the_version_that_was_read(adas_browser: FlaskClient, ada: Vendor) -> None:
    write_terms(ada, "2")
    assert "Read and accept the terms" in adas_browser.get("/portal").text
    assert "Ship within" in adas_browser.get("/portal/terms").text
    assert adas_browser.post("/portal/terms", data={"version": "1"}).status_code == 409
    assert adas_browser.post("/portal/terms", data={"version": "2"}).status_code == 303
    assert "You accepted this version" in adas_browser.get("/portal/terms").text
    write_terms(ada, "3")
    assert "Read and accept the terms" in adas_browser.get("/portal").text


def test_a_shop_without_terms_asks_for_none(adas_browser: FlaskClient) -> None:
    assert adas_browser.get("/portal/terms").status_code == 404
    assert "Terms" not in adas_browser.get("/portal/more").text


def test_the_chosen_theme_stays_on_the_device(adas_browser: FlaskClient) -> None:
    adas_browser.post("/portal/theme", data={"theme": "dark"})
    assert 'data-theme="dark"' in adas_browser.get("/portal").text
    adas_browser.post("/portal/theme", data={"theme": ""})
    assert 'data-theme="' not in adas_browser.get("/portal").text


def test_the_merchants_accent_reaches_the_page_corrected(adas_browser: FlaskClient, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.execute(update(ShopSettings).values(accent_color="#ffe34d"))
    page = adas_browser.get("/portal").text
    assert "--accent-text:#ffe34d" in page  # in the dark
    assert page.count("--accent-text:") == 3
    style = adas_browser.get("/portal").headers["Content-Security-Policy"]
    assert "frame-ancestors https://acme.myshopify.com" in style
    assert "'unsafe-inline'" not in style.split("style-src-attr")[0]


def write_terms(vendor: Vendor, version: str) -> None:
    with db.scoped(vendor.shop_id) as session:
        session.execute(update(ShopSettings).values(terms_text="Ship within three days.", terms_version=version))


def test_orders_to_ship_come_first_with_how_long_they_wait(adas_browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    add_order(ada, 3, 1200)
    add_order(ada, 1, 800)
    add_order(ada, 9, 500, VendorOrderStatus.SHIPPED)
    add_order(bea, 9, 700)
    page = adas_browser.get("/portal").text
    assert "2 orders to ship" in page
    assert "the oldest has waited 3 days" in page


def test_earnings_and_balance_are_the_vendors_own(adas_browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    assert "Your earnings" not in adas_browser.get("/portal").text
    add_order(ada, 3, 1200)
    add_order(ada, 40, 5000)
    add_order(bea, 2, 770000)
    page = adas_browser.get("/portal").text
    assert '<strong class="chart-total">$12.00</strong>' in page
    assert "$62.00" in page
    assert page.count("<rect") == 30
    assert "7,700" not in page


def test_dates_and_amounts_are_written_as_the_vendor_chose(adas_browser: FlaskClient, ada: Vendor) -> None:
    add_order(ada, 3, 123456)
    with db.scoped(ada.shop_id) as session:
        session.execute(update(Vendor).where(Vendor.id == ada.id).values(locale="de-DE"))
    assert "1.234,56" in adas_browser.get("/portal").text

"""What happened, told in the app: to whom it concerns, once, until it is read, and only what was chosen."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db, events
from app.emails.choices import SHOP_TOPICS, VENDOR_TOPICS
from app.emails.kinds import KINDS as EMAILS
from app.emails.service import queue_email
from app.messages.service import add as add_message
from app.models.customer_questions import Question
from app.models.emails import Email
from app.models.messages import Author, OrderThread
from app.models.notices import Notice
from app.models.orders import Order, OrderLine, OrderRefund, VendorOrder
from app.models.payouts import Payout, PayoutBatch
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorUser
from app.notices.rules import ICONS, KINDS, SHOP_WORDS, TOPIC_OF, VENDOR_WORDS
from jobs import outbox
from jobs.portal import forget_notices
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.portal.booked import add_order
from tests.portal.conftest import signed_in


@pytest.fixture(scope="module")
def app() -> Flask:
    return get_app()


def publish_product(shop: Shop, vendor: Vendor, kind: str = "ProductPublished", title: str = "Blue bowl") -> None:
    with db.scoped(shop.id) as session:
        product = Product(shop_id=shop.id, vendor_id=vendor.id, title=title)
        session.add(product)
        session.flush()
        events.publish(session, shop.id, kind, vendor_id=vendor.id, product_id=product.id)
    outbox.deliver(shop.id)


def notices() -> list[tuple[str, str]]:
    with db.system() as session:
        found = session.scalars(select(Notice).order_by(Notice.id)).all()
    return [((VENDOR_WORDS if n.vendor_id else SHOP_WORDS)[n.kind] % {"about": n.about}, n.place) for n in found]


def unread(client: FlaskClient) -> bool:
    return "bell-count" in client.get("/portal").text


def test_every_kind_has_words_a_topic_and_an_icon() -> None:
    assert set(TOPIC_OF) == KINDS
    assert {TOPIC_OF[kind] for kind in VENDOR_WORDS} == set(VENDOR_TOPICS)
    assert {TOPIC_OF[kind] for kind in SHOP_WORDS} == {name for name, topic in SHOP_TOPICS.items() if topic.is_in_app}
    assert set(TOPIC_OF.values()) <= set(ICONS)


def test_only_emails_to_the_right_reader_may_be_left_out_and_none_that_guards_a_seat() -> None:
    for topics, reader in ((VENDOR_TOPICS, "vendor"), (SHOP_TOPICS, "merchant")):
        optional = {kind for topic in topics.values() for kind in topic.emails}
        assert {EMAILS[kind].reader for kind in optional} == {reader}
        assert not any("security" in kind or "link" in kind or "details" in kind for kind in optional)


def test_a_vendor_reads_of_their_own_and_the_shop_of_what_waits(
    app: Flask, merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    bea = make_vendor(shop, "Bea's Bakery", "bea@example.com")
    publish_product(shop, seller)
    publish_product(shop, seller, "ProductSubmitted", "Red bowl")
    assert [words for words, _ in notices()] == ["“Blue bowl” is on sale", "“Red bowl” was handed in"]
    adas, beas = signed_in(app, seller), signed_in(app, bea)
    assert (unread(adas), unread(beas)) == (True, False)
    page = adas.get("/portal/notices").text
    assert ("“Blue bowl” is on sale" in page, "handed in" in page) == (True, False)
    assert "Blue bowl" not in beas.get("/portal/notices").text
    home = merchant.get("/app").text
    assert "Notices (1)" in home
    shown = merchant.get("/app/notices").text
    assert lint_polaris(shown) == []
    assert ("“Red bowl” was handed in" in shown, "is on sale" in shown) == (True, False)


def test_the_shops_notices_are_a_file_too(merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    publish_product(shop, seller, "ProductSubmitted", "Red bowl")
    assert "/app/notices/export.csv" in merchant.get("/app/notices").text
    lines = merchant.get("/app/notices/export.csv").text.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["“Red bowl” was handed in"]
    assert lines[1].endswith(",no")
    assert len(merchant.get("/app/notices/export.csv?topic=payouts").text.splitlines()) == 1


def test_a_vendor_reads_that_a_customer_asks_or_writes_but_not_their_words(
    app: Flask, shop: Shop, seller: Vendor
) -> None:
    part = add_order(seller, 1, 1000)
    mine = {"shop_id": shop.id, "vendor_id": seller.id}
    with db.scoped(shop.id) as session:
        bowl = Product(title="Blue bowl", **mine)
        thread = OrderThread(part_id=part, order_shopify_id=1, token="t", last_at=clock.now(), **mine)
        session.add_all([bowl, thread])
        session.flush()
        asked = [Question(key=str(about), words="Secret?", product_id=about, **mine) for about in (bowl.id, None)]
        session.add_all(asked)
        session.flush()
        for question in asked:
            events.publish(session, shop.id, "QuestionAsked", vendor_id=seller.id, question_id=question.id)
        add_message(session, thread, Author.CUSTOMER, "Secret!")
        gone = asked[1].id + 1
        events.publish(session, shop.id, "QuestionAsked", vendor_id=seller.id, question_id=gone)
    outbox.deliver(shop.id)
    assert notices() == [
        ("A customer asks about “Blue bowl”", f"/portal/customer-questions#question-{asked[0].id}"),
        ("A customer asks about “Ada's Ceramics”", f"/portal/customer-questions#question-{asked[1].id}"),
        ("A customer wrote to you about order #1", f"/portal/orders/{part}/messages"),
    ]
    assert "A customer asks about" in signed_in(app, seller).get("/portal/notices?topic=customers").text


def test_an_event_handed_over_again_makes_no_second_notice(shop: Shop, seller: Vendor) -> None:
    publish_product(shop, seller)
    outbox.replay(shop.id, "notices", clock.now() - timedelta(days=1))
    outbox.deliver(shop.id)
    assert len(notices()) == 1


def test_reading_is_everybodys_own(app: Flask, merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    with db.scoped(shop.id) as session:
        session.add(VendorUser(shop_id=shop.id, vendor_id=seller.id, email="cleo@example.com", role="viewer"))
    publish_product(shop, seller)
    adas = signed_in(app, seller)
    seller.email = "cleo@example.com"
    cleos = signed_in(app, seller)
    with db.system() as session:
        number = session.scalars(select(Notice.id)).one()
    opened = adas.get(f"/portal/notices/{number}")
    assert opened.headers["Location"].startswith("/portal/products/")
    assert (unread(adas), unread(cleos)) == (False, True)
    cleos.post("/portal/notices")
    assert not unread(cleos)
    publish_product(shop, seller, "ProductSubmitted")
    with db.system() as session:
        newest = session.scalars(select(Notice.id).order_by(Notice.id.desc())).first()
    assert "Notices (1)" in merchant.get("/app").text
    assert merchant.post("/app/notices/read", data={"notice": str(newest)}).status_code == 200
    assert "Notices (1)" not in merchant.get("/app").text


def test_a_role_without_money_reads_of_no_payout(app: Flask, shop: Shop, seller: Vendor) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(VendorUser).values(role="catalogue"))
        line = {"shop_id": shop.id, "vendor_id": seller.id, "kind": "PayoutSent", "about": "$12.00", "place": "/portal"}
        session.add(Notice(**line, event_id=1, topic="payouts"))
    adas = signed_in(app, seller)
    assert (unread(adas), "$12.00" in adas.get("/portal/notices").text) == (False, False)


def bring_back_payout(shop: Shop, vendor: Vendor, minor: int) -> None:
    with db.scoped(shop.id) as session:
        batch = PayoutBatch(shop_id=shop.id, number=1, currency="EUR", created_by="staff:1")
        session.add(batch)
        session.flush()
        mine = {"shop_id": shop.id, "vendor_id": vendor.id, "batch_id": batch.id, "reference": "P1-1"}
        account = {"account": b"-", "holder": b"-", "last4": "3000", "rail_key": "P1-1"}
        session.add(payout := Payout(**mine, **account, amount_minor=minor, currency="EUR"))
        session.flush()
        events.publish(session, shop.id, "PayoutReturned", vendor_id=vendor.id, payout_id=payout.id)
    outbox.deliver(shop.id)


def test_an_amount_is_written_as_whoever_reads_it_writes_it(
    app: Flask, merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    bring_back_payout(shop, seller, 123_450)
    adas = signed_in(app, seller)
    assert "Your payout of €1,234.50 came back" in adas.get("/portal/notices").text
    assert "The payout of Ada&#39;s Ceramics (€1,234.50) came back" in merchant.get("/app/notices").text
    with db.scoped(shop.id) as session:
        session.execute(update(VendorUser).values(language="de"))
        session.execute(update(Vendor).values(locale="de-DE"))
    assert "1.234,50\xa0€" in adas.get("/portal/notices").text
    assert "1.234,50\xa0€" in adas.get("/portal/notices/export.csv").text
    assert "1.234,50\xa0€" in adas.get("/portal").text


def test_a_notice_of_before_amounts_were_kept_says_what_it_said(app: Flask, shop: Shop, seller: Vendor) -> None:
    with db.scoped(shop.id) as session:
        line = {"shop_id": shop.id, "vendor_id": seller.id, "kind": "PayoutSent", "about": "$12.00", "place": "/portal"}
        session.add(Notice(**line, event_id=1, topic="payouts"))
    assert "$12.00 is on its way to you" in signed_in(app, seller).get("/portal/notices").text


def test_a_refund_is_told_to_those_whose_goods_came_back(shop: Shop, seller: Vendor) -> None:
    bea, now = make_vendor(shop, "Bea's Bakery", "bea@example.com"), clock.now()
    with db.scoped(shop.id) as session:
        named = {"shop_id": shop.id, "name": "#1001", "ordered_at": now, "currency": "USD"}
        order = Order(**named, shopify_id=1, snapshot={}, snapshot_updated_at=now, terms={}, total_minor=1)
        session.add(order)
        session.flush()
        for vendor, number in ((seller, 11), (bea, 12)):
            part = {"vendor_id": vendor.id, "order_shopify_id": 1, "status": "to_ship", "items_to_ship": 1}
            session.add(VendorOrder(**named, **part, order_id=order.id))
            session.add(_line(shop, order, vendor, number))
        refund = OrderRefund(
            shop_id=shop.id,
            order_shopify_id=1,
            shopify_id=5,
            refunded_at=now,
            snapshot={"refund_line_items": [{"line_item_id": 12}], "transactions": [{"kind": "refund"}]},
            keep_commission=False,
            bearer="vendor",
        )
        session.add(refund)
        session.flush()
        events.publish(session, shop.id, "RefundProcessed", order_id=order.id, refund_id=refund.id)
    outbox.deliver(shop.id)
    with db.system() as session:
        assert session.scalars(select(Notice.vendor_id)).all() == [bea.id]
    assert notices()[0][0] == "Money of order #1001 was refunded"


def _line(shop: Shop, order: Order, vendor: Vendor, number: int) -> OrderLine:
    terms = {"attribution": "product", "hold_days": 14, "tax_to": "marketplace", "fee_tax_bps": 0, "gross_minor": 1}
    named = {"shopify_id": number, "position": number, "title": "Bowl", "quantity": 1}
    return OrderLine(shop_id=shop.id, order_id=order.id, vendor_id=vendor.id, **named, **terms)


def test_what_was_chosen_decides_by_event_and_channel(app: Flask, shop: Shop, seller: Vendor) -> None:
    adas = signed_in(app, seller)
    chosen = {"orders-email": "y", "orders-app": "y", "payouts-email": "y", "products-email": "y"}
    assert adas.post("/portal/notifications", data=chosen).status_code == 303
    publish_product(shop, seller)
    assert notices() == []
    adas.post("/portal/notifications", data={"products-app": "y"})
    with db.scoped(shop.id) as session:
        for kind in ("product_published", "vendor_rejected"):
            values = {"vendor_name": "Ada", "product_title": "Bowl", "link": "https://x.example", "reason": "No"}
            context = {name: values[name] for name in EMAILS[kind].needs}
            queue_email(session, shop.id, kind, seller.email, context, vendor_id=seller.id, dedupe_key=kind)
    with db.system() as session:
        assert session.scalars(select(Email.kind)).all() == ["vendor_rejected"]
    publish_product(shop, seller)
    assert len(notices()) == 1


def test_only_owners_choose_for_the_vendor(app: Flask, shop: Shop, seller: Vendor) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(VendorUser).values(role="viewer"))
    viewer = signed_in(app, seller)
    assert (viewer.get("/portal/notifications").status_code, viewer.get("/portal/notices").status_code) == (403, 200)


def test_the_shop_chooses_too_and_the_log_says_what(merchant: FlaskClient, shop: Shop) -> None:
    page = merchant.get("/app/settings/notifications").text
    assert lint_polaris(page) == []
    kept = {f"{name}-{way}": "y" for name in SHOP_TOPICS for way in ("email", "app")}
    del kept["applications-email"]
    assert merchant.post("/app/settings/notifications", data=kept).status_code == 200
    values = {"vendor_name": "Ada", "email": "a@example.com", "tagline": "", "link": "https://x.example"}
    with db.scoped(shop.id) as session:
        assert queue_email(session, shop.id, "merchant_new_application", "m@x.example", values, dedupe_key="1") is None
    log = merchant.get("/app/log").text
    assert "e-mail and in the app → in the app" in log


def test_notices_are_kept_for_three_months(shop: Shop, seller: Vendor) -> None:
    publish_product(shop, seller)
    forget_notices()
    assert len(notices()) == 1
    with db.system() as session:
        session.execute(update(Notice).values(at=clock.now() - timedelta(days=95)))
    forget_notices()
    assert notices() == []

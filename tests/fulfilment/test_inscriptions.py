"""What a customer wrote on a line is read by whoever makes or sells it, and by nobody else."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.fulfilment import pickups
from app.models.emails import Email
from app.models.orders import Order, OrderLine, VendorOrder, VendorOrderStatus
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.orders import buyers
from app.orders.inscriptions import MOST, Inscription, list_for_vendor, list_inscriptions, read_inscriptions
from devstore.store import Store
from jobs import outbox
from tests.architecture.polaris import lint_polaris
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post
from tests.portal.conftest import signed_in

UPLOAD = "https://cdn.example.com/uploads/photo.jpg"
MUG = {
    "Engraving": "For <b>Zoe</b>\nwith love",
    "Photo": UPLOAD,
    "Page": "http://example.com/plain",
    "Left blank": " ",
    "_bundle": "k-117",
}
PAPERS = (
    "/portal/orders/pick-list",
    "/portal/orders/pick-list?by=order",
    "/portal/orders/packing-slips",
    "/portal/orders/ship",
)


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, post: Post) -> None:
    """Ada's mug with an engraving and Bea's loaf with an icing; an order with nothing written beside it."""
    buy(store, (goods.mug, 2), (goods.loaf, 1), written={"MUG": MUG, "LOAF": {"Icing": "Happy birthday Bob"}})
    buy(store, (goods.mug, 1), (goods.vase, 1))
    post.deliver()


def pages_of(ada: Vendor) -> list[str]:
    """Addresses of everything that shows the vendor the lines of the first order."""
    with db.scoped(ada.shop_id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder.id).order_by(VendorOrder.id)).first()
    return [*PAPERS, f"/portal/orders/{part}", f"/portal/orders/{part}/packing-slip"]


def test_a_vendor_reads_it_where_the_goods_are_made_and_packed(
    order: None, adas_browser: FlaskClient, app: Flask, ada: Vendor, bea: Vendor
) -> None:
    for path in pages_of(ada):
        page = adas_browser.get(path).text
        assert "Engraving: For &lt;b&gt;Zoe&lt;/b&gt;\nwith love</span>" in page, path
        assert f'Photo: <a href="{UPLOAD}" target="_blank" rel="noopener noreferrer">{UPLOAD}</a>' in page, path
        assert "Page: http://example.com/plain</span>" in page, "only a safe address is a link"
        assert "Bob" not in page, "another vendor's line"
        assert "k-117" not in page, "the theme's own note"
        assert "Left blank" not in page
    beas = signed_in(app, bea)
    for path in pages_of(bea):
        page = beas.get(path).text
        assert "Icing: Happy birthday Bob" in page, path
        assert "Zoe" not in page, path


def test_a_pick_list_says_of_which_order_it_is(order: None, adas_browser: FlaskClient) -> None:
    page = adas_browser.get("/portal/orders/pick-list").text
    [mug] = re.findall(r'<td class="what">Mug(.*?)</td>', page, re.DOTALL)
    assert mug.startswith('<span class="inscription"><strong>#1001 (2)</strong><span class="inscription">Engraving: ')
    assert "#1002" not in mug
    assert '<td class="what">Vase</td>' in page


def test_the_merchant_reads_all_of_it(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, merchant: FlaskClient
) -> None:
    written = {"MUG": MUG, "LOAF": {"Icing": "Bob"}, "BAG": {"Initials": "C. C."}}
    buy(store, (goods.mug, 1), (goods.loaf, 1), (goods.bag, 1), written=written)
    post.deliver()
    with db.scoped(acme.id) as session:
        order_id = session.scalars(select(Order.id)).one()
    page = merchant.get(f"/app/orders/{order_id}").text
    for said in ("Engraving: For &lt;b&gt;Zoe&lt;/b&gt;\nwith love", "Icing: Bob", "Initials: C. C."):
        assert f'<div class="inscription"><s-text>{said}</s-text>' in page
    assert f'<s-link href="{UPLOAD}" target="_blank">{UPLOAD}</s-link>' in page
    assert "k-117" not in page


def test_where_the_shop_collects_both_read_it(
    order: None, acme: Shop, ada: Vendor, adas_browser: FlaskClient, merchant: FlaskClient
) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).vendors_are_collected = True
    packing = adas_browser.get("/portal/orders/ready").text
    assert "Engraving: For &lt;b&gt;Zoe&lt;/b&gt;\nwith love</span>" in packing
    assert "Bob" not in packing
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        mine, part = (
            session.get_one(Vendor, ada.id),
            session.scalars(select(VendorOrder).order_by(VendorOrder.id)).first(),
        )
        assert part is not None
        number = pickups.make_rest_ready(session, mine, part, "Shelf 4", actor="ada").id
    for path in ("/app/pickups", "/app/pickups/print", f"/app/pickups/ship?pickup={number}"):
        page = merchant.get(path).text
        assert "2 \N{MULTIPLICATION SIGN} Mug" in page
        assert '<div class="inscription"><s-text>Engraving: For &lt;b&gt;Zoe&lt;/b&gt;\nwith love</s-text>' in page, (
            path
        )
        assert "k-117" not in page
        assert lint_polaris(page) == []
    sheet = merchant.get("/app/pickups/export.csv").text
    assert "2 x Mug (Engraving: For <b>Zoe</b>\nwith love; Photo: https://" in sheet
    assert "k-117" not in sheet


def test_the_news_of_an_order_has_it(order: None, acme: Shop, ada: Vendor, bea: Vendor) -> None:
    outbox.deliver(acme.id)
    with db.scoped(acme.id) as session:
        to_vendors = select(Email).where(Email.kind == "vendor_new_order").order_by(Email.id)
        adas, beas, second = session.scalars(to_vendors).all()
        customers = session.scalars(select(Email).where(Email.kind == "customer_order_received")).all()
    assert (adas.to_address, beas.to_address) == (ada.email, bea.email)
    assert f"- 2 x Mug\n  Engraving: For <b>Zoe</b>\n  with love\n  Photo: {UPLOAD}\n  Page: " in adas.text_body
    assert 'white-space:pre-line;">Engraving: For &lt;b&gt;Zoe&lt;/b&gt;\nwith love</span>' in adas.html
    assert "k-117" not in adas.html
    assert "Bob" not in adas.html
    assert "- 1 x Loaf\n  Icing: Happy birthday Bob\n" in beas.text_body
    for email in (second, *customers):
        assert "Engraving" not in email.text_body


def test_a_vendor_reads_it_for_as_long_as_the_customers_name(
    order: None, adas_browser: FlaskClient, ada: Vendor
) -> None:
    long_ago = {"status": VendorOrderStatus.SHIPPED, "delivered_at": clock.now() - timedelta(days=300)}
    with db.scoped(ada.shop_id) as session:
        session.execute(update(VendorOrder).where(VendorOrder.name == "#1001").values(long_ago))
    assert buyers.remove_old() == 2
    page, slip = pages_of(ada)[-2:]
    for path in (page, slip):
        shown = adas_browser.get(path)
        assert "Mug" in shown.text
        assert "Zoe" not in shown.text


def test_it_is_one_question_more_however_many_orders(order: None, ada: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    ask = db.read_at_once

    def note(*told: object, **more: object) -> object:
        asked.append(told)
        return ask(*told, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("app.orders.inscriptions.read_at_once", note)
    with db.scoped(ada.shop_id, vendor_id=ada.id) as session:
        parts, lines = session.scalars(select(VendorOrder)).all(), session.scalars(select(OrderLine)).all()
    assert len(parts) == 2
    [found] = list_for_vendor(parts, lines).values()
    assert [one.name for one in found] == ["Engraving", "Photo", "Page"]
    assert len(asked) == 1
    assert list_for_vendor(parts, []) == list_inscriptions(ada.shop_id, []) == {}
    assert len(asked) == 1


def test_of_a_vendors_parts_nobody_elses_lines_are_read(order: None, acme: Shop, ada: Vendor, zenith: Shop) -> None:
    with db.scoped(acme.id) as session:
        parts = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == ada.id)).all()
        every = session.scalars(select(OrderLine)).all()
    icing = {line.shopify_id for line in every if line.title == "Loaf"}
    assert icing & list_inscriptions(acme.id, every).keys()
    assert not icing & list_for_vendor(parts, every).keys()
    assert list_inscriptions(zenith.id, every) == {}, "another shop"


def test_a_line_shows_thirty_at_most(goods: SimpleNamespace, store: Store, post: Post, ada: Vendor) -> None:
    buy(store, (goods.mug, 1), written={"MUG": {f"Word {number}": "x" for number in range(MOST + 5)}})
    post.deliver()
    with db.scoped(ada.shop_id) as session:
        lines = session.scalars(select(OrderLine)).all()
    [found] = list_inscriptions(ada.shop_id, lines).values()
    assert len(found) == MOST


def test_odd_payloads_have_nothing_written() -> None:
    odd = [{"id": 1, "properties": ["x", None, {"name": None, "value": "Zoe"}]}, {"id": 2, "properties": {"a": "b"}}]
    assert read_inscriptions({"line_items": odd}) == {1: [Inscription("", "Zoe")]}
    assert read_inscriptions({"line_items": None}) == read_inscriptions({}) == {}

"""A vendor's orders by where they stand, in parts, and on paper."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock, db
from app.keyset import BEGINNING, Page, Place, walk_parts
from app.models.orders import VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import vendor_list
from app.orders.vendor_list import Wanted
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.shipments import add_event
from devstore.orders.tracking import Tracking
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.portal.booked import add_order


def line_ids(order: Doc) -> dict[str, int]:
    return {line["sku"]: line["id"] for line in order["line_items"]}


def names(shop: Shop, vendor: Vendor, tab: str) -> list[str]:
    with db.scoped(shop.id, vendor_id=vendor.id) as session:
        return [row.part.name for row in vendor_list.list_orders(session, vendor.id, Wanted(tab=tab)).rows]


def test_an_order_goes_from_tab_to_tab_until_it_comes_back(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    post.deliver()
    lines, name = line_ids(order), order["name"]
    assert [tab for tab in vendor_list.TABS if names(acme, ada, tab)] == ["to_ship"]
    parcel = fulfil_lines(store, ACME, order["id"], {lines["MUG"]: 2})[0]
    post.deliver()
    assert names(acme, ada, "shipped") == [name]
    assert names(acme, bea, "to_ship") == [name]
    add_event(store, ACME, parcel["id"], "delivered")
    post.deliver_in_disorder(3)
    assert names(acme, ada, "delivered") == [name]
    assert names(acme, ada, "shipped") == []
    assert names(acme, bea, "delivered") == []
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines["MUG"], 1, "return")]))
    post.deliver()
    assert names(acme, ada, "returned") == [name]
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        assert vendor_list.count_tabs(session, ada.id)["returned"] == 1
        assert vendor_list.count_tabs(session, ada.id)[""] == 1


def test_of_two_parcels_both_must_have_arrived(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = buy(store, (goods.mug, 2))
    mug = line_ids(order)["MUG"]
    first, second = (fulfil_lines(store, ACME, order["id"], {mug: 1})[0] for _ in range(2))
    add_event(store, ACME, first["id"], "delivered")
    post.deliver()
    assert names(acme, ada, "delivered") == []
    add_event(store, ACME, second["id"], "delivered")
    post.deliver()
    assert names(acme, ada, "delivered") == [order["name"]]


def test_a_parcel_with_a_number_that_never_arrives_is_late(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    tracked, plain = (buy(store, (goods.mug, 1)) for _ in range(2))
    fulfil_lines(store, ACME, tracked["id"], None, tracking=Tracking("UPS", ("1Z999",)))
    fulfil_lines(store, ACME, plain["id"], None)
    post.deliver()

    def late() -> list[str]:
        with db.scoped(acme.id, vendor_id=ada.id) as session:
            found = vendor_list.list_orders(session, ada.id, Wanted(tab="shipped", late=True)).rows
            assert len(found) == vendor_list.count_late(session, ada.id)
            return [row.part.name for row in found if row.days_late]

    assert late() == []
    with db.scoped(acme.id) as session:
        session.execute(update(VendorOrder).values(shipped_at=clock.now() - timedelta(days=11)))
    assert late() == [tracked["name"]]


@pytest.mark.parametrize("sort", ["newest", "oldest", "most", "name"])
def test_the_parts_of_a_list_are_the_whole_list_both_ways(acme: Shop, ada: Vendor, bea: Vendor, sort: str) -> None:
    for number in range(7):
        add_order(ada, days_ago=number // 2, earned=100 * (number % 3))
        add_order(bea, days_ago=number, earned=5)
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        wanted = Wanted(sort=sort)
        whole = [row.part.id for row in vendor_list.list_orders(session, ada.id, wanted).rows]
        assert len(whole) == 7

        def read(place: Place = BEGINNING) -> Page[vendor_list.Row]:
            return vendor_list.list_orders(session, ada.id, wanted, place=place, limit=2)

        parts = list(walk_parts(read))
        assert [row.part.id for part in parts for row in part.rows] == whole
        back = read(Place(before=parts[2].before or ""))
        assert [row.part.id for row in back.rows] == whole[2:4]
        assert (back.before, back.after) == (parts[1].before, parts[1].after)
        assert read(Place(before=back.before or "")).before is None
        assert read(Place(after="nothing")).rows == parts[0].rows


@pytest.mark.parametrize("search", ["mug", "MUG", "#1001", "1001", "Cleo", "1Z99"])
def test_a_search_finds_number_customer_product_and_parcel(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, search: str
) -> None:
    order = buy(store, (goods.mug, 1), (goods.loaf, 1))
    fulfil_lines(store, ACME, order["id"], {line_ids(order)["MUG"]: 1}, tracking=Tracking("UPS", ("1Z999",)))
    post.deliver()
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        assert vendor_list.list_orders(session, ada.id, Wanted(search=search)).total == 1
        assert vendor_list.list_orders(session, ada.id, Wanted(search="loaf")).total == 0


def test_the_table_says_the_same_as_the_list(
    goods: SimpleNamespace, store: Store, post: Post, adas_browser: FlaskClient, ada: Vendor
) -> None:
    buy(store, (goods.mug, 2))
    post.deliver()
    answer = adas_browser.get("/portal/orders/export.csv?status=to_ship")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["order"], row["status"], row["items"], row["to_send"]) == ("#1001", "to_ship", "2", "2")
    assert row["send_to"].startswith("Cleo Customer, 1 Harbour Road")
    assert "#1001" not in adas_browser.get("/portal/orders/export.csv?status=shipped").text


def test_a_pick_list_adds_up_what_several_orders_want(
    goods: SimpleNamespace, store: Store, post: Post, adas_browser: FlaskClient, ada: Vendor
) -> None:
    first = buy(store, (goods.mug, 2), (goods.vase, 1), (goods.loaf, 5))
    buy(store, (goods.mug, 3))
    fulfil_lines(store, ACME, first["id"], {line_ids(first)["MUG"]: 1})
    post.deliver()
    page = adas_browser.get("/portal/orders/pick-list").text
    assert "5 items for 2 orders" in page
    assert _rows(page) == [["4", "Mug", "MUG", "#1001, #1002 (3)"], ["1", "Vase", "VASE", "#1001"]]
    by_order = adas_browser.get("/portal/orders/pick-list?by=order").text
    assert by_order.index("#1001, Cleo Customer") < by_order.index("#1002, Cleo Customer")
    assert "Loaf" not in page + by_order


def test_slips_of_many_orders_are_one_print_each_with_its_code(
    goods: SimpleNamespace, store: Store, post: Post, adas_browser: FlaskClient, ada: Vendor, bea: Vendor
) -> None:
    for product in (goods.mug, goods.vase, goods.loaf):
        buy(store, (product, 1))
    post.deliver()
    page = adas_browser.get("/portal/orders/packing-slips?order=1&order=2&order=3").text
    assert page.count('class="sheet"') == page.count("<svg") == 2
    assert "Loaf" not in page
    assert adas_browser.get("/portal/orders/3/packing-slip").status_code == 404
    scanned = adas_browser.get("/portal/orders/1/ship")
    assert scanned.headers["Location"].endswith("/portal/orders/1#ship")


def _rows(page: str) -> Sequence[Sequence[str]]:
    bodies = re.findall(r"<tr>(.*?)</tr>", page.split("<tbody>")[1], re.DOTALL)
    cells = (re.findall(r"<td[^>]*>(.*?)</td>", body, re.DOTALL) for body in bodies)
    return [[text for cell in row if (text := re.sub(r"<[^>]+>", "", cell).strip())] for row in cells]

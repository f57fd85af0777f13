"""Many parcels at once: a result for each order, nothing twice, whatever dies on the way."""

import io
import re
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import db
from app.fulfilment import batches, service
from app.models.fulfilments import Fulfilment, FulfilmentState, ShipmentBatch
from app.models.orders import VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore.orders.cancel import cancel_order
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post


@pytest.fixture
def three(goods: SimpleNamespace, store: Store, post: Post, ada: Vendor, bea: Vendor) -> None:
    """Orders 1 and 2 wait for Ada, 3 for Bea."""
    for product in (goods.mug, goods.vase, goods.loaf):
        buy(store, (product, 2))
    post.deliver()


def form(*rows: tuple[int, str, str], key: str = "k") -> dict[str, object]:
    return {
        "key": key,
        "order": [part for part, *_ in rows],
        "row": [part for part, *_ in rows],
        "carrier": [carrier for _, carrier, _ in rows],
        "tracking": [number for *_, number in rows],
    }


def parcels(shop: Shop) -> list[tuple[str, str, str, dict[str, int]]]:
    with db.scoped(shop.id) as session:
        found = session.scalars(select(Fulfilment).order_by(Fulfilment.id)).all()
        return [(one.carrier, one.tracking_number, one.state, one.quantities) for one in found]


def test_each_order_gets_its_own_number(three: None, adas_browser: FlaskClient, acme: Shop) -> None:
    answer = adas_browser.post("/portal/orders/ship", data=form((1, "UPS", "1Z1"), (2, "DPD", "0182")))
    assert answer.status_code == 303
    assert [one[:3] for one in parcels(acme)] == [("UPS", "1Z1", "requested"), ("DPD", "0182", "requested")]
    assert [sum(one[3].values()) for one in parcels(acme)] == [2, 2]
    page = adas_browser.get(answer.headers["Location"]).text
    assert page.count("Being sent") == 2
    assert 'hx-trigger="load delay:2s"' in page


def test_a_page_sent_twice_sends_nothing_twice(three: None, adas_browser: FlaskClient, acme: Shop) -> None:
    pages = {adas_browser.post("/portal/orders/ship", data=form((1, "", "A"))).headers["Location"] for _ in range(2)}
    assert len(pages) == 1
    other = adas_browser.post("/portal/orders/ship", data=form((1, "", "B"), key="another window"))
    assert "Nothing of it is left to send" in adas_browser.get(other.headers["Location"]).text
    assert [one[1] for one in parcels(acme)] == ["A"]


def test_what_cannot_be_sent_stops_nothing_else(
    three: None, goods: SimpleNamespace, store: Store, post: Post, adas_browser: FlaskClient, acme: Shop
) -> None:
    unpaid = buy(store, (goods.mug, 1), pay=False)
    gone = buy(store, (goods.mug, 1))
    cancel_order(store, "acme.myshopify.com", gone["id"], reason="customer", restock=True, refund=True)
    post.deliver()
    with db.scoped(acme.id) as session:
        at = session.scalars(select(VendorOrder.id).where(VendorOrder.name == unpaid["name"])).one()
    assert (
        adas_browser.post(f"/portal/orders/{at}/ship", data={f"units-{unpaid['line_items'][0]['id']}": 1}).status_code
        == 409
    )
    numbers = [(number, "", "") for number in (1, 3, 4, 5, 999)]
    answer = adas_browser.post("/portal/orders/ship", data=form(*numbers))
    page = adas_browser.get(answer.headers["Location"]).text
    shown = re.findall(r'href="/portal/orders/(\d+)">', page)
    assert [number for number in shown if number in {"1", "3", "4", "5", "999"}] == ["1", "4", "5"]
    assert "has not paid yet" in page
    assert "Nothing of it is left" in page
    assert unpaid["name"] in page
    assert len(parcels(acme)) == 1


def test_an_unticked_row_is_not_sent(three: None, adas_browser: FlaskClient, acme: Shop) -> None:
    data = form((1, "UPS", "1"), (2, "DPD", "2")) | {"order": [2]}
    adas_browser.post("/portal/orders/ship", data=data)
    assert [one[:2] for one in parcels(acme)] == [("DPD", "2")]


def test_a_bad_number_is_marked_and_nothing_is_sent(three: None, adas_browser: FlaskClient, acme: Shop) -> None:
    answer = adas_browser.post("/portal/orders/ship", data=form((1, "UPS", "x" * 81), (2, "DPD", "0182")))
    assert answer.status_code == 422
    assert "at most 60 characters" in answer.text
    assert 'value="0182"' in answer.text
    assert parcels(acme) == []
    assert adas_browser.post("/portal/orders/ship", data={"key": "k"}).status_code == 422


def test_a_file_fills_the_table_and_names_every_line_it_left_out(
    three: None, adas_browser: FlaskClient, acme: Shop
) -> None:
    sheet = b"order,tracking,carrier\n#1001,1Z1,UPS\n1002,0182,DPD\n#1003,77,DPD\n#1001,88,UPS\n#9,1,\n"
    upload = {"file": (io.BytesIO(sheet), "labels.csv")}
    page = adas_browser.post("/portal/orders/ship/read", data=upload).text
    assert {'value="1Z1"', 'value="0182"'} <= set(re.findall(r'value="\w+"', page))
    assert re.findall(r"Line (\d), (\S+) ", page) == [("4", "#1003"), ("5", "#1001"), ("6", "#9")]
    assert page.count("You have no order of this number.") == 2
    assert parcels(acme) == []


@pytest.mark.parametrize(
    ("sheet", "words"),
    [(b"", "Choose a file"), (b"#9,1,\n", "No line of this file"), (b"x" * 200_001, "too large")],
    ids=["none", "nobody's orders", "huge"],
)
def test_a_file_of_no_use_says_why(three: None, adas_browser: FlaskClient, sheet: bytes, words: str) -> None:
    answer = adas_browser.post("/portal/orders/ship/read", data={"file": (io.BytesIO(sheet), "labels.csv")})
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.parametrize(("lines", "status"), [(100, 200), (101, 422)])
def test_one_request_takes_a_hundred_orders(
    three: None, adas_browser: FlaskClient, acme: Shop, lines: int, status: int
) -> None:
    """Each is a lock and several statements: 200 held a connection for over four seconds."""
    sheet = b"#1001,1Z1,UPS\n" * lines
    answer = adas_browser.post("/portal/orders/ship/read", data={"file": (io.BytesIO(sheet), "labels.csv")})
    assert (answer.status_code, "Send at most 100 at a time." in answer.text) == (status, status == 422)
    many = form(*((part, "", "") for part in range(100, 200)), (1, "UPS", "1Z1"))
    assert adas_browser.post("/portal/orders/ship", data=many).status_code == 303
    assert parcels(acme) == []


def test_who_has_more_to_send_than_one_page_shows_is_told_which_stand_here(
    three: None, adas_browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.fulfilment.rules.MAX_ORDERS", 3)
    assert "at a time, the oldest first" not in adas_browser.get("/portal/orders/ship").text
    monkeypatch.setattr("app.fulfilment.rules.MAX_ORDERS", 2)
    assert "At most 2 orders at a time, the oldest first." in adas_browser.get("/portal/orders/ship").text
    assert "at a time" not in adas_browser.get("/portal/orders/ship?order=1&order=2").text


def test_what_shopify_refused_can_be_tried_again_in_one_go(
    three: None, adas_browser: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    page = adas_browser.post("/portal/orders/ship", data=form((1, "", ""), (2, "", ""))).headers["Location"]
    with db.scoped(acme.id) as session:
        for parcel in session.scalars(select(Fulfilment)):
            parcel.state, parcel.error = FulfilmentState.FAILED, "Some of these items are held."
    shown = adas_browser.get(page).text
    assert shown.count("Some of these items are held.") == 2
    assert adas_browser.post(f"{page}/again").status_code == 303
    assert {one[2] for one in parcels(acme)} == {"requested"}


def test_a_batch_is_its_vendors_alone(three: None, acme: Shop, ada: Vendor, bea: Vendor) -> None:
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        vendor = session.get_one(Vendor, ada.id)
        batches.ship_many(session, vendor, {1: service.Tracking(), 3: service.Tracking()}, key="k", actor="test")
    with db.scoped(acme.id, vendor_id=bea.id) as session:
        assert session.scalar(select(func.count()).select_from(ShipmentBatch)) == 0
        assert session.scalar(select(func.count()).select_from(Fulfilment)) == 0

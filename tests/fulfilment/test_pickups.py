"""Where the shop collects and sends: packed by the vendor, collected and sent by the merchant."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.errors import Conflict, NotFound, ValidationErrors
from app.fulfilment import pickups, service
from app.fulfilment.service import Tracking
from app.home.queries import count_everything
from app.models.emails import Email
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.notices import Notice
from app.models.orders import VendorOrder
from app.models.pickups import Pickup, PickupState
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.orders import vendor_list
from app.orders.left import list_packed_units, units_left
from app.orders.packed import is_open, is_open_in
from app.orders.queries import count_waiting
from app.orders.vendor_list import Wanted
from app.shopify.tokens import ShopCredentials
from devstore.orders.cancel import cancel_order
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Doc, Store
from jobs import outbox
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_service import lines_of
from tests.portal.conftest import signed_in
from tests.reviews.conftest import merchant
from tests.shopify.fake import FakeShopify

__all__ = ["merchant"]
DPD = Tracking("DPD", "0182")


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, post: Post) -> Doc:
    """Two mugs and a vase of Ada's, a loaf of Bea's."""
    found = buy(store, (goods.mug, 2), (goods.vase, 1), (goods.loaf, 1))
    post.deliver()
    return found


@pytest.fixture
def collecting(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    """Acme collects from its vendors, except from Bea."""
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).vendors_are_collected = True
        session.get_one(Vendor, bea.id).is_collected = False


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(ValidationErrors) as error:
        yield
    assert words in error.value.errors["items"]


def pack(vendor: Vendor, units: dict[int, int] | None = None, place: str = "Shelf 3") -> int:
    with db.scoped(vendor.shop_id, vendor_id=vendor.id) as session:
        mine, part = session.get_one(Vendor, vendor.id), session.scalars(select(VendorOrder)).one()
        if units is None:
            return pickups.make_rest_ready(session, mine, part, place, actor="ada").id
        return pickups.make_ready(session, mine, part, units, place, actor="ada").id


def left(vendor: Vendor) -> dict[int, int]:
    with db.scoped(vendor.shop_id, vendor_id=vendor.id) as session:
        return units_left(session, session.scalars(select(VendorOrder)).one())


def packed(shop: Shop, vendor: Vendor) -> dict[int, int]:
    """Units that the shop can still send of all that the vendor has packed."""
    with db.scoped(shop.id) as session:
        parts = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == vendor.id)).all()
        found: dict[int, int] = {}
        for units in list_packed_units(session, parts).values():
            for line, count in units.items():
                found[line] = found.get(line, 0) + count
        return found


def tabs(vendor: Vendor) -> set[str]:
    with db.scoped(vendor.shop_id, vendor_id=vendor.id) as session:
        return {tab for tab in vendor_list.TABS if vendor_list.list_orders(session, vendor.id, Wanted(tab=tab)).rows}


def state(shop: Shop, number: int) -> PickupState:
    with db.scoped(shop.id) as session:
        return session.get_one(Pickup, number).state


def shown_as(vendor: Vendor) -> str:
    with db.scoped(vendor.shop_id, vendor_id=vendor.id) as session:
        return vendor_list.list_orders(session, vendor.id, vendor_list.Wanted()).rows[0].state


def test_what_the_shop_has_collected_whole_is_no_longer_shown_as_ready(
    order: Doc, collecting: None, acme: Shop, ada: Vendor
) -> None:
    number = pack(ada)
    with db.scoped(acme.id) as session:
        pickups.collect(session, acme.id, number, actor="staff:1")
    assert shown_as(ada) == "collected"


def test_where_the_shop_collects_the_vendor_packs_and_cannot_send(
    order: Doc, collecting: None, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    lines = lines_of(order)
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        with refused("collects"):
            service.request_rest(session, ada, part, DPD, actor="ada")
        with refused("collects"):
            service.request_shipment(session, ada, part, {lines["MUG"]: 1}, DPD, actor="ada")
    pack(ada, {lines["MUG"]: 1})
    assert left(ada) == {lines["MUG"]: 1, lines["VASE"]: 1}
    assert tabs(ada) == {"to_ship", "packed"}
    pack(ada)
    assert left(ada) == {lines["MUG"]: 0, lines["VASE"]: 0}
    assert tabs(ada) == {"packed"}
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        assert count_waiting(session, ada.id) == 0
    with refused("ready already"):
        pack(ada)
    with refused("You send this yourself"):
        pack(bea)


def test_a_vendor_takes_back_what_nobody_has_collected(
    order: Doc, collecting: None, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    first, second = pack(ada, {lines_of(order)["MUG"]: 2}), pack(ada)
    assert shown_as(ada) == "packed"
    with db.scoped(acme.id) as session:
        pickups.collect(session, acme.id, second, actor="staff:1")
    assert shown_as(ada) == "packed", "the first parcel still stands there"
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        pickups.take_back(session, part, first, actor="ada")
        with pytest.raises(Conflict, match="collected this already"):
            pickups.take_back(session, part, second, actor="ada")
    assert left(ada) == {lines_of(order)["MUG"]: 2, lines_of(order)["VASE"]: 0}
    with db.scoped(acme.id, vendor_id=bea.id) as session, pytest.raises(NotFound):
        pickups.take_back(session, session.scalars(select(VendorOrder)).one(), second, actor="bea")


def test_what_is_sent_is_one_parcel_of_the_shop_s_and_not_the_vendor_s_to_drop(
    order: Doc, collecting: None, acme: Shop, ada: Vendor
) -> None:
    number = pack(ada)
    with db.scoped(acme.id) as session:
        parcel = pickups.ship(session, acme.id, number, DPD, actor="staff:1").id
    with db.scoped(acme.id) as session:
        with pytest.raises(Conflict, match="sent, refunded or taken back"):
            pickups.ship(session, acme.id, number, DPD, actor="staff:1")
        with pytest.raises(Conflict):
            pickups.give_back(session, acme.id, number, actor="staff:1")
        made = session.scalars(select(Fulfilment)).one()
        assert (made.id, made.vendor_id, made.carrier, made.quantities) == (
            parcel, ada.id, "DPD", {str(lines_of(order)["MUG"]): 2, str(lines_of(order)["VASE"]): 1},
        )  # fmt: skip
        made.state, made.error = FulfilmentState.FAILED, "Order is locked"
    assert left(ada) == {lines_of(order)["MUG"]: 0, lines_of(order)["VASE"]: 0}, "what was refused is still the shop's"
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        for change in (service.request_again, lambda *a: service.discard(*a, actor="ada")):
            with pytest.raises(NotFound):
                change(session, part, parcel)
    with db.scoped(acme.id) as session:
        pickups.ship(session, acme.id, number, Tracking("UPS", "1Z"), actor="staff:1")
    with db.scoped(acme.id) as session:
        sent = [(one.carrier, one.state) for one in session.scalars(select(Fulfilment).order_by(Fulfilment.id))]
    assert sent == [("DPD", FulfilmentState.CANCELLED), ("UPS", FulfilmentState.REQUESTED)]


def test_what_cannot_be_sent_leaves_the_pickup_as_it_was(order: Doc, collecting: None, acme: Shop, ada: Vendor) -> None:
    number = pack(ada)
    with db.scoped(acme.id) as session:
        part = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == ada.id)).one()
        part.holds = [{"line": lines_of(order)["MUG"], "units": 2, "reason": "other", "until": None}]
    with db.scoped(acme.id) as session:
        with refused("on hold"):
            pickups.ship(session, acme.id, number, DPD, actor="staff:1")
        pickups.collect(session, acme.id, number, actor="staff:1")
    assert state(acme, number) is PickupState.COLLECTED


def test_refunded_units_are_not_sent_and_what_was_sent_otherwise_is_closed(
    order: Doc, collecting: None, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    lines = lines_of(order)
    first, second = pack(ada, {lines["MUG"]: 2}), pack(ada)
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines["MUG"], 1, "cancel")]))
    fulfil_lines(store, ACME, order["id"], {lines["VASE"]: 1})
    post.deliver()
    assert packed(acme, ada) == {lines["MUG"]: 1, lines["VASE"]: 0}
    with db.scoped(acme.id) as session:
        with pytest.raises(Conflict, match="Leave it with the vendor"):
            pickups.collect(session, acme.id, second, actor="staff:1")
        pickups.give_back(session, acme.id, second, actor="staff:1")
        with pytest.raises(Conflict, match="still to be sent"):
            pickups.give_back(session, acme.id, first, actor="staff:1")
        assert pickups.ship(session, acme.id, first, DPD, actor="staff:1").quantities == {str(lines["MUG"]): 1}
    assert state(acme, second) is PickupState.WITHDRAWN


def test_what_is_added_to_an_order_is_left_to_pack_although_older_pickups_are_stale(
    order: Doc, collecting: None, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    lines = lines_of(order)
    pack(ada, {lines["MUG"]: 2})
    fulfil_lines(store, ACME, order["id"], {lines["MUG"]: 2})
    post.deliver()
    assert tabs(ada) == {"to_ship", "packed"}, "the vase is to be packed"


def test_when_the_vendor_sends_again_what_is_packed_stays_the_shop_s(
    order: Doc, collecting: None, acme: Shop, ada: Vendor
) -> None:
    lines = lines_of(order)
    number = pack(ada, {lines["MUG"]: 2})
    with db.scoped(acme.id) as session:
        session.get_one(Vendor, ada.id).is_collected = False
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        mine, part = session.get_one(Vendor, ada.id), session.scalars(select(VendorOrder)).one()
        sent = service.request_rest(session, mine, part, DPD, actor="ada")
        assert sent.quantities == {str(lines["VASE"]): 1}
    with db.scoped(acme.id) as session:
        assert pickups.ship(session, acme.id, number, DPD, actor="staff:1").quantities == {str(lines["MUG"]): 2}


def test_the_merchant_is_mailed_once_a_day_for_each_vendor_and_both_read_notices(
    order: Doc, collecting: None, acme: Shop, ada: Vendor
) -> None:
    first, _ = pack(ada, {lines_of(order)["MUG"]: 2}), pack(ada, place="Shelf 4")
    with db.scoped(acme.id) as session:
        pickups.collect(session, acme.id, first, actor="staff:1")
    outbox.deliver(acme.id)
    with db.scoped(acme.id) as session:
        mails = session.scalars(select(Email).where(Email.kind == "merchant_pickups_ready")).all()
        notices = session.execute(select(Notice.kind, Notice.vendor_id).order_by(Notice.id)).all()
    assert [(mail.to_address, mail.subject) for mail in mails] == [
        ("owner@acme.example", f"{ada.name} has 1 parcel ready for pickup")
    ]
    assert "Shelf 4" in mails[0].text_body
    told = [one for one in notices if one[0] in {"OrderReadyForPickup", "OrderCollected"}]
    assert told == [("OrderReadyForPickup", None), ("OrderReadyForPickup", None), ("OrderCollected", ada.id)]


def test_a_vendor_packs_in_the_portal_one_order_or_many(
    collecting: None, goods: SimpleNamespace, store: Store, post: Post, adas_browser: FlaskClient
) -> None:
    for bought in (goods.mug, goods.vase, goods.loaf):
        buy(store, (bought, 2))
    post.deliver()
    page = adas_browser.get("/portal/orders/1").text
    assert "I have sent it" not in page
    assert "Where it stands" in page
    line = int(page.split('name="units-')[1].split('"')[0])
    wrong = adas_browser.post("/portal/orders/1/ready", data={f"units-{line}": 9, "place": "By the door"})
    assert wrong.status_code == 422
    assert "By the door" in wrong.text
    sent = {f"units-{line}": 1, "place": "By the door"}
    assert adas_browser.post("/portal/orders/1/ready", data=sent).status_code == 303
    assert "By the door" in adas_browser.get("/portal/orders/1").text
    assert 'value="By the door"' in adas_browser.get("/portal/orders/ready").text
    form = {"order": [1, 2, 3], "place": "Shelf 3"}
    results = adas_browser.post("/portal/orders/ready", data=form).text
    assert results.count(">Take back<") == 2
    again = adas_browser.post("/portal/orders/ready", data=form).text
    assert again.count("It is ready already.") == 2
    assert adas_browser.post("/portal/orders/2/pickups/3/back").status_code == 303
    assert adas_browser.post("/portal/orders/3/ready", data=form).status_code == 404
    listed = adas_browser.get("/portal/orders?status=packed").text
    assert "/portal/orders/1" in listed
    assert "To pack" in listed
    refused = adas_browser.post("/portal/orders/ship", data={"order": 2, "row": 2, "key": "k"}, follow_redirects=True)
    assert "The shop collects and sends this" in refused.text
    assert "1 order to pack" in adas_browser.get("/portal").text


def test_the_merchant_finds_collects_and_sends_with_a_result_for_each(
    collecting: None, goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, merchant: FlaskClient,
) -> None:  # fmt: skip
    assert "Nothing waits to be collected" in merchant.get("/app/pickups").text
    made = [buy(store, (bought, 2)) for bought in (goods.mug, goods.vase)]
    post.deliver()
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        parts = session.scalars(select(VendorOrder).order_by(VendorOrder.id)).all()
        numbers = [pickups.make_rest_ready(session, ada, part, f"Shelf {part.id}", actor="ada").id for part in parts]
    assert "2 parcels are ready for pickup" in merchant.get("/app").text
    found = merchant.get(f"/app/pickups?q={made[0]['name'][1:]}&vendor={ada.id}&place=Shelf+1&state=ready").text
    assert "Mug" in found
    assert "Vase" not in found
    assert "No pickup matches" in merchant.get("/app/pickups?days=7").text
    printed = merchant.get("/app/pickups/print?state=ready").text
    assert "Ada&#39;s Ceramics, Shelf 2" in printed or "Ada's Ceramics, Shelf 2" in printed
    cancel_order(store, ACME, made[1]["id"], reason="customer", restock=True, refund=True)
    post.deliver()
    assert made[0]["name"] in merchant.get("/app/pickups/print").text
    answer = merchant.post("/app/pickups/together", data={"action": "collect", "pickup": [*numbers, 999]})
    assert "Done for 1 of 2" in answer.text
    assert '"isError": false' in answer.headers["HX-Trigger"]
    assert "Leave it with the vendor" in answer.text
    assert "closed" in merchant.post("/app/pickups/together", data={"action": "give_back", "pickup": numbers[1:]}).text
    nothing = merchant.post("/app/pickups/together", data={"action": "ship"})
    assert (nothing.status_code, "Tick the rows first." in nothing.headers["HX-Trigger"]) == (200, True)
    page = merchant.post("/app/pickups/together", data={"action": "ship", "pickup": numbers}).text
    assert page.count('name="tracking"') == 1
    assert made[0]["name"] not in merchant.get("/app/pickups/print").text, "collected already"
    form = {"pickup": numbers[0], "carrier": "DPD", "tracking": "x" * 81}
    assert merchant.post("/app/pickups/ship", data=form).status_code == 422
    assert "being told to Shopify" in merchant.post("/app/pickups/ship", data={**form, "tracking": "0182"}).text
    rows = list(csv.reader(io.StringIO(merchant.get("/app/pickups/export.csv?state=sent").text.lstrip("\ufeff"))))
    assert [row[0] for row in rows[1:]] == [made[0]["name"]]
    assert rows[1][-2:] == ["DPD", "0182"]
    with db.scoped(acme.id) as session:
        assert dict(count_everything(session, acme).pickups) == {"ready": 0, "collected": 0, "refused": 0, "gone": 0}


def test_who_sends_is_chosen_for_all_and_otherwise_for_one(
    merchant: FlaskClient, acme: Shop, ada: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    path = f"/app/vendors/{ada.id}/sender"
    assert "As for all: the vendor" in merchant.get(path).text
    for choice, kept in (("shop", True), ("vendor", False), ("all", None)):
        assert merchant.post(path, data={"sender": choice}).status_code == 200
        with db.scoped(acme.id) as session:
            assert session.get_one(Vendor, ada.id).is_collected is kept
    assert merchant.post(path, data={"sender": "nobody"}).status_code == 404


def test_another_shop_s_pickups_are_not_there(
    order: Doc, collecting: None, acme: Shop, ada: Vendor, zenith: Shop, app: Flask, bea: Vendor
) -> None:
    number = pack(ada)
    with db.scoped(zenith.id) as session, pytest.raises(NotFound):
        pickups.collect(session, zenith.id, number, actor="staff:9")
    answer = signed_in(app, bea).post(f"/portal/orders/1/pickups/{number}/back")
    assert answer.status_code == 404
    assert state(acme, number) is PickupState.READY


def test_a_vendor_from_whom_the_shop_collects_is_not_told_where_it_goes(
    order: Doc, collecting: None, acme: Shop, ada: Vendor, adas_browser: FlaskClient
) -> None:
    with db.scoped(acme.id) as session:
        street = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == ada.id)).one().ship_to[1]
    doors = (
        "/portal/orders/1",
        "/portal/orders/1/packing-slip",
        "/portal/orders/packing-slips",
        "/portal/orders/export.csv",
    )
    assert [street in adas_browser.get(door).text for door in doors] == [False] * 4
    pack(ada)
    assert street not in adas_browser.get("/portal/orders/1").text
    with db.scoped(acme.id) as session:
        session.get_one(Vendor, ada.id).is_collected = False
    assert [street in adas_browser.get(door).text for door in doors] == [True] * 4


def test_a_vendor_from_whom_the_shop_collects_is_asked_to_pack_a_new_order(
    collecting: None, goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    buy(store, (goods.mug, 2), (goods.loaf, 1))
    post.deliver()
    outbox.deliver(acme.id)
    with db.scoped(acme.id) as session:
        told = {mail.to_address: mail for mail in session.scalars(select(Email).where(Email.vendor_id.is_not(None)))}
    assert told[ada.email].subject.endswith("2 items to pack")
    assert "collects it and sends it to the customer" in told[ada.email].text_body
    assert told[bea.email].subject.endswith("1 item to send")


def test_the_order_block_says_what_is_packed_and_what_is_collected(
    order: Doc, collecting: None, acme: Shop, ada: Vendor, merchant: FlaskClient
) -> None:
    def shown() -> tuple[str, list[str]]:
        [mine] = [v for v in merchant.get(address).get_json()["vendors"] if v["name"] == ada.name]
        return mine["state"], mine["pickups"]

    address = f"/app/blocks/order?id=gid://shopify/Order/{order['id']}"
    assert shown() == ("To ship", [])
    first = pack(ada, {lines_of(order)["MUG"]: 1})
    assert shown() == ("To ship", ["1 item ready for pickup, Shelf 3"])
    rest = pack(ada, place="")
    with db.scoped(acme.id) as session:
        pickups.collect(session, acme.id, first, actor="staff:1")
    assert shown() == ("Ready for pickup", ["1 item collected, to send", "2 items ready for pickup"])
    with db.scoped(acme.id) as session:
        pickups.collect(session, acme.id, rest, actor="staff:1")
    assert shown() == ("To send", ["1 item collected, to send", "2 items collected, to send"])


def test_among_all_of_a_shops_pickups_the_same_ones_are_open(
    order: Doc, collecting: None, acme: Shop, ada: Vendor
) -> None:
    number = pack(ada)
    with db.scoped(acme.id) as session:
        first = session.get_one(Pickup, number)
        about = {"shop_id": acme.id, "vendor_id": ada.id, "order_shopify_id": first.order_shopify_id}
        now, quantities = first.ready_at, first.quantities
        for parcel_state in (None, *FulfilmentState):
            parcel = parcel_state and Fulfilment(**about, state=parcel_state, quantities={}, fulfilled_at=now)
            session.add_all([parcel] if parcel else [])
            session.flush()
            rest = {"part_id": first.part_id, "quantities": quantities, "ready_at": now, "ready_by": "ada"}
            rest["fulfilment_id"] = parcel.id if parcel else None
            session.add_all(Pickup(**about, **rest, state=each) for each in PickupState)
        session.flush()
        of_all = set(session.scalars(select(Pickup.id).where(is_open_in(acme.id))))
        one_by_one = set(session.scalars(select(Pickup.id).where(is_open())))
    assert of_all == one_by_one
    assert len(of_all) == 1 + 5 * 2 + 2

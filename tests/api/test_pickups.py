"""A merchant's program collects what vendors have packed, and sends it."""

from types import SimpleNamespace

import pytest

from app import db
from app.fulfilment import pickups
from app.models.fulfilments import FulfilmentState
from app.models.orders import VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore.orders.cancel import cancel_order
from devstore.store import Doc, Store
from tests.api.conftest import Program
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post, goods, post, store

__all__ = ["goods", "post", "store"]


@pytest.fixture
def order(store: Store, post: Post, goods: SimpleNamespace) -> Doc:
    """Three of Ada's mugs, paid."""
    bought = buy(store, (goods.mug, 3))
    post.deliver()
    return bought


@pytest.fixture
def pickup(order: Doc, acme: Shop, ada: Vendor) -> int:
    """Two of the mugs, packed by Ada, from whom Acme collects."""
    with db.scoped(acme.id) as session:
        session.get_one(Vendor, ada.id).is_collected = True
    with db.scoped(acme.id, ada.id) as session:
        part = session.get_one(VendorOrder, 1)
        line = order["line_items"][0]["id"]
        return pickups.make_ready(session, session.get_one(Vendor, ada.id), part, {line: 2}, "Shelf 3", actor="ada").id


def test_a_pickup_is_found_collected_and_sent(merchant: Program, pickup: int, order: Doc, ada: Vendor) -> None:
    path, line = f"/pickups/{pickup}", order["line_items"][0]["id"]
    [listed] = merchant.list_all(f"/pickups?state=ready&vendor_id={ada.id}&search=shelf")
    assert (listed["place"], listed["lines"], listed["order_name"]) == (
        "Shelf 3", [{"line_id": line, "quantity": 2}], order["name"],
    )  # fmt: skip
    assert merchant.list_all("/pickups?state=collected") == []
    collected = merchant.post(f"{path}/collect")
    assert collected.json
    assert (collected.json["state"], collected.json["collected_at"] is None) == ("collected", False)
    assert merchant.post(f"{path}/collect").status_code == 409
    back = merchant.post(f"{path}/uncollect")
    assert back.json
    assert (back.json["state"], back.json["collected_at"]) == ("ready", None)
    assert merchant.post(f"{path}/give_back").status_code == 409, "it is still to be sent"
    problem = merchant.problem("POST", f"{path}/ship", {"tracking_number": "x" * 81})
    assert (problem["status"], problem["errors"][0]["pointer"]) == (422, "#/tracking_number")
    sent = merchant.post(f"{path}/ship", {"carrier": "DPD", "tracking_number": " 0182 "}, Idempotency_Key="p1")
    again = merchant.post(f"{path}/ship", {"carrier": "DPD", "tracking_number": " 0182 "}, Idempotency_Key="p1")
    assert sent.json
    assert (sent.json["state"], again.json) == ("sending", sent.json)
    [parcel] = merchant.get(f"/orders/{order['id']}/parcels")["parcels"]
    assert (parcel["id"], parcel["tracking_number"]) == (sent.json["parcel_id"], "0182")
    assert parcel["state"] == FulfilmentState.REQUESTED
    assert merchant.post(f"{path}/ship").status_code == 409


def test_what_was_refunded_meanwhile_is_gone_and_given_back(
    merchant: Program, pickup: int, order: Doc, store: Store, post: Post
) -> None:
    cancel_order(store, ACME, order["id"], reason="customer", restock=True, refund=True)
    post.deliver()
    assert merchant.get(f"/pickups/{pickup}")["state"] == "gone"
    assert merchant.post(f"/pickups/{pickup}/collect").status_code == 409
    given = merchant.post(f"/pickups/{pickup}/give_back")
    assert given.json
    assert given.json["state"] == "withdrawn"


def test_nobody_else_sees_or_collects_it(merchant: Program, rival: Program, adas: Program, pickup: int) -> None:
    assert rival.ask("GET", f"/pickups/{pickup}").status_code == 404
    assert rival.post(f"/pickups/{pickup}/collect").status_code == 404
    assert rival.list_all("/pickups") == []
    assert adas.ask("GET", "/pickups").status_code == 403, "the merchant's tokens only"
    assert adas.post(f"/pickups/{pickup}/ship").status_code == 403
    assert merchant.get(f"/pickups/{pickup}")["state"] == "ready"

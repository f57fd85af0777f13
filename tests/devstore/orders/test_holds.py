"""Holding, releasing, splitting and moving fulfilment orders, as Shopify tells of it."""

import json
from types import SimpleNamespace

import pytest

from devstore.orders.documents import get_order
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.holds import hold, move, release, split
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy


@pytest.fixture
def order(store: Store, goods: SimpleNamespace) -> Doc:
    """Three mugs and a vase, paid, not sent."""
    return buy(store, (goods.mug, 3), (goods.vase, 1))


def parts(store: Store, order: Doc) -> list[tuple[str, list[int]]]:
    now = get_order(store, ACME, order["id"])
    return [(p["status"], [entry["remaining"] for entry in p["line_items"]]) for p in now["fulfillment_orders"]]


def told(store: Store, topic: str) -> list[Doc]:
    sent = [one for one in store.all(ACME, "webhook_delivery") if one["topic"] == f"fulfillment_orders/{topic}"]
    return [json.loads(one["body"]) for one in sent]


def test_units_on_hold_are_a_fulfilment_order_of_their_own_and_cannot_be_shipped(store: Store, order: Doc) -> None:
    mug = order["line_items"][0]["id"]
    hold(store, ACME, order["id"], {mug: 2}, reason="INCORRECT_ADDRESS")
    assert parts(store, order) == [("open", [1, 1]), ("on_hold", [2])]
    (body,) = told(store, "placed_on_hold")
    assert body["fulfillment_order"]["status"] == "on_hold"
    assert body["remaining_fulfillment_order"]["status"] == "open"
    assert body["created_fulfillment_hold"]["reason"] == "incorrect_address"
    fulfil_lines(store, ACME, order["id"], {mug: 1})
    with pytest.raises(OrderError, match="unfulfillable status"):
        fulfil_lines(store, ACME, order["id"], {mug: 1})
    release(store, ACME, order["id"])
    assert len(told(store, "hold_released")) == 1
    fulfil_lines(store, ACME, order["id"], {mug: 2})
    with pytest.raises(OrderError, match="Nothing of this order is on hold"):
        release(store, ACME, order["id"])


def test_a_whole_order_is_held_at_once(store: Store, order: Doc) -> None:
    hold(store, ACME, order["id"])
    assert parts(store, order) == [("on_hold", [3, 1])]
    with pytest.raises(OrderError, match="nothing to hold"):
        hold(store, ACME, order["id"])


def test_what_is_split_and_moved_is_told_and_can_still_be_shipped(store: Store, order: Doc) -> None:
    split(store, ACME, order["id"], {order["line_items"][1]["id"]: 1})
    assert parts(store, order) == [("open", [3]), ("open", [1])]
    with pytest.raises(OrderError, match="nothing to split"):
        split(store, ACME, order["id"], {order["line_items"][1]["id"]: 1})
    elsewhere = store.put(ACME, "location", {**store.all(ACME, "location")[0], "id": store.next_id()})
    assert len(move(store, ACME, order["id"], elsewhere["id"])) == 2
    assert (len(told(store, "split")), len(told(store, "moved"))) == (1, 2)
    with pytest.raises(OrderError, match="nothing to move"):
        move(store, ACME, order["id"], elsewhere["id"])

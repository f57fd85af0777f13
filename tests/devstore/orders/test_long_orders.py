"""Orders of more parts and lines than fit on one page of Shopify's: the app ships and reads all of them."""

import pytest
from sqlalchemy import select

from app import clock, db
from app.fulfilment.service import create_in_shopify
from app.models.events import LookKind
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.shops import Shop
from app.reconciliation.differences import Choice, read
from app.shopify.tokens import ShopCredentials
from devstore.gids import gid
from devstore.orders.documents import get_order
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy, product
from tests.shopify.fake import FakeShopify

PLACES, LINES = 8, 120


@pytest.fixture
def order(store: Store) -> Doc:
    """One line from each of eight places, then a hundred and twenty from the ninth."""
    home = store.all(ACME, "location")[0]
    goods = []
    for number in range(PLACES + LINES):
        made = product(store, f"Good {number}", "1.00", vendor="Ada", sku=f"GOOD{number}", stock=1)
        if number < PLACES:
            place = store.put(ACME, "location", {**home, "id": store.next_id(), "name": f"Place {number}"})
            stock = made["variants"][0]["quantities"]
            stock[str(place["id"])] = {**stock.pop(str(home["id"]))}
            stock[str(home["id"])] = {"available": 0, "on_hand": 0, "committed": 0}
            store.put(ACME, "product", made)
        goods.append(made)
    return buy(store, *((good, 1) for good in goods), written={"GOOD127": {"Engraving": "Zoe"}})


@pytest.fixture
def parcel(acme: Shop, order: Doc) -> int:
    """Everything of the ninth place, to be told to Shopify."""
    with db.scoped(acme.id) as session:
        row = Fulfilment(
            shop_id=acme.id,
            order_shopify_id=order["id"],
            state=FulfilmentState.REQUESTED,
            quantities={str(line["id"]): 1 for line in order["line_items"][PLACES:]},
            requested_by="vendor_user:1",
            fulfilled_at=clock.now(),
        )
        session.add(row)
        session.flush()
        return row.id


def test_a_parcel_of_more_lines_than_a_page_from_the_ninth_place_is_sent_and_found_again(
    connected: ShopCredentials, order: Doc, parcel: int, store: Store, edge: FakeShopify
) -> None:
    assert len(order["fulfillment_orders"]) == PLACES + 1
    create_in_shopify(connected.shop_id, parcel)
    (made,) = get_order(store, ACME, order["id"])["fulfillments"]
    assert len(made["line_items"]) == LINES
    with db.scoped(connected.shop_id) as session:
        row = session.scalars(select(Fulfilment)).one()
        assert (row.state, row.shopify_id, row.error) == (FulfilmentState.CREATED, made["id"], None)
        # As if the answer had been lost: the second attempt has to recognize all of its lines.
        row.state, row.shopify_id = FulfilmentState.REQUESTED, None
    create_in_shopify(connected.shop_id, parcel)
    assert edge.names().count("fulfillmentCreate") == 1
    with db.scoped(connected.shop_id) as session:
        assert session.scalars(select(Fulfilment.shopify_id)).all() == [made["id"]]


def test_an_order_that_is_read_whole_has_every_line_of_its_parcels(
    connected: ShopCredentials, order: Doc, parcel: int, edge: FakeShopify
) -> None:
    create_in_shopify(connected.shop_id, parcel)
    ((topic, body),) = read(connected, LookKind.ORDERS, Choice({"id": gid("Order", order["id"])}))
    assert topic == "orders/updated"
    assert len(body["line_items"]) == PLACES + LINES
    assert body["line_items"][-1]["properties"] == [{"name": "Engraving", "value": "Zoe"}]
    assert [len(each["line_items"]) for each in body["fulfillments"]] == [LINES]

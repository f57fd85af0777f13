"""What the shop collected and sends, as far as Shopify: once, whatever is lost or killed on the way."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app import clock, db
from app.fulfilment import pickups, service
from app.fulfilment.service import Tracking
from app.models.fulfilments import Fulfilment, FulfilmentState
from app.models.orders import VendorOrder, VendorOrderStatus
from app.models.pickups import Pickup, PickupState
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.packed import list_packed
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials
from devstore.orders.shipments import cancel_fulfillment
from devstore.store import Store
from tests.devstore.orders.cast import ACME, buy
from tests.devstore.orders.test_returns import hear
from tests.shopify.fake import FakeShopify


@pytest.fixture
def parcel(
    connected: ShopCredentials, store: Store, goods: SimpleNamespace, acme: Shop, ada: Vendor, bea: Vendor
) -> int:
    """Two mugs, packed by Ada, sent by the shop, not told to Shopify yet."""
    buy(store, (goods.mug, 2), (goods.loaf, 1))
    hear(store, acme, "orders/")
    with db.scoped(acme.id) as session:
        session.get_one(Vendor, ada.id).is_collected = True
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        mine, part = session.get_one(Vendor, ada.id), session.scalars(select(VendorOrder)).one()
        number = pickups.make_rest_ready(session, mine, part, "", actor="ada").id
    with db.scoped(acme.id) as session:
        return pickups.ship(session, acme.id, number, Tracking("DPD", "0182"), actor="staff:1").id


def adas(shop: Shop, vendor: Vendor) -> tuple[VendorOrderStatus, PickupState, int | None, int]:
    """How far Ada's part is, her pickup, its parcel, and how many pickups are still open."""
    with db.scoped(shop.id) as session:
        part = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == vendor.id)).one()
        pickup = session.scalars(select(Pickup)).one()
        return part.status, pickup.state, pickup.fulfilment_id, len(list_packed(session, [part.id]))


def test_it_is_one_fulfilment_although_an_answer_is_lost(
    parcel: int, store: Store, edge: FakeShopify, acme: Shop, ada: Vendor
) -> None:
    (through,) = edge.answers["fulfillmentCreate"]
    assert callable(through)

    def lose(body: dict[str, Any]) -> httpx.Response:
        through(body)
        raise httpx.ReadTimeout("lost")

    edge.answer("fulfillmentCreate", lose)
    with pytest.raises(ShopifyError):
        service.create_in_shopify(acme.id, parcel)
    edge.answer("fulfillmentCreate", through)
    service.create_in_shopify(acme.id, parcel)
    service.create_in_shopify(acme.id, parcel)
    assert edge.names().count("fulfillmentCreate") == 1
    assert adas(acme, ada) == (VendorOrderStatus.SHIPPED, PickupState.SHIPPED, parcel, 0)


def test_the_webhook_s_parcel_takes_the_place_of_ours_and_the_pickup_follows(
    parcel: int, store: Store, edge: FakeShopify, acme: Shop, ada: Vendor
) -> None:
    (through,) = edge.answers["fulfillmentCreate"]
    assert callable(through)

    def hear_first(body: dict[str, Any]) -> httpx.Response:
        answer = through(body)
        made = answer.json()["data"]["fulfillmentCreate"]["fulfillment"]["id"]
        with db.scoped(acme.id) as session:
            ours = session.get_one(Fulfilment, parcel)
            told = {"state": FulfilmentState.CREATED, "quantities": ours.quantities, "fulfilled_at": clock.now()}
            order = {"shop_id": acme.id, "order_shopify_id": ours.order_shopify_id}
            session.add(Fulfilment(**order, **told, shopify_id=int(made.rpartition("/")[2])))
        return answer

    edge.answer("fulfillmentCreate", hear_first)
    service.create_in_shopify(acme.id, parcel)
    with db.scoped(acme.id) as session:
        (twin,) = session.scalars(select(Fulfilment)).all()
    assert twin.id != parcel
    assert adas(acme, ada) == (VendorOrderStatus.SHIPPED, PickupState.SHIPPED, twin.id, 0)


def test_a_parcel_called_off_in_shopify_is_with_the_shop_again(
    parcel: int, store: Store, edge: FakeShopify, acme: Shop, ada: Vendor
) -> None:
    service.create_in_shopify(acme.id, parcel)
    with db.scoped(acme.id) as session:
        number = session.get_one(Fulfilment, parcel).shopify_id
    assert number is not None
    cancel_fulfillment(store, ACME, number)
    hear(store, acme, "orders/", "fulfillments/")
    assert adas(acme, ada) == (VendorOrderStatus.TO_SHIP, PickupState.SHIPPED, parcel, 1)
    with db.scoped(acme.id) as session:
        pickup = session.scalars(select(Pickup)).one().id
        pickups.ship(session, acme.id, pickup, Tracking("UPS", "1Z"), actor="staff:1")

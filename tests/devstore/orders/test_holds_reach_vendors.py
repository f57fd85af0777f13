"""Holds from the store's own news to vendors' pages, in whichever order the news come."""

from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update

from app import clock, db
from app.errors import ValidationErrors
from app.fulfilment import holds, service
from app.fulfilment.reading import read_order
from app.models.events import InboxEvent
from app.models.fulfilments import Fulfilment, FulfilmentOrderNews, FulfilmentState
from app.models.notices import Notice
from app.models.orders import Order, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.left import units_left
from app.shopify.errors import ShopifyAccessLost
from app.shopify.payloads import PayloadError
from app.shopify.tokens import ShopCredentials
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.holds import hold, release, split
from devstore.store import Doc, Store
from jobs.outbox import deliver
from tests.devstore.orders.cast import ACME, buy
from tests.devstore.orders.test_returns import hear, lines_of
from tests.shopify.fake import FakeShopify
from webhooks.handlers.fulfillment_orders import handle_fulfillment_order

NEWS = "fulfillment_orders/"


@pytest.fixture
def order(connected: ShopCredentials, store: Store, goods: SimpleNamespace, ada: Vendor, bea: Vendor) -> Doc:
    """Two mugs and a vase of Ada's, a loaf of Bea's, paid, not sent."""
    return buy(store, (goods.mug, 2), (goods.vase, 1), (goods.loaf, 1))


def read_all(shop: Shop) -> None:
    """What the jobs then do."""
    with db.scoped(shop.id) as session:
        unread = session.scalars(select(FulfilmentOrderNews.shopify_id).order_by(FulfilmentOrderNews.id)).all()
    for number in unread:
        holds.read_news(shop.id, number)
    deliver(shop.id)


def held(shop: Shop, vendor: Vendor) -> list[tuple[int, int, str]]:
    with db.scoped(shop.id, vendor.id) as session:
        (known,) = session.scalars(select(VendorOrder.holds)).all()
    return [(one["line"], one["units"], one["reason"]) for one in known]


def notices(shop: Shop) -> list[tuple[str, int | None]]:
    with db.scoped(shop.id) as session:
        rows = session.execute(select(Notice.kind, Notice.vendor_id).order_by(Notice.id)).all()
    return [(kind, vendor) for kind, vendor in rows if kind.startswith("OrderH")]


def test_what_is_held_cannot_be_sent_until_it_is_released_and_the_vendor_is_told_of_both(
    order: Doc, store: Store, acme: Shop, ada: Vendor, bea: Vendor, edge: FakeShopify
) -> None:
    hear(store, acme, "orders/")
    mug = lines_of(order)["MUG"]
    hold(store, ACME, order["id"], {mug: 1}, reason="INCORRECT_ADDRESS")
    hear(store, acme, NEWS, seed=1)
    read_all(acme)
    assert held(acme, ada) == [(mug, 1, "incorrect_address")]
    assert held(acme, bea) == []
    assert notices(acme) == [("OrderHeld", ada.id)]
    with db.scoped(acme.id, ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        assert (part.items_held, units_left(session, part)[mug]) == (1, 2)
        with pytest.raises(ValidationErrors) as refused:
            service.request_shipment(session, ada, part, {mug: 2}, service.Tracking(), actor="ada")
        assert "on hold" in refused.value.errors["items"]
        service.request_shipment(session, ada, part, {mug: 1}, service.Tracking(), actor="ada")
        rest = service.request_rest(session, ada, part, service.Tracking(), actor="ada")
        assert rest.quantities == {str(lines_of(order)["VASE"]): 1}
        with pytest.raises(ValidationErrors) as refused:
            service.request_rest(session, ada, part, service.Tracking(), actor="ada")
        assert "on hold" in refused.value.errors["items"]
    release(store, ACME, order["id"])
    hear(store, acme, NEWS, seed=2)
    read_all(acme)
    assert held(acme, ada) == []
    assert notices(acme)[1:] == [("OrderHoldReleased", ada.id)]
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count(FulfilmentOrderNews.id))) == 0


def test_a_split_and_a_cancelled_hold_leave_nothing_held(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify
) -> None:
    hear(store, acme, "orders/")
    split(store, ACME, order["id"], {lines_of(order)["VASE"]: 1})
    hold(store, ACME, order["id"], {lines_of(order)["VASE"]: 1})
    hear(store, acme, NEWS, seed=3)
    read_all(acme)
    assert held(acme, ada) == [(lines_of(order)["VASE"], 1, "other")]
    release(store, ACME, order["id"])
    fulfil_lines(store, ACME, order["id"], None)
    hear(store, acme, NEWS, "orders/", "fulfillments/", seed=4)
    read_all(acme)
    assert held(acme, ada) == []


def test_news_that_come_before_their_order_wait_for_it(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify
) -> None:
    hold(store, ACME, order["id"], reason="HIGH_RISK_OF_FRAUD")
    hear(store, acme, NEWS)
    read_all(acme)
    assert holds.sweep() == 0, "the order is not there yet, and reading it again would say the same"
    hear(store, acme, "orders/")
    assert holds.sweep() == 1
    read_all(acme)
    assert [one[1:] for one in held(acme, ada)] == [(2, "high_risk_of_fraud"), (1, "high_risk_of_fraud")]
    assert holds.sweep() == 0


def test_a_reading_that_ends_late_does_not_undo_a_newer_one(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify
) -> None:
    hear(store, acme, "orders/")
    hold(store, ACME, order["id"])
    with db.scoped(acme.id) as session:
        began = session.execute(select(func.clock_timestamp())).scalar_one()
    slow = read_order(ShopCredentials(acme.id, ACME), order["id"])
    release(store, ACME, order["id"])
    hear(store, acme, NEWS)
    read_all(acme)
    with db.scoped(acme.id) as session:
        holds.keep(session, acme.id, slow, began)
    assert held(acme, ada) == []


def test_a_hold_whose_release_was_lost_is_found_within_the_hour(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify
) -> None:
    hear(store, acme, "orders/")
    hold(store, ACME, order["id"])
    hear(store, acme, NEWS)
    read_all(acme)
    release(store, ACME, order["id"])
    assert holds.sweep() == 0
    with db.scoped(acme.id) as session:
        session.execute(update(VendorOrder).values(holds_read_at=clock.now() - 2 * holds._DOUBT_AFTER))
    assert holds.sweep() == 1
    holds.read_holds(acme.id, order["id"])
    assert held(acme, ada) == []


@pytest.mark.parametrize("why", ["gone", "no access"])
def test_a_held_order_that_cannot_be_read_is_not_asked_for_every_few_seconds(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify, why: str
) -> None:
    hear(store, acme, "orders/")
    hold(store, ACME, order["id"])
    hear(store, acme, NEWS)
    read_all(acme)
    hear_of = {"told_at": clock.now(), "tried_at": clock.now(), "order_shopify_id": 999}
    with db.scoped(acme.id) as session:
        session.add(FulfilmentOrderNews(shop_id=acme.id, shopify_id=12, **hear_of))
        session.execute(update(Order).values(shopify_id=999))
        long_ago = clock.now() - 2 * holds._DOUBT_AFTER
        session.execute(update(VendorOrder).values(holds_read_at=long_ago, order_shopify_id=999))
    assert holds.sweep() == 2, "the news and the old hold"
    if why == "gone":
        holds.read_news(acme.id, 12)
    else:
        edge.answer("order", ShopifyAccessLost(ACME))
        with pytest.raises(ShopifyAccessLost):
            holds.read_holds(acme.id, 999)
    assert holds.sweep() == (0 if why == "gone" else 1)
    assert held(acme, ada) != [], "what was known stands"


def test_a_hold_that_nobody_told_of_is_found_when_shopify_refuses_the_parcel(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify
) -> None:
    hear(store, acme, "orders/")
    hold(store, ACME, order["id"], reason="AWAITING_PAYMENT")
    with db.scoped(acme.id, ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        parcel = service.request_rest(session, ada, part, service.Tracking(), actor="ada").id
    service.create_in_shopify(acme.id, parcel)
    with db.scoped(acme.id) as session:
        refused = session.get_one(Fulfilment, parcel)
        assert refused.state is FulfilmentState.FAILED
        assert "on hold" in str(refused.error)
    holds.read_holds(acme.id, order["id"])
    assert {reason for *_, reason in held(acme, ada)} == {"awaiting_payment"}


def test_a_body_that_names_no_fulfilment_order_is_none_of_these(acme: Shop) -> None:
    with db.scoped(acme.id) as session, pytest.raises(PayloadError):
        handle_fulfillment_order(session, acme, b'{"id": 7}', InboxEvent())
    with db.scoped(acme.id) as session:
        named = r'{"id": "gid:\/\/shopify\/FulfillmentOrder\/12"}'
        body = f'{{"fulfillment_order_merges": [{{"fulfillment_order": {named}}}]}}'.encode()
        handle_fulfillment_order(session, acme, body, InboxEvent())
        assert session.scalars(select(FulfilmentOrderNews.shopify_id)).all() == [12]

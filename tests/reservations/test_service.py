"""Carts, checkouts and orders as Shopify tells them, and what product pages then say."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session

from app import clock, db
from app.events import publish
from app.live import channels
from app.models.events import InboxEvent
from app.models.orders import Order
from app.models.products import Product, ProductStatus, Variant
from app.models.reservations import Reservation
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.privacy.erasure import forget_customer
from app.privacy.rules import Person
from app.queue import get_redis
from app.reservations import queries, rules, service
from app.storefront import rules as storefront_rules
from jobs import reservations as jobs
from jobs.events import drain
from jobs.outbox import deliver
from tests.apps import get_app
from tests.shopify.signing import sign_proxy
from tests.storefront.conftest import Storefront, item, storefront, wish

__all__ = ["storefront"]


@pytest.fixture
def mug(acme: Shop, ada: Vendor) -> Product:
    with db.scoped(acme.id) as session:
        mug = Product(shop_id=acme.id, vendor_id=ada.id, shopify_gid="gid://shopify/Product/7", title="Mug")
        mug.status = ProductStatus.PUBLISHED
        session.add(mug)
        session.flush()
        price = {"price_minor": 2400, "currency": "USD", "stock": 3}
        shared = {"shop_id": acme.id, "vendor_id": ada.id, "product_id": mug.id, **price}
        session.add(Variant(shopify_gid="gid://shopify/ProductVariant/70", inventory_item_gid="i", **shared))
    return mug


def tell(shop: Shop, topic: str, **body: Any) -> None:
    body = {"token": "c1", "updated_at": clock.now().isoformat(), **body}
    with db.system() as session:
        number = str(session.scalar(select(InboxEvent.id).order_by(InboxEvent.id.desc())) or 0)
        names = {"webhook_id": f"w{number}", "event_id": f"e{number}"}
        session.add(InboxEvent(shop_domain=shop.domain, topic=topic, body=json.dumps(body).encode(), **names))
    drain()


def line(quantity: int, variant: int = 70) -> dict[str, int]:
    return {"variant_id": variant, "quantity": quantity}


def held(shop: Shop, vendor: Vendor | None = None) -> list[tuple[int, str, int]]:
    with db.scoped(shop.id, vendor.id if vendor else None) as session:
        rows = session.scalars(select(Reservation).order_by(Reservation.variant_number))
        return [(row.variant_number, row.state, row.quantity) for row in rows]


def said(shop: Shop) -> list[Any]:
    entries: Any = get_redis().xrange(channels.log_of(channels.stock_channel(shop.id, 7)))
    return [json.loads(fields[b"data"])["variants"][0] for _, fields in entries]


def place(shop: Shop, token: str, quantity: int) -> int:
    now = clock.now()
    snapshot = {"cart_token": token, "line_items": [line(quantity)]}
    about = {"name": "#1", "currency": "USD", "terms": {}, "total_minor": 1, "snapshot_updated_at": now}
    with db.scoped(shop.id) as session:
        order = Order(shop_id=shop.id, shopify_id=1, ordered_at=now, snapshot=snapshot, **about)
        session.add(order)
        session.flush()
        publish(session, shop.id, "OrderCreated", order_id=order.id)
    deliver(shop.id)
    return order.id


def test_a_cart_is_reserved_for_and_open_pages_hear_of_it(acme: Shop, ada: Vendor, bea: Vendor, mug: Product) -> None:
    tell(acme, "carts/create", line_items=[line(2), line(9, variant=99)])
    assert held(acme) == [(70, "cart", 2)], "99 is the store's own: none of our business"
    assert held(acme, ada) == held(acme)
    assert held(acme, bea) == []
    assert said(acme) == [{"variant": 70, "available": True, "left": 3, "carts": 1}]
    tell(acme, "carts/update", line_items=[])
    assert held(acme) == [(70, "released", 0)]
    assert said(acme)[-1]["carts"] == 0


def test_a_checkout_moves_its_carts_units_on(acme: Shop, mug: Product) -> None:
    tell(acme, "carts/create", line_items=[line(1)])
    checkout = {"token": "k1", "cart_token": "c1?key=x", "line_items": [line(1)]}
    tell(acme, "checkouts/create", **checkout)
    assert held(acme) == [(70, "checkout", 1)]
    tell(acme, "checkouts/update", **checkout, shipping_lines=[{"price": "5.00"}])
    assert held(acme) == [(70, "payment", 1)]
    tell(acme, "checkouts/update", **checkout, completed_at=clock.now().isoformat())
    assert held(acme) == [(70, "payment", 1)], "a completed one speaks through its order"


def test_an_order_ends_it_and_its_cancellation_frees_it(acme: Shop, mug: Product) -> None:
    tell(acme, "carts/create", line_items=[line(2)])
    order_id = place(acme, "c1", 2)
    assert held(acme) == [(70, "sold", 2)]
    assert said(acme)[-1]["carts"] == 0
    with db.scoped(acme.id) as session:
        publish(session, acme.id, "OrderCancelled", order_id=order_id)
    deliver(acme.id)
    assert held(acme) == [(70, "released", 0)]


def test_an_old_orders_news_once_more_do_not_sell_what_was_cancelled(acme: Shop, mug: Product) -> None:
    tell(acme, "carts/create", line_items=[line(2)])
    order_id = place(acme, "c1", 2)
    with db.scoped(acme.id) as session:
        session.get_one(Order, order_id).cancelled_at = clock.now()
        publish(session, acme.id, "OrderCancelled", order_id=order_id)
        publish(session, acme.id, "OrderCreated", order_id=order_id)
    deliver(acme.id)
    assert held(acme) == [(70, "released", 0)]


def test_an_order_that_names_no_cart_ends_nothing_and_ten_minutes_do(acme: Shop, mug: Product) -> None:
    tell(acme, "carts/create", line_items=[line(1)])
    place(acme, "", 1)
    assert held(acme) == [(70, "cart", 1)]
    assert service.release_expired(clock.now() + rules.LASTS) == 1


def own(*tokens: str) -> list[dict[str, Any]]:
    return [item("own_cart", rules.cart_key(token), {}) for token in tokens]


def test_a_customers_carts_on_two_devices_are_one_to_everybody(
    acme: Shop, mug: Product, storefront: Storefront
) -> None:
    for token in ("phone", "desk"):
        tell(acme, "carts/create", token=token, line_items=[line(1)])
    assert said(acme)[-1]["carts"] == 2
    storefront.send(*own("phone", "desk"))
    assert said(acme)[-1]["carts"] == 1, "open pages hear of it"
    tell(acme, "carts/create", token="hers", line_items=[line(1)])
    assert said(acme)[-1]["carts"] == 2
    storefront.send(*own("hers"), customer="7002")
    assert said(acme)[-1]["carts"] == 2
    told = len(said(acme))
    storefront.send(*own("never heard of"))
    assert len(said(acme)) == told
    forget_customer(acme.id, Person(customer_id=7001))
    with db.scoped(acme.id) as session:
        (stock,) = queries.read_stock(session, acme.id, 7)
    assert stock.carts == 3, "nobody knows any more whose they were"


def test_a_cart_that_two_accounts_shared_is_the_last_ones(acme: Shop, mug: Product, storefront: Storefront) -> None:
    for token in ("shared", "phone"):
        tell(acme, "carts/create", token=token, line_items=[line(1)])
    storefront.send(*own("shared"))
    storefront.send(*own("shared", "phone"), customer="7002")
    assert said(acme)[-1]["carts"] == 1


def test_open_pages_hear_once_whose_a_cart_is(
    acme: Shop, mug: Product, storefront: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(acme, "carts/create", token="phone", line_items=[line(1)])
    batch = own("phone")
    storefront.send(*batch)
    told = len(said(acme))
    storefront.send(*batch)
    storefront.send(*batch, merged=True)
    assert len(said(acme)) == told
    monkeypatch.setattr(storefront_rules, "LARGEST_ACCOUNT", 1)
    storefront.send(wish(1), customer="7002")
    assert storefront.send(*own("phone"), customer="7002")["refused"] == {"0": "full"}
    assert len(said(acme)) == told


def test_whose_carts_are_is_asked_of_an_index_and_once_for_all(
    acme: Shop, mug: Product, storefront: Storefront
) -> None:
    tokens = [f"c{number}" for number in range(5)]
    for token in tokens:
        tell(acme, "carts/create", token=token, line_items=[line(1)])
    storefront.send(*own(*tokens[:3]))
    asked: list[tuple[str, Any]] = []
    with db.scoped(acme.id) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
        (stock,) = queries.read_stock(session, acme.id, 7)
        plans = [
            str(step)
            for query, values in tuple(asked)
            for step in connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {query}", values).scalars()
        ]
    assert stock.carts == 3
    scans = [step for step in plans if "ix_customer_items_own_cart" in step]
    assert scans, plans
    assert all("loops=1)" in step for step in scans), scans


def test_ten_minutes_without_a_touch_set_it_free(acme: Shop, mug: Product) -> None:
    tell(acme, "carts/create", line_items=[line(1)])
    assert service.release_expired() == 0
    assert service.release_expired(clock.now() + rules.LASTS) == 1
    assert held(acme) == [(70, "released", 1)]
    assert service.release_expired(clock.now() + rules.LASTS) == 0


def test_carts_are_forgotten_after_thirty_days(acme: Shop, mug: Product) -> None:
    tell(acme, "carts/create", line_items=[line(1)])
    assert service.remove_old() == 0
    with db.scoped(acme.id) as session:
        session.execute(update(Reservation).values(changed_at=clock.now() - rules.KEPT - timedelta(hours=1)))
    jobs.remove_old()
    assert held(acme) == []


def test_a_product_page_asks_once_and_is_not_told_from_memory_after_a_change(acme: Shop, mug: Product) -> None:
    with get_app().test_client() as storefront:

        def ask() -> Any:
            return storefront.get(f"/proxy/stock.json?{sign_proxy(product='7')}").get_json()["variants"]

        assert ask() == [{"variant": 70, "available": True, "left": 3, "carts": 0}]
        with db.scoped(acme.id) as session:
            session.execute(update(Variant).values(stock=1))
        assert ask()[0]["left"] == 3, "from memory, for a few seconds"
        tell(acme, "carts/create", line_items=[line(1)])
        assert ask() == [{"variant": 70, "available": True, "left": 1, "carts": 1}]


def set_stock(shop: Shop, stock: int) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(Variant).values(stock=stock))
        service.announce(session, shop.id, 7)


def test_news_that_take_longer_tell_nothing_older(acme: Shop, mug: Product) -> None:
    with db.scoped(acme.id) as session:
        service.announce(session, acme.id, 7)
        set_stock(acme, 4)
    assert said(acme)[-1]["left"] == 4


def test_who_read_before_a_change_puts_nothing_older_in_memory(
    acme: Shop, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = queries.read_stock

    def read_slowly(session: Session, shop_id: int, number: int) -> list[rules.Stock]:
        found = read(session, shop_id, number)
        monkeypatch.setattr(queries, "read_stock", read)
        set_stock(acme, 4)
        return found

    monkeypatch.setattr(queries, "read_stock", read_slowly)
    for left in (3, 4):
        with db.scoped(acme.id) as session:
            assert queries.read_stock_lately(session, acme.id, 7)[0]["left"] == left


def test_carts_that_nobody_paid_for_are_counted_with_what_they_are_worth(acme: Shop, mug: Product) -> None:
    for token in ("left", "paid", "emptied", "fresh"):
        tell(acme, "carts/create", token=token, line_items=[line(2)])
    place(acme, "paid", 2)
    tell(acme, "carts/update", token="emptied", line_items=[])
    now = clock.now()

    def count(since: datetime) -> tuple[int, str, int]:
        with db.scoped(acme.id) as session:
            found = queries.count_abandoned(session, acme.id, "USD", since, now + timedelta(days=1))
        return found.carts, str(found.value.decimal), found.all_carts

    assert count(now - timedelta(days=1))[0] == 0, "they may come back within the hour"
    with db.scoped(acme.id) as session:
        old = update(Reservation).where(Reservation.cart_key != rules.cart_key("fresh"))
        session.execute(old.values(seen_at=now - timedelta(hours=2)))
    assert count(now - timedelta(days=1)) == (1, "48.00", 3)
    assert count(now + timedelta(hours=1)) == (0, "0.00", 0)

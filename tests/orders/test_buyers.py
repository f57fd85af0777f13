"""What a vendor may know of a customer, and for how long: tried where vendors read, whatever page shows it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from app import clock, db
from app.models.orders import Order, VendorOrder
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.orders import buyers, vendor_list
from devstore.orders.cancel import cancel_order
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.shipments import add_event, cancel_fulfillment
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post


def seen_by(vendor: Vendor) -> list[tuple[str, list[str]]]:
    """Names and addresses that the vendor's own queries find."""
    with db.scoped(vendor.shop_id, vendor_id=vendor.id) as session:
        return [(part.customer_name, part.ship_to) for part in session.scalars(select(VendorOrder))]


def pass_days(shop: Shop, days: int) -> None:
    """As if all that happened to orders had happened so long before."""
    ago = timedelta(days=days)
    with db.scoped(shop.id) as session:
        session.execute(
            update(VendorOrder).values(
                shipped_at=VendorOrder.shipped_at - ago,
                delivered_at=VendorOrder.delivered_at - ago,
                ordered_at=VendorOrder.ordered_at - ago,
            )
        )


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, post: Post) -> Doc:
    found = buy(store, (goods.mug, 1))
    post.deliver()
    return found


def test_while_something_is_to_be_sent_the_address_stays(order: Doc, acme: Shop, ada: Vendor) -> None:
    pass_days(acme, 300)
    assert buyers.remove_old() == 0
    assert seen_by(ada)[0][0] == "Cleo Customer"


@pytest.mark.parametrize(("days", "is_seen"), [(29, True), (31, False)])
def test_some_days_after_the_delivery_it_is_gone(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, days: int, *, is_seen: bool
) -> None:
    parcel = fulfil_lines(store, ACME, order["id"], None)[0]
    add_event(store, ACME, parcel["id"], "delivered")
    post.deliver()
    pass_days(acme, days)
    buyers.remove_old()
    assert bool(seen_by(ada)[0][0]) is is_seen
    assert bool(seen_by(ada)[0][1]) is is_seen
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        assert vendor_list.list_orders(session, ada.id, vendor_list.Wanted(search="cleo")).total == is_seen
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Order.customer_name)).one() == "Cleo Customer"


def test_the_merchant_chooses_how_long(order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor) -> None:
    fulfil_lines(store, ACME, order["id"], None)
    post.deliver()
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).buyer_days = 5
    pass_days(acme, 34)
    assert buyers.remove_old() == 0
    pass_days(acme, 2)
    assert buyers.remove_old() == 1


def test_later_news_of_the_order_bring_nothing_back(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    parcel = fulfil_lines(store, ACME, order["id"], None)[0]
    post.deliver()
    pass_days(acme, 61)
    buyers.remove_old()
    add_event(store, ACME, parcel["id"], "delivered")
    post.deliver()
    assert seen_by(ada) == [("", [])]


def test_where_something_is_to_be_sent_again_the_address_is_back(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    parcel = fulfil_lines(store, ACME, order["id"], None)[0]
    post.deliver()
    pass_days(acme, 61)
    assert buyers.remove_old() == 1
    cancel_fulfillment(store, ACME, parcel["id"])
    post.deliver()
    assert seen_by(ada)[0][0] == "Cleo Customer"
    assert buyers.remove_old() == 0


def test_of_a_cancelled_order_nobody_needs_the_address(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    cancel_order(store, ACME, order["id"], reason="customer", restock=True, refund=True)
    post.deliver()
    pass_days(acme, 31)
    assert buyers.remove_old() == 1
    with db.scoped(acme.id) as session:
        removed = session.scalars(select(VendorOrder.buyer_removed_at)).one()
        assert removed
        assert clock.now() - removed < timedelta(minutes=1)

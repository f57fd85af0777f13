"""A vendor who was told to send an order hears that it was cancelled; whoever was not told hears nothing."""

from types import SimpleNamespace

from sqlalchemy import select

from app import db
from app.models.emails import Email
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore.orders.cancel import cancel_order
from devstore.store import Store
from jobs.outbox import deliver
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post


def mails(shop: Shop) -> list[tuple[str, str]]:
    """E-mails to vendors about orders, kind and address, in the order in which they were written."""
    deliver(shop.id)
    with db.scoped(shop.id) as session:
        rows = session.execute(select(Email.kind, Email.to_address).order_by(Email.id))
        return [(kind, to) for kind, to in rows if kind in {"vendor_new_order", "vendor_order_cancelled"}]


def test_each_vendor_who_was_told_of_an_order_is_told_once_that_it_is_cancelled_with_their_own_items(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 2))
    post.deliver()
    told = mails(acme)
    assert sorted(told) == [("vendor_new_order", ada.email), ("vendor_new_order", bea.email)]
    cancel_order(store, ACME, order["id"])
    post.deliver_in_disorder(3)
    assert sorted(mails(acme)[2:]) == [("vendor_order_cancelled", ada.email), ("vendor_order_cancelled", bea.email)]
    with db.scoped(acme.id) as session:
        wanted = select(Email).where(Email.kind == "vendor_order_cancelled", Email.to_address == ada.email)
        mail = session.scalars(wanted).one()
    assert order["name"] in mail.subject
    assert "3 x Mug" in mail.text_body
    assert "Loaf" not in mail.text_body


def test_an_order_that_is_cancelled_before_its_vendors_heard_of_it_is_not_announced_at_all(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = buy(store, (goods.mug, 1))
    cancel_order(store, ACME, order["id"])
    post.deliver_in_disorder(4)
    assert mails(acme) == []


def test_an_order_that_was_never_paid_is_cancelled_without_a_word_to_vendors(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = buy(store, (goods.mug, 1), pay=False)
    post.deliver()
    cancel_order(store, ACME, order["id"])
    post.deliver()
    assert mails(acme) == []

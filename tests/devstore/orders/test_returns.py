"""Returns from the store's own news to the pages and e-mails of the app, in whichever order the news come."""

import random
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from app import clock, db
from app.models.emails import Email
from app.models.events import InboxEvent
from app.models.orders import OrderReturn, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import return_requests
from app.shopify.paging import read_whole
from app.shopify.tokens import ShopCredentials
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.return_requests import move_return, open_return
from devstore.store import Doc, Store
from jobs.outbox import deliver
from tests.devstore.orders.cast import ACME, buy
from tests.shopify.fake import FakeShopify
from webhooks.router import HANDLERS


def hear(store: Store, shop: Shop, *kinds: str, seed: int | None = None) -> None:
    """Bring what the store has told of these kinds to the handlers; with a seed, twice and shuffled."""
    sent = [one for one in store.all(ACME, "webhook_delivery") if one["topic"].startswith(kinds)]
    sent.sort(key=lambda one: one["id"])
    if seed is not None:
        sent += sent
        random.Random(seed).shuffle(sent)
    for one in sent:
        if one["topic"] in HANDLERS:
            with db.scoped(shop.id) as session:
                event = InboxEvent(shop_domain=ACME, topic=one["topic"], received_at=clock.now())
                HANDLERS[one["topic"]](session, session.get_one(Shop, shop.id), one["body"].encode(), event)
    for number in {one["id"] for one in sent}:
        store.delete(ACME, "webhook_delivery", number)


def read_all(shop: Shop) -> None:
    """What the jobs then do."""
    with db.scoped(shop.id) as session:
        unread = session.scalars(select(OrderReturn.shopify_id).where(OrderReturn.read_at.is_(None))).all()
    for number in unread:
        return_requests.read(shop.id, number)
    deliver(shop.id)


def seen_by(shop: Shop, vendor: Vendor) -> list[tuple[str, list[tuple[str, int]]]]:
    """The returns on the vendor's part: state, and what comes back."""
    with db.scoped(shop.id, vendor.id) as session:
        (known,) = session.scalars(select(VendorOrder.returns)).all()
    return [(one["status"], [(item["title"], item["quantity"]) for item in one["items"]]) for one in known]


def mails(shop: Shop) -> list[tuple[str, str]]:
    with db.scoped(shop.id) as session:
        rows = session.execute(select(Email.kind, Email.to_address).order_by(Email.id)).all()
    return [(kind, to) for kind, to in rows if kind.startswith("vendor_return")]


@pytest.fixture
def order(connected: ShopCredentials, store: Store, goods: SimpleNamespace, ada: Vendor, bea: Vendor) -> Doc:
    """Two mugs of Ada's and a loaf of Bea's, sent."""
    made = buy(store, (goods.mug, 2), (goods.loaf, 1))
    fulfil_lines(store, ACME, made["id"], None)
    return made


def lines_of(order: Doc) -> dict[str, int]:
    return {line["sku"]: line["id"] for line in order["line_items"]}


def test_a_return_stands_on_the_parts_of_those_whose_goods_come_back_and_they_are_told_when_it_is_approved(
    order: Doc, store: Store, acme: Shop, ada: Vendor, bea: Vendor, edge: FakeShopify
) -> None:
    hear(store, acme, "orders/", "fulfillments/")
    back = open_return(store, ACME, order["id"], {lines_of(order)["MUG"]: 1}, reason="defective")
    hear(store, acme, "returns/")
    read_all(acme)
    assert seen_by(acme, ada) == [("requested", [("Mug", 1)])]
    assert seen_by(acme, bea) == []
    assert mails(acme) == [("vendor_return_requested", ada.email)]
    move_return(store, ACME, order["id"], back["id"], "approve")
    hear(store, acme, "returns/", seed=1)
    read_all(acme)
    assert seen_by(acme, ada)[0][0] == "open"
    assert mails(acme)[1:] == [("vendor_return_opened", ada.email)]
    move_return(store, ACME, order["id"], back["id"], "close")
    move_return(store, ACME, order["id"], back["id"], "reopen")
    hear(store, acme, "returns/", seed=2)
    read_all(acme)
    assert seen_by(acme, ada)[0][0] == "open"
    assert len(mails(acme)) == 2, "it was told once that these come back"
    move_return(store, ACME, order["id"], back["id"], "cancel")
    hear(store, acme, "returns/", seed=3)
    read_all(acme)
    assert seen_by(acme, ada)[0][0] == "canceled"
    assert mails(acme)[2:] == [("vendor_return_called_off", ada.email)]


def test_a_declined_return_says_why_and_tells_nobody(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify
) -> None:
    hear(store, acme, "orders/", "fulfillments/")
    back = open_return(store, ACME, order["id"], {lines_of(order)["MUG"]: 2})
    move_return(store, ACME, order["id"], back["id"], "decline", reason="FINAL_SALE")
    hear(store, acme, "returns/", seed=4)
    read_all(acme)
    with db.scoped(acme.id, ada.id) as session:
        (known,) = session.scalars(select(VendorOrder.returns)).one()
    assert (known["status"], known["decline_reason"]) == ("declined", "final_sale")
    assert mails(acme) == []


def test_news_of_a_return_that_come_before_its_order_wait_for_it(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_return(store, ACME, order["id"], {lines_of(order)["MUG"]: 1}, asked=False)
    hear(store, acme, "returns/")
    read_all(acme)
    with db.scoped(acme.id) as session:
        assert session.scalars(select(OrderReturn.read_at)).all() == [None]
    monkeypatch.setattr(return_requests, "_SWEEP_AFTER", -return_requests._SWEEP_AFTER)
    assert return_requests.sweep() == 1
    hear(store, acme, "orders/", "fulfillments/")
    read_all(acme)
    assert seen_by(acme, ada) == [("open", [("Mug", 1)])]
    assert mails(acme) == [("vendor_return_opened", ada.email)]
    assert return_requests.sweep() == 0


def test_a_reading_that_ends_late_does_not_undo_a_newer_one(
    order: Doc, store: Store, acme: Shop, ada: Vendor, edge: FakeShopify
) -> None:
    hear(store, acme, "orders/", "fulfillments/")
    back = open_return(store, ACME, order["id"], {lines_of(order)["MUG"]: 1}, asked=False)
    hear(store, acme, "returns/")
    with db.scoped(acme.id) as session:
        began = session.execute(select(func.clock_timestamp())).scalar_one()
    gid = {"id": f"gid://shopify/Return/{back['id']}"}
    slow = read_whole(ShopCredentials(acme.id, ACME), "return", gid, "returnLineItems")
    move_return(store, ACME, order["id"], back["id"], "close")
    hear(store, acme, "returns/")
    read_all(acme)
    with db.scoped(acme.id) as session:
        return_requests._keep(session, acme.id, back["id"], slow, began)
    assert seen_by(acme, ada)[0][0] == "closed"


def test_what_was_not_sent_cannot_be_returned_and_nothing_twice(
    store: Store, order: Doc, goods: SimpleNamespace
) -> None:
    open_return(store, ACME, order["id"], {lines_of(order)["MUG"]: 2})
    with pytest.raises(OrderError):
        open_return(store, ACME, order["id"], {lines_of(order)["MUG"]: 1})
    unsent = buy(store, (goods.vase, 1))
    with pytest.raises(OrderError):
        open_return(store, ACME, unsent["id"], {lines_of(unsent)["VASE"]: 1})

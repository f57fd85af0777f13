"""Jobs that show and hide one product overlap: Shopify ends as our rows say."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app import clock, db
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.products import mirror, takedowns
from app.products.sync import align_product
from app.shopify.errors import ShopifyError, ShopifyUserErrors
from app.shopify.payloads import Product as News
from app.shopify.tokens import ShopCredentials
from tests.shopify.fake import FakeShopify, data

GID = "gid://shopify/Product/1"


class Shelf:
    """What Shopify shows: calls are taken in the sequence in which they arrive, each a second later."""

    def __init__(self, shopify: FakeShopify) -> None:
        self.status = "ACTIVE"
        self.moment = datetime.now(UTC).replace(microsecond=0)
        self.on_the_way: list[Callable[[], None]] = []
        """What happens while a call is on its way there, one after the other, call by call."""
        self.on_the_way_back: list[Callable[[], None]] = []
        shopify.answer("productUpdate", self._update)

    def _update(self, body: dict[str, Any]) -> httpx.Response:
        if self.on_the_way:
            self.on_the_way.pop(0)()
        self.status = body["variables"]["product"].get("status", self.status)
        self.moment += timedelta(seconds=1)
        made = {"id": GID, "handle": "mug", "status": self.status, "updatedAt": self.moment.isoformat()}
        if self.on_the_way_back:
            self.on_the_way_back.pop(0)()
        return data(productUpdate={"product": made, "userErrors": []})


@pytest.fixture
def shelf(shopify: FakeShopify) -> Shelf:
    return Shelf(shopify)


@pytest.fixture
def mug(acme: Shop, ada: Vendor, connected: ShopCredentials) -> Product:
    with db.scoped(acme.id) as session:
        own = {"shop_id": acme.id, "vendor_id": ada.id, "title": "Mug", "status": ProductStatus.PUBLISHED}
        product = Product(**own, shopify_gid=GID, shopify_status="ACTIVE", vendor_told=ada.name)
        session.add(product)
    return product


def take_down(mug: Product) -> None:
    with db.scoped(mug.shop_id) as session:
        takedowns.take_down(session, session.get_one(Product, mug.id), "Sharp edges.", actor="staff:1")


def put_back(mug: Product) -> None:
    with db.scoped(mug.shop_id) as session:
        takedowns.put_back(session, session.get_one(Product, mug.id), actor="staff:1")


def align(mug: Product) -> None:
    align_product(mug.shop_id, mug.id)


def held(mug: Product) -> Product:
    with db.scoped(mug.shop_id) as session:
        return session.get_one(Product, mug.id)


def hear(mug: Product, shelf: Shelf) -> None:
    """Shopify's news of what it shows now."""
    said: dict[str, Any] = {"title": "Mug", "handle": "mug", "status": shelf.status.lower(), "updated_at": shelf.moment}
    news = News(id=1, admin_graphql_api_id=GID, **said)
    with db.scoped(mug.shop_id) as session:
        mirror.take_over_product(session, session.get_one(Shop, mug.shop_id), news, b"{}")


@pytest.mark.parametrize("ends_shown", [True, False])
def test_of_two_jobs_at_once_the_later_decision_is_what_customers_see(
    mug: Product, shelf: Shelf, ends_shown: object
) -> None:
    """The earlier job's call is overtaken by the later job, whose answer comes last."""
    take_down(mug)
    if not ends_shown:
        align(mug)
        put_back(mug)
    earlier_is_done, later_is_told = threading.Event(), threading.Event()

    def answer_late() -> None:
        later_is_told.set()
        earlier_is_done.wait(20)

    def decide_otherwise() -> None:
        (put_back if ends_shown else take_down)(mug)
        shelf.on_the_way_back.append(answer_late)
        later.start()
        # A job that leaves it to the earlier one ends without a call.
        while later.is_alive() and not later_is_told.wait(0.01):
            pass
        shelf.on_the_way_back.clear()

    later = threading.Thread(target=align, args=(mug,))
    shelf.on_the_way.append(decide_otherwise)
    align(mug)
    earlier_is_done.set()
    later.join(30)
    ends = held(mug)
    assert (shelf.status, ends.shopify_status) == (("ACTIVE",) * 2 if ends_shown else ("DRAFT",) * 2)
    assert (ends.hidden_with_vendor, ends.aligning_since) == (not ends_shown, None)


def test_what_our_own_late_call_showed_is_no_decision_of_the_staffs(mug: Product, shelf: Shelf) -> None:
    """Shopify's news of it overtake its answer."""
    take_down(mug)
    align(mug)
    put_back(mug)
    shelf.on_the_way.append(lambda: take_down(mug))
    shelf.on_the_way_back.append(lambda: hear(mug, shelf))
    align(mug)
    ends = held(mug)
    assert (shelf.status, ends.shopify_status) == ("DRAFT", "DRAFT")
    assert ends.taken_down_at is not None


def test_a_product_hidden_by_a_job_that_died_is_shown_when_its_vendor_is_back(
    mug: Product, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    def let_vendor(status: VendorStatus) -> None:
        with db.scoped(mug.shop_id) as session:
            session.get_one(Vendor, mug.vendor_id).status = status

    let_vendor(VendorStatus.SUSPENDED)
    shelf.on_the_way_back.append(die)
    with pytest.raises(Died):
        align(mug)
    hear(mug, shelf)
    let_vendor(VendorStatus.APPROVED)
    align(mug)
    assert shelf.status == "DRAFT", "the other job may still be at it"
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=5))
    align(mug)
    assert (shelf.status, held(mug).hidden_with_vendor) == ("ACTIVE", False)


def test_a_shopify_that_does_not_do_it_is_left_to_the_sweep(mug: Product, shopify: FakeShopify) -> None:
    made = {"id": GID, "handle": "mug", "status": "ACTIVE", "updatedAt": clock.now().isoformat()}
    shopify.answer("productUpdate", data(productUpdate={"product": made, "userErrors": []}))
    take_down(mug)
    align(mug)
    assert (shopify.names(), held(mug).aligning_since) == (["productUpdate"], None)


def test_what_shopify_refuses_keeps_nobody_waiting(mug: Product, shopify: FakeShopify, shelf: Shelf) -> None:
    answer = shopify.answers["productUpdate"][0]
    refused = {"product": None, "userErrors": [{"field": ["vendor"], "message": "No.", "code": None}]}
    shopify.answer("productUpdate", data(productUpdate=refused), answer)
    take_down(mug)
    with pytest.raises(ShopifyUserErrors):
        align(mug)
    align(mug)
    assert shelf.status == "DRAFT"


def test_a_call_that_may_still_arrive_keeps_others_waiting(mug: Product, shopify: FakeShopify, shelf: Shelf) -> None:
    shopify.answer("productUpdate", httpx.Response(503))
    take_down(mug)
    with pytest.raises(ShopifyError):
        align(mug)
    assert held(mug).aligning_since is not None


def test_a_job_that_died_while_the_clock_was_ahead_keeps_nobody_waiting(mug: Product, shelf: Shelf) -> None:
    with db.scoped(mug.shop_id) as session:
        session.get_one(Product, mug.id).aligning_since = clock.now() + timedelta(hours=5)
    take_down(mug)
    align(mug)
    assert shelf.status == "DRAFT"

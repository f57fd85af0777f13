"""Counts on their way to Shopify, by whatever happens while they are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app import clock, db
from app.models.events import AuditEntry
from app.models.products import Product, ProductStatus, StockCall, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import listing, mirror, queries, service, sweeps
from app.products.stock_sync import push_stock
from app.shopify import client
from app.shopify.errors import ShopifyError
from app.shopify.payloads import InventoryLevel
from app.shopify.tokens import ShopCredentials
from tests.shopify.fake import FakeShopify, data

PLACE = "gid://shopify/Location/1"
ITEM = "gid://shopify/InventoryItem/9"
REFUSAL = [{"field": ["input"], "message": "The item does not exist.", "code": "INVALID_INVENTORY_ITEM"}]
BUSY = [{"field": None, "message": "It is in progress.", "code": "IDEMPOTENCY_CONCURRENT_REQUEST"}]
USED = [{"field": None, "message": "It failed before.", "code": "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"}]
STALE = [{"field": ["input"], "message": "It is not 5.", "code": "CHANGE_FROM_QUANTITY_STALE"}]


@dataclass
class Shelf:
    """One item in Shopify: compares before it sets, and does what carries the same key once."""

    available: int = 5
    told: list[tuple[int, int]] = field(default_factory=list)
    done: dict[str, datetime] = field(default_factory=dict)
    """When, by the key: whoever asks again is answered as the first time."""
    lose_answers: bool = False
    touched_at: datetime = field(default_factory=lambda: clock.now() - timedelta(days=1))

    def sell(self, units: int) -> None:
        self.available -= units
        self.touched_at = clock.now()

    def set(self, body: dict[str, Any]) -> httpx.Response:
        (said,) = body["variables"]["input"]["quantities"]
        key = body["variables"]["idempotencyKey"]
        if key not in self.done:
            if said["changeFromQuantity"] != self.available:
                return data(inventorySetQuantities={"inventoryAdjustmentGroup": None, "userErrors": STALE})
            self.available = said["quantity"]
            self.touched_at = self.done[key] = clock.now()
            self.told.append((said["changeFromQuantity"], said["quantity"]))
        if self.lose_answers:
            raise httpx.ReadTimeout("the answer is lost")
        group = {"createdAt": self.done[key].isoformat(), "reason": "correction"}
        return data(inventorySetQuantities={"inventoryAdjustmentGroup": group, "userErrors": []})

    def read(self, _body: dict[str, Any]) -> httpx.Response:
        level = {"updatedAt": self.touched_at.isoformat(), "quantities": [{"quantity": self.available}]}
        return data(nodes=[{"id": ITEM, "inventoryLevel": level}])


@pytest.fixture
def shelf(shopify: FakeShopify) -> Shelf:
    shelf = Shelf()
    shopify.answer("inventorySetQuantities", shelf.set)
    shopify.answer("nodesInStock", shelf.read)
    return shelf


@pytest.fixture
def mug(acme: Shop, ada: Vendor, connected: ShopCredentials) -> Product:
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).location_gid = PLACE
        own = {"shop_id": acme.id, "vendor_id": ada.id}
        mug = Product(**own, title="Mug", status=ProductStatus.PUBLISHED, shopify_gid="gid://shopify/Product/1")
        session.add(mug)
        session.flush()
        session.add(
            Variant(**own, product_id=mug.id, price_minor=500, currency="USD", stock=5, inventory_item_gid=ITEM)
        )
    return mug


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)


def count(product: Product, stock: int) -> None:
    with db.scoped(product.shop_id) as session:
        held = session.get_one(Product, product.id)
        assert service.set_stock(session, held, {_small(session).id: stock}, actor="ada") == 1


def hear(product: Product, available: int) -> None:
    """Shopify's webhook of a change."""
    seen = InventoryLevel(inventory_item_id=9, location_id=1, available=available, updated_at=clock.now())
    with db.scoped(product.shop_id) as session:
        mirror.take_over_stock(session, session.get_one(Shop, product.shop_id), seen)


def _small(session: Any) -> Variant:
    found: Variant = session.scalars(select(Variant)).one()
    return found


def read(product: Product) -> tuple[int, bool]:
    """What we have, and whether Shopify has still to hear of it."""
    with db.scoped(product.shop_id) as session:
        small = _small(session)
        return small.stock, small.stock_requested_at is not None


def find_call(product: Product) -> StockCall:
    with db.scoped(product.shop_id) as session:
        return session.get_one(StockCall, product.id)


def test_who_counts_again_while_shopify_is_told_is_not_counted_twice(
    mug: Product, shelf: Shelf, shopify: FakeShopify
) -> None:
    count(mug, 7)

    def meanwhile(body: dict[str, Any]) -> httpx.Response:
        if not shelf.told:
            count(mug, 8)
        return shelf.set(body)

    shopify.answer("inventorySetQuantities", meanwhile)
    push_stock(mug.shop_id, mug.id)
    assert shelf.told == [(5, 7), (7, 8)]
    assert read(mug) == (8, False)


@pytest.mark.usefixtures("impatient")
def test_who_counts_again_while_shopifys_answer_is_lost_is_not_counted_twice(mug: Product, shelf: Shelf) -> None:
    count(mug, 7)
    shelf.lose_answers = True
    with pytest.raises(ShopifyError):
        push_stock(mug.shop_id, mug.id)
    count(mug, 8)
    shelf.lose_answers = False
    push_stock(mug.shop_id, mug.id)
    assert shelf.told == [(5, 7), (7, 8)]
    assert shelf.available == 8
    assert read(mug) == (8, False)


@pytest.mark.usefixtures("impatient")
def test_a_count_that_shopify_is_still_at_work_on_is_not_taken_for_refused(
    mug: Product, shelf: Shelf, shopify: FakeShopify
) -> None:
    count(mug, 7)
    shelf.lose_answers = True
    with pytest.raises(ShopifyError):
        push_stock(mug.shop_id, mug.id)
    shopify.answer("inventorySetQuantities", data(inventorySetQuantities={"userErrors": BUSY}))
    with pytest.raises(ShopifyError, match="still at work"):
        push_stock(mug.shop_id, mug.id)
    count(mug, 8)
    shelf.lose_answers = False
    shopify.answer("inventorySetQuantities", shelf.set)
    push_stock(mug.shop_id, mug.id)
    assert (shelf.available, read(mug)) == (8, (8, False))


def test_what_was_refused_is_told_under_another_key(mug: Product, shelf: Shelf, shopify: FakeShopify) -> None:
    refused: list[str] = []

    def refuse(body: dict[str, Any]) -> httpx.Response:
        refused.append(body["variables"]["idempotencyKey"])
        return data(inventorySetQuantities={"userErrors": REFUSAL})

    def set_once(body: dict[str, Any]) -> httpx.Response:
        if body["variables"]["idempotencyKey"] in refused:
            return data(inventorySetQuantities={"userErrors": USED})
        return shelf.set(body)

    shopify.answer("inventorySetQuantities", refuse)
    count(mug, 7)
    push_stock(mug.shop_id, mug.id)
    shopify.answer("inventorySetQuantities", set_once)
    push_stock(mug.shop_id, mug.id)
    assert (shelf.available, read(mug)) == (7, (7, False))


def test_a_count_that_was_refused_for_weeks_is_still_tried_twice_a_day(mug: Product, shopify: FakeShopify) -> None:
    shopify.answer("inventorySetQuantities", data(inventorySetQuantities={"userErrors": REFUSAL}))
    count(mug, 7)
    push_stock(mug.shop_id, mug.id)
    with db.scoped(mug.shop_id) as session:
        session.get_one(StockCall, mug.id).attempts = 60
    push_stock(mug.shop_id, mug.id)
    again_at = find_call(mug).again_at
    assert again_at is not None
    assert timedelta(hours=11) < again_at - clock.now() <= timedelta(hours=12)


@pytest.mark.usefixtures("impatient")
def test_what_was_sold_while_the_answer_was_lost_is_read_afterwards(mug: Product, shelf: Shelf) -> None:
    count(mug, 7)
    shelf.lose_answers = True
    with pytest.raises(ShopifyError):
        push_stock(mug.shop_id, mug.id)
    shelf.sell(1)
    hear(mug, 6)
    assert read(mug) == (7, True)
    shelf.lose_answers = False
    push_stock(mug.shop_id, mug.id)
    assert read(mug) == (6, False)
    assert not find_call(mug).has_news


def test_what_was_sold_between_shopifys_answer_and_its_reading_is_not_forgotten(
    mug: Product, shelf: Shelf, shopify: FakeShopify
) -> None:
    count(mug, 7)

    def sell_one(body: dict[str, Any]) -> httpx.Response:
        answer = shelf.set(body)
        shelf.sell(1)
        hear(mug, shelf.available)
        return answer

    shopify.answer("inventorySetQuantities", sell_one)
    push_stock(mug.shop_id, mug.id)
    assert read(mug) == (6, False)


@pytest.mark.usefixtures("impatient")
def test_an_answer_that_two_jobs_read_counts_once(mug: Product, shelf: Shelf, shopify: FakeShopify) -> None:
    count(mug, 7)

    def overtaken(body: dict[str, Any]) -> httpx.Response:
        answer = shelf.set(body)
        shopify.answer("inventorySetQuantities", shelf.set)
        push_stock(mug.shop_id, mug.id)  # the sweep rang, too
        shelf.sell(3)
        hear(mug, 4)
        count(mug, 9)
        return answer

    shopify.answer("inventorySetQuantities", overtaken)
    push_stock(mug.shop_id, mug.id)
    assert shelf.told == [(5, 7), (4, 9)]
    assert read(mug) == (9, False)


def test_what_shopify_refuses_for_good_is_asked_again_after_growing_pauses(
    mug: Product, shelf: Shelf, shopify: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    no = data(inventorySetQuantities={"inventoryAdjustmentGroup": None, "userErrors": REFUSAL})
    shopify.answer("inventorySetQuantities", no)
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(sweeps, "enqueue", lambda *job, **_: rung.append(job))
    count(mug, 7)
    pauses = []
    for _ in range(12):
        push_stock(mug.shop_id, mug.id)
        call = find_call(mug)
        assert call.again_at is not None
        assert "The item does not exist." in (call.error or "")
        pauses.append(round((call.again_at - clock.now()) / timedelta(minutes=1)))
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720]
    hear(mug, 5)
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    sweeps.sweep()
    assert ("jobs.catalogue.push_stock", mug.shop_id, mug.id) not in rung
    later += timedelta(hours=12)
    sweeps.sweep()
    assert ("jobs.catalogue.push_stock", mug.shop_id, mug.id) in rung
    shopify.answer("inventorySetQuantities", shelf.set)
    push_stock(mug.shop_id, mug.id)
    call = find_call(mug)
    assert (call.error, call.attempts, call.again_at) == (None, 0, None)
    assert read(mug) == (7, False)


def test_merchant_and_vendor_read_that_a_count_was_refused(
    mug: Product, shopify: FakeShopify, ada: Vendor, acme: Shop
) -> None:
    shopify.answer("inventorySetQuantities", data(inventorySetQuantities={"userErrors": REFUSAL}))
    count(mug, 7)
    push_stock(mug.shop_id, mug.id)
    with db.scoped(acme.id) as session:
        (row,) = listing.list_products(session, acme.id, listing.Wanted()).rows
        assert "The item does not exist." in (row.stock_error or "")
    with db.scoped(acme.id, ada.id) as session:
        detail = queries.get_detail(session, acme.id, mug.id, vendor_id=ada.id)
        assert "The item does not exist." in (detail.stock_error or "")


@pytest.fixture
def forgotten(
    mug: Product, shelf: Shelf, shopify: FakeShopify, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Seven were counted where five lay; the answer was lost, and a day later Shopify has forgotten the key."""

    def play(*, arrived: bool, sold: int = 0) -> None:
        count(mug, 7)
        shelf.lose_answers = True
        if not arrived:
            shopify.answer("inventorySetQuantities", httpx.ConnectError("nobody there"))
        with pytest.raises(ShopifyError):
            push_stock(mug.shop_id, mug.id)
        later = clock.now() + timedelta(days=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        shelf.done.clear()
        shelf.lose_answers = False
        shopify.answer("inventorySetQuantities", shelf.set)
        if sold:
            shelf.sell(sold)

    return play


def unclear(product: Product) -> int:
    with db.scoped(product.shop_id) as session:
        query = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "product.stock_unclear")
        return session.scalar(query) or 0


def test_a_count_that_arrived_is_not_told_again_when_its_key_is_forgotten(
    mug: Product, shelf: Shelf, forgotten: Callable[..., None]
) -> None:
    forgotten(arrived=True)
    push_stock(mug.shop_id, mug.id)
    assert (shelf.told, shelf.available) == ([(5, 7)], 7)
    assert (read(mug), unclear(mug)) == ((7, False), 0)


def test_a_count_that_never_arrived_is_told_anew_when_its_key_may_be_forgotten(
    mug: Product, shelf: Shelf, forgotten: Callable[..., None]
) -> None:
    forgotten(arrived=False)
    push_stock(mug.shop_id, mug.id)
    assert (shelf.told, shelf.available) == ([(5, 7)], 7)
    assert (read(mug), unclear(mug)) == ((7, False), 0)


@pytest.mark.parametrize(("arrived", "left"), [(True, 6), (False, 4)])
def test_where_nobody_can_know_whether_a_count_arrived_shopifys_number_is_kept_and_the_log_says_so(
    mug: Product, shelf: Shelf, forgotten: Callable[..., None], *, arrived: bool, left: int
) -> None:
    forgotten(arrived=arrived, sold=1)
    push_stock(mug.shop_id, mug.id)
    assert shelf.available == left
    assert (read(mug), unclear(mug)) == ((left, False), 1)


def test_units_sold_back_to_the_old_number_are_not_taken_for_a_count_that_never_arrived(
    mug: Product, shelf: Shelf, forgotten: Callable[..., None]
) -> None:
    forgotten(arrived=True, sold=2)
    push_stock(mug.shop_id, mug.id)
    assert (shelf.told, shelf.available) == ([(5, 7)], 5)
    assert (read(mug), unclear(mug)) == ((5, False), 1)


def test_who_counted_again_meanwhile_is_told_of_as_the_last_word(
    mug: Product, shelf: Shelf, forgotten: Callable[..., None]
) -> None:
    forgotten(arrived=True, sold=1)
    count(mug, 9)
    push_stock(mug.shop_id, mug.id)
    assert (shelf.told, shelf.available) == ([(5, 7), (6, 9)], 9)
    assert read(mug) == (9, False)


@pytest.mark.usefixtures("impatient")
def test_a_call_that_an_older_version_wrote_down_is_still_answered(mug: Product, shelf: Shelf) -> None:
    count(mug, 7)
    shelf.lose_answers = True
    with pytest.raises(ShopifyError):
        push_stock(mug.shop_id, mug.id)
    with db.scoped(mug.shop_id) as session:
        call = session.get_one(StockCall, mug.id)
        call.wishes = [{name: held[name] for name in held if name != "first_told_at"} for held in call.wishes]
    shelf.lose_answers = False
    push_stock(mug.shop_id, mug.id)
    assert (shelf.told, read(mug)) == ([(5, 7)], (7, False))

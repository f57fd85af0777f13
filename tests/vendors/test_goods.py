"""Which products a vendor's page names, found by comparing rows: nothing that changes them has to say so."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.orm import Session

from app import clock, db
from app.auth import installation
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import mirror, service, takedowns
from app.queue import get_redis
from app.shopify import definitions
from app.shopify.errors import ShopifyError
from app.shopify.payloads import Metaobject, read_payload
from app.shopify.tokens import ShopCredentials
from app.vendors import goods, sync
from jobs import events
from tests.shopify.fake import FakeShopify, data

PAGE = "gid://shopify/Metaobject/1"


def gid(number: int) -> str:
    return f"gid://shopify/Product/{number}"


class Page:
    """Ada's page as Shopify holds it."""

    def __init__(self, shopify: FakeShopify) -> None:
        self.fields: dict[str, str | None] = {"products": None}
        self.gone: set[str] = set()
        self.moment = clock.now()
        self.shopify = shopify
        shopify.answer("metaobjectByHandle", lambda _: data(metaobjectByHandle=self._read()))
        for name in ("metaobjectUpsert", "metaobjectUpdate"):
            shopify.answer(name, lambda body: self._write(body["operationName"], body["variables"]["metaobject"]))
        shopify.answer("nodesLeft", lambda body: data(nodes=[self._node(each) for each in body["variables"]["ids"]]))

    @property
    def named(self) -> list[str]:
        return list(json.loads(self.fields["products"] or "[]"))

    @property
    def writes(self) -> int:
        return sum(name in {"metaobjectUpsert", "metaobjectUpdate"} for name in self.shopify.names())

    def _node(self, asked: str) -> dict[str, str] | None:
        return None if asked in self.gone else {"id": asked}

    def _read(self) -> dict[str, Any]:
        fields = [{"key": key, "value": value} for key, value in self.fields.items()]
        values = {key: json.loads(value) if key == "products" else value for key, value in self.fields.items() if value}
        return {"id": PAGE, "updatedAt": self.moment.isoformat(), "fields": fields, "values": values}

    def _write(self, name: str, said: dict[str, Any]) -> httpx.Response:
        written = {field["key"]: field["value"] for field in said.get("fields", ())}
        written |= {key: json.dumps(v) if key == "products" else v for key, v in said.get("values", {}).items()}
        errors = []
        if self.gone & set(json.loads(written.get("products", "[]"))):
            errors = [{"field": ["products"], "message": "It is not there.", "code": "INVALID_VALUE"}]
        else:
            kept = dict.fromkeys(self.fields) if "values" in said else self.fields
            self.fields = kept | written
            self.moment += timedelta(seconds=1)
        return data(**{name: {"metaobject": self._read(), "userErrors": errors}})


@pytest.fixture
def page(ada: Vendor, shopify: FakeShopify, connected: ShopCredentials) -> Page:
    """Ada's page, in step with her row."""
    with db.scoped(ada.shop_id) as session:
        session.get_one(Shop, ada.shop_id).definitions_version = definitions.VERSION
        session.get_one(Vendor, ada.id).profile_synced_at = None
    page = Page(shopify)
    sync.sync_vendor(ada.shop_id, ada.id)
    return page


def add(vendor: Vendor, number: int, published_at: datetime | None = None, **more: Any) -> Product:
    """A product on sale, unless `more` says otherwise."""
    on_sale = {"status": ProductStatus.PUBLISHED, "shopify_status": "ACTIVE", "shopify_gid": gid(number)}
    own = {"shop_id": vendor.shop_id, "vendor_id": vendor.id, "title": f"Mug {number}"}
    own |= {"published_at": published_at or clock.now(), "vendor_told": vendor.name}
    with db.scoped(vendor.shop_id) as session:
        product = Product(**(own | on_sale | more))
        session.add(product)
    return product


def follow(vendor: Vendor) -> int:
    """The sweep comes by, and its rings are answered. Returns how many rings."""
    get_redis().flushdb()
    rung = sync.sweep()
    sync.sync_vendor(vendor.shop_id, vendor.id)
    return rung


def numbers(gids: Sequence[str]) -> list[int]:
    return [int(each.rpartition("/")[2]) for each in gids]


def test_what_customers_can_buy_is_named_the_newest_first(page: Page, ada: Vendor, bea: Vendor) -> None:
    now = clock.now()
    add(ada, 1, now - timedelta(days=2))
    add(ada, 2, now)
    add(ada, 3, now - timedelta(days=1))
    add(bea, 4)
    add(ada, 5, status=ProductStatus.IN_REVIEW)
    add(ada, 6, status=ProductStatus.ARCHIVED)
    add(ada, 7, shopify_status="DRAFT")
    add(ada, 8, shopify_status="UNLISTED")
    add(ada, 9, taken_down_at=now)
    add(ada, 10, shopify_gid=None, shopify_status=None)
    follow(ada)
    assert numbers(page.named) == [2, 3, 1]


def test_of_many_the_newest_are_named_by_one_write(page: Page, ada: Vendor) -> None:
    for number in range(1, goods.MOST + 73):
        add(ada, number)
    before = page.writes
    assert follow(ada) == 1
    assert numbers(page.named) == list(range(goods.MOST + 72, 72, -1))
    assert page.writes == before + 1
    assert follow(ada) == 0, "it is in step"
    assert page.writes == before + 1


def take_down(session: Session, product: Product) -> None:
    takedowns.take_down(session, product, "Sharp edges.", actor="staff:1")


def archive(session: Session, product: Product) -> None:
    service.move(session, product, "archive", actor="vendor_user:1")


def withdraw(session: Session, product: Product) -> None:
    service.move(session, product, "withdraw", actor="vendor_user:1")


def delete(session: Session, product: Product) -> None:
    mirror.forget_product(session, session.get_one(Shop, product.shop_id), gid(1))


def hide(session: Session, product: Product) -> None:
    """As the news of it, or the job that hides what a paused vendor sells, notes it."""
    product.shopify_status = "DRAFT"


@pytest.mark.parametrize("change", [take_down, archive, withdraw, delete, hide])
def test_whatever_goes_off_sale_leaves_the_page_and_what_comes_back_returns(
    page: Page, ada: Vendor, change: Any
) -> None:
    mug = add(ada, 1)
    add(ada, 2)
    follow(ada)
    with db.scoped(ada.shop_id) as session:
        change(session, session.get_one(Product, mug.id))
    assert follow(ada) == 1
    assert numbers(page.named) == [2]
    back = {"status": ProductStatus.PUBLISHED, "taken_down_at": None, "shopify_status": "ACTIVE"}
    with db.scoped(ada.shop_id) as session:
        session.execute(update(Product).where(Product.id == mug.id).values(back))
    assert follow(ada) == 1
    assert numbers(page.named) == [2, 1]


def test_a_product_that_moves_to_another_vendor_moves_between_their_pages(page: Page, ada: Vendor, bea: Vendor) -> None:
    mug = add(ada, 1)
    follow(ada)
    with db.scoped(ada.shop_id) as session:
        session.execute(update(Product).where(Product.id == mug.id).values(vendor_id=bea.id))
    with db.system() as session:
        session.execute(update(Vendor).values(profile_synced_at=clock.now()))
    assert follow(ada) == 2, "both pages are behind"
    assert page.named == []


def test_the_last_one_that_goes_empties_the_field(page: Page, ada: Vendor) -> None:
    mug = add(ada, 1)
    page.fields["cover"] = "gid://shopify/MediaImage/1"
    follow(ada)
    with db.scoped(ada.shop_id) as session:
        archive(session, session.get_one(Product, mug.id))
    follow(ada)
    assert page.fields["products"] is None
    assert page.fields["cover"] == "gid://shopify/MediaImage/1", "the rest of the page stays"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between one attempt of a call and the next."""
    monkeypatch.setattr("app.shopify.client.time.sleep", lambda _: None)


def test_a_call_that_fails_is_made_again(page: Page, ada: Vendor, shopify: FakeShopify, hasty: None) -> None:
    add(ada, 1)
    write = shopify.answers["metaobjectUpsert"][0]
    shopify.answer("metaobjectUpsert", httpx.Response(503))
    with pytest.raises(ShopifyError):
        follow(ada)
    shopify.answer("metaobjectUpsert", write)
    assert follow(ada) == 1
    assert numbers(page.named) == [1]


def test_a_product_that_shopify_no_longer_has_keeps_no_other_from_the_page(page: Page, ada: Vendor) -> None:
    """It was deleted there a moment ago, and the news of it is late, or lost."""
    add(ada, 1)
    add(ada, 2)
    page.gone = {gid(1)}
    follow(ada)
    assert numbers(page.named) == [2]
    with db.scoped(ada.shop_id) as session:
        assert session.get_one(Vendor, ada.id).sync_error is None
    assert status_of(1) == ProductStatus.PUBLISHED
    events.drain()
    assert status_of(1) == ProductStatus.ARCHIVED
    assert follow(ada) == 0, "what was found out is known"


def status_of(number: int) -> ProductStatus:
    with db.system() as session:
        return session.scalars(select(Product.status).where(Product.shopify_gid == gid(number))).one()


@pytest.mark.parametrize("changed", [json.dumps([gid(7)]), [gid(7)]])
def test_what_staff_make_of_the_list_is_made_right(page: Page, ada: Vendor, changed: Any) -> None:
    """Whether Shopify sends a list as its text or as a list."""
    add(ada, 1)
    follow(ada)
    page.moment += timedelta(minutes=1)
    page.fields["products"] = json.dumps([gid(7)])
    fields = {"name": ada.name, "logo": None, "rating": {"value": "4.5"}, "products": changed}
    said = {"id": PAGE, "type": sync.TYPE, "handle": ada.handle, "updated_at": page.moment.isoformat()}
    news = read_payload(Metaobject, json.dumps(said | {"fields": fields}).encode())
    assert news.fields == fields | {"rating": '{"value": "4.5"}', "products": json.dumps([gid(7)])}
    with db.scoped(ada.shop_id) as session:
        sync.take_over(session, session.get_one(Shop, ada.shop_id), news)
    assert follow(ada) == 1
    assert numbers(page.named) == [1]


def test_a_shop_whose_pages_have_no_such_field_yet_is_left_alone(page: Page, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.get_one(Shop, ada.shop_id).definitions_version = goods.KNOWN_SINCE - 1
    add(ada, 1)
    assert follow(ada) == 0
    with db.scoped(ada.shop_id) as session:
        session.get_one(Vendor, ada.id).profile_synced_at = None
    follow(ada)
    assert page.fields["products"] is None


@pytest.fixture
def newest(page: Page, ada: Vendor, shopify: FakeShopify) -> list[list[int]]:
    """What the shop's metafield is set to, time after time; Shopify refuses what the page's test says is gone."""
    told: list[list[int]] = []

    def set_it(body: dict[str, Any]) -> httpx.Response:
        [field] = body["variables"]["metafields"]
        assert (field["ownerId"], field["key"]) == ("gid://shopify/Shop/1", "newest")
        gids = json.loads(field["value"])
        if page.gone & set(gids):
            error = {"field": ["metafields", "0"], "message": "It is not there.", "code": "INVALID_VALUE"}
            return data(metafieldsSet={"metafields": [], "userErrors": [error]})
        told.append(numbers(gids))
        return data(metafieldsSet={"metafields": [{"id": "1"}], "userErrors": []})

    shopify.answer("metafieldsSet", set_it)
    with db.scoped(ada.shop_id) as session:
        session.get_one(Shop, ada.shop_id).shopify_gid = "gid://shopify/Shop/1"
    return told


def tell_newest(shop: Shop) -> int:
    get_redis().flushdb()
    rung = goods.sweep()
    goods.tell_newest(shop.id)
    return rung


def test_what_is_new_in_the_shop_is_told_once(
    newest: list[list[int]], acme: Shop, ada: Vendor, bea: Vendor, zenith: Shop, cy: Vendor
) -> None:
    with db.system() as session:
        session.execute(update(Shop).values(definitions_version=definitions.VERSION))
    assert tell_newest(acme) == 0, "nothing is on sale"
    for number in range(1, goods.NEWEST + 7):
        add(ada if number % 2 else bea, number)
    bowl = add(bea, 90)
    assert tell_newest(acme) == 1
    assert tell_newest(acme) == 0
    assert newest == [[90, *range(goods.NEWEST + 6, 7, -1)]]
    with db.scoped(acme.id) as session:
        take_down(session, session.get_one(Product, bowl.id))
    assert tell_newest(acme) == 1
    assert newest[1:] == [list(range(goods.NEWEST + 6, 6, -1))]


def test_a_shop_that_comes_back_with_nothing_on_sale_is_told_so(
    newest: list[list[int]], connected: ShopCredentials, acme: Shop, ada: Vendor
) -> None:
    """Its metafield may still name what was new before."""
    mug = add(ada, 1)
    tell_newest(acme)
    with db.scoped(acme.id) as session:
        take_down(session, session.get_one(Product, mug.id))
        session.get_one(Shop, acme.id).definitions_version = 0
    installation.prepare(connected)
    assert tell_newest(acme) == 1
    assert newest == [[1], []]
    assert tell_newest(acme) == 0


def test_a_new_product_that_shopify_no_longer_has_is_left_out(
    newest: list[list[int]], page: Page, acme: Shop, ada: Vendor
) -> None:
    add(ada, 1)
    add(ada, 2)
    page.gone = {gid(2)}
    tell_newest(acme)
    assert newest == [[1]]
    events.drain()
    assert status_of(2) == ProductStatus.ARCHIVED
    assert tell_newest(acme) == 0


def test_what_was_told_and_whose_answer_was_lost_is_told_again(
    newest: list[list[int]], acme: Shop, ada: Vendor, shopify: FakeShopify, hasty: None
) -> None:
    add(ada, 1)
    tell_newest(acme)
    [answer] = shopify.answers["metafieldsSet"]

    def lose(asked: dict[str, Any]) -> httpx.Response:
        assert callable(answer)
        answer(asked)
        raise httpx.ReadTimeout("Nobody heard.")

    bowl = add(ada, 2)
    shopify.answer("metafieldsSet", lose)
    with pytest.raises(ShopifyError):
        tell_newest(acme)
    assert newest[-1] == [2, 1]
    with db.scoped(acme.id) as session:
        take_down(session, session.get_one(Product, bowl.id))
    shopify.answer("metafieldsSet", answer)
    assert tell_newest(acme) == 1, "what was told last may not be what Shopify holds"
    assert newest[-1] == [1]
    assert tell_newest(acme) == 0


@pytest.mark.parametrize(("sweep", "index"), [(sync.sweep, "vendor_id"), (goods.sweep, "shop_id")])
def test_the_sweeps_read_the_newest_off_an_index(page: Page, ada: Vendor, sweep: Any, index: str) -> None:
    """In its order, without what was on sale before them, and without the rows."""
    asked: list[tuple[str, Any]] = []

    def note(*told: Any) -> None:
        asked.append(told[2:4])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        sweep()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    [(query, values)] = [each for each in asked if "published_at DESC" in each[0]]
    with db.system() as session:
        session.execute(text("SET LOCAL enable_sort = off"))
        plan = "\n".join(session.connection().exec_driver_sql(f"EXPLAIN {query}", values).scalars())
    assert f"Index Only Scan using ix_products_{index}_newest_on_sale" in plan, plan
    assert "published_at" not in plan, "nothing is left to sort"

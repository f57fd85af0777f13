"""The list over time: what is planned, what was, another order, groups, collections, and previews before saving."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import func, select, update

from app import clock, db, turns
from app.auth import installation
from app.commissions import collections, groups, previews, queries, service, sets
from app.commissions.rules import Conditions, Rule
from app.commissions.service import Draft
from app.errors import Conflict, ValidationErrors
from app.models.commissions import CollectionProduct, CommissionPreview, CommissionRule, WatchedCollection
from app.models.orders import Order, OrderLine
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.shopify.tokens import ShopCredentials
from devstore.store import Store
from tests.architecture.polaris import lint_polaris
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post, goods, post, store
from tests.shopify.fake import FakeShopify, data

__all__ = ["goods", "post", "store"]
COLLECTION = "gid://shopify/Collection/77"


def draft(name: str, percent: int = 10, **conditions: Any) -> Draft:
    wanted: dict[str, Any] = {field: frozenset(values) for field, values in conditions.items()}
    wanted = wanted or {"tags": frozenset({name.lower()})}
    return Draft(name, Decimal(percent * 100), Conditions(**wanted), {}, {}, {}, net_of_tax=False)


@pytest.fixture
def shop(acme: Shop) -> Shop:
    with db.scoped(acme.id) as session:
        service.ensure_default_rule(session, acme.id)
    return acme


def add(shop: Shop, wanted: Draft, at: datetime | None = None) -> int:
    with db.scoped(shop.id) as session:
        return service.add_rule(session, session.get_one(Shop, shop.id), wanted, "staff:1", at=at)


def do(shop: Shop, what: Any, *args: Any, **more: Any) -> None:
    with db.scoped(shop.id) as session:
        what(session, session.get_one(Shop, shop.id), *args, "staff:1", **more)


def names(shop: Shop, at: datetime | None = None) -> list[str]:
    with db.scoped(shop.id) as session:
        return [rule.name for rule in queries.list_rules(session, shop.id, at)]


def planned(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        return [version.name for version in queries.list_planned(session, shop.id)]


def age(shop: Shop, **by: float) -> None:
    """Everything so far was done that much earlier."""
    with db.scoped(shop.id) as session:
        back = timedelta(**by)
        session.execute(update(CommissionRule).values(valid_from=CommissionRule.valid_from - back))
        ended = update(CommissionRule).where(CommissionRule.valid_to.is_not(None))
        session.execute(ended.values(valid_to=CommissionRule.valid_to - back))


def soon() -> datetime:
    return clock.now().replace(microsecond=0) + timedelta(days=3)


# -- over time ---------------------------------------------------------------------------------------------------------


def test_a_planned_change_waits_for_its_day_and_the_past_keeps_its_own(shop: Shop) -> None:
    number = add(shop, draft("Old"))
    do(shop, service.change_rule, number, draft("New"), at=soon())
    assert names(shop) == ["Old", "Default commission"]
    assert names(shop, soon()) == ["New", "Default commission"]
    assert planned(shop) == ["New"]
    age(shop, days=4)
    assert names(shop) == ["New", "Default commission"]
    assert planned(shop) == []


def test_a_plan_is_replaced_by_the_next_and_dropped_without_a_trace_in_force(shop: Shop) -> None:
    number = add(shop, draft("Old"))
    do(shop, service.change_rule, number, draft("New"), at=soon())
    do(shop, service.change_rule, number, draft("Newer"), at=soon())
    assert planned(shop) == ["Newer"]
    do(shop, service.drop_plan, number)
    assert planned(shop) == []
    assert names(shop, soon()) == ["Old", "Default commission"]
    with pytest.raises(Conflict):
        do(shop, service.drop_plan, number)


def test_a_rule_that_is_only_planned_can_be_changed_and_dropped(shop: Shop) -> None:
    number = add(shop, draft("Later"), at=soon())
    assert names(shop) == ["Default commission"]
    do(shop, service.change_rule, number, draft("Sooner"))
    assert names(shop) == ["Sooner", "Default commission"]
    other = add(shop, draft("Never"), at=soon())
    do(shop, service.drop_plan, other)
    assert planned(shop) == []


def test_removing_a_rule_ends_what_was_planned_for_it(shop: Shop) -> None:
    number = add(shop, draft("Old"))
    do(shop, service.change_rule, number, draft("New"), at=soon())
    do(shop, service.remove_rule, number)
    assert names(shop) == names(shop, soon()) == ["Default commission"]


def test_another_order_holds_for_what_is_planned_too(shop: Shop) -> None:
    first, second = add(shop, draft("First")), add(shop, draft("Second"))
    do(shop, service.change_rule, first, draft("First, later"), at=soon())
    age(shop, hours=1)
    do(shop, service.reorder_rules, [second, first])
    assert names(shop) == ["Second", "First", "Default commission"]
    assert names(shop, soon()) == ["Second", "First, later", "Default commission"]
    assert names(shop, clock.now() - timedelta(minutes=30)) == ["First", "Second", "Default commission"]


@pytest.mark.parametrize("numbers", [[], [2], [2, 2], [2, 3, 4], [1, 2, 3]])
def test_an_order_that_does_not_name_every_rule_once_is_refused(shop: Shop, numbers: list[int]) -> None:
    assert [add(shop, draft("First")), add(shop, draft("Second"))] == [2, 3]
    with pytest.raises(Conflict):
        do(shop, service.reorder_rules, numbers)


def test_an_earlier_list_is_restored_whole(shop: Shop) -> None:
    first, second = add(shop, draft("First")), add(shop, draft("Second"))
    age(shop, hours=2)
    then = clock.now() - timedelta(hours=1)
    do(shop, service.reorder_rules, [second, first])
    do(shop, service.change_rule, first, draft("First, changed", 20))
    do(shop, service.remove_rule, second)
    add(shop, draft("Third"))
    add(shop, draft("Planned"), at=soon())
    do(shop, service.restore_list, then)
    assert names(shop) == names(shop, soon()) == names(shop, then) == ["First", "Second", "Default commission"]
    do(shop, service.restore_list, then)
    assert names(shop) == ["First", "Second", "Default commission"]


# -- groups and collections --------------------------------------------------------------------------------------------


def test_who_joins_a_group_pays_by_its_rule_from_then_on(
    shop: Shop, ada: Vendor, goods: SimpleNamespace, store: Store, post: Post
) -> None:
    with db.scoped(shop.id) as session:
        group = groups.save_group(session, shop.id, None, "Friends", [], actor="staff:1").id
    add(shop, draft("For friends", 5, group_ids={group}))
    age(shop, days=60)
    buy(store, (goods.mug, 1))
    post.deliver()
    with db.scoped(shop.id) as session:
        groups.save_group(session, shop.id, group, "Friends", [ada.id], actor="staff:1")
        with pytest.raises(Conflict, match="For friends"):
            groups.remove_group(session, shop.id, group, actor="staff:1")
        with pytest.raises(ValidationErrors):
            groups.save_group(session, shop.id, None, "friends", [], actor="staff:1")
    buy(store, (goods.mug, 1), (goods.loaf, 1))
    post.deliver()
    with db.scoped(shop.id) as session:
        lines = session.scalars(select(OrderLine).order_by(OrderLine.id)).all()
    fired = [(line.rule or {})["name"] for line in lines]
    assert fired == ["Default commission", "For friends", "Default commission"]
    assert lines[1].sold_as["groups"] == [group]


@pytest.fixture
def shopify_with_collection(shopify: FakeShopify, goods: SimpleNamespace) -> FakeShopify:
    node = {"id": f"gid://shopify/Product/{goods.mug['id']}"}
    page = {"nodes": [node], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    shopify.answer("collectionProducts", data(collection={"id": COLLECTION, "products": page}))
    return shopify


def test_a_collection_is_read_before_it_is_asked_for_and_booking_asks_nobody(
    shop: Shop,
    connected: ShopCredentials,
    shopify_with_collection: FakeShopify,
    goods: SimpleNamespace,
    store: Store,
    post: Post,
) -> None:
    add(shop, draft("Summer", 20, collection_gids={COLLECTION}))
    age(shop, days=60)
    collections.read_due(shop.id)
    asked = len(shopify_with_collection.asked)
    collections.read_due(shop.id)
    buy(store, (goods.mug, 1), (goods.vase, 1))
    post.deliver()
    assert len(shopify_with_collection.asked) == asked
    with db.scoped(shop.id) as session:
        lines = session.scalars(select(OrderLine).order_by(OrderLine.id)).all()
        assert [(line.rule or {})["name"] for line in lines] == ["Summer", "Default commission"]
        assert lines[0].sold_as["collections"] == [COLLECTION]
        collections.read_soon(session, shop.id, COLLECTION)
    collections.read_due(shop.id)
    assert len(shopify_with_collection.asked) == asked + 1


def test_a_collection_that_no_rule_names_any_more_is_forgotten(
    shop: Shop, connected: ShopCredentials, shopify_with_collection: FakeShopify
) -> None:
    number = add(shop, draft("Summer", 20, collection_gids={COLLECTION}))
    collections.read_due(shop.id)
    do(shop, service.remove_rule, number)
    with db.scoped(shop.id) as session:
        assert session.scalars(select(WatchedCollection.gid)).all() == []
        assert sets.list_collections_of_products(session, shop.id, ["gid://shopify/Product/1"]) == {}
    assert collections.sweep() == 0


# -- previews ----------------------------------------------------------------------------------------------------------


def of_collection(default: Rule) -> Rule:
    wanted = Conditions(collection_gids=frozenset({COLLECTION}))
    return replace(default, id=8, name="Summer", is_default=False, rate_bps=Decimal(2000), conditions=wanted)


def preview(shop: Shop, wanted: list[Any]) -> tuple[CommissionPreview, list[previews.VendorRow]]:
    with db.scoped(shop.id) as session:
        number = previews.ask(session, session.get_one(Shop, shop.id), wanted, "staff:1").id
    previews.compute(shop.id, number, 0)
    with db.scoped(shop.id) as session:
        found = previews.get_preview(session, shop.id, number)
        return found, previews.list_rows(session, found, "USD")


def test_a_preview_of_the_list_as_it_is_changes_nothing_and_of_another_says_by_how_much(
    shop: Shop, ada: Vendor, goods: SimpleNamespace, store: Store, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "_AT_ONCE", 2)
    for _ in range(3):
        buy(store, (goods.mug, 2), (goods.loaf, 1), discount_codes=["WELCOME10"])
    post.deliver()
    with db.scoped(shop.id) as session:
        standing = queries.list_rules(session, shop.id)
        booked = sum(session.scalars(select(OrderLine.fee_minor)).all())
    _, same = preview(shop, standing)
    assert [row.difference.minor for row in same] == [0, 0]
    assert all(row.is_as_taken for row in same)
    assert sum(row.before.minor for row in same) == booked
    [default] = standing
    wanted = Conditions(vendor_ids=frozenset({ada.id}))
    more = replace(default, id=8, is_default=False, rate_bps=Decimal(2000), conditions=wanted)
    done, rows = preview(shop, [more, default])
    assert (done.done, done.total, done.unknown) == (6, 6, 0)
    by_name = {row.name: row for row in rows}
    assert by_name[ada.name].after.minor == 2 * by_name[ada.name].before.minor
    assert rows[0].name == ada.name
    assert by_name["Bea's Bakery"].difference.minor == 0
    with db.scoped(shop.id) as session:
        assert sum(session.scalars(select(OrderLine.fee_minor)).all()) == booked


def test_a_preview_tells_what_a_change_makes_from_what_earlier_changes_made(
    merchant: FlaskClient, shop: Shop, ada: Vendor, goods: SimpleNamespace, store: Store, post: Post
) -> None:
    buy(store, (goods.mug, 2), (goods.loaf, 1))
    post.deliver()
    standing = merchant_asks(merchant, shop, {"tags": "nobody-sells-it"})
    assert "you would have taken the same in the last 90 days" in standing
    assert "was taken" not in standing
    assert "Taken then" not in standing
    add(shop, draft("Ada", 20, vendor_ids={ada.id}))
    idle = merchant_asks(merchant, shop, {"tags": "nobody-sells-it"})
    assert "you would have taken the same in the last 90 days" in idle
    assert "$3.00 with this change as with today's list. $2.00 was taken, by the rules of then." in idle
    more = merchant_asks(merchant, shop, {"vendors": str(ada.id), "number": "2", "rate": "30"})
    assert "you would have taken $1.00 more" in more
    assert "$4.00 with this change and $3.00 with today's list. $2.00 was taken" in more
    cells = [cell.text for cell in BeautifulSoup(more, "html.parser").find_all("s-table-cell")]
    adas = [ada.name, "$10.00", "$1.00", "$2.00", "$3.00", "$1.00"]
    assert cells == [*adas, "Bea's Bakery", "$10.00", "$1.00", "$1.00", "$1.00", "$0.00"]
    assert lint_polaris(more) == []


def merchant_asks(merchant: FlaskClient, shop: Shop, fields: dict[str, str]) -> str:
    """For a preview of a rule as in the form; returns what it says."""
    answer = merchant.post("/app/commissions/preview", data={"name": "Asked", "rate": "5", "number": ""} | fields)
    assert answer.status_code == 200, answer.text
    with db.scoped(shop.id) as session:
        number = session.scalars(select(func.max(CommissionPreview.id))).one()
    previews.compute(shop.id, number, 0)
    return merchant.get(f"/app/commissions/previews/{number}").text


def test_a_preview_speaks_of_the_currency_in_which_it_was_asked_for(
    merchant: FlaskClient, shop: Shop, goods: SimpleNamespace, store: Store, post: Post
) -> None:
    buy(store, (goods.mug, 2))
    post.deliver()
    with db.scoped(shop.id) as session:
        number = previews.ask(
            session, session.get_one(Shop, shop.id), queries.list_rules(session, shop.id), "staff:42"
        ).id
    with db.scoped(shop.id) as session:
        installation._take_currency(session, session.get_one(Shop, shop.id), "JPY")
    previews.compute(shop.id, number, 0)
    page = merchant.get(f"/app/commissions/previews/{number}").text
    assert "$" in page
    assert "\u00a5" not in page


def test_a_preview_takes_who_is_in_a_group_or_collection_now_unless_a_rule_asked_when_it_was_sold(
    shop: Shop,
    connected: ShopCredentials,
    shopify_with_collection: FakeShopify,
    goods: SimpleNamespace,
    store: Store,
    post: Post,
    bea: Vendor,
) -> None:
    buy(store, (goods.mug, 1), (goods.loaf, 1))
    post.deliver()
    with db.scoped(shop.id) as session:
        group = groups.save_group(session, shop.id, None, "Friends", [bea.id], actor="staff:1").id
        [default] = queries.list_rules(session, shop.id)
    summer = of_collection(default)
    friends = replace(summer, id=9, name="Friends", conditions=Conditions(group_ids=frozenset({group})))
    _, rows = preview(shop, [summer, friends, default])
    assert [row.after.minor for row in rows] == [2 * row.before.minor for row in rows]
    asked = len(shopify_with_collection.asked)
    preview(shop, [summer, default])
    assert len(shopify_with_collection.asked) == asked, "its products are kept for a day"
    began = clock.now() - timedelta(days=30)
    for wanted in (draft("Summer", 20, collection_gids={COLLECTION}), draft("Friends", 20, group_ids={group})):
        add(shop, wanted)
    with db.scoped(shop.id) as session:
        session.execute(update(CommissionRule).values(valid_from=began))
    _, rows = preview(shop, [summer, friends, default])
    assert [row.difference.minor for row in rows] == [0, 0], "they were asked for, and neither was in one"


def test_a_preview_says_so_when_shopify_does_not_tell_what_is_in_a_collection(
    shop: Shop, connected: ShopCredentials, shopify: FakeShopify
) -> None:
    denied = {"errors": [{"message": "No", "extensions": {"code": "ACCESS_DENIED"}}]}
    shopify.answer("collectionProducts", httpx.Response(200, json=denied))
    with db.scoped(shop.id) as session:
        [default] = queries.list_rules(session, shop.id)
    found, _ = preview(shop, [of_collection(default), default])
    assert (found.failed_at is not None, found.finished_at) == (True, None)
    plain, _ = preview(shop, [default])
    assert plain.finished_at, "it names no collection"


def test_a_preview_does_not_wait_until_a_very_large_collection_is_read(
    shop: Shop, connected: ShopCredentials, shopify: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(*, more: bool) -> httpx.Response:
        page = {"nodes": [], "pageInfo": {"hasNextPage": more, "endCursor": "on"}}
        return data(collection={"id": COLLECTION, "products": page})

    shopify.answer("collectionProducts", *[answer(more=True)] * 9, answer(more=False))
    monkeypatch.setattr(previews, "_READ_SECONDS", 0)
    with db.scoped(shop.id) as session:
        [default] = queries.list_rules(session, shop.id)
    found, _ = preview(shop, [of_collection(default), default])
    assert found.failed_at
    collections.read_due(shop.id)
    found, _ = preview(shop, [of_collection(default), default])
    assert found.finished_at, "it was read in the background meanwhile"


def test_previews_take_turns_and_one_slice_waits_in_the_queue_of_money(
    shop: Shop, goods: SimpleNamespace, store: Store, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(turns, "enqueue", lambda *args, **_: rung.append(args))
    monkeypatch.setattr(previews, "_AT_ONCE", 1)
    for _ in range(2):
        buy(store, (goods.mug, 1))
    post.deliver()
    with db.scoped(shop.id) as session:
        rules = queries.list_rules(session, shop.id)
        first, second = (previews.ask(session, shop, rules, f"staff:{number}").id for number in (1, 2))
    for _ in range(5):
        previews.sweep()
    assert rung == [("jobs.commissions.preview", shop.id, first, 0)] * 5
    previews.compute(shop.id, first, 0, seconds=0)
    assert rung[5:] == [("jobs.commissions.preview", shop.id, second, 0)]
    previews.compute(shop.id, first, 0, seconds=0)
    assert len(rung) == 6, "a doubled ring neither goes on nor rings"
    with db.scoped(shop.id) as session:
        assert previews.get_preview(session, shop.id, first).done == 1


@pytest.mark.parametrize("how", ["stopped", "of yesterday"])
def test_the_collections_of_a_preview_that_is_gone_are_forgotten(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with db.scoped(shop.id) as session:
        [default] = queries.list_rules(session, shop.id)
        number = previews.ask(session, shop, [of_collection(default), default], "staff:1").id
        assert session.scalars(select(WatchedCollection.gid)).all() == [COLLECTION]
    if how == "stopped":
        with db.scoped(shop.id) as session:
            previews.stop(session, shop.id, number)
    else:
        now = clock.now() + timedelta(days=1, minutes=1)
        monkeypatch.setattr(clock, "now", lambda: now)
        assert previews.sweep() == 0
    with db.scoped(shop.id) as session:
        assert session.scalars(select(CommissionPreview.id)).all() == []
        assert session.scalars(select(WatchedCollection.gid)).all() == []


def test_a_preview_reads_of_a_collection_only_what_was_sold(
    shop: Shop, goods: SimpleNamespace, store: Store, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    monkeypatch.setattr(previews, "read_new", lambda *_, **__: True)
    found: list[sets.Members] = []

    def find(*args: Any) -> sets.Members:
        found.append(sets.find_members(*args))
        return found[-1]

    monkeypatch.setattr(previews, "find_members", find)
    sold = f"gid://shopify/Product/{goods.mug['id']}"
    with db.scoped(shop.id) as session:
        [default] = queries.list_rules(session, shop.id)
        number = previews.ask(session, shop, [of_collection(default), default], "staff:1").id
        for gid in (sold, "gid://shopify/Product/1", "gid://shopify/Product/2"):
            session.add(CollectionProduct(shop_id=shop.id, product_gid=gid, collection_gid=COLLECTION))
    previews.compute(shop.id, number, 0)
    assert [members.collections for members in found] == [{sold: frozenset({COLLECTION})}]


@pytest.mark.parametrize("deadly", ["get_agreed", "read_new"])
def test_a_preview_that_kills_its_worker_is_not_tried_for_ever(
    merchant: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch, deadly: str
) -> None:
    def die(*_: Any, **__: Any) -> None:
        assert previews.sweep() == 0, "nobody else is rung for while it is worked on"
        raise SystemExit

    monkeypatch.setattr(previews, "read_new", lambda *_, **__: True)
    monkeypatch.setattr(previews, deadly, die)
    with db.scoped(shop.id) as session:
        [default] = queries.list_rules(session, shop.id)
        number = previews.ask(session, shop, [of_collection(default), default], "staff:1").id
    for _ in range(3):
        with pytest.raises(SystemExit):
            previews.compute(shop.id, number, 0)
        now = clock.now() + timedelta(minutes=2)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        assert previews.sweep() == 1
    previews.compute(shop.id, number, 0)
    assert "could not be computed" in merchant.get(f"/app/commissions/previews/{number}").text
    assert previews.sweep() == 0


def test_unpaid_test_and_older_orders_and_lines_of_unknown_facts_are_not_in_a_preview(
    shop: Shop, goods: SimpleNamespace, store: Store, post: Post
) -> None:
    for _ in range(4):
        buy(store, (goods.mug, 1))
    post.deliver()
    with db.scoped(shop.id) as session:
        unpaid, test, old, unknown = session.scalars(select(Order.id).order_by(Order.id)).all()
        session.execute(update(Order).where(Order.id == unpaid).values(paid_seen_at=None))
        session.execute(update(Order).where(Order.id == test).values(test=True))
        session.execute(update(Order).where(Order.id == old).values(ordered_at=datetime(2025, 1, 1, tzinfo=UTC)))
        session.execute(update(OrderLine).where(OrderLine.order_id == unknown).values(sold_as={}))
        standing = queries.list_rules(session, shop.id)
    found, rows = preview(shop, standing)
    assert rows == []
    assert (found.total, found.unknown) == (1, 1)


# -- pages -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def merchant(shop: Shop, merchant: FlaskClient) -> FlaskClient:
    return merchant


def test_a_merchant_groups_plans_previews_looks_back_and_restores(
    merchant: FlaskClient, shop: Shop, ada: Vendor
) -> None:
    assert "Add group" in merchant.get("/app/commissions/groups").text
    assert merchant.post("/app/commissions/groups", data={"name": " "}).status_code == 422
    page = merchant.post("/app/commissions/groups", data={"name": "Friends", "vendors": str(ada.id)})
    assert lint_polaris(page.text) == []
    with db.scoped(shop.id) as session:
        (row,) = sets.list_groups(session, shop.id)
    assert row.vendors == [(ada.id, ada.name)]
    fields = {"name": "Friends pay less", "rate": "5", "groups": str(row.group.id), "number": ""}
    answer = merchant.post("/app/commissions/preview", data=fields)
    assert answer.status_code == 200
    with db.scoped(shop.id) as session:
        number = session.scalars(select(CommissionPreview.id)).one()
    previews.compute(shop.id, number, 0)
    assert "Nothing was sold in the last 90 days" in merchant.get(f"/app/commissions/previews/{number}").text
    assert merchant.post("/app/commissions/preview", data={"name": "x"}).status_code == 422
    day = (clock.now() + timedelta(days=5)).date().isoformat()
    merchant.post("/app/commissions/new", data=fields | {"counts_from": day})
    assert planned(shop) == ["Friends pay less"]
    listed = merchant.get("/app/commissions").text
    assert "Planned" in listed
    assert lint_polaris(listed) == []
    age(shop, hours=1)
    history = merchant.get("/app/commissions/history").text
    assert "Added: Friends pay less" in history
    for said in ("Commission: 5 %</s-text>", "Fits: vendor group Friends</s-text>", "Counts from: "):
        assert said in history
    moment = (clock.now() - timedelta(minutes=10)).isoformat()
    then = merchant.get("/app/commissions/history", query_string={"list": moment}).text
    assert "Restore this list" in then
    assert lint_polaris(then) == []
    assert merchant.post("/app/commissions/restore", data={"list": moment}).status_code == 200
    assert planned(shop) == []
    restored = merchant.get("/app/commissions/history").text
    assert "As at: <time" in restored, "in the shop's time zone, as every other moment"
    assert lint_polaris(restored) == []
    assert merchant.post("/app/commissions/restore", data={"list": "yesterday"}).status_code == 404
    end = {"list": "9999-12-31T23:59:59-12:00"}
    assert merchant.get("/app/commissions/history", query_string=end).status_code == 200


def test_the_history_and_the_log_name_the_rules_that_were_put_in_another_order(
    merchant: FlaskClient, shop: Shop
) -> None:
    first, second = add(shop, draft("Mugs")), add(shop, draft("Vases"))
    age(shop, hours=1)
    then = clock.now() - timedelta(minutes=30)
    do(shop, service.reorder_rules, [second, first])
    do(shop, service.restore_list, then)
    do(shop, service.remove_rule, first)
    do(shop, service.restore_list, then)
    log = merchant.get("/app/log").text
    for said in ("Order: Mugs; Vases → Vases; Mugs", "Order: Vases; Mugs → Mugs; Vases", "Order: Vases → Mugs; Vases"):
        assert f">{said}</s-text>" in log
    assert "Commission rule Mugs<" in log
    do(shop, service.restore_list, clock.now() - timedelta(days=1))
    history = merchant.get("/app/commissions/history").text
    for said in ("Order: Vases, Mugs</s-text>", "Order: none</s-text>"):
        assert said in history


@pytest.mark.parametrize("drop", [service.drop_plan, service.remove_rule])
def test_a_rule_that_was_only_planned_keeps_its_name_and_its_number(
    merchant: FlaskClient, shop: Shop, drop: Any
) -> None:
    never = add(shop, draft("Never", 30), at=soon())
    do(shop, drop, never)
    assert planned(shop) == []
    assert names(shop, soon()) == ["Default commission"]
    assert add(shop, draft("Another")) != never
    history = merchant.get("/app/commissions/history").text
    for said in ("Added: Never<", "Commission: 30 %<", "Added: Another<"):
        assert said in history
    log = merchant.get("/app/log").text
    assert "Commission rule Never<" in log
    assert "Rate: 30 %<" in log


def test_the_history_and_the_log_say_what_a_rule_took_and_fitted_before_and_after(
    merchant: FlaskClient, shop: Shop, ada: Vendor
) -> None:
    tableware = "gid://shopify/TaxonomyCategory/hg-11-10"
    fields = {"name": "Mugs", "rate": "12.5", "flat": "0.30", "cap": "5", "tags": "mug", "number": ""}
    assert merchant.post("/app/commissions/new", data=fields).status_code == 200
    picked = {"tags": "", "categories": "hg-11-10", "labels": json.dumps({tableware: "Tableware"})}
    more = picked | {"flat": "", "cap": "6.5", "vendors": str(ada.id), "net_of_tax": "on", "hold_days": "30"}
    assert merchant.post("/app/commissions/2", data=fields | more).status_code == 200
    page = merchant.get("/app/commissions/history")
    for said in (
        "Plus per item: $0.30 to none",
        "At most: $5.00 to $6.50",
        "Without tax: no to yes",
        "Days to hold money: as agreed to 30",
        f"Fits: tag mug to vendor {escape(ada.name)}, category Tableware",
    ):
        assert said in page.text
    log = merchant.get("/app/log").text
    assert f"Conditions: tag mug \N{RIGHTWARDS ARROW} vendor {escape(ada.name)}, category Tableware" in log
    then = merchant.get("/app/commissions/history", query_string={"list": clock.now().isoformat()})
    assert "12.5 %, at most $6.50, without tax, held for 30 days" in then.text
    assert lint_polaris(page.text) == []


def test_a_preview_is_stopped_or_looked_at_again_after_the_page_was_left(
    merchant: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Show it" not in merchant.get("/app/commissions").text
    fields = {"name": "Less", "rate": "5", "tags": "sale", "number": ""}
    assert "Stop" in merchant.post("/app/commissions/preview", data=fields).text
    with db.scoped(shop.id) as session:
        number = session.scalars(select(CommissionPreview.id)).one()
    place = f"/app/commissions/previews/{number}"
    assert f'hx-get="{place}"' in merchant.get("/app/commissions").text
    step = previews._step

    def stopped_meanwhile(shop_id: int, preview_id: int) -> bool:
        assert merchant.post(f"{place}/stop").status_code == 200
        return step(shop_id, preview_id)

    monkeypatch.setattr(previews, "_step", stopped_meanwhile)
    previews.compute(shop.id, number, 0)
    assert merchant.get(place).status_code == 404
    assert merchant.post(f"{place}/stop").status_code == 404
    assert "Show it" not in merchant.get("/app/commissions").text

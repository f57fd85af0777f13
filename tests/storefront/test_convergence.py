"""Whatever happens on the way, every copy ends equal, nothing is lost, doubled or resurrected, and the cart adds up.

The same histories are played against the theme extension's JavaScript with the server's rules over a dictionary (many)
and with the server itself over PostgreSQL (some). A history is a list of steps: edits in several browsers and tabs,
carts changed in the theme, requests that overtake each other, arrive twice or never, answers that are lost, pages that
die between two writes, customers who sign in, sign out and pay.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app import db
from app.models.shops import Shop
from app.models.storefront import CustomerItem
from app.privacy.erasure import forget_customer
from app.privacy.rules import Person
from app.reservations import rules as reservations
from app.storefront import rules
from app.storefront.wire import LARGEST_BODY
from tests.storefront.conftest import Storefront
from tests.storefront.world import GUEST, LISTS, Browsers, Dictionary, World

CLEO = "7001"
BROWSERS = st.sampled_from(["phone", "desk"])
TABS = st.sampled_from(["1", "2"])
DIES = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 12))
WHICH = st.integers(0, 5)
VALUES = {
    "wishlist": st.sampled_from([{"handle": "mug"}, {"handle": "loaf", "title": "Loaf"}, None, None]),
    "preference": st.sampled_from([{"is": "metric"}, {"is": "imperial"}, {"is": True}]),
    "search": st.sampled_from([{"words": "Bakery"}, {"words": "bakery"}, None]),
    "review": st.sampled_from([{"stars": 4, "title": "Fine"}, {"text": "It came whole"}, None]),
}
EDIT = st.one_of(
    *(
        st.tuples(st.just("edit"), BROWSERS, TABS, st.just(kind), st.sampled_from(keys), VALUES[kind], DIES)
        for kind, keys in (
            ("wishlist", ["1", "2"]),
            ("preference", ["units"]),
            ("search", ["vendors:bakery", "mug"]),
            ("review", ["adas-ceramics"]),
        )
    )
)
STEP = st.one_of(
    EDIT,
    EDIT,
    st.tuples(st.just("buy"), BROWSERS, st.sampled_from([5, 6]), st.integers(0, 4)),
    st.tuples(st.just("open"), BROWSERS, TABS, st.sampled_from([None, None, CLEO, CLEO, GUEST]), DIES),
    st.tuples(st.just("account"), BROWSERS, TABS, DIES),
    st.tuples(
        st.just("apply"),
        BROWSERS,
        TABS,
        DIES,
        st.lists(st.sampled_from(["fair", "down", "lost", "refused"]), max_size=2),
    ),
    st.tuples(st.just("send"), BROWSERS, TABS),
    st.tuples(st.just("send"), BROWSERS, TABS),
    st.tuples(st.just("arrive"), WHICH, st.booleans()),
    st.tuples(st.just("arrive"), WHICH, st.booleans()),
    st.tuples(st.just("answered"), WHICH, DIES),
    st.tuples(st.just("lose"), WHICH),
    st.tuples(st.just("pay"), BROWSERS),
    st.tuples(st.just("wait"), st.sampled_from([0.001, 1, 30])),
)
LOAF = ("wishlist", "1", {"handle": "loaf"}, None)
EXAMPLES = int(os.environ.get("SYNC_HISTORIES", "60"))
HISTORIES = st.integers(1, 40).flatmap(lambda most: st.lists(STEP, min_size=most // 2, max_size=most))


@dataclass
class Real:
    """The server itself, for a customer of its own."""

    storefront: Storefront
    customer: str
    known: dict[tuple[str, str], Any] = field(default_factory=dict)

    def sync(self, raw: bytes, _now: datetime) -> Any:
        answer = self.storefront.post(raw, customer=self.customer)
        assert answer.status_code in {200, 410}, answer.text
        return answer.json if answer.status_code == 200 else None

    def held(self) -> dict[tuple[str, str], tuple[str, Any]]:
        items = self.storefront.news(customer=self.customer).json["items"]
        return {(one["kind"], one["key"]): (one["clock"], one["value"]) for one in items}


@pytest.fixture(scope="module")
def browsers() -> Iterator[Browsers]:
    started = Browsers()
    yield started
    started.close()


def play(world: World, history: list[tuple[Any, ...]]) -> None:
    world.now = datetime.now(UTC)
    for browser in ("phone", "desk"):
        for tab in ("1", "2"):
            world.open(browser, tab=tab)
    for do, *given_ in history:
        if len(given_) > 1 and given_[0] in world.tabs and do != "open" and given_[1] in {"1", "2"}:
            # A tab that was closed by signing in or out is opened again before anything is done in it.
            world.open(given_[0], tab=given_[1]) if given_[1] not in world.tabs[given_[0]] else None
        step = getattr(world, do)
        if do == "open":
            browser, tab, who, dies = given_
            step(browser, tab=tab, who=world.customer if who == CLEO else who, dies=dies)
        elif do == "arrive":
            step(given_[0], again=given_[1])
        else:
            step(*given_)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=HISTORIES)
@example(history=[("buy", "phone", 5, 2), ("buy", "desk", 5, 3), ("open", "phone", "1", CLEO, None), ("pay", "phone")])
def test_every_history_ends_with_equal_copies(browsers: Browsers, history: list[tuple[Any, ...]]) -> None:
    world = World(browsers, Dictionary())
    play(world, history)
    world.settle()
    world.check()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=HISTORIES)
def test_every_history_ends_with_equal_copies_on_the_server_itself(
    storefront: Storefront, browsers: Browsers, history: list[tuple[Any, ...]]
) -> None:
    customer = str(int(datetime.now(UTC).timestamp() * 1_000_000))
    world = World(browsers, Real(storefront, customer), customer)
    play(world, history)
    world.settle()
    world.check()


def check_erased(world: World) -> None:
    """Whoever looks at pages and is still signed in keeps nothing but the cart that Shopify has."""
    for browser in sorted(world.who):
        world.open(browser, who=world.customer)
        cart = world.ask("state", browser, tab="1")["cart"]
        for _ in range(2):
            world.visit(browser)
            state = world.ask("state", browser, tab="1")
            assert (state["items"], state["cart"]) == ([], cart), browser


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(before=HISTORIES, after=HISTORIES)
@example(before=[("buy", "phone", 5, 2), ("open", "phone", "1", CLEO, None), ("edit", "phone", "1", *LOAF)], after=[])
def test_every_browser_of_an_erased_customer_forgets_them(
    browsers: Browsers, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    world = World(browsers, Dictionary())
    play(world, before)
    world.server.erase()
    play(world, after)
    check_erased(world)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(before=HISTORIES, after=HISTORIES)
@example(before=[("open", "phone", "1", CLEO, None), ("edit", "phone", "1", *LOAF)], after=[])
def test_no_browser_brings_an_erased_customer_back_to_the_server_itself(
    storefront: Storefront, acme: Shop, browsers: Browsers, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    customer = str(int(datetime.now(UTC).timestamp() * 1_000_000))
    world = World(browsers, Real(storefront, customer), customer)
    play(world, before)
    for browser in world.who:
        world.open(browser, who=customer)
        world.visit(browser)
    forget_customer(acme.id, Person(customer_id=int(customer)))
    play(world, after)
    check_erased(world)
    with db.scoped(acme.id) as session:
        assert session.scalars(select(CustomerItem).where(CustomerItem.customer_id == int(customer))).all() == []


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=HISTORIES, minutes=st.sampled_from([-600, -3, 3, 60, 60 * 24 * 400]))
def test_a_browser_whose_clock_is_wrong_ends_with_the_same_copy_as_all(
    browsers: Browsers, history: list[tuple[Any, ...]], minutes: int
) -> None:
    world = World(browsers, Dictionary())
    world.skew["phone"] = timedelta(minutes=minutes)
    play(world, history)
    world.settle()
    world.judge.newest = {name: row for name, row in world.server.held().items() if name[0] in LISTS}
    world.check()
    ahead = rules.clock_at(world.now + rules.AHEAD)
    assert all(clock < ahead for clock, _ in world.server.held().values())


def test_what_finds_no_room_is_kept_and_holds_up_nothing(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    for number in range(1, 121):
        world.edit("phone", "1", "wishlist", str(number), {"handle": "mug"})
    request = world.ask("request", "phone", tab="1")
    refused = {str(place): "full" for place in range(len(request["items"]))}
    answer = {"revision": 0, "restart": False, "now": int(world.now.timestamp() * 1000), "items": []}
    world.ask("answer", "phone", tab="1", request=request, answer={**answer, "refused": refused})
    world.edit("phone", "1", "wishlist", "7", None)
    told = [item["key"] for item in world.ask("request", "phone", tab="1")["items"]]
    assert told == [*map(str, range(101, 121)), "7"], "what found no room is not sent again"
    world.settle()
    world.check()


@pytest.mark.parametrize("why", ["full", "unknown"])
def test_what_an_account_did_not_take_outlasts_signing_out(browsers: Browsers, why: str) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    world.edit("phone", "1", "saved", "aaaabbbb", {"lines": [{"variant": 5, "quantity": 2}]})
    request = world.ask("request", "phone", tab="1")
    answer = {"revision": 0, "restart": False, "now": int(world.now.timestamp() * 1000), "items": []}
    world.ask("answer", "phone", tab="1", request=request, answer={**answer, "refused": {"0": why}})
    assert f"sk:{CLEO}:i:saved:aaaabbbb" in world.ask("forget", "phone", tab="1")


def test_however_much_waits_no_request_is_larger_than_the_server_reads(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    line = {"variant": 5, "quantity": 1, "title": "手" * 255}
    for number in range(20):
        world.edit("phone", "1", "saved", f"kept{number:04d}", {"lines": [line] * 200})
    while world.ask("state", "phone", tab="1")["pending"]:
        request = world.ask("request", "phone", tab="1")
        assert len(json.dumps(request, ensure_ascii=False).encode()) < LARGEST_BODY
        answer = world.server.sync(json.dumps(request).encode(), world.now)
        world.ask("answer", "phone", tab="1", request=request, answer=answer)
    assert len(world.server.held()) == 20


def test_what_is_larger_than_the_server_reads_stays_and_holds_up_nothing(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    largest, too_large = (
        {"lines": [{"variant": 5, "quantity": 1, "properties": {"x": "y" * n}}]} for n in (4000, 6000)
    )
    for key, line_count, value in (("toolarge", 90, too_large), ("aaaabbbb", 100, largest)):
        world.edit("phone", "1", "saved", key, {"lines": value["lines"] * line_count})
    world.edit("phone", "1", "wishlist", "7", {"handle": "mug"})
    while world.ask("state", "phone", tab="1")["pending"]:
        request = world.ask("request", "phone", tab="1")
        raw = json.dumps(request).encode()
        assert len(raw) < LARGEST_BODY
        world.ask("answer", "phone", tab="1", request=request, answer=world.server.sync(raw, world.now))
    assert sorted(world.server.held()) == [("saved", "aaaabbbb"), ("wishlist", "7")]
    assert {one["key"] for one in world.ask("state", "phone", tab="1")["items"] if one["isUntaken"]} == {"toolarge"}


def test_what_an_account_refuses_is_not_sent_again_until_it_changes(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)

    def exchange(value: Any) -> list[Any]:
        world.edit("phone", "1", "saved", "aaaabbbb", value)
        request = world.ask("request", "phone", tab="1")
        answer = world.server.sync(json.dumps(request).encode(), world.now)
        world.ask("answer", "phone", tab="1", request=request, answer=answer)
        assert len(request["items"]) == 1
        return list(world.ask("request", "phone", tab="1")["items"])

    assert exchange({"lines": [{"variant": 5, "quantity": 1}] * 501}) == []
    (kept,) = world.ask("state", "phone", tab="1")["items"]
    assert kept["isUntaken"]
    assert exchange({"lines": [{"variant": 5, "quantity": 1}]}) == []
    assert list(world.server.held()) == [("saved", "aaaabbbb")]


def test_whose_a_cart_is_is_said_once_also_where_there_is_no_room(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    world.buy("phone", 5, 2)
    request = world.ask("request", "phone", tab="1")
    refused = {str(place): "full" for place in range(len(request["items"]))}
    answer = {"revision": 0, "restart": False, "now": int(world.now.timestamp() * 1000), "items": []}
    world.ask("answer", "phone", tab="1", request=request, answer={**answer, "refused": refused})
    world.buy("phone", 5, 3)
    kinds = [
        sorted(item["kind"] for item in asked["items"]) for asked in (request, world.ask("request", "phone", tab="1"))
    ]
    assert kinds == [["cart", "own_cart"], ["cart"]]


def test_what_found_no_room_is_sent_again_when_there_is_some_and_goes_when_its_time_is_up(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    world.edit("phone", "1", "wishlist", "7", {"handle": "mug"})
    world.edit("phone", "1", "saved", "aaaabbbb", {"lines": [{"variant": 5, "quantity": 1}]})

    def exchange(**answer: Any) -> Any:
        request = world.ask("request", "phone", tab="1")
        news = {"revision": 0, "restart": False, "now": int(world.now.timestamp() * 1000), "items": []}
        world.ask("answer", "phone", tab="1", request=request, answer={**news, **answer})
        return [item["key"] for item in request["items"]], request.get("room")

    assert exchange(refused={"0": "full", "1": "full"}) == (["7", "aaaabbbb"], None)
    smallest = len('{"handle":"mug"}')
    assert exchange(room=0) == exchange(room=smallest - 1) == exchange(room=smallest) == ([], True)
    world.edit("phone", "1", "wishlist", "8", {"handle": "bread"})
    assert exchange(room=rules.LARGEST_SIZE) == (["8", "7"], True), "what is new first, and the smallest of the rest"
    assert exchange(refused={"0": "full"}, room=rules.LARGEST_SIZE) == (["aaaabbbb"], True)
    assert exchange(room=0)[0] == [], "it was refused in spite of room"
    world.now += timedelta(days=31)
    world.open("phone", who=CLEO)
    kept = world.ask("state", "phone", tab="1")["items"]
    assert sorted((item["key"], item["isSynced"]) for item in kept) == [("7", True), ("8", True)]


def test_what_an_account_did_not_take_of_a_carts_line_lasts_as_long_as_the_line(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    world.buy("phone", 5, 2)

    def hear(**answer: Any) -> None:
        request = world.ask("request", "phone", tab="1")
        news = {"revision": 1, "restart": False, "now": int(world.now.timestamp() * 1000), "items": []}
        world.ask("answer", "phone", tab="1", request=request, answer={**news, **answer})

    def units_after(days: int) -> Any:
        world.now += timedelta(days=days)
        world.open("phone", who=CLEO)
        return world.ask("state", "phone", tab="1")["units"]

    hear(refused={"0": "full", "1": "full"})
    assert units_after(29) == {"5": 2}
    elsewhere = {"kind": "cart", "key": "5:elsewher", "clock": rules.clock_at(world.now), "value": {"quantity": 1}}
    hear(items=[elsewhere])
    assert units_after(2) == {"5": 3}
    assert units_after(31) == {"5": 1}, "what the account has ends when that says so"


def test_what_found_no_room_and_is_removed_leaves_nothing_behind(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    refusal = {"revision": 0, "restart": False, "now": int(world.now.timestamp() * 1000), "items": []}
    for value in ({"handle": "mug"}, None):
        world.edit("phone", "1", "wishlist", "7", value)
        request = world.ask("request", "phone", tab="1")
        assert len(request["items"]) == 1
        world.ask("answer", "phone", tab="1", request=request, answer={**refusal, "refused": {"0": "full"}})
    state = world.ask("state", "phone", tab="1")
    assert (state["items"], state["pending"]) == ([], 0)


def test_after_signing_out_only_what_waits_to_be_sent_says_who_it_was_and_then_nothing(browsers: Browsers) -> None:
    world = World(browsers, Dictionary())
    world.open("phone", who=GUEST)
    world.edit("phone", "1", "search", "mug", {"words": "mug"})
    world.open("phone", who=CLEO)

    def left() -> list[str]:
        return sorted(name for name in world.ask("forget", "phone", tab="1") if CLEO in name)

    assert left() == [f"sk:{CLEO}:i:search:mug", f"sk:{CLEO}:left", f"sk:{CLEO}:merged"]
    world.now += timedelta(days=91)
    assert left() == []


def test_what_an_account_that_never_comes_back_had_not_sent_goes_90_days_after_it_signed_out(
    browsers: Browsers,
) -> None:
    """However long before it was edited: without consent nothing is sent while signed in, either."""
    world = World(browsers, Dictionary())
    world.open("phone", who=CLEO)
    world.edit("phone", "1", "wishlist", "7", {"handle": "mug"})
    waits = [f"sk:{CLEO}:i:wishlist:7", f"sk:{CLEO}:left"]

    def left_after(days: int) -> list[str]:
        world.now += timedelta(days=days)
        return sorted(name for name in world.ask("forget", "phone", tab="1") if CLEO in name)

    assert left_after(200) == left_after(89) == waits
    world.open("phone", who=CLEO)
    assert left_after(80) == left_after(89) == waits, "they signed in meanwhile"
    assert left_after(2) == []


# -- the rule for the cart, said plainly -------------------------------------------------------------------------------


@pytest.fixture
def world(browsers: Browsers) -> World:
    made = World(browsers, Dictionary())
    made.open("phone")
    made.open("desk")
    return made


def units(world: World, browser: str = "phone") -> dict[str, int]:
    found: dict[str, int] = world.ask("state", browser, tab="1")["cart"]
    return found


def test_a_line_that_the_guest_and_the_account_both_have_is_added_up(world: World) -> None:
    world.open("desk", who=CLEO)
    world.buy("desk", 5, 3)
    world.visit("desk")
    world.buy("phone", 5, 2)
    world.settle()
    assert units(world) == units(world, "desk") == {"5": 5}


def test_signing_out_and_in_again_adds_nothing(world: World) -> None:
    world.buy("phone", 5, 2)
    for who in (CLEO, GUEST, CLEO, GUEST):
        world.open("phone", who=who)
        world.account("phone", "1")
    world.settle()
    assert units(world) == {"5": 2}


def test_what_a_guest_takes_out_after_signing_out_is_out_after_signing_in(world: World) -> None:
    world.buy("phone", 5, 3)
    world.settle()
    world.open("phone", who=GUEST)
    world.buy("phone", 5, 1)
    world.settle()
    assert units(world) == {"5": 1}


def test_an_account_knows_its_carts_and_a_guest_tells_nobody(world: World) -> None:
    world.buy("phone", 5, 2)
    assert "own_cart" not in {item["kind"] for item in world.ask("state", "phone", tab="1")["items"]}
    world.settle()
    world.visit("desk")  # whose cart was filled last of all
    tokens = [world.ask("state", browser, tab="1")["token"] for browser in ("phone", "desk")]
    known = {key for kind, key in world.server.held() if kind == "own_cart"}
    assert known == {reservations.cart_key(token) for token in tokens}
    assert len(known) == 2


def test_units_put_in_on_one_device_while_the_other_empties_the_line_stay(world: World) -> None:
    world.buy("phone", 5, 2)
    world.settle()
    world.buy("desk", 5, 0)
    world.buy("phone", 5, 3)
    world.settle()
    assert units(world) == {"5": 1}


def test_a_line_emptied_twice_holds_what_is_put_in_afterwards(world: World) -> None:
    world.buy("phone", 5, 2)
    world.settle()
    world.buy("desk", 5, 0)
    world.buy("phone", 5, 0)
    world.settle()
    world.buy("phone", 5, 4)
    world.settle()
    assert units(world) == units(world, "desk") == {"5": 4}


def test_a_cart_that_was_paid_for_leaves_every_device(world: World) -> None:
    world.buy("phone", 5, 2)
    world.settle()
    world.pay("desk")
    world.settle()
    assert units(world) == units(world, "desk") == {}


def test_an_accounts_cart_that_got_too_old_on_one_device_is_filled_again(world: World) -> None:
    world.buy("phone", 5, 2)
    world.settle()
    world.ask("vanish", "phone")
    world.settle()
    assert units(world) == units(world, "desk") == {"5": 2}


def test_a_guests_cart_that_got_too_old_is_kept_for_later_and_comes_along(world: World) -> None:
    world.buy("phone", 5, 2)
    world.ask("vanish", "phone")
    world.account("phone", "1")
    world.settle()
    assert units(world) == {}
    ((_clock, kept),) = [row for (kind, _key), row in world.server.held().items() if kind == "saved"]
    assert [(line["variant"], line["quantity"]) for line in kept["lines"]] == [(5, 2)]


def test_what_shopify_has_not_enough_of_is_asked_for_once(world: World) -> None:
    world.open("phone", who=CLEO)
    world.buy("phone", 5, 9)
    world.settle()
    world.open("tablet", who=CLEO)
    world.visit("tablet")
    assert units(world, "tablet") == {"5": 9}
    world.buy("phone", 6, 9)
    world.visit("phone")
    request = world.ask("request", "tablet", tab="1")
    answer = world.server.sync(json.dumps(request).encode(), world.now)
    world.ask("answer", "tablet", tab="1", request=request, answer=answer)
    world.apply("tablet", "1", weather=["refused"])
    assert world.ask("apply", "tablet", tab="1") is False
    assert units(world, "tablet") == {"5": 9}
    world.visit("tablet")
    world.visit("phone")
    assert units(world, "phone") == {"5": 9, "6": 9}, "the account still has them"


def test_python_and_javascript_name_lines_and_carts_alike(browsers: Browsers) -> None:
    for properties, token in (
        ({}, "c1-abc"),
        ({"Gravur": "für Zoë ✓", "a": ""}, "Z2Nw?key=1"),
        ({"b": "1", "B": "2"}, "é"),
    ):
        browsers.ask("open", "phone", tab="1", who=GUEST, now=0, node="0" * 8)
        said = browsers.ask("hashes", "phone", variant=8101, properties=properties, token=token)
        ours = [rules.line_of(8101, properties), rules.saved_key(token), rules.departure(token)]
        assert said == [*ours, reservations.cart_key(token)]


@pytest.mark.parametrize("dies", range(12))
def test_a_page_that_dies_while_it_accounts_for_the_cart_counts_it_once(world: World, dies: int) -> None:
    world.open("phone", who=CLEO)
    world.buy("phone", 5, 1)
    world.ask("buy", "phone", variant=5, units=3)
    world.judge.moved("phone", CLEO, "5", 2)
    world.account("phone", "1", dies=dies)
    world.settle()
    world.check()
    assert units(world) == {"5": 3}


@pytest.mark.parametrize("broken", [*range(12), "lost", "down"])
def test_a_page_that_dies_while_it_fills_the_cart_fills_it_once(world: World, broken: Any) -> None:
    world.open("desk", who=CLEO)
    world.open("phone", who=CLEO)
    world.buy("desk", 5, 3)
    world.visit("desk")
    world.account("phone", "1")
    request = world.ask("request", "phone", tab="1")
    answer = world.server.sync(json.dumps(request).encode(), world.now)
    world.ask("answer", "phone", tab="1", request=request, answer=answer)
    if isinstance(broken, int):
        world.apply("phone", "1", dies=broken)
    else:
        world.apply("phone", "1", weather=[broken])
    world.settle()
    world.check()
    assert units(world) == units(world, "desk") == {"5": 3}


def test_what_is_edited_after_another_devices_edit_was_seen_is_later_whatever_the_clocks_say(world: World) -> None:
    world.skew["phone"] = timedelta(minutes=3)
    for browser in ("phone", "desk"):
        world.open(browser, who=CLEO)
    world.edit("phone", "1", "preference", "units", {"is": "metric"})
    world.visit("phone")
    world.visit("desk")
    world.edit("desk", "1", "preference", "units", {"is": "imperial"})
    world.settle()
    assert world.server.held()["preference", "units"][1] == {"is": "imperial"}

"""The storefront's sync: what is stored, what wins, what is refused, and who reaches what."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from app import clock, db
from app.models.events import DomainEvent
from app.models.mapping import Model
from app.models.shops import Shop, ShopStatus
from app.models.storefront import CustomerItem, CustomerSync
from app.models.vendors import Vendor
from app.privacy.erasure import forget_customer
from app.privacy.rules import Person
from app.storefront import rules, service
from jobs import storefront as jobs
from tests.shopify.signing import sign_proxy
from tests.storefront.conftest import CLEO, DAN, Storefront, at, item, wish

MUG = {"handle": "mug", "title": "Mug", "image": "https://cdn.shopify.com/mug.jpg", "vendor": "Ada's Ceramics"}


def test_what_one_device_sends_another_finds(storefront: Storefront) -> None:
    answer = storefront.send(item("wishlist", "8101", MUG), item("preference", "units", {"is": "metric"}))
    assert (answer["stored"], answer["refused"], answer["items"]) == (2, {}, [])
    assert storefront.held() == {("wishlist", "8101"): MUG, ("preference", "units"): {"is": "metric"}}


def test_the_same_batch_again_changes_nothing(storefront: Storefront) -> None:
    batch = [wish(1), wish(2), item("wishlist", "3", None)]
    first = storefront.send(*batch)
    again = storefront.send(*batch, since=first["revision"])
    assert again["stored"] == 3
    assert storefront.held() == {
        ("wishlist", "1"): {"handle": "product-1"},
        ("wishlist", "2"): {"handle": "product-2"},
        ("wishlist", "3"): None,
    }


def test_when_an_item_reached_us_is_told_by_the_clock_that_a_demo_may_move(
    storefront: Storefront, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def reached() -> timedelta:
        with db.system() as session:
            return session.scalars(select(CustomerItem.changed_at)).one() - datetime.now(UTC)

    storefront.send(wish(1, at(-10)))
    assert reached() < timedelta(seconds=1)
    monkeypatch.setenv("STALLKEEPER_CLOCK_DIR", str(tmp_path))
    clock.move(60)
    storefront.send(wish(1, at(-5)))
    assert timedelta(seconds=50) < reached() < timedelta(seconds=61)


def test_of_two_edits_the_later_one_wins_whichever_comes_first(storefront: Storefront) -> None:
    early, late = at(-10), at(-5)
    storefront.send(item("preference", "units", {"is": "metric"}, late))
    answer = storefront.send(item("preference", "units", {"is": "imperial"}, early))
    assert storefront.held()["preference", "units"] == {"is": "metric"}
    assert [one["value"] for one in answer["items"]] == [{"is": "metric"}], "the loser is told"


def test_two_edits_of_one_item_in_one_batch_are_one_row(storefront: Storefront) -> None:
    storefront.send(wish(1, at(-1), title="new"), wish(1, at(-2), title="old"))
    assert storefront.held()["wishlist", "1"]["title"] == "new"


def test_what_was_deleted_does_not_return_with_an_old_copy(storefront: Storefront) -> None:
    old = wish(1, at(-60))
    storefront.send(old)
    storefront.send(item("wishlist", "1", None, at(-30)))
    storefront.send(old, wish(1, at(-45)))
    assert storefront.held() == {("wishlist", "1"): None}
    storefront.send(wish(1, at(-1)))
    assert storefront.held()["wishlist", "1"] is not None, "put in again later, it is there again"


def test_a_device_is_told_what_others_did_and_not_what_it_said_itself(storefront: Storefront) -> None:
    phone = storefront.send(wish(1))["revision"]
    desk = storefront.send(wish(2))
    assert [one["key"] for one in desk["items"]] == ["1"]
    again = storefront.send(wish(3), since=phone)
    assert [one["key"] for one in again["items"]] == ["2"]
    assert storefront.news(since=str(again["revision"])).json["items"] == []


def test_a_device_that_knows_more_than_we_do_is_asked_for_everything(storefront: Storefront) -> None:
    """As after a restored backup."""
    storefront.send(wish(1))
    assert storefront.send(wish(2), since=99)["restart"]
    answer = storefront.news(since="99").json
    assert answer["restart"]
    assert len(answer["items"]) == 2
    assert not storefront.news(since="2").json["restart"]


def test_one_bad_item_holds_up_no_other(storefront: Storefront) -> None:
    answer = storefront.send(
        wish(1),
        item("wishlist", "not a number", MUG),
        item("diary", "1", {}),
        item("wishlist", "2", {"handle": "x" * 999}),
        item("wishlist", "3", MUG, at(minutes=9)),
        item("viewed", "4", MUG, at(minutes=-181 * 24 * 60)),
        "nonsense",
        item("search", "nul", {"words": "a\x00b"}),
    )
    unknown, early, late = "unknown", "early", "late"
    assert answer["refused"] == {
        "1": unknown,
        "2": unknown,
        "3": unknown,
        "4": early,
        "5": late,
        "6": unknown,
        "7": unknown,
    }
    assert list(storefront.held()) == [("wishlist", "1")]


def test_a_kept_cart_may_be_as_long_as_shopifys_and_hold_subscriptions(storefront: Storefront) -> None:
    written = {"Engraving": "x" * 5000}
    lines = [{"variant": number, "quantity": 1, "plan": 77} for number in range(1, 500)]
    kept = {"lines": [*lines, {"variant": 500, "quantity": 2, "properties": written}]}
    assert storefront.send(item("saved", "aaaabbbb", kept))["refused"] == {}
    assert storefront.held() == {("saved", "aaaabbbb"): kept}


def test_only_a_kept_cart_holds_long_words(storefront: Storefront) -> None:
    line = {"variant": 5, "quantity": 1, "properties": {"Engraving": "x" * 501}}
    answer = storefront.send(item("cart", "5:aaaaaaaa", line), item("saved", "aaaabbbb", {"lines": [line]}))
    assert answer["refused"] == {"0": "unknown"}


def test_a_script_is_no_picture(storefront: Storefront) -> None:
    answer = storefront.send(item("wishlist", "1", {"handle": "mug", "image": "javascript:alert(1)"}))
    assert answer["refused"] == {"0": "unknown"}


DEEP = b"[" * 2000 + b"]" * 2000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"account": 1}',
        b"\xff",
        b'{"account": "7001", "items": 5}',
        DEEP,
        b'{"account": "1", "x": %b}' % DEEP,
    ],
)
def test_what_is_no_request_is_refused(storefront: Storefront, raw: bytes) -> None:
    assert storefront.post(raw).status_code == 400


def test_more_than_a_batch_is_refused(storefront: Storefront) -> None:
    body = {"account": CLEO, "items": [wish(n) for n in range(1, rules.LARGEST_BATCH + 2)]}
    assert storefront.post(json.dumps(body).encode()).status_code == 400
    assert storefront.post(b" " * (512 * 1024 + 1)).status_code == 413


def test_a_form_of_another_site_cannot_write(storefront: Storefront) -> None:
    body = json.dumps({"account": CLEO, "items": [wish(1)]}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert storefront.post(body, kind=kind).status_code == 400
    assert storefront.held() == {}


def test_a_full_account_can_still_change_and_delete(storefront: Storefront, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LARGEST_ACCOUNT", 2)
    storefront.send(wish(1, at(-3)), wish(2, at(-3)))
    answer = storefront.send(wish(3), item("wishlist", "1", None))
    assert (answer["stored"], answer["refused"]) == (1, {"0": "full"})
    assert storefront.held() == {("wishlist", "1"): None, ("wishlist", "2"): {"handle": "product-2"}}


def test_an_account_has_room_for_so_many_bytes_and_a_large_cart_holds_up_no_wish(
    storefront: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However well PostgreSQL compresses them."""
    monkeypatch.setattr(rules, "LARGEST_SIZE", 50_000)

    def cart(lines: int) -> dict[str, Any]:
        return {"lines": [{"variant": 5, "quantity": 1, "properties": {"Engraving": "x" * 5000}}] * lines}

    assert storefront.send(item("saved", "keptlong", cart(8), at(-9)))["refused"] == {}
    assert storefront.send(item("saved", "another1", cart(3)), wish(1, at(-9)))["refused"] == {"0": "full"}
    assert set(storefront.held()) == {("saved", "keptlong"), ("wishlist", "1")}
    assert storefront.send(item("saved", "keptlong", cart(12), at(-8)))["refused"] == {"0": "full"}, "it may not grow"
    shorter = storefront.send(item("saved", "keptlong", cart(4), at(-7)), item("saved", "another1", cart(3)))
    assert shorter["refused"] == {}
    assert {key: len(value["lines"]) for (kind, key), value in storefront.held().items() if kind == "saved"} == {
        "another1": 3,
        "keptlong": 4,
    }


def test_who_asks_for_room_hears_how_much_there_is(storefront: Storefront, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LARGEST_SIZE", 1000)
    storefront.send(wish(1, at(-9), title="x" * 200), wish(2, at(-9)))
    taken = sum(len(json.dumps(value)) for value in storefront.held().values())
    left = storefront.send(room=True)["room"]
    assert 1000 - taken - 50 < left < 1000 - taken
    assert storefront.send(item("wishlist", "1", None), room=True)["room"] > 800, "what makes room comes first"
    assert not storefront.send()["room"], "nobody asked"
    monkeypatch.setattr(rules, "LARGEST_ACCOUNT", 2)
    assert not storefront.send(room=True)["room"], "no row is left"


def test_what_was_deleted_long_ago_makes_room_and_still_does_not_return(
    storefront: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LARGEST_ACCOUNT", 2)
    storefront.send(item("wishlist", "1", None, at(-9)), item("follow", "bea", None, at(-9)))
    assert storefront.send(wish(2))["refused"] == {"0": "full"}, "deleted just now"
    with db.system() as session:
        session.execute(update(CustomerItem).values(changed_at=clock.now() - rules.DELETED_TAKES_ROOM))
    assert storefront.send(wish(2), wish(3))["refused"] == {}
    assert storefront.send(wish(4))["refused"] == {"0": "full"}
    storefront.send(wish(1, at(-10)))
    assert storefront.held()["wishlist", "1"] is None


# -- who reaches what --------------------------------------------------------------------------------------------------


def test_a_guest_is_asked_to_sign_in(storefront: Storefront) -> None:
    assert storefront.news(customer="").status_code == 401
    assert storefront.post(b"{}", customer="").status_code == 401


def test_items_kept_for_one_account_never_reach_another(storefront: Storefront) -> None:
    """The page was Cleo's; Dan signed in meanwhile in another tab."""
    body = json.dumps({"account": CLEO, "items": [wish(1)]}).encode()
    assert storefront.post(body, customer=DAN).status_code == 409
    assert storefront.held(customer=DAN) == {}


def test_a_customer_and_a_namesake_in_another_shop_are_two_people(storefront: Storefront, zenith: Shop) -> None:
    storefront.send(wish(1))
    storefront.send(wish(2), shop="zenith")
    assert list(storefront.held()) == [("wishlist", "1")]
    assert list(storefront.held(shop="zenith")) == [("wishlist", "2")]


@pytest.mark.parametrize(
    "change",
    [
        {"age": 91},
        {"age": -120},
        {"secret": "x" * 32},
        {"shop": "nobody.myshopify.com"},
        {"logged_in_customer_id": "7001; DROP"},
        {"logged_in_customer_id": str(2**63)},
    ],
)
def test_only_shopify_can_ask(storefront: Storefront, change: Any) -> None:
    query = sign_proxy(**{"logged_in_customer_id": CLEO, **change})
    assert storefront.client.get(f"/proxy/sync?{query}").status_code in {401, 403, 404}


def test_a_repeated_parameter_is_refused(storefront: Storefront) -> None:
    query = sign_proxy(logged_in_customer_id=CLEO)
    for name in ("logged_in_customer_id", "shop", "timestamp"):
        assert storefront.client.get(f"/proxy/sync?{query}&{name}=7002").status_code == 403
        assert storefront.client.get(f"/proxy/sync?{name}=7002&{query}").status_code == 403


def test_a_customers_transaction_sees_and_writes_that_customers_rows_and_no_other_table(
    storefront: Storefront, acme: Shop, zenith: Shop
) -> None:
    storefront.send(wish(1))
    storefront.send(wish(2), customer=DAN)
    storefront.send(wish(3), shop="zenith")
    with db.scoped(acme.id, customer_id=int(CLEO)) as session:
        for own in (CustomerItem, CustomerSync):
            assert session.scalar(select(func.count()).select_from(own)) == 1
    new = {"kind": "wishlist", "key": "9", "clock": at(), "revision": 1}
    for shop_id, customer_id in ((acme.id, int(DAN)), (zenith.id, int(CLEO))):
        foreign = insert(CustomerItem).values(shop_id=shop_id, customer_id=customer_id, **new)
        with pytest.raises(ProgrammingError), db.scoped(acme.id, customer_id=int(CLEO)) as session:
            session.execute(foreign)
    for table in Model.metadata.sorted_tables:
        if table.name not in {"customer_items", "customer_syncs", "mail_subscribers", "mail_consents", "shops"}:
            with pytest.raises(ProgrammingError), db.scoped(acme.id, customer_id=int(CLEO)) as session:
                session.execute(text(f"SELECT FROM {table.name}"))
    with db.scoped(acme.id, customer_id=int(CLEO)) as session:
        assert session.execute(select(Shop.id, Shop.status)).all() == [(acme.id, ShopStatus.INSTALLED)]
    for of_the_shop in (select(Shop.domain), update(Shop).values(status=ShopStatus.INSTALLED)):
        with pytest.raises(ProgrammingError), db.scoped(acme.id, customer_id=int(CLEO)) as session:
            session.execute(of_the_shop)
    with pytest.raises(ProgrammingError), db.scoped(acme.id, customer_id=int(CLEO)) as session:
        session.execute(delete(CustomerItem))


@pytest.mark.parametrize("more", [{}, {"merged": True}])
def test_of_a_shop_that_has_just_left_nothing_more_is_stored(
    storefront: Storefront, acme: Shop, more: dict[str, bool]
) -> None:
    """The door may still know it; neither of the two ways in stores anything."""
    storefront.send(wish(1))
    with db.system() as session:
        session.execute(update(Shop).where(Shop.id == acme.id).values(status=ShopStatus.UNINSTALLED))
    body = {"account": CLEO, "since": 0, "items": [wish(2), wish(3)], **more}
    assert storefront.post(json.dumps(body).encode()).status_code == 404
    with db.scoped(acme.id) as session:
        assert session.scalars(select(CustomerItem.key)).all() == ["1"]
        assert session.scalar(select(CustomerSync.revision)) == 1
        assert session.scalars(select(DomainEvent)).all() == []


def test_vendors_see_nothing_of_what_customers_keep(storefront: Storefront, acme: Shop, ada: Vendor) -> None:
    storefront.send(wish(1))
    with db.scoped(acme.id, ada.id) as session:
        assert session.scalar(select(func.count()).select_from(CustomerItem)) == 0
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count()).select_from(CustomerItem)) == 1


# -- what follows ------------------------------------------------------------------------------------------------------


def test_a_guest_who_signs_in_is_announced_in_the_same_transaction(storefront: Storefront, acme: Shop) -> None:
    storefront.send(wish(1), merged=True)
    storefront.send(wish(2))
    with db.scoped(acme.id) as session:
        (event,) = session.scalars(select(DomainEvent))
        assert (event.kind, event.subject) == ("GuestMerged", {"customer_id": int(CLEO)})


def test_carts_last_30_days_history_90_and_lists_as_long_as_the_customer(storefront: Storefront) -> None:
    day = 24 * 60
    line = {"variant": 5, "quantity": 1}
    batch = [
        item("cart", "5:aaaaaaaa", line, at(-29 * day)),
        item("own_cart", "0" * 32, {}, at(-29 * day)),
        item("viewed", "1", MUG, at(-89 * day)),
        wish(1, at(-3000 * day)),
        item("wishlist", "2", None, at(-3000 * day)),
    ]
    seen = storefront.send(*batch)["revision"]
    jobs.remove_expired()
    assert None not in [value for name, value in storefront.held().items() if name != ("wishlist", "2")]
    later = clock.now() + timedelta(days=2)
    assert service.remove_expired(later)["ended"] == {"cart": 1, "own_cart": 1, "viewed": 1}
    assert service.remove_expired(later) == {"ended": {}, "forgotten": {}}
    news = storefront.news(since=str(seen)).json["items"]
    ends = [(one["kind"], one["value"]) for one in news]
    assert ends == [("cart", None), ("own_cart", None), ("viewed", None)], "devices are told"
    storefront.send(*batch)
    assert storefront.held()["cart", "5:aaaaaaaa"] is None, "an old copy does not return"
    assert service.remove_expired(later + timedelta(days=90))["forgotten"] == {"cart": 1, "own_cart": 1, "viewed": 1}
    assert set(storefront.held()) == {("wishlist", "1"), ("wishlist", "2")}


def test_a_line_of_the_cart_ends_as_a_whole(storefront: Storefront) -> None:
    """Two put in by the phone long ago, one taken out by the desk today: one is left, not less than none."""
    day = 24 * 60
    storefront.send(
        item("cart", "5:phonephn", {"variant": 5, "quantity": 2}, at(-31 * day)),
        item("cart", "5:deskdesk", {"variant": 5, "quantity": -1}, at(-1)),
    )
    assert service.remove_expired()["ended"] == {}


def test_a_device_that_syncs_while_its_customer_is_forgotten_leaves_nothing_behind(
    storefront: Storefront, acme: Shop
) -> None:
    storefront.send(wish(1))
    device = db.open_session(db.Scope(acme.id, customer_id=int(CLEO)))
    late = {"kind": "wishlist", "key": "2", "clock": "x", "value": {}, "revision": 2}
    here = "datname = current_database() AND wait_event_type = 'Lock'"
    waits = text(f"SELECT count(*) FROM pg_stat_activity WHERE {here}")
    with db.watch(device), ThreadPoolExecutor(1) as pool:
        device.execute(update(CustomerSync).values(revision=2))
        device.execute(insert(CustomerItem).values(shop_id=acme.id, customer_id=int(CLEO), **late))
        forgotten = pool.submit(forget_customer, acme.id, Person(customer_id=int(CLEO)))
        with db.get_engine().connect() as owner:
            while not (forgotten.done() or owner.scalar(waits)):
                owner.rollback()
        db.commit(device)
        forgotten.result(timeout=30)
    with db.scoped(acme.id) as session:
        assert session.scalars(select(CustomerItem.key)).all() == []

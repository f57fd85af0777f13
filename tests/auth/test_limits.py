"""Counting tries: in Redis, and in PostgreSQL when Redis is away."""

import pytest
from redis import Redis
from sqlalchemy import text

from app import db
from app.auth import limits


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    # From an address, as ours is: made from a host and a port it would try again and again, for seconds.
    nowhere = Redis.from_url("redis://127.0.0.1:1")
    monkeypatch.setattr(limits, "get_redis", lambda: nowhere)


def tries(who: str, count: int, *, seconds: int = 600) -> list[bool]:
    return [limits.allow("sign-in-from", who, limit=3, seconds=seconds) for _ in range(count)]


def test_tries_are_counted_by_who_makes_them(database: str) -> None:
    assert tries("192.0.2.1", 5) == [True, True, True, False, False]
    assert tries("192.0.2.2", 1) == [True]


@pytest.mark.usefixtures("no_redis")
def test_with_redis_away_tries_are_counted_all_the_same(database: str) -> None:
    assert tries("192.0.2.1", 5) == [True, True, True, False, False]
    assert tries("192.0.2.2", 1) == [True]
    allowance = limits.spend("sign-in-from", "192.0.2.1", limit=3, seconds=600)
    assert 0 < allowance.seconds <= 600


@pytest.mark.parametrize("fixture", ["database", "no_redis"])
def test_several_tries_may_count_at_once(database: str, fixture: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(fixture)
    left = [limits.spend("pixel", "192.0.2.3", limit=10, seconds=60, tries=count).left for count in (7, 2, 5)]
    assert left == [3, 1, -4]


@pytest.mark.usefixtures("no_redis")
def test_a_new_window_begins_anew_and_old_ones_are_forgotten(database: str) -> None:
    tries("192.0.2.1", 4)
    tries("192.0.2.2", 1)
    with db.system() as session:
        session.execute(text("UPDATE tries SET ends_at = clock_timestamp() - interval '1 hour'"))
    assert tries("192.0.2.1", 1) == [True]
    with db.system() as session:
        assert session.execute(text("SELECT count(*) FROM tries")).scalar_one() == 1
        keys = session.execute(text("SELECT key FROM tries")).scalars().all()
    assert not any("192.0.2" in key for key in keys), "addresses are personal: only their hash is kept"


@pytest.mark.parametrize("fixture", ["database", "no_redis"])
def test_what_was_tried_may_be_forgotten(database: str, fixture: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(fixture)
    tries("192.0.2.4", 4)
    limits.forget("sign-in-from", "192.0.2.4")
    assert tries("192.0.2.4", 1) == [True]

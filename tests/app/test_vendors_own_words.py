"""What a vendor's database session may write of reviews, questions and cancellations, tried in SQL."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app import clock, db
from app.models.orders import Order, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor

_REVIEW = """INSERT INTO vendor_reviews (shop_id, vendor_id, vendor_order_id, stars, state)
  VALUES (:shop, :vendor, :part, 1, 'published')"""
_QUESTION = """INSERT INTO questions (shop_id, vendor_id, key, words, state)
  VALUES (:shop, :vendor, 'k', 'Is it blue?', 'open')"""
_WISH = """INSERT INTO cancellations
  (shop_id, vendor_id, part_id, order_shopify_id, quantities, reason, state, asked_by)
  VALUES (:shop, :vendor, :part, 1, '{}', 'other', 'asked', 'ada')"""
_ALONE = _WISH.replace("'asked'", "'approved'")


@pytest.fixture
def rows(acme: Shop, ada: Vendor) -> dict[str, int]:
    """A published review of one star, an open question and a wish to cancel, all about Ada."""
    now = clock.now()
    bought = {"shop_id": acme.id, "name": "#1", "currency": "USD", "ordered_at": now}
    with db.scoped(acme.id) as session:
        order = Order(**bought, shopify_id=1, snapshot={}, snapshot_updated_at=now, terms={}, total_minor=100)
        session.add(order)
        session.flush()
        part = VendorOrder(**bought, vendor_id=ada.id, order_id=order.id, order_shopify_id=1)
        session.add(part)
        session.flush()
        asking = {"shop": acme.id, "vendor": ada.id, "part": part.id}
        for statement in (_REVIEW, _QUESTION, _WISH):
            session.execute(text(statement), asking)
    return asking


@contextmanager
def refused(rows: dict[str, int]) -> Iterator[db.ScopedSession]:
    with (
        pytest.raises(ProgrammingError, match=r"may not write|row-level security"),
        db.scoped(rows["shop"], rows["vendor"]) as session,
    ):
        yield session


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vendor_reviews SET stars = 5",
        "UPDATE vendor_reviews SET words = 'Wonderful'",
        "UPDATE vendor_reviews SET state = 'rejected'",
        "UPDATE vendor_reviews SET settled_at = now()",
        "UPDATE questions SET words = 'Is it lovely?', answer = 'Yes', state = 'answered'",
        "UPDATE questions SET state = 'hidden'",
        "UPDATE cancellations SET state = 'approved'",
        "UPDATE cancellations SET state = 'withdrawn', quantities = '{\"1\": 5}'",
        _REVIEW,
        _QUESTION.replace("'k'", "'another'"),
        _WISH.replace("'asked'", "'done'"),
        _ALONE,
    ],
)
def test_a_vendor_writes_nothing_that_is_not_theirs_to_say(rows: dict[str, int], statement: str) -> None:
    with refused(rows) as session:
        session.execute(text(statement), rows)


@pytest.mark.parametrize("table", ["vendor_reviews", "questions", "cancellations"])
def test_a_vendor_removes_nothing(rows: dict[str, int], table: str) -> None:
    with db.scoped(rows["shop"], rows["vendor"]) as session:
        session.execute(text(f"DELETE FROM {table}"))
    with db.scoped(rows["shop"]) as session:
        assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1


def test_a_vendor_answers_and_reports_and_takes_back(rows: dict[str, int]) -> None:
    with db.scoped(rows["shop"], rows["vendor"]) as session:
        for statement in (
            "UPDATE vendor_reviews SET answer = 'Sorry', answered_at = now(), report = 'A rival', reported_at = now()",
            "UPDATE questions SET answer = 'It is', answered_at = now(), state = 'answered'",
            "UPDATE questions SET answer = 'It is blue'",
            "UPDATE cancellations SET state = 'withdrawn'",
        ):
            assert session.execute(text(statement)).rowcount == 1, statement  # type: ignore[attr-defined]


def test_what_the_merchant_hid_or_decided_a_vendor_cannot_bring_back(rows: dict[str, int]) -> None:
    with db.scoped(rows["shop"]) as session:
        session.execute(text("UPDATE vendor_reviews SET state = 'rejected'"))
        session.execute(text("UPDATE questions SET state = 'hidden'"))
        session.execute(text("UPDATE cancellations SET state = 'declined'"))
    for statement in (
        "UPDATE vendor_reviews SET answer = 'Still here'",
        "UPDATE questions SET state = 'answered'",
        "UPDATE cancellations SET state = 'withdrawn'",
    ):
        with refused(rows) as session:
            session.execute(text(statement))


def test_a_vendor_cancels_alone_only_where_the_merchant_lets_vendors(rows: dict[str, int]) -> None:
    with db.scoped(rows["shop"]) as session:
        session.execute(text("UPDATE shop_settings SET vendors_may_cancel = true"))
    with db.scoped(rows["shop"], rows["vendor"]) as session:
        session.execute(text(_ALONE), rows)

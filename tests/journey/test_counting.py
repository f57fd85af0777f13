"""Daily figures of what visitors did: right whenever, and however often, they are counted."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from app import clock, db
from app.journey import queries, rules, service
from app.models.journey import ActivityDay, SearchDay
from app.models.shops import Shop
from app.models.vendors import Vendor
from jobs import journey as jobs
from tests.journey.conftest import Pixels, put_on_sale

Counted = dict[int, tuple[int, int, int, int, int]]


def counted(shop: Shop, vendor: Vendor | None = None) -> Counted:
    """Views, visitors, viewers, adders, starters by product, of the newest day."""
    with db.scoped(shop.id, vendor.id if vendor else None) as session:
        return {
            row.product_number: (row.views, row.visitors, row.viewers, row.adders, row.starters)
            for row in session.scalars(select(ActivityDay).order_by(ActivityDay.day))
        }


def visit(pixels: Pixels) -> None:
    """One looks twice and begins a checkout, one only looks, one only searches."""
    for kind in ("product_viewed", "product_viewed", "product_added_to_cart", "checkout_started"):
        pixels.tell(kind, 7, client="browser-1")
    pixels.tell("product_viewed", 7, client="browser-2")
    pixels.tell("product_viewed", 9, client="browser-2")
    pixels.tell("search_submitted", client="browser-3", words="Blue mug", found=0)


def test_days_are_counted_for_the_shop_and_for_each_vendors_product(
    pixels: Pixels, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    put_on_sale(ada, 7, "Mug")
    put_on_sale(bea, 8, "Loaf")
    visit(pixels)
    assert service.roll_up(acme.id) == 1
    expected: Counted = {0: (4, 3, 2, 1, 1), 7: (3, 2, 2, 1, 1)}
    assert counted(acme) == expected, "9 is no vendor's product, but its visitors count for the shop"
    assert counted(acme, ada) == {7: expected[7]}
    assert counted(acme, bea) == {}
    with db.scoped(acme.id) as session:
        assert [(row.words, row.searches, row.in_vain) for row in session.scalars(select(SearchDay))] == [
            ("blue mug", 1, 1)
        ]


def test_where_more_put_a_product_into_the_cart_than_viewed_it_there_is_no_share(
    pixels: Pixels, acme: Shop, ada: Vendor
) -> None:
    """A list lets visitors put it into the cart whom its page never saw."""

    def share() -> int | None:
        service.roll_up(acme.id)
        with db.scoped(acme.id) as session:
            (seen,) = queries.list_products(session, acme, rules.period_of("7", clock.today(acme.timezone)))
        return seen.share

    put_on_sale(ada, 7, "Mug")
    for client in ("browser-1", "browser-2"):
        pixels.tell("product_viewed", 7, client=client)
    pixels.tell("product_added_to_cart", 7, client="browser-1")
    assert share() == 50
    for client in ("browser-2", "browser-3"):
        pixels.tell("product_added_to_cart", 7, client=client)
    assert share() is None
    assert counted(acme) == {0: (2, 3, 2, 3, 0), 7: (2, 3, 2, 3, 0)}


def test_counting_again_changes_nothing_and_counts_what_came_meanwhile(pixels: Pixels, acme: Shop, ada: Vendor) -> None:
    put_on_sale(ada, 7, "Mug")
    visit(pixels)
    service.roll_up(acme.id)
    before = counted(acme)
    service.roll_up(acme.id)
    assert counted(acme) == before
    pixels.tell("product_viewed", 7, client="browser-4")
    service.roll_up(acme.id)
    assert counted(acme)[7] == (4, 3, 3, 1, 1)


def test_a_count_that_was_killed_half_way_is_made_whole_by_the_next(
    pixels: Pixels, acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_sale(ada, 7, "Mug")
    visit(pixels)
    service.roll_up(acme.id)
    before = counted(acme)
    pixels.tell("product_viewed", 7, client="browser-5")
    with monkeypatch.context() as patch:
        patch.setattr(service, "_ADD_UP_SEARCHES", text("SELECT 1/0"))
        with pytest.raises(Exception, match="division by zero"):
            service.roll_up(acme.id)
    assert counted(acme) == before
    service.roll_up(acme.id)
    assert counted(acme)[7][0] == before[7][0] + 1


def test_a_day_begins_at_midnight_where_the_shop_is(
    pixels: Pixels, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.scoped(acme.id) as session:
        session.execute(update(Shop).values(timezone="America/New_York"))
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: noon)
    pixels.tell("product_viewed", 7, at=noon - timedelta(hours=8))
    pixels.tell("product_viewed", 7, at=noon - timedelta(hours=6))
    service.roll_up(acme.id)
    with db.scoped(acme.id) as session:
        days = [(row.day.day, row.views) for row in session.scalars(select(ActivityDay).order_by(ActivityDay.day))]
    assert days == [(19, 1), (20, 1)]


def test_only_shops_with_something_new_are_counted(pixels: Pixels, acme: Shop, zenith: Shop) -> None:
    pixels.tell("product_viewed", 7)
    with db.system() as session:
        assert service.list_shops_to_count(session) == [acme.id]
    jobs.roll_up(acme.id)
    assert 0 in counted(acme)
    assert counted(zenith) == {}

"""A vendor's public page was changed here and in the admin: the later one holds, and what is ours alone stays ours."""

from datetime import timedelta

import pytest

from app import clock, db
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.shopify.payloads import Metaobject
from app.vendors.sync import TYPE, take_over

MINUTE = timedelta(minutes=1)


@pytest.fixture
def edited(acme: Shop, ada: Vendor) -> Vendor:
    """Ada has just changed her words, and Shopify has not been told yet."""
    with db.scoped(acme.id) as session:
        vendor = session.get_one(Vendor, ada.id)
        vendor.tagline, vendor.updated_at, vendor.profile_synced_at = "Bowls and mugs", clock.now(), None
    return vendor


def hear(vendor: Vendor, after: timedelta, **words: str) -> Vendor:
    """The page was changed in the admin, so long after the vendor's own edit. Returns the vendor as it is then."""
    page = Metaobject(
        id="gid://shopify/Metaobject/1",
        type=TYPE,
        handle=vendor.handle,
        fields=dict(words),
        updated_at=vendor.updated_at + after,
    )
    with db.scoped(vendor.shop_id) as session:
        take_over(session, session.get_one(Shop, vendor.shop_id), page)
    with db.scoped(vendor.shop_id) as session:
        return session.get_one(Vendor, vendor.id)


@pytest.mark.parametrize(("after", "tagline"), [(MINUTE, "From the admin"), (-MINUTE, "Bowls and mugs")])
def test_of_two_edits_of_a_page_the_later_one_holds(edited: Vendor, after: timedelta, tagline: str) -> None:
    assert hear(edited, after, tagline="From the admin").tagline == tagline


def test_old_news_of_a_page_change_nothing(edited: Vendor) -> None:
    hear(edited, 2 * MINUTE, tagline="The second")
    assert hear(edited, MINUTE, tagline="The first").tagline == "The second"


def test_what_is_ours_alone_is_not_taken_over(edited: Vendor) -> None:
    heard = hear(edited, MINUTE, tagline="From the admin", rating_count="99", away_until="2030-01-01", name="")
    assert (heard.tagline, heard.rating_count, heard.away_until) == ("From the admin", 0, None)
    assert heard.name == edited.name, "nobody is called nothing"

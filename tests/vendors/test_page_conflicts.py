"""A vendor's public page was changed here and in the admin: of words that only one side changed nothing is lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import clock, db
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.shopify.payloads import Metaobject
from app.shopify.tokens import ShopCredentials
from app.vendors.replaced import find_changed, write_seen
from app.vendors.sync import TEXT_FIELDS, TYPE, sync_vendor, take_over
from tests.shopify.fake import FakeShopify, data

MINUTE = timedelta(minutes=1)
GID = "gid://shopify/Metaobject/1"
LOGO = "gid://shopify/MediaImage/1"


def words_of(vendor: Vendor, **words: str) -> dict[str, str]:
    return {field: getattr(vendor, field) for field in TEXT_FIELDS} | words


def reload(vendor: Vendor) -> Vendor:
    with db.scoped(vendor.shop_id) as session:
        return session.get_one(Vendor, vendor.id)


@pytest.fixture
def edited(acme: Shop, ada: Vendor) -> Vendor:
    """Ada's page stands, she has just changed its tagline, and Shopify has not been told yet."""
    with db.scoped(acme.id) as session:
        vendor = session.get_one(Vendor, ada.id)
        vendor.page_words, vendor.metaobject_gid = words_of(vendor), GID
        vendor.metaobject_updated_at = clock.now() - MINUTE
        vendor.tagline, vendor.updated_at, vendor.profile_synced_at = "Bowls and mugs", clock.now(), None
    return vendor


def hear(vendor: Vendor, after: timedelta, **words: str) -> Vendor:
    """The page was changed in the admin, so long after the vendor's own edit. Returns the vendor as it is then."""
    moment = vendor.updated_at + after
    page = Metaobject(id=GID, type=TYPE, handle=vendor.handle, fields=dict(words), updated_at=moment)
    with db.scoped(vendor.shop_id) as session:
        take_over(session, session.get_one(Shop, vendor.shop_id), page)
    return reload(vendor)


def answer(shopify: FakeShopify, vendor: Vendor, after: timedelta, *, read: Any = None, **words: str) -> None:
    """Shopify's page as the job reads it, and as it is once the job has written."""
    moments = (vendor.updated_at + after, vendor.updated_at + after + MINUTE)
    pages = [
        {"id": GID, "updatedAt": at.isoformat(), "fields": [{"key": k, "value": v} for k, v in said.items()]}
        for at, said in zip(moments, (read or words, words), strict=True)
    ]
    values = {"logo": LOGO} | {field: said for field, said in (read or words).items() if said}
    shopify.answer("metaobjectByHandle", data(metaobjectByHandle=pages[0] | {"values": values}))
    for name in ("metaobjectUpsert", "metaobjectUpdate"):
        shopify.answer(name, data(**{name: {"metaobject": pages[1], "userErrors": []}}))


def written(shopify: FakeShopify) -> dict[str, str]:
    fields = shopify.asked[-1][1]["metaobject"]["fields"]
    return {field["key"]: field["value"] for field in fields if field["key"] in TEXT_FIELDS}


@pytest.mark.parametrize("after", [MINUTE, -MINUTE / 2])
def test_a_field_that_only_one_side_changed_stays_whoever_was_later(edited: Vendor, after: timedelta) -> None:
    heard = hear(edited, after, tagline="", about="From the admin")
    assert (heard.tagline, heard.about) == ("Bowls and mugs", "From the admin")
    assert heard.profile_synced_at is None, "hers is still to be sent"


@pytest.mark.parametrize("after", [MINUTE, -MINUTE / 2])
def test_of_a_field_that_both_changed_the_staffs_words_hold_and_the_vendors_are_kept(
    edited: Vendor, after: timedelta
) -> None:
    assert hear(edited, after, tagline="From the admin").tagline == "From the admin"
    with db.scoped(edited.shop_id) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "vendor.edit_in_shopify")).one()
    assert entry.changes == {"tagline": ["Bowls and mugs", "From the admin"]}


def test_old_news_of_a_page_change_nothing(edited: Vendor) -> None:
    hear(edited, 2 * MINUTE, tagline="The second")
    assert hear(edited, MINUTE, tagline="The first").tagline == "The second"


def test_of_two_states_of_one_second_the_page_itself_is_asked(edited: Vendor) -> None:
    hear(edited, MINUTE, tagline="The second")
    with db.scoped(edited.shop_id) as session:
        session.get_one(Vendor, edited.id).profile_synced_at = clock.now()
    heard = hear(edited, MINUTE, tagline="The first")
    assert (heard.tagline, heard.profile_synced_at) == ("The second", None)


def test_what_is_ours_alone_is_not_taken_over(edited: Vendor) -> None:
    heard = hear(edited, MINUTE, tagline="From the admin", rating_count="99", away_until="2030-01-01", name="")
    assert (heard.tagline, heard.rating_count, heard.away_until) == ("From the admin", 0, None)
    assert heard.name == edited.name, "nobody is called nothing"


def test_the_job_reads_before_it_writes_and_writes_only_what_differs(
    edited: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    """The webhook of the staff's edit is still on its way."""
    now = words_of(edited, tagline="", about="From the admin")
    answer(shopify, edited, MINUTE, read=now, **(now | {"tagline": "Bowls and mugs"}))
    sync_vendor(edited.shop_id, edited.id)
    assert written(shopify) == {"tagline": "Bowls and mugs"}
    after = reload(edited)
    assert (after.about, after.tagline) == ("From the admin", "Bowls and mugs")
    assert after.profile_synced_at is not None


def test_an_edit_between_the_look_and_the_write_is_found_in_the_answer(
    edited: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    now = words_of(edited, tagline="")
    answer(shopify, edited, MINUTE, read=now, **(now | {"tagline": "Bowls and mugs", "location": "Leeds"}))
    sync_vendor(edited.shop_id, edited.id)
    after = reload(edited)
    assert (after.tagline, after.location) == ("Bowls and mugs", "Leeds")


def test_the_webhook_of_our_own_write_takes_back_nothing_that_the_vendor_wrote_since(
    edited: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    """It comes before the answer, as it often does, and the vendor has saved once more."""
    page = {"id": GID, "updatedAt": (edited.updated_at + MINUTE).isoformat(), "fields": []}
    shopify.answer("metaobjectByHandle", data(metaobjectByHandle=page))

    def write(_: Any) -> Any:
        with db.scoped(edited.shop_id) as session:
            vendor = session.get_one(Vendor, edited.id)
            vendor.tagline, vendor.updated_at = "Bowls, mugs and plates", clock.now()
        hear(edited, 2 * MINUTE, **words_of(edited))
        return data(metaobjectUpsert={"metaobject": page, "userErrors": []})

    shopify.answer("metaobjectUpsert", write)
    sync_vendor(edited.shop_id, edited.id)
    after = reload(edited)
    assert (after.tagline, after.profile_synced_at) == ("Bowls, mugs and plates", None)


def test_words_that_staff_bring_back_while_we_write_others_are_not_taken_for_ours(
    edited: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    page = {"id": GID, "updatedAt": (edited.updated_at + MINUTE).isoformat(), "fields": []}
    shopify.answer("metaobjectByHandle", data(metaobjectByHandle=page))

    def write(_: Any) -> Any:
        hear(edited, 2 * MINUTE, about="From the admin")
        hear(edited, 3 * MINUTE, about=edited.about)
        return data(metaobjectUpsert={"metaobject": page, "userErrors": []})

    shopify.answer("metaobjectUpsert", write)
    sync_vendor(edited.shop_id, edited.id)
    after = reload(edited)
    assert (after.about, after.tagline) == (edited.about, "Bowls and mugs")


def test_a_page_that_is_gone_is_written_whole(edited: Vendor, shopify: FakeShopify, connected: ShopCredentials) -> None:
    answer(shopify, edited, MINUTE, **words_of(edited))
    shopify.answer("metaobjectByHandle", data(metaobjectByHandle=None))
    sync_vendor(edited.shop_id, edited.id)
    assert written(shopify)["name"] == edited.name


def test_a_page_that_a_job_made_before_it_died_is_read_before_it_is_written_again(
    edited: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    """The staff have changed it since, and the vendor another part of it."""
    with db.scoped(edited.shop_id) as session:
        vendor = session.get_one(Vendor, edited.id)
        vendor.metaobject_gid = vendor.page_words = vendor.metaobject_updated_at = None
        vendor.page_sent = words_of(edited, tagline="Bowls")
    now = words_of(edited, tagline="Bowls", about="From the admin")
    answer(shopify, edited, MINUTE, read=now, **(now | {"tagline": edited.tagline}))
    sync_vendor(edited.shop_id, edited.id)
    assert written(shopify) == {"tagline": "Bowls and mugs"}
    after = reload(edited)
    assert (after.about, after.tagline, after.metaobject_gid) == ("From the admin", "Bowls and mugs", GID)


def test_a_page_of_which_nothing_is_known_is_written_as_the_vendor_wants_it(
    edited: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    with db.scoped(edited.shop_id) as session:
        vendor = session.get_one(Vendor, edited.id)
        vendor.metaobject_gid = vendor.page_words = vendor.metaobject_updated_at = None
        vendor.about = "Ada's own"
    answer(shopify, edited, MINUTE, read=words_of(vendor, about="Somebody's"), **words_of(vendor))
    sync_vendor(edited.shop_id, edited.id)
    assert written(shopify) == {"about": "Ada's own"}
    assert reload(edited).about == "Ada's own"


SITE = "https://ada.example"


def hear_as_it_was(vendor: Vendor, **words: str) -> Vendor:
    """Of the page as it was when it was last seen."""
    assert vendor.metaobject_updated_at
    return hear(vendor, vendor.metaobject_updated_at - vendor.updated_at, **words)


def empty_website(vendor: Vendor, *, noted: dict[str, str]) -> Vendor:
    with db.scoped(vendor.shop_id) as session:
        row = session.get_one(Vendor, vendor.id)
        row.website, row.page_words, row.profile_synced_at = "", noted, clock.now()
    return reload(vendor)


def test_a_field_that_the_vendor_emptied_is_emptied_on_the_page(
    edited: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    """Shopify refuses empty values: the page is written whole, with all that it says otherwise."""
    with db.scoped(edited.shop_id) as session:
        session.get_one(Vendor, edited.id).page_words = words_of(edited, website=SITE)
    now = words_of(edited, website=SITE)
    answer(shopify, edited, MINUTE, read=now, **(now | {"website": ""}))
    sync_vendor(edited.shop_id, edited.id)
    name, asked, _ = shopify.asked[-1]
    assert (name, asked["id"]) == ("metaobjectUpdate", GID)
    whole = asked["metaobject"]["values"]
    assert "website" not in whole
    assert (whole["name"], whole["tagline"]) == (edited.name, "Bowls and mugs")
    assert (whole["logo"], whole["since"]) == (LOGO, edited.applied_at.date().isoformat())


def test_a_page_that_still_says_what_the_vendor_emptied_is_written_again(edited: Vendor) -> None:
    vendor = empty_website(edited, noted=words_of(edited, website=SITE))
    heard = hear_as_it_was(vendor, **words_of(vendor, website=SITE))
    assert (heard.website, heard.profile_synced_at) == ("", None)


def test_a_website_that_was_not_noted_when_the_page_was_seen_as_it_still_is_is_not_staffs(
    edited: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    noted = words_of(edited)
    del noted["website"]
    vendor = empty_website(edited, noted=noted)
    now = words_of(vendor, website=SITE)
    assert hear_as_it_was(vendor, **now).profile_synced_at is None
    assert vendor.metaobject_updated_at
    answer(shopify, edited, vendor.metaobject_updated_at - edited.updated_at, **now)
    sync_vendor(edited.shop_id, edited.id)
    assert shopify.names()[-1] == "metaobjectUpdate"
    assert reload(edited).website == ""


def test_a_website_that_staff_gave_since_the_page_was_seen_is_theirs(edited: Vendor) -> None:
    noted = words_of(edited)
    del noted["website"]
    vendor = empty_website(edited, noted=noted)
    assert hear(vendor, MINUTE, **words_of(vendor, website=SITE)).website == SITE


@pytest.mark.parametrize("seen", ["", "no JSON", "[]", '{"tagline": 7}', "null"])
def test_a_form_that_does_not_say_what_it_saw_is_about_what_there_is(edited: Vendor, seen: str) -> None:
    assert find_changed(edited, seen, {"tagline": "New"}) == {}


def test_spaces_that_a_form_tidies_are_no_edit(edited: Vendor) -> None:
    edited.about = "One \n\n two"
    seen = write_seen(edited)
    edited.about = "Three"
    changed: Callable[[str], dict[str, bool]] = lambda words: find_changed(edited, seen, {"about": words})  # noqa: E731
    assert changed("One\n\ntwo") == {"about": False}
    assert changed("Two") == {"about": True}

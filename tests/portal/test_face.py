"""The public page beyond plain words: links to networks, other languages, a cover; from the portal to the theme."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.events import AuditEntry
from app.models.vendors import PictureKind, Vendor
from app.shopify.tokens import ShopCredentials
from app.vendors import face, picture_sync, sync
from devstore.clock import Clock
from devstore.storefront.drops import Drop
from devstore.storefront.theme import extension_environment
from tests.portal.test_profile import PROFILE, draw, reload
from tests.shopify.fake import FakeShopify
from tests.vendors.test_picture_sync import ADDRESS, GID, shop, storage

__all__ = ["shop", "storage"]
EXTENSION = Path(__file__).parents[2] / "extensions" / "theme"
WICKED = '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    ("network", "typed", "address"),
    [
        ("instagram", "@ada.makes", "https://www.instagram.com/ada.makes"),
        ("instagram", " ada_makes ", "https://www.instagram.com/ada_makes"),
        ("instagram", "instagram.com/ada/?igsh=x#y", "https://instagram.com/ada"),
        ("facebook", "http://m.facebook.com/ada.larsen/", "https://m.facebook.com/ada.larsen"),
        ("tiktok", "ada", "https://www.tiktok.com/@ada"),
        ("youtube", "https://www.youtube.com/channel/UC-1_x", "https://www.youtube.com/channel/UC-1_x"),
        ("pinterest", "https://de.pinterest.com/ada", "https://de.pinterest.com/ada"),
        ("pinterest", "", ""),
    ],
)
def test_a_link_is_read_from_a_name_or_an_address(network: str, typed: str, address: str) -> None:
    assert face.read_link(network, typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "https://evil.example/ada",
        "https://instagram.com.evil.example/ada",
        "https://evilinstagram.com/ada",
        r"https://evil.example\.instagram.com/ada",
        "https://evil.example%2f.instagram.com/ada",
        "javascript://instagram.com/%0aalert(1)",
        "instagram.com",
        "https://instagram.com/",
        "two words",
        "@" + "x" * 61,
        WICKED,
    ],
)
def test_a_link_that_leads_elsewhere_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="instagram"):
        face.read_link("instagram", typed)


def test_links_and_an_announcement_are_kept_and_go_to_the_page(
    adas_browser: FlaskClient, ada: Vendor, connected: ShopCredentials
) -> None:
    said = {**PROFILE, "announcement": "Meet me on Saturday.", "instagram": "@ada", "tiktok": "tiktok.com/@ada"}
    page = adas_browser.post("/portal/profile", data=said, follow_redirects=True).text
    assert 'value="https://www.instagram.com/ada"' in page
    saved = reload(ada)
    assert saved.social == {"instagram": "https://www.instagram.com/ada", "tiktok": "https://tiktok.com/@ada"}
    assert saved.profile_synced_at is None
    with db.scoped(ada.shop_id) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "vendor.edit_profile")).one()
    assert entry.changes["social"] == ["", "https://www.instagram.com/ada, https://tiktok.com/@ada"]
    assert adas_browser.post("/portal/profile", data=said, follow_redirects=True).text.count("Nothing was changed") == 1


def test_a_wrong_link_is_explained_beside_its_field_and_nothing_is_saved(
    adas_browser: FlaskClient, ada: Vendor
) -> None:
    answer = adas_browser.post("/portal/profile", data={**PROFILE, "youtube": "https://evil.example/"})
    assert answer.status_code == 422
    assert "the address of your page at YouTube" in answer.text
    assert reload(ada).tagline == ""


def test_words_in_another_language_are_kept_beside_the_own_ones(adas_browser: FlaskClient, ada: Vendor) -> None:
    assert "There is nothing to translate yet" in adas_browser.get("/portal/profile/languages").text
    adas_browser.post("/portal/profile", data=PROFILE)
    assert "Thrown by hand" in adas_browser.get("/portal/profile/languages/de").text
    answer = adas_browser.post(
        "/portal/profile/languages/de", data={"tagline": "Von Hand gedreht", "about": ""}, follow_redirects=True
    )
    assert "1 of 2 texts" in answer.text
    assert reload(ada).translations == {"de": {"tagline": "Von Hand gedreht"}}
    too_long = adas_browser.post("/portal/profile/languages/de", data={"tagline": "x" * 161})
    assert too_long.status_code == 422
    assert "Up to 160 characters" in too_long.text
    adas_browser.post("/portal/profile/languages/de", data={"tagline": ""})
    assert reload(ada).translations == {}
    assert adas_browser.get("/portal/profile/languages/xx").status_code == 404


def test_a_cover_reaches_the_shop_beside_the_logo(
    adas_browser: FlaskClient, ada: Vendor, shop: FakeShopify, connected: ShopCredentials
) -> None:
    for which in ("picture", "cover"):
        adas_browser.post(f"/portal/profile/{which}", data={"picture": (draw(), "me.jpg")})
        assert adas_browser.get(f"/portal/profile/{which}").mimetype == "image/jpeg"
    picture_sync.publish_picture(ada.shop_id, ada.id, PictureKind.COVER)
    saved = reload(ada)
    assert (saved.cover_file_gid, saved.cover_url, saved.logo_url) == (GID, ADDRESS, None)


def test_a_shop_with_older_definitions_is_sent_only_what_it_knows(ada: Vendor) -> None:
    ada.announcement, ada.social, ada.cover_file_gid = "News", {"tiktok": "https://www.tiktok.com/@ada"}, GID
    ada.translations = {"de": {"about": "Ton."}}
    sent = {version: sync._list_fields(ada, version) for version in (4, 5)}
    assert sent[4].keys() == sent[5].keys() - {"announcement", "links", "translations", "cover"}
    assert sent[5]["links"] == [{"name": "TikTok", "url": "https://www.tiktok.com/@ada"}]
    assert sent[5]["translations"] == {"de": {"about": "Ton."}}


def _render(locale: str, **fields: Any) -> str:
    source = (EXTENSION / "blocks" / "vendor-page.liquid").read_text("utf-8").partition("{% schema %}")[0]
    page = Drop(locale=Drop(iso_code=locale), origin="https://shop.example")
    shown = {"name": "Ada", "rating_count": 0, "about": "Clay.", "logo": None, **fields}
    settings = Drop(show_website=True, show_links=True, show_policies=True, show_cover=True, vendor=None)
    template = extension_environment(EXTENSION).from_string(source)
    store = Flask("store")  # whose clock says whether the vendor is away
    store.extensions["devstore.store"] = SimpleNamespace(clock=Clock())
    with store.app_context():
        return template.render(
            request=page,
            shop=Drop(currency="USD"),
            block=Drop(settings=settings, shopify_attributes=""),
            metaobject=Drop(
                system=Drop(url="", type="app--1--vendor"), **{key: Drop(value=value) for key, value in shown.items()}
            ),
        )


def test_the_page_speaks_the_customers_language_where_the_vendor_wrote_it() -> None:
    words = {"translations": {"de": {"about": "Ton."}}, "announcement": "Saturday"}
    assert "Ton." in _render("de", **words)
    assert "Clay." not in _render("de", **words)
    assert "Saturday" in _render("de-AT", **words)
    assert "Clay." in _render("fr", **words)


def test_links_lead_out_by_https_alone_and_nothing_becomes_markup() -> None:
    links = [{"name": "Instagram", "url": "https://www.instagram.com/ada"}, {"name": "x", "url": "javascript:alert(1)"}]
    html = _render("en", links=links, announcement=WICKED, translations={"en": {"about": WICKED}})
    assert 'href="https://www.instagram.com/ada"' in html
    assert "javascript:" not in html
    assert "<script" not in html.replace("<script> </script>", ""), "the empty one stands below the style sheet"

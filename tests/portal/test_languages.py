"""Which language a vendor's pages speak: the person's own, the storefront's, the browser's, the shop's."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import db, languages
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorUser
from tests.apps import get_app


def language_of(page: str) -> str:
    return page.partition('<html lang="')[2][:2]


@pytest.mark.parametrize(
    ("query", "accepts", "spoken"),
    [
        ("", "", "en"),
        ("", "pt-BR,fr-CH;q=0.8,en;q=0.5", "fr"),
        ("?locale=ja", "fr", "ja"),
        ("?locale=de-CH", "fr", "de"),
        ("?locale=xx", "fr", "fr"),
        ("?locale=%00", "", "en"),
    ],
)
def test_before_sign_in_the_storefront_is_heard_before_the_browser(
    acme: Shop, query: str, accepts: str, spoken: str
) -> None:
    browser = get_app().test_client()
    page = browser.get(f"/portal/login{query}", headers={"Accept-Language": accepts})
    assert language_of(page.text) == spoken


def test_a_shops_language_is_spoken_to_whoever_names_none(acme: Shop) -> None:
    with db.system() as session:
        session.execute(update(Shop).where(Shop.id == acme.id).values(locale="es-MX"))
    assert language_of(get_app().test_client().get("/portal/login").text) == "es"


def test_a_language_chosen_on_the_sign_in_page_stays_on_the_device(acme: Shop) -> None:
    browser = get_app().test_client()
    browser.get("/portal/login?locale=fr")
    assert language_of(browser.get("/portal/login").text) == "fr"


def test_ones_own_language_is_stronger_than_the_device_and_changes_under_more(
    adas_browser: FlaskClient, ada: Vendor
) -> None:
    adas_browser.post("/portal/language", data={"language": "de"}, headers={"Sec-Fetch-Site": "same-origin"})
    page = adas_browser.get("/portal/more?locale=fr", headers={"Accept-Language": "ja"})
    assert language_of(page.text) == "de"
    with db.scoped(ada.shop_id) as session:
        assert session.scalars(select(VendorUser.language).where(VendorUser.vendor_id == ada.id)).all() == ["de"]


def test_a_language_that_nobody_speaks_changes_nothing(adas_browser: FlaskClient) -> None:
    before = language_of(adas_browser.get("/portal/more").text)
    adas_browser.post("/portal/language", data={"language": "tlh"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert language_of(adas_browser.get("/portal/more").text) == before


def test_merchants_pages_stay_english_after_a_portal_page_in_the_same_process(adas_browser: FlaskClient) -> None:
    adas_browser.get("/portal/login?locale=de")
    adas_browser.get("/healthz")
    assert languages.spoken() == "en"


@pytest.mark.parametrize(
    ("language", "region", "expected"),
    [
        ("de", "de-CH", "de_CH"),
        ("de", "en-US", "de"),
        ("en", "de-DE", "en_DE"),
        ("ja", "en-GB", "ja"),
        ("fr", "en", "fr"),
        ("fr", "nonsense", "fr"),
    ],
)
def test_amounts_follow_the_language_and_where_one_lives(language: str, region: str, expected: str) -> None:
    assert languages.locale_for(language, region) == expected


def test_words_that_wait_are_spoken_in_the_language_of_the_moment() -> None:
    words = languages.lazy("Language")
    with languages.speaking("de"):
        spoken = str(words)
    assert (spoken, str(words)) == ("Sprache", "Language")

"""What staff replaced on a vendor's public page: the vendor reads it, takes it back or leaves it."""

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.vendors.replaced import write_seen
from tests.vendors.test_page_conflicts import MINUTE, hear, reload, words_of


@pytest.fixture
def edited(acme: Shop, ada: Vendor) -> Vendor:
    """Ada's page stands, she has just changed its tagline, and Shopify has not been told yet."""
    with db.scoped(acme.id) as session:
        vendor = session.get_one(Vendor, ada.id)
        vendor.page_words = words_of(vendor)
        vendor.tagline, vendor.updated_at, vendor.profile_synced_at = "Bowls and mugs", clock.now(), None
    return vendor


@pytest.fixture
def replaced(edited: Vendor) -> Vendor:
    return hear(edited, MINUTE, tagline="From the admin", about="Added by staff")


def test_the_vendor_reads_what_was_replaced_and_takes_it_back(adas_browser: FlaskClient, replaced: Vendor) -> None:
    assert "The shop changed your page" in adas_browser.get("/portal").text
    page = adas_browser.get("/portal/profile").text
    assert "Bowls and mugs" in page
    assert page.count("You had written") == 1, "where nothing stood nothing was replaced"
    address = page.split('action="/portal/profile/replaced/tagline/')[1].split('"')[0]
    assert adas_browser.post(f"/portal/profile/replaced/tagline/{address}").status_code == 303
    after = reload(replaced)
    assert (after.tagline, after.profile_synced_at) == ("Bowls and mugs", None)
    assert "You had written" not in adas_browser.get("/portal/profile").text
    assert adas_browser.post(f"/portal/profile/replaced/tagline/{address}").status_code == 409


def test_the_vendor_leaves_it_as_it_is(adas_browser: FlaskClient, replaced: Vendor) -> None:
    assert adas_browser.post("/portal/profile/replaced/leave").status_code == 303
    assert "The shop changed your page" not in adas_browser.get("/portal").text
    assert "You had written" not in adas_browser.get("/portal/profile").text
    assert reload(replaced).tagline == "From the admin"


def test_a_form_that_was_open_meanwhile_keeps_what_it_did_not_touch_and_asks_about_the_rest(
    adas_browser: FlaskClient, edited: Vendor
) -> None:
    form = words_of(edited) | {"locale": "en", "seen": write_seen(edited)}
    hear(edited, MINUTE, tagline="From the admin", about="Added by staff")
    asked = adas_browser.post("/portal/profile", data=form | {"tagline": "Plates", "location": "York"})
    assert asked.status_code == 422
    assert "now says “From the admin”" in asked.text
    assert 'value="Plates"' in asked.text
    assert "Added by staff" in asked.text, "she did not touch it"
    saved = adas_browser.post("/portal/profile", data=form | {"location": "York"})
    assert saved.status_code == 303
    after = reload(edited)
    assert (after.tagline, after.about, after.location) == ("From the admin", "Added by staff", "York")


def test_a_form_with_a_mistake_keeps_what_it_did_not_touch_when_it_is_sent_again(
    adas_browser: FlaskClient, edited: Vendor
) -> None:
    form = words_of(edited) | {"locale": "en", "seen": write_seen(edited), "location": "York"}
    hear(edited, MINUTE, tagline="From the admin")
    refused = adas_browser.post("/portal/profile", data=form | {"website": "no address"})
    assert refused.status_code == 422
    page = BeautifulSoup(refused.text, "html.parser")
    shown = {name: str(page.select(f'input[name="{name}"]')[0]["value"]) for name in ("seen", "tagline", "location")}
    assert adas_browser.post("/portal/profile", data=form | shown).status_code == 303
    after = reload(edited)
    assert (after.tagline, after.location) == ("From the admin", "York")


def test_a_name_is_not_taken_back_for_another_vendor_may_have_it_by_now(
    adas_browser: FlaskClient, edited: Vendor
) -> None:
    hear(edited, MINUTE, name="Given by staff")
    with db.scoped(edited.shop_id) as session:
        entry = session.scalars(select(AuditEntry.id).where(AuditEntry.action == "vendor.edit_in_shopify")).one()
    assert adas_browser.post(f"/portal/profile/replaced/name/{entry}").status_code == 409
    assert reload(edited).name == "Given by staff"

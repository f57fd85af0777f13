"""The merchant's colour and logo, from the settings to the vendor's pages."""

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from app import db
from app.models.events import AuditEntry
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.shops.forms import SettingsForm
from app.shops.service import change_settings

LOGO = "https://cdn.shopify.com/s/files/1/logo.png"


def fill(shop: Shop, **values: str) -> SettingsForm:
    given = {"hold_days": "14", "payout_minimum": "0", "buyer_days": "30", **values}
    with db.scoped(shop.id) as session:
        form = SettingsForm(MultiDict(given), shop=shop, settings=session.get_one(ShopSettings, shop.id))
        if form.validate():
            change_settings(session, shop, form, actor="staff:1")
    return form


def test_the_merchants_logo_and_colour_are_on_the_vendors_pages(
    acme: Shop, ada: Vendor, adas_browser: FlaskClient
) -> None:
    assert fill(acme, accent_color="#A03", logo_url=LOGO).errors == {}
    page = adas_browser.get("/portal").text
    assert f'<img src="{LOGO}"' in page
    assert "--accent:#aa0033" in page
    with db.scoped(acme.id) as session:
        (entry,) = session.query(AuditEntry).filter_by(action="settings.change").all()
    assert entry.changes["accent_color"] == ["#0b6e5f", "#aa0033"]


def test_an_empty_colour_is_the_products_own_again(acme: Shop, ada: Vendor, adas_browser: FlaskClient) -> None:
    fill(acme, accent_color="#aa0033")
    fill(acme, accent_color="")
    assert "--accent:#0b6e5f" in adas_browser.get("/portal").text


@pytest.mark.parametrize("colour", ["red", "#12", "0b6e5f", "#0b6e5f;}body{display:none", "url(x)"])
def test_a_colour_that_is_none_is_explained(acme: Shop, colour: str) -> None:
    assert "such as #0b6e5f" in fill(acme, accent_color=colour).accent_color.errors[0]


@pytest.mark.parametrize(
    "address",
    ["logo.png", "http://example.com/logo.png", "javascript:alert(1)", "https://x/'onerror=alert(1)", "https:"],
)
def test_a_logo_address_that_cannot_be_is_explained(acme: Shop, address: str) -> None:
    assert "begins with https://" in fill(acme, logo_url=address).logo_url.errors[0]

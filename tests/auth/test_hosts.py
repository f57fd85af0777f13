"""The vendor pages under a host name of the merchant's own."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client

from app import config, db, doctor
from app.auth import magic_links
from app.errors import ConfigError
from app.live.channels import shop_channel, stock_channel, vendor_channel
from app.live.server import _headers
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.apps import get_app
from tests.shopify.signing import sign_proxy
from webhooks.intake import WebhookIntake
from webhooks.later import later

PORTAL = "https://vendors.acme.example"


@pytest.fixture
def moved(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """PORTAL_URL is set, and everybody reads the settings anew."""
    monkeypatch.setenv("PORTAL_URL", PORTAL)
    monkeypatch.setenv("APP_URL", "https://app.acme.example")
    config.get_config.cache_clear()
    yield
    monkeypatch.undo()
    config.get_config.cache_clear()


@pytest.fixture
def browser(moved: None) -> FlaskClient:
    return get_app().test_client()


def test_links_to_vendors_lead_to_their_host(moved: None, ada: Vendor) -> None:
    with db.system() as session:
        assert magic_links.issue_link(session, ada.shop_id, ada.email).startswith(f"{PORTAL}/portal/enter/")


def test_old_addresses_of_vendor_pages_lead_on_and_forms_do_not(browser: FlaskClient) -> None:
    answer = browser.get("/portal/login?shop=acme.myshopify.com", base_url="https://app.acme.example")
    assert answer.location == f"{PORTAL}/portal/login?shop=acme.myshopify.com"
    assert browser.get("/portal/login", base_url=PORTAL).status_code == 200
    assert browser.get("/", base_url=PORTAL).location == "/portal"


@pytest.mark.parametrize("path", ["/app", "/api/v1/orders", "/proxy/apply", "/hooks/resend", "/metrics"])
def test_nothing_but_vendor_pages_is_answered_there(browser: FlaskClient, path: str) -> None:
    assert browser.get(path, base_url=PORTAL).status_code == 404


def test_what_customers_keep_is_not_answered_there_though_shopify_signed_it(browser: FlaskClient, acme: Shop) -> None:
    sync = f"/proxy/sync?{sign_proxy(acme.domain, logged_in_customer_id='7001')}"
    assert browser.get(sync, base_url=PORTAL).status_code == 404
    assert browser.get(sync, base_url="https://app.acme.example").status_code == 200


def test_webhooks_are_not_answered_there(moved: None) -> None:
    intake = WebhookIntake(get_app())
    client, front = Client(intake), later(intake, lambda _protocol, _environ: "flask")
    assert client.get("/webhooks", base_url=PORTAL).status_code == 404
    assert client.get("/webhooks", base_url="https://app.acme.example").status_code == 405
    assert front(None, {"PATH_INFO": "/webhooks", "HTTP_HOST": urlsplit(PORTAL).netloc}) == "flask"


def test_without_the_setting_both_are_one(database: str) -> None:
    assert get_app().test_client().get("/portal/login").status_code == 200


def test_a_stream_may_be_read_by_the_pages_it_is_for(moved: None) -> None:
    readers = {
        channel.split(":")[1]: dict(_headers(b"text/event-stream", channel))[b"access-control-allow-origin"]
        for channel in (shop_channel(1), vendor_channel(2), stock_channel(1, 3))
    }
    assert readers == {"shop": b"https://app.acme.example", "vendor": PORTAL.encode(), "stock": b"*"}


@pytest.mark.parametrize("value", ["vendors.acme.example", "https://acme.example/vendors", "ftp://acme.example"])
def test_an_address_that_is_no_origin_is_refused(value: str) -> None:
    settings = {"SHOPIFY_API_KEY": "k", "SHOPIFY_API_SECRET": "s", "PORTAL_URL": value}
    with pytest.raises(ConfigError, match="PORTAL_URL"):
        config.read_config(settings)


def test_an_origin_is_written_as_browsers_write_it() -> None:
    settings = {"SHOPIFY_API_KEY": "k", "SHOPIFY_API_SECRET": "s", "PORTAL_URL": "https://Vendors.Acme.example/"}
    assert config.read_config(settings).portal_url == PORTAL
    one = config.read_config({**settings, "APP_URL": "https://Vendors.acme.example"})
    assert one.portal_url == one.app_url


def test_the_doctor_says_when_the_host_name_does_not_lead_here(moved: None) -> None:
    nowhere = replace(config.get_config(), portal_url="https://127.0.0.1:9")
    [finding] = doctor._portal(nowhere)
    assert not finding.ok
    assert "Point the name at this server" in finding.words
    [unsafe] = doctor._portal(replace(config.get_config(), portal_url="http://vendors.acme.example"))
    assert "https://" in unsafe.words

"""Passkeys in a real browser, with the authenticator that Chromium keeps for tests."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from app import db
from app.auth import magic_links
from app.config import get_config
from app.models.vendors import Vendor
from tests.e2e.looks import PHONE, examine, take_screenshot
from tests.e2e.slowness import PATIENCE, close
from tests.servers import make_server
from wsgi import create_app


@pytest.fixture
def address(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The real app under a host name: passkeys are made for names, not for addresses such as 127.0.0.1."""
    server = make_server("localhost", 0, create_app())
    at = f"http://localhost:{server.server_port}"
    settings = replace(get_config(), app_url=at, portal_url=at)
    monkeypatch.setattr("app.auth.passkeys.get_config", lambda: settings)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield settings.app_url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone that knows its owner's finger."""
    context = chromium.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    finger = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**finger, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    yield page
    close(context)


def test_a_vendor_makes_a_passkey_and_needs_no_e_mail_any_more(address: str, page: Page, ada: Vendor) -> None:
    with db.system() as session:
        link = magic_links.issue_link(session, ada.shop_id, ada.email)
    page.goto(f"{address}/portal/{link.split('/portal/')[1]}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{address}/portal")
    page.goto(f"{address}/portal/security")
    take_screenshot(page, "portal-security")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Keep these codes")).to_be_visible()
    expect(page.locator(".codes code")).to_have_count(10)
    assert examine(page) == []
    take_screenshot(page, "portal-recovery-codes")
    page.goto(f"{address}/portal/more")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Ada's Ceramics")).to_be_visible()
    for path in ("security", "security/app", "staff", "more"):
        page.goto(f"{address}/portal/{path}")
        take_screenshot(page, f"portal-{path.replace('/', '-')}-phone")
    page.goto(f"{address}/portal/security")
    page.get_by_text("Remove…").click()
    page.get_by_role("button", name="Remove it now").click()
    expect(page.get_by_text("An e-mailed link is enough to sign in again.")).to_be_visible()
    assert examine(page) == []
    take_screenshot(page, "portal-security-removed-phone")
    page.goto(f"{address}/portal/more")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("[data-problem]")).to_be_visible()

"""The admin shell, App Bridge and Polaris, tried with a very small app in the frame."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import FrameLocator, Page, expect

from devstore import seed, server
from devstore.config import Config
from devstore.installations import find_installation, install
from devstore.store import Store
from tests.e2e.looks import DESKTOP, PHONE, examine
from tests.servers import make_server

from .framed_app import create_app

ACME = "acme.myshopify.com"
KEY, SECRET = "the-client-id", "a-secret-of-at-least-thirty-two-bytes"
TOML = {
    "name": "Stallkeeper",
    "handle": "stallkeeper",
    "access_scopes": {"scopes": "read_products,write_products,read_orders"},
    "webhooks": {"subscriptions": [{"topics": ["app/uninstalled", "products/update"], "uri": "/webhooks"}]},
}


@dataclass
class Admin:
    url: str
    store: Store
    app_site: Flask

    @property
    def bounces(self) -> list[str]:
        bounces: list[str] = self.app_site.extensions["bounces"]
        return bounces

    def app(self, path: str = "") -> str:
        return f"{self.url}/store/acme/apps/stallkeeper{path}"


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Admin]:
    """The development store's main port with the small app in it, both on free ports."""
    shell = make_server("127.0.0.1", 0, _late := _Late())
    cdn = f"http://localhost:{shell.port}/cdn"
    framed = create_app(cdn, KEY, SECRET)
    app = make_server("127.0.0.1", 0, framed)
    config = Config(
        port=shell.port,
        storefronts={ACME: 1},
        data=tmp_path,
        app_url=f"http://127.0.0.1:{app.port}",
        client_id=KEY,
        client_secret=SECRET,
        app_toml=TOML,
        extension_dir=tmp_path,
    )
    store = Store(tmp_path / "store.sqlite3")
    seed.deploy(store, config)
    _late.app = server.create_app(config, store)
    for site in (shell, app):
        threading.Thread(target=site.serve_forever, daemon=True).start()
    yield Admin(f"http://localhost:{shell.port}", store, framed)
    for site in (shell, app):
        site.shutdown()
        site.server_close()
    store.close()


class _Late:
    """A WSGI application that is told later what it is: the port comes first."""

    app: Callable[..., object]

    def __call__(self, environ: dict[str, object], start_response: object) -> object:
        return self.app(environ, start_response)


@pytest.fixture
def page(admin: Admin, open_browser: Callable[..., Page]) -> Iterator[Page]:
    """Mona at her screen, the app installed; a script error fails the test."""
    install(admin.store, ACME)
    opened = open_browser()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    assert [error for error in errors if "turns this store's session tokens away" not in error] == []


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("#app-frame")


def test_installing_lists_the_scopes_and_opens_the_app(admin: Admin, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto(admin.app())
    expect(page.get_by_text("View and edit products, variants and collections")).to_be_visible()
    expect(page.get_by_text("View orders, payments and refunds")).to_be_visible()
    page.get_by_role("button", name="Install").click()
    expect(frame(page).get_by_role("heading", name="Home")).to_be_visible()
    assert find_installation(admin.store, ACME) is not None


def test_uninstalling_kills_the_tokens_and_tells_the_app(admin: Admin, page: Page) -> None:
    admin.store.put(ACME, "access_token", {"token": "shpat_1", "mode": "offline", "expires_at": 9e12})
    page.goto(f"{admin.url}/store/acme/apps")
    page.get_by_role("button", name="Uninstall").click()
    page.get_by_role("button", name="Uninstall").last.click()
    expect(page.get_by_text("Stallkeeper uninstalled")).to_be_visible()
    assert find_installation(admin.store, ACME) is None
    assert admin.store.all(ACME, "access_token") == []
    assert [delivery["topic"] for delivery in admin.store.all(ACME, "webhook_delivery")] == ["app/uninstalled"]


def test_navigation_in_the_app_moves_the_admins_address_and_needs_no_bounce(admin: Admin, page: Page) -> None:
    page.goto(admin.app("/app/vendors"))
    frame(page).get_by_role("link", name="Add vendor").click()
    expect(frame(page).get_by_role("heading", name="Ada's Ceramics", level=1)).to_be_visible()
    expect(page).to_have_url(admin.app("/app/form"))
    expect(page).to_have_title("Ada · Admin")
    page.get_by_role("navigation").get_by_role("link", name="Vendors").click()
    expect(frame(page).get_by_role("table")).to_be_visible()
    expect(page).to_have_url(admin.app("/app/vendors"))
    expect(page.locator("#app-nav [aria-current]")).to_have_text("Vendors")
    assert admin.bounces == []


def test_a_document_that_comes_without_a_token_takes_the_bounce(admin: Admin, page: Page) -> None:
    page.goto(admin.app("/app/vendors"))
    search = frame(page).get_by_role("searchbox", name="Search")
    search.fill("bea")
    search.press("Enter")
    expect(frame(page).get_by_role("row")).to_have_count(2)
    expect(frame(page).get_by_text("Bea's Bakery")).to_be_visible()
    expect(page).to_have_url(admin.app("/app/vendors?q=bea&state="))
    assert admin.bounces == ["/app/vendors"]
    page.go_back()
    expect(frame(page).get_by_role("row")).to_have_count(4)
    expect(page).to_have_url(admin.app("/app/vendors"))


def test_an_app_that_turns_every_token_away_is_named_instead_of_bouncing_for_ever(admin: Admin, page: Page) -> None:
    admin.app_site.extensions["secret"] = "another-secret-of-at-least-thirty-two"
    page.goto(admin.app("/app/vendors"))
    expect(page.get_by_text("The app turns this store's session tokens away.")).to_be_visible()
    assert len(admin.bounces) < 8


def test_requests_of_the_app_are_signed_for_the_person_at_the_screen(admin: Admin, page: Page) -> None:
    page.goto(admin.app("/app/vendors"))
    frame(page).get_by_role("table").wait_for()
    asked = "fetch('/app/whoami').then((answer) => answer.json())"
    mona, sam = (str(person["id"]) for person in admin.store.all(ACME, "staff"))
    first = page.frames[1].evaluate(asked)
    assert (first["sub"], first["dest"]) == (mona, f"https://{ACME}")
    page.locator(".who summary").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Sam Staff").click()
    frame(page).get_by_role("table").wait_for()
    assert page.frames[1].evaluate(asked)["sub"] == sam
    by_xhr = """new Promise((done) => { const xhr = new XMLHttpRequest(); xhr.open('GET', '/app/whoami');
        xhr.onload = () => done(JSON.parse(xhr.responseText)); xhr.send(); })"""
    assert page.frames[1].evaluate(by_xhr)["sub"] == sam


def test_unsaved_changes_show_the_save_bar_and_are_not_lost_by_accident(admin: Admin, page: Page) -> None:
    page.goto(admin.app("/app/form"))
    bar = page.get_by_role("region", name="Unsaved changes")
    name = frame(page).get_by_label("Name")
    expect(bar).to_be_hidden()
    name.fill("Ada and friends")
    expect(bar).to_be_visible()
    frame(page).get_by_role("link", name="Vendors").click()
    page.get_by_role("button", name="Stay").click()
    expect(name).to_have_value("Ada and friends")
    bar.get_by_role("button", name="Discard").click()
    expect(bar).to_be_hidden()
    expect(name).to_have_value("Ada's Ceramics")
    name.fill("Ada and friends")
    expect(bar).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Vendors").click()
    page.get_by_role("button", name="Leave page").click()
    expect(frame(page).get_by_role("table")).to_be_visible()


def test_what_the_fields_hold_is_what_the_form_sends(admin: Admin, page: Page) -> None:
    page.goto(admin.app("/app/form"))
    inside = frame(page)
    inside.get_by_label("Name").fill("Ada")
    inside.get_by_label("Country").select_option("Austria")
    inside.get_by_label("Send e-mails").check()
    inside.get_by_label("Approve products automatically").uncheck()
    inside.get_by_role("radio", name="PayPal").check()
    inside.get_by_label("Commission").press("ArrowUp")
    sent = page.frames[1].evaluate(
        """fetch('/app/whoami', {method: 'POST', body: new FormData(document.getElementById('settings'))})
        .then((answer) => answer.json())"""
    )["form"]
    assert sent == {
        "name": ["Ada"],
        "email": ["ada"],
        "about": ["Hand-thrown cups."],
        "rate": ["13.0"],
        "fee": ["1.00"],
        "since": ["2026-01-02"],
        "mail": ["on"],
        "pay": ["paypal"],
        "country": ["at"],
    }


def test_fields_and_dialogs_say_what_they_are(admin: Admin, page: Page) -> None:
    page.goto(admin.app("/app/form"))
    inside = frame(page)
    expect(inside.get_by_label("E-mail", exact=True)).to_have_accessible_description(
        "Write an address like name@example.com"
    )
    expect(inside.get_by_label("E-mail", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(inside.get_by_role("switch", name="Send e-mails")).not_to_be_checked()
    inside.get_by_role("button", name="Suspend").click()
    dialog = inside.get_by_role("dialog", name="Suspend Ada's Ceramics?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_toasts_are_shown_by_the_admin(admin: Admin, page: Page) -> None:
    page.goto(admin.app("/app/form"))
    frame(page).get_by_label("Name").wait_for()
    page.frames[1].evaluate("void shopify.toast.show('Vendor saved')")
    expect(page.get_by_role("status").get_by_text("Vendor saved")).to_be_visible()


def test_the_resource_picker_answers_with_what_was_picked(admin: Admin, page: Page) -> None:
    for title in ("Blue cup", "Rye bread"):
        admin.store.put(ACME, "product", {"title": title, "handle": title, "status": "ACTIVE", "variants": []})
    page.goto(admin.app("/app/vendors"))
    frame(page).get_by_role("table").wait_for()
    page.frames[1].evaluate("void shopify.resourcePicker({type: 'product'}).then((found) => { window.found = found; })")
    page.get_by_label("Rye bread").check()
    page.get_by_role("button", name="Add", exact=True).click()
    page.frames[1].wait_for_function("window.found")
    assert page.frames[1].evaluate("found.map(({title}) => title)") == ["Rye bread"]


def test_nobody_but_the_framed_app_is_answered(admin: Admin, page: Page) -> None:
    """A message from the shell's own window has the right shape and the wrong source."""
    page.goto(admin.app("/app/vendors"))
    frame(page).get_by_role("table").wait_for()
    page.evaluate("window.postMessage({bridge: 1, id: 1, type: 'toast', payload: {message: 'forged'}}, '*')")
    page.frames[1].evaluate("void shopify.toast.show('real')")
    expect(page.get_by_text("real")).to_be_visible()
    expect(page.get_by_text("forged")).to_have_count(0)


def test_outside_the_admin_the_app_finds_its_way_in(admin: Admin, page: Page) -> None:
    page.goto(admin.app("/app/vendors"))
    frame(page).get_by_role("table").wait_for()
    alone = page.locator("#app-frame").get_attribute("src")
    assert alone
    page.goto(alone)
    expect(page).to_have_url(admin.app("/app/vendors"))


def test_on_a_phone_the_table_is_a_list(admin: Admin, page: Page) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto(admin.app("/app/vendors"))
    expect(frame(page).get_by_role("listitem")).to_have_count(3)
    expect(frame(page).get_by_role("table")).to_have_count(0)
    page.get_by_role("button", name="Navigation").click()
    page.get_by_role("link", name="Customers").click()
    expect(page.get_by_text("No customers yet")).to_be_visible()


def test_a_button_pressed_on_another_site_does_nothing(admin: Admin, page: Page) -> None:
    answer = page.request.post(
        f"{admin.url}/store/acme/apps/stallkeeper/uninstall", headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status == 403
    assert find_installation(admin.store, ACME) is not None


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_the_admins_own_pages_are_accessible_and_fit(admin: Admin, page: Page, screen: dict[str, int]) -> None:
    page.set_viewport_size({"width": screen["width"], "height": screen["height"]})
    cup = {"title": "Blue cup", "handle": "blue-cup", "status": "ACTIVE", "variants": []}
    number = admin.store.put(ACME, "product", cup)["id"]
    admin.store.put(ACME, "customer", {"email": "cara@example.com", "first_name": "Cara", "last_name": "C"})
    for path in ("", "/products", f"/products/{number}", "/customers", "/content", "/apps", "/orders"):
        page.goto(f"{admin.url}/store/acme{path}")
        assert examine(page) == [], path


def test_a_long_table_is_there_at_once(admin: Admin, page: Page) -> None:
    """Observers run after every element that the parser makes; work per element must not grow with the table."""
    row = "<s-table-row>" + "<s-table-cell><s-badge>x</s-badge></s-table-cell>" * 5 + "</s-table-row>"
    heads = "<s-table-header>x</s-table-header>" * 5
    table = (
        f"<s-table><s-table-header-row>{heads}</s-table-header-row><s-table-body>{row * 250}</s-table-body></s-table>"
    )
    page.goto(f"{admin.url}/store/acme")
    script = f'<script src="{admin.url}/cdn/shopifycloud/polaris-1.js"></script>'
    page.route("**/long", lambda route: route.fulfill(body=f"<!doctype html>{script}{table}", content_type="text/html"))
    page.goto(f"{admin.url}/long")
    expect(page.get_by_role("row")).to_have_count(251)

"""A customer chooses e-mails below their wishlist, proves the address, and stops them with one click."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import select

from app import db
from app.models.emails import Email
from app.models.mailings import MailingSettings, MailSubscriber
from tests.e2e.looks import DESKTOP, LEVEL, PHONE, examine, take_screenshot
from tests.e2e.slowness import wait_on
from tests.e2e.test_local_first import CONSENT, Market, market, open_shopify, settled, shop, sign_in

__all__ = ["market", "open_shopify", "shop"]


def offer(market: Market, **rest: object) -> None:
    with db.scoped(market.acme.id) as session:
        session.merge(MailingSettings(shop_id=market.acme.id, postal_address="Acme Ltd", **rest))


def open_choice(page: Page, market: Market) -> Locator:
    page.goto(f"{market.url}/pages/wishlist")
    choice = page.locator('[data-later="mails"] details:visible')
    choice.get_by_text("Emails I want").click()
    return choice


def test_nothing_moves_when_the_choice_comes(market: Market, open_browser: Callable[..., Page]) -> None:
    offer(market, vendors=True)
    page = open_browser(PHONE)
    sign_in(page, market)
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route("**/mails.json*", hold)
    page.goto(f"{market.url}/pages/wishlist")
    settled(page)
    wait_on(page, lambda: late)
    below = page.locator('[data-kind="follow"]')
    before = below.bounding_box()
    late[0].continue_()
    expect(page.get_by_text("Emails I want").locator("visible=true")).to_have_count(1)
    expect(page.locator('[data-kind="wishlist"]').get_by_text("Emails I want")).to_be_visible()
    assert below.bounding_box() == before
    assert len(late) == 1, "it was asked for once"


def link_in(market: Market, purpose: str, subject: str) -> str:
    with db.scoped(market.acme.id) as session:
        words = session.scalars(select(Email.text_body).where(Email.subject.startswith(subject))).one()
    found = re.search(rf"/letters/{purpose}/[\w.-]+", words)
    assert found
    return f"http://127.0.0.1:{market.app.port}{found[0]}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_customer_chooses_confirms_and_stops(
    market: Market, open_browser: Callable[..., Page], viewport: dict[str, int]
) -> None:
    offer(market, vendors=True, wishlist=True)
    page = open_browser(viewport)
    sign_in(page, market)
    choice = open_choice(page, market)
    expect(choice.get_by_label("A cart that I left, once")).to_be_hidden()
    choice.get_by_label("What vendors I follow put on sale").check()
    choice.get_by_label("To this address").fill("cleo@example")
    choice.get_by_role("button", name="Save").click()
    expect(choice.get_by_role("alert")).to_contain_text("does not look like an e-mail address")
    choice.get_by_label("To this address").fill("cleo@example.com")
    choice.get_by_role("button", name="Save").click()
    expect(choice.get_by_text("Look into your inbox")).to_be_focused()
    assert [issue for issue in examine(page, LEVEL) if issue] == []
    take_screenshot(page, f"mail-choice-{viewport['width']}")
    page.goto(link_in(market, "confirm", "Please confirm"))
    take_screenshot(page, f"mail-confirm-{viewport['width']}")
    page.get_by_role("button", name="Yes, send me these").click()
    expect(page.get_by_text("You get these e-mails from now on")).to_be_visible()
    choice = open_choice(page, market)
    expect(choice.get_by_label("What vendors I follow put on sale")).to_be_checked()
    choice.get_by_label("What vendors I follow put on sale").uncheck()
    choice.get_by_role("button", name="Save").click()
    expect(choice.get_by_text("You get none of these emails.")).to_be_visible()
    with db.scoped(market.acme.id) as session:
        assert session.scalars(select(MailSubscriber.topics)).one() == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_account_has_the_same_choice(
    market: Market, open_browser: Callable[..., Page], viewport: dict[str, int]
) -> None:
    offer(market, vendors=True, wishlist=True)
    page = open_browser(viewport)
    sign_in(page, market)
    page.get_by_role("link", name="Your marketplace orders").click()
    vendors = page.get_by_label("What vendors I follow put on sale")
    vendors.check()
    expect(page.get_by_label("A cart that I left, once")).to_have_count(0)
    page.get_by_label("To this address").fill("cleo@example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("does not look like an email address")).to_be_visible()
    page.get_by_label("To this address").fill("cleo@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Look into your inbox")).to_be_visible()
    assert examine(page, LEVEL) == []
    take_screenshot(page, f"account-mails-{viewport['width']}")
    page.goto(link_in(market, "confirm", "Please confirm"))
    page.get_by_role("button", name="Yes, send me these").click()
    expect(page.get_by_text("You get these e-mails from now on")).to_be_visible()
    page.goto(f"{market.url}/account/pages/stallkeeper-account")
    expect(vendors).to_be_checked()
    vendors.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You get none of these emails.")).to_be_visible()
    choice = open_choice(page, market)
    expect(choice.get_by_label("What vendors I follow put on sale")).not_to_be_checked()


def test_who_refuses_to_be_remembered_is_not_asked_in_the_account_but_may_stop(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    offer(market, vendors=True)
    page = open_browser()
    sign_in(page, market)
    account = f"{market.url}/account/pages/stallkeeper-account"
    page.goto(account)
    page.get_by_label("What vendors I follow put on sale").check()
    page.get_by_label("To this address").fill("cleo@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Look into your inbox")).to_be_visible()
    page.goto(f"{market.url}/account")
    settled(page)
    page.evaluate(f"{CONSENT}({{ preferences: false }})")
    page.goto(account)
    page.get_by_label("What vendors I follow put on sale").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You get none of these emails.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Vendors you follow")).to_be_visible()
    expect(page.get_by_text("Emails I want")).to_have_count(0)


def test_without_consent_nothing_is_asked_and_with_it_the_choice_is_there(
    market: Market, open_browser: Callable[..., Page]
) -> None:
    offer(market, cart=True)
    page = open_browser()
    sign_in(page, market)
    page.evaluate(f"{CONSENT}({{ preferences: false }})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "mails.json" in request.url else None)
    page.goto(f"{market.url}/pages/wishlist")
    expect(page.locator('[data-later="mails"][data-sk-near]')).to_have_count(2)
    settled(page, "local")
    assert asked == []
    page.evaluate(f"{CONSENT}({{ preferences: true }})")
    expect(page.get_by_text("Emails I want").locator("visible=true")).to_have_count(1)


def test_the_choice_that_failed_to_come_is_asked_for_again(market: Market, open_browser: Callable[..., Page]) -> None:
    offer(market, cart=True)
    page = open_browser()
    sign_in(page, market)
    page.route("**/mails.json*", lambda route: route.abort(), times=1)
    page.goto(f"{market.url}/pages/wishlist")
    settled(page)
    expect(page.get_by_text("Emails I want").locator("visible=true")).to_have_count(1)


def test_the_choice_comes_when_the_app_is_back(market: Market, open_browser: Callable[..., Page]) -> None:
    offer(market, cart=True)
    page = open_browser()
    sign_in(page, market)
    page.evaluate(
        "localStorage.setItem('sk:pulled', Date.now() + 600_000)"
    )  # the lists are fresh, however slow this is
    market.app.stop()
    with page.expect_response("**/mails.json"):
        page.goto(f"{market.url}/pages/wishlist")
    words = page.get_by_text("Emails I want").locator("visible=true")
    expect(words).to_have_count(0)
    market.app.start()
    page.evaluate("window.stallkeeper.sync({ now: true })")
    expect(words).to_have_count(1)

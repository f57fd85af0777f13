"""Pictures that a vendor adds go on when they can: app/static/picture-uploads.js on a page of nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.e2e.slowness import wait_on

SCRIPT = (Path(__file__).parents[2] / "app/static/picture-uploads.js").read_text()
# A name under localhost is trusted as https is: without trust browsers have no locks.
ADDRESS = "http://portal.localhost/products/7"
BASE = f"{ADDRESS}/pictures"
SHOP = "http://shop.localhost/upload"
PAGE = """<!doctype html><title>Product</title><div id="picture-list"></div>
<div data-uploads data-again="Try again" data-drop-it="Throw it away"></div>
<label data-drop="/products/7/pictures">Add pictures <input type="file" multiple></label>
<script>window.spoken = (words) => words; window.htmx = { process() {} };</script>
<script src="/picture-uploads.js"></script>"""


class Shop:
    """The shop's store and our server, as far as the script speaks with them."""

    def __init__(self) -> None:
        self.sent, self.named, self.kept = 0, list[str](), list[str]()
        self.looks = 0
        self.upload: Callable[[Route], None] = self.take
        self.answer: Callable[[Route], None] = self.keep
        self.held = list[Route]()

    def open(self, page: Page) -> Page:
        page.route(ADDRESS, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        script = {"body": SCRIPT, "content_type": "text/javascript"}
        page.route("**/picture-uploads.js", lambda route: route.fulfill(**script))
        page.route(f"{BASE}/target", self._name_target)
        page.route(SHOP, self._upload)
        page.route(BASE, self._answer)
        page.goto(ADDRESS)
        return page

    def _name_target(self, route: Route) -> None:
        told = {"url": SHOP, "method": "POST", "fields": {"key": "mug"}, "ticket": f"ticket-{len(self.named)}"}
        self.named.append(json.loads(route.request.post_data or "")["name"])
        route.fulfill(body=json.dumps(told), content_type="application/json")

    def _upload(self, route: Route) -> None:
        self.upload(route)

    def _answer(self, route: Route) -> None:
        if route.request.method == "GET":
            self.looks += 1
            self._show(route)
        else:
            self.answer(route)

    def take(self, route: Route) -> None:
        self.sent += 1
        route.fulfill(status=204, headers={"Access-Control-Allow-Origin": "*"})

    def keep(self, route: Route) -> None:
        """Safe to repeat with one ticket, as ours is."""
        ticket = (route.request.post_data or "").removeprefix("ticket=")
        self.kept += [ticket] * (ticket not in self.kept)
        self._show(route)

    def _show(self, route: Route) -> None:
        rows = "".join(f"<p>{each}</p>" for each in self.kept)
        route.fulfill(body=f'<div id="picture-list">{rows}</div>', content_type="text/html")

    def hold(self, route: Route) -> None:
        self.held.append(route)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def add(page: Page, count: int = 1) -> None:
    mugs = [
        FilePayload(name=f"mug-{number}.jpg", mimeType="image/jpeg", buffer=b"\xff\xd8 a mug")
        for number in range(count)
    ]
    page.locator("input").set_input_files(mugs)


def arrived(page: Page, count: int = 1) -> None:
    expect(page.locator("#picture-list p")).to_have_count(count)
    expect(page.locator(".upload")).to_have_count(0)


def test_a_picture_whose_sending_broke_is_sent_at_the_next_visit_once(
    open_browser: Callable[..., Page], shop: Shop
) -> None:
    page = shop.open(open_browser())
    shop.upload = lambda route: route.abort()
    add(page)
    expect(page.locator(".upload")).to_contain_text("This browser keeps the picture")
    shop.upload = shop.take
    page.reload()
    arrived(page)
    page.reload()
    expect(page.locator("input")).to_be_visible()
    assert shop.sent == len(shop.kept) == 1


def test_a_picture_waits_for_the_connection_and_then_goes_on_by_itself(
    open_browser: Callable[..., Page], shop: Shop
) -> None:
    page = shop.open(open_browser())
    shop.upload = lambda route: route.abort()
    add(page)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    shop.upload = shop.take
    page.evaluate("dispatchEvent(new Event('online'))")
    arrived(page)
    assert shop.sent == 1


def test_what_the_shop_has_is_not_sent_again_when_the_page_was_closed_before_we_knew(
    open_browser: Callable[..., Page], shop: Shop
) -> None:
    page = shop.open(open_browser())
    shop.answer = shop.hold
    add(page)
    wait_on(page, lambda: shop.held)
    page.close()
    shop.answer = shop.keep
    arrived(shop.open(page.context.new_page()))
    assert (shop.sent, shop.kept) == (1, ["ticket-0"])


def test_a_second_page_of_the_product_leaves_a_picture_to_the_one_that_sends_it(
    open_browser: Callable[..., Page], shop: Shop
) -> None:
    page = shop.open(open_browser())
    shop.upload = shop.hold
    add(page)
    wait_on(page, lambda: shop.held)
    other = shop.open(page.context.new_page())
    waits(other)
    expect(other.locator(".upload")).to_have_count(0)
    shop.take(shop.held[0])
    arrived(page)
    arrived(other)
    assert (shop.sent, len(shop.held), len(shop.kept)) == (1, 1, 1)


def waits(page: Page) -> None:
    """Until the page has found another at a picture of its own."""
    page.wait_for_function("() => navigator.locks.query().then(({ pending }) => pending.length)")


def test_a_second_page_goes_on_with_a_picture_whose_page_was_closed(
    open_browser: Callable[..., Page], shop: Shop
) -> None:
    page = shop.open(open_browser())
    shop.upload = shop.hold
    add(page)
    wait_on(page, lambda: shop.held)
    other = shop.open(page.context.new_page())
    waits(other)
    shop.upload = shop.take
    page.close()
    arrived(other)
    assert shop.sent == len(shop.kept) == 1


def test_a_second_page_sends_nothing_again_that_the_shop_has_when_the_first_was_closed(
    open_browser: Callable[..., Page], shop: Shop
) -> None:
    page = shop.open(open_browser())
    shop.upload = shop.answer = shop.hold
    add(page)
    wait_on(page, lambda: shop.held)
    other = shop.open(page.context.new_page())
    waits(other)
    shop.take(shop.held.pop())
    wait_on(page, lambda: shop.held)
    shop.kept.append("ticket-0")  # ours has it, and cannot say so any more
    shop.upload, shop.answer = shop.take, shop.keep
    page.close()
    arrived(other)
    assert (shop.sent, shop.kept) == (1, ["ticket-0"])


def test_a_picture_that_was_refused_or_thrown_away_is_not_kept(open_browser: Callable[..., Page], shop: Shop) -> None:
    page = shop.open(open_browser())
    shop.upload = lambda route: route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"})
    add(page)
    expect(page.locator(".upload")).to_contain_text("not accepted")
    shop.upload = lambda route: route.abort()
    add(page)
    page.get_by_role("button", name="Throw it away").click()
    # The refused one's row is left. A row that is gone says that this browser keeps nothing any more.
    expect(page.locator(".upload")).to_have_count(1)
    shop.upload = shop.take
    page.reload()
    add(page)
    arrived(page)
    assert shop.sent == 1


def test_what_a_second_page_has_sent_meanwhile_is_not_sent_again(open_browser: Callable[..., Page], shop: Shop) -> None:
    page = shop.open(open_browser())
    shop.upload = shop.hold
    add(page, 2)
    wait_on(page, lambda: shop.held)
    shop.upload = shop.take
    other = shop.open(page.context.new_page())
    arrived(other)
    shop.take(shop.held[0])
    wait_on(page, lambda: shop.looks)
    arrived(page, 2)
    assert shop.sent == len(shop.kept) == 2


def test_trying_again_what_a_second_page_has_sent_shows_it(open_browser: Callable[..., Page], shop: Shop) -> None:
    page = shop.open(open_browser())
    shop.upload = lambda route: route.abort()
    add(page)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    shop.upload = shop.take
    arrived(shop.open(page.context.new_page()))
    page.get_by_role("button", name="Try again").click()
    arrived(page)
    assert shop.sent == len(shop.kept) == 1


def test_pictures_go_on_in_the_order_in_which_they_were_chosen(open_browser: Callable[..., Page], shop: Shop) -> None:
    page = shop.open(open_browser())
    shop.upload = lambda route: route.abort()
    add(page, 4)
    expect(page.get_by_role("button", name="Try again")).to_have_count(4)
    shop.upload = shop.take
    page.reload()
    arrived(page, 4)
    assert shop.named[4:] == shop.named[:4] == [f"mug-{number}.jpg" for number in range(4)]


def test_pictures_that_wait_are_seen_and_go_on_one_by_one_when_the_connection_is_back(
    open_browser: Callable[..., Page], shop: Shop
) -> None:
    page = shop.open(open_browser())
    shop.upload = lambda route: route.abort()
    add(page, 3)
    expect(page.get_by_role("button", name="Try again")).to_have_count(3)
    shop.upload = shop.hold
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_on(page, lambda: shop.held)
    expect(page.locator(".upload progress")).to_have_count(3)
    page.wait_for_timeout(300)
    assert len(shop.held) == 1, "the others wait for it"
    shop.upload = shop.take
    shop.take(shop.held[0])
    arrived(page, 3)
    assert shop.named[3:] == [f"mug-{number}.jpg" for number in range(3)]


def test_a_picture_whose_ticket_is_too_old_is_sent_anew(open_browser: Callable[..., Page], shop: Shop) -> None:
    page = shop.open(open_browser())
    shop.answer = lambda route: route.abort()
    add(page)
    expect(page.locator(".upload")).to_contain_text("This browser keeps the picture")
    told = {"errors": {"pictures": "This upload took too long. Add the picture again."}}
    shop.answer = lambda route: (
        shop.keep(route)
        if "ticket-1" in (route.request.post_data or "")
        else route.fulfill(status=422, body=json.dumps(told), content_type="application/json")
    )
    page.reload()
    arrived(page)
    assert (shop.sent, shop.kept) == (2, ["ticket-1"])

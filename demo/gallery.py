"""Every page of both workplaces and the storefront, at a desk and on a phone, to be looked at one by one."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Frame, Page, ViewportSize

from demo import people
from demo.bustle import PACKER
from demo.crowd import BEGINNER, SELLER
from demo.pages import shape_of, walk
from demo.place import ROOT
from demo.readers import PASSWORD

FOLDER = ROOT / "var" / "screenshots" / "pages"
WIDTHS: dict[str, ViewportSize] = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}

_SETTLE_MS = 250
_TALLEST = 6000


def take_all(browser: Browser, told: dict[str, Any], only: str = "") -> None:
    """Walk through every door of the running demo; `only` names one of them."""
    town = people.Town.of(told)
    for door in _list_doors(town):
        if only not in door.name:
            continue
        cookies = _sign_in(town, door.email, door.shop) if door.email else []
        paths: list[str] = []
        for width, viewport in WIDTHS.items():
            context = browser.new_context(viewport=viewport, reduced_motion="reduce")
            context.add_cookies(cookies)  # type: ignore[arg-type]
            paths = list(_take_door(context, door, width, paths or door.first))
            context.close()
            sys.stdout.write(f"{door.name}: {len(paths)} pages, {width}\n")


@dataclass(frozen=True)
class Door:
    """One person's way in: `first` are the pages to begin with, `inside` the pattern of those that belong to it."""

    name: str
    base: str
    first: list[str]
    inside: str
    shop: str
    email: str = ""
    customer: str = ""
    """Who is signed in at the storefront."""


def _list_doors(town: people.Town) -> Iterator[Door]:
    """The full shop, the empty one, a vendor who sells and one who has just begun."""
    for shop in ("acme", "zenith"):
        yield Door(f"merchant-{shop}", f"{town.store}/store/{shop}/apps/stallkeeper", ["/app"], r"/app(/|$)", shop)
        yield Door(f"shop-{shop}", town.storefronts[shop], ["/", "/cart", "/account/login"], "/", shop)
    kept = ["/account", "/pages/wishlist", "/pages/vendors/adas-ceramics"]
    yield Door("customer-acme", town.storefronts["acme"], kept, "/", "acme", customer="cleo@example.com")
    for email, shop in ((SELLER, "acme"), (PACKER, "acme"), (BEGINNER, "zenith")):
        name = f"portal-{email.partition('@')[0]}"
        yield Door(name, town.app, ["/portal"], r"/portal(/|$)", shop, email)


def _sign_in(town: people.Town, email: str, shop: str) -> list[dict[str, str]]:
    vendor = people.signed_in(town, email, shop)
    return [{"name": each.name, "value": each.value or "", "url": town.app} for each in vendor.client.cookies.jar]


def _take_door(context: BrowserContext, door: Door, width: str, first: list[str]) -> Iterator[str]:
    page = context.new_page()
    if door.customer:
        log_in(page, door)

    def open_page(path: str) -> Page | Frame:
        page.goto(door.base + path)
        if not page.locator("#app-frame").count():
            return page
        page.frame_locator("#app-frame").locator("s-page").wait_for(timeout=20_000)
        page.frames[1].wait_for_load_state()
        return page.frames[1]

    for path, opened in walk(open_page, first, door.inside):
        slug = shape_of(path).strip("/").replace("/", "_") or "home"
        _save(page, opened, FOLDER / f"{door.name}-{slug}-{width}.png")
        yield path


def log_in(page: Page, door: Door) -> None:
    """As a customer with an account, who then keeps something."""
    page.goto(f"{door.base}/account/login")
    page.get_by_label("Email").fill(door.customer)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account")


def _save(page: Page, opened: Page | Frame, path: Path) -> None:
    """The whole page, and an app in its frame down to its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or WIDTHS["desk"]
    page.wait_for_timeout(_SETTLE_MS)
    more = opened.evaluate("document.documentElement.scrollHeight - innerHeight")
    height = min(size["height"] + max(0, int(more)), _TALLEST)
    page.set_viewport_size({"width": size["width"], "height": height})
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=path, animations="disabled")
    page.set_viewport_size(size)

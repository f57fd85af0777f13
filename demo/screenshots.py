"""`make screenshots`: the README's pictures, and every page of the demo at two widths to be looked at.

The README's pictures are taken before the shop is filled up for the others.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from demo import bustle, crowd, gallery, people
from demo.place import ROOT, read_running

FOLDER = ROOT / "docs" / "pictures"
_DESKTOP: ViewportSize = {"width": 1280, "height": 800}
_PHONE: ViewportSize = {"width": 390, "height": 844}
_SCALE = 1.25
_SETTLE_MS = 1500
"""Pages with live updates never fall silent, so stillness cannot be waited for."""
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main(only: str = "") -> int:
    """Take every picture; `only` those of the doors whose name it is in. 1 when no demo is running."""
    told = read_running()
    if told is None:
        sys.stderr.write("Start the demo first: make demo\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_find_chromium(), args=_ARGUMENTS)
        if not only:
            _take_readmes(browser, told)
        town = people.Town.of(told)
        if crowd.gather(town, _say):
            bustle.stir(town, _say)
        gallery.take_all(browser, told, only)
        browser.close()
    return 0


def _take_readmes(browser: Browser, told: dict[str, Any]) -> None:
    urls = told["urls"]
    admin, shop = urls["merchant_admin"], urls["storefront"]
    for name, url in (
        ("merchant-home", admin),
        ("merchant-order", admin + _find_order(people.Town.of(told))),
        ("merchant-payouts", f"{admin}/app/payouts"),
        ("storefront", shop),
        ("vendor-page", f"{shop}/pages/vendors/adas-ceramics"),
    ):
        _take(browser, FOLDER / f"{name}.png", url)
    _take_portal(browser, told)


def _find_order(town: people.Town) -> str:
    """The page of an order that is split among many: no other row of the list says as much."""
    rows = people.Merchant(town).open("/app/orders?sort=oldest").soup.find_all("s-table-row")
    links = (row.find("s-link") for row in sorted(rows, key=lambda row: len(row.get_text()), reverse=True))
    return str(next(link["href"] for link in links if link))


def _take(browser: Browser, path: Path, url: str, viewport: ViewportSize = _DESKTOP) -> None:
    context = browser.new_context(viewport=viewport, device_scale_factor=_SCALE)
    page = context.new_page()
    page.goto(url)
    _save(page, path)
    context.close()


def _take_portal(browser: Browser, told: dict[str, Any]) -> None:
    """The portal needs a session: a link is asked for and taken from the inbox, as a vendor would."""
    town = people.Town.of(told)
    vendor = people.signed_in(town, "ada@example.com")
    cookies = [
        {"name": cookie.name, "value": cookie.value or "", "url": town.app} for cookie in vendor.client.cookies.jar
    ]
    for name, viewport, path in (
        ("portal-home", _DESKTOP, "/portal"),
        ("portal-home-phone", _PHONE, "/portal"),
        ("portal-money-phone", _PHONE, "/portal/money"),
        ("portal-orders-phone", _PHONE, "/portal/orders"),
    ):
        context = browser.new_context(viewport=viewport, device_scale_factor=_SCALE)
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(town.app + path)
        _save(page, FOLDER / f"{name}.png")
        context.close()


def _save(page: Page, path: Path) -> None:
    page.wait_for_load_state("load")
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=path)
    _shrink(path)
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")


def _shrink(path: Path) -> None:
    """256 colours are enough for pages, and a third of the size."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


def _find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise SystemExit("No Chromium: sudo apt install chromium")

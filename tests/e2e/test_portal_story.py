"""A vendor moves in: applies in the shop, is approved, signs in, shows a face, and comes back from the shop."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from demo.place import Place
from tests.e2e.looks import PHONE, take_screenshot
from tests.e2e.story import comes

EMAIL = "dee@example.com"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    drawn = Image.new("RGB", (1500, 1200), "#c86b4a")
    ImageDraw.Draw(drawn).ellipse((300, 300, 1200, 1100), fill="#f3e9d8")
    drawn.save(tmp_path / "drum.png")
    return tmp_path / "drum.png"


def test_a_vendor_moves_in(marketplace: Place, zenith: Page, open_browser: Callable[..., Page], picture: Path) -> None:
    vendor = open_browser(PHONE)
    _become_customer(vendor, marketplace)
    _apply(vendor, marketplace)
    _approve(zenith, marketplace)
    _sign_in_by_mail(vendor, marketplace)
    expect(vendor.get_by_role("heading", name="Dee's Drums")).to_be_visible()
    take_screenshot(vendor, "portal-home-new")
    _show_a_face(vendor, marketplace, picture)
    _come_back_from_the_shop(vendor, marketplace)
    _work_inside_the_shops_page(vendor, marketplace)


def _become_customer(page: Page, place: Place) -> None:
    page.goto(f"{place.url('zenith')}/account/register")
    for name, value in (("first_name", "Dee"), ("last_name", "Drummer"), ("email", EMAIL), ("password", "secret12345")):
        page.locator(f'[name="customer[{name}]"]').fill(value)
    page.locator("main button").first.click()
    page.wait_for_url(re.compile("/account$"))


def _apply(page: Page, place: Place) -> None:
    page.goto(f"{place.url('zenith')}/pages/sell")
    page.get_by_label("Shop name").fill("Dee's Drums")
    page.get_by_label("Your name").fill("Dee")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("What would you like to sell?").fill("Drums of oak and goatskin.")
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_text("Your application is on its way")).to_be_visible()


def _approve(page: Page, place: Place) -> None:
    page.goto(f"{place.url('devstore')}/store/zenith/apps/stallkeeper/app/vendors")
    frame = page.frame_locator("#app-frame")
    frame.get_by_role("link", name="Dee's Drums").click()
    frame.get_by_role("button", name="Approve Dee's Drums").click()
    expect(frame.get_by_role("button", name="Approve Dee's Drums")).to_have_count(0)
    expect(frame.get_by_text("Approved").first).to_be_visible()


def _sign_in_by_mail(page: Page, place: Place) -> None:
    """Asked for on the phone, opened on the phone; the approval's own link would do as well."""
    page.goto(f"{place.url('app')}/portal?shop=zenith.myshopify.com")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="E-mail me a link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.goto(f"{place.url('devstore')}/inbox?to={EMAIL}")
    mail = page.get_by_text("Your sign-in link for").first
    comes("the sign-in link", page.reload, mail)
    mail.click()
    link = page.frame_locator("iframe").get_by_role("link", name="Sign in").get_attribute("href")
    assert link
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{place.url('app')}/portal")


def _show_a_face(page: Page, place: Place, picture: Path) -> None:
    page.goto(f"{place.url('app')}/portal/profile")
    page.get_by_label("Picture or logo").set_input_files(picture)
    page.get_by_role("button", name="Use this picture").first.click()
    expect(page.get_by_text("Your picture is here.")).to_be_visible()
    page.get_by_label("In one sentence").fill("Oak and goatskin, built to be heard")
    page.get_by_label("About you").fill("I build drums.\n\nIn Portland.")
    expect(page.get_by_text("Changed: In one sentence, About you")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your page in the shop follows within a minute.")).to_be_visible()
    take_screenshot(page, "portal-profile")

    def open_directory() -> None:
        page.goto(f"{place.url('zenith')}/pages/vendors")

    comes("what she wrote", open_directory, page.get_by_text("built to be heard"))
    comes("her picture", open_directory, page.locator("main img[src*='vendor-']"))


def _come_back_from_the_shop(page: Page, place: Place) -> None:
    page.goto(f"{place.url('app')}/portal/more")
    page.get_by_role("link", name="Connect my customer account").click()
    page.get_by_role("button", name="Connect it").click()
    expect(page.get_by_text("you get here with one click")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{place.url('zenith')}/pages/vendor-portal")
    page.get_by_role("link", name="Open the vendor pages").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{place.url('app')}/portal")
    expect(page.get_by_role("heading", name="Dee's Drums")).to_be_visible()


def _work_inside_the_shops_page(page: Page, place: Place) -> None:
    """The vendor pages in the storefront's frame, where the browser takes no cookie of a third party."""
    page.goto(f"{place.url('zenith')}/pages/vendor-portal")
    inside = page.frame_locator(".sk-portal-frame iframe")
    inside.get_by_role("button", name="Continue").click()
    expect(inside.get_by_role("heading", name="Dee's Drums")).to_be_visible()
    probe = (
        "() => { document.cookie = 'third=1; SameSite=None; Secure'; "
        "document.cookie = 'apart=1; SameSite=None; Secure; Partitioned'; return document.cookie }"
    )
    assert inside.locator("body").evaluate(probe) == "apart=1", "a third party's cookies are off in this browser"
    inside.get_by_role("link", name="Orders").first.click()
    expect(inside.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    page.reload()  # whoever is there already is asked nothing
    expect(inside.get_by_role("heading", name="Dee's Drums")).to_be_visible()
    take_screenshot(page, "portal-inside-the-shop")

"""Somebody whose session ends while they type: nothing of it is lost."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import update

from app import clock, db
from app.models.vendors import PortalSession, Vendor
from tests.e2e.test_portal_accessibility import _sign_in, address

__all__ = ["address"]


def test_what_a_vendor_typed_stays_until_they_are_signed_in_again(
    address: str, ada: Vendor, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    _sign_in(page, address, ada)
    page.clock.install()
    page.goto(f"{address}/portal/profile")
    about = page.get_by_label("About you")
    about.fill("Thrown and glazed by hand.")
    with db.scoped(ada.shop_id) as session:
        session.execute(update(PortalSession).values(revoked_at=clock.now()))
    page.clock.fast_forward(61_000)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You are signed out")).to_be_visible()
    expect(about).to_have_value("Thrown and glazed by hand.")

    window = page.context.new_page()
    _sign_in(window, address, ada)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Your page in the shop follows")).to_be_visible()
    expect(about).to_have_value("Thrown and glazed by hand.")

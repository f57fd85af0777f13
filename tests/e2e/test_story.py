"""The main job by clicking, as merchant, vendor and customer. Every screen is kept under var/screenshots."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.story import Screens

pytestmark = pytest.mark.slow


def test_the_main_job_by_clicking(told: Screens) -> None:
    """Each step of the story looks for what must be on its screen; here is where it ends."""
    expect(told.open_app("/app/reconciliation").get_by_text("Everything agrees").first).to_be_visible()
    expect(told.open_portal("/money").get_by_text("$25.20").first).to_be_visible()


def test_nothing_went_wrong_in_anybodys_browser(told: Screens) -> None:
    """But for what was refused on purpose: two mistyped forms, and a page that outlived its session."""
    heard = [words for person in told.heard for words in person if not re.search("status of (422|401)", words)]
    assert heard == []

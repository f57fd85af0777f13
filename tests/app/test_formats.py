"""How values are written for the reader."""

from datetime import UTC, datetime

import pytest
from flask import Flask, g

from app import formats
from app.models.shops import Shop


@pytest.mark.parametrize(
    ("locale", "zone"),
    [
        ("en-US", "PDT"),
        ("de-DE", "GMT\N{NON-BREAKING HYPHEN}07:00"),
        ("ja-JP", "GMT\N{NON-BREAKING HYPHEN}07:00"),
    ],
)
def test_a_time_names_its_zone_in_every_language_and_in_one_piece(acme: Shop, locale: str, zone: str) -> None:
    acme.timezone = "America/Los_Angeles"
    with Flask(__name__).test_request_context():
        g.shop, g.locale = acme, locale
        assert formats.write_datetime(datetime(2026, 10, 25, 12, 36, tzinfo=UTC)).endswith(f"05:36 {zone}</time>")


def test_what_is_shown_of_an_account_stays_in_one_line() -> None:
    assert formats.write_account("a…@example.com", "paypal") == "a…\N{WORD JOINER}@example.com"
    assert formats.write_account("3000", "bank") == "•••• 3000"
    assert formats.write_account("4242", "stripe") == "•••• 4242"

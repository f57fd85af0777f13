"""What people write into the address bar: the ends of the calendar, numbers without end, bytes that are no text.

Which names an address knows is read off its module, so a new filter is tried the moment it is written.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.architecture.test_wrong_door import Cast, addresses, app, browser, cast, rules, sign_in
from tests.shopify.fake import FakeShopify, data
from tests.shopify.signing import sign_id_token

__all__ = ["app", "browser", "cast"]

HOSTILE = (
    "9999-12-31",
    "0001-01-01",
    "9999-12",
    "0001-01-01T00:00:00+00:00_1",
    "9" * 30,
    "-1",
    "\u00b2",
    "a\0b",
    b"\xff\xfe",
)
_READ = re.compile(r'args(?:\.get|\.getlist)?[(\[]\s*"(\w+)"')


def asked(app: Flask, rule: Rule) -> set[str]:
    """The names that the module behind a page reads off the address."""
    view = inspect.unwrap(app.view_functions[rule.endpoint])
    return set(_READ.findall(inspect.getsource(sys.modules[view.__module__])))


def by_hand(app: Flask, door: str, cast: Cast) -> Iterator[str]:
    """Every list of a door with every name that it knows, each with everything that nobody should write there."""
    for rule in rules(app, door):
        if "GET" in (rule.methods or set()) and not rule.arguments:
            for path in addresses(rule, cast):
                for name in sorted(asked(app, rule)):
                    yield from (f"{path}?{urlencode({name: value})}" for value in HOSTILE)


@pytest.mark.parametrize("door", ["merchant", "portal"])
def test_no_address_makes_a_page_fail(
    app: Flask, browser: FlaskClient, cast: Cast, shopify: FakeShopify, door: str
) -> None:
    shopify.answer("taxonomy", data(taxonomy={"categories": {"nodes": []}}))
    headers = {"Sec-Fetch-Site": "same-origin"}
    if door == "portal":
        sign_in(browser, cast.ada)
    else:
        headers["Authorization"] = f"Bearer {sign_id_token()}"
    answers = {url: browser.get(url, headers=headers).status_code for url in by_hand(app, door, cast)}
    assert len(answers) > 100
    assert {url: status for url, status in answers.items() if status >= 500} == {}
    assert 200 in answers.values()

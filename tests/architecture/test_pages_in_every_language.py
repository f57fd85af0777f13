"""Every page of the portal, opened in each language: it works, and no English is left on it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import db
from app.models.vendors import VendorUser
from scripts import strings
from tests.architecture.test_wrong_door import Cast, addresses, app, browser, cast, rules, sign_in

__all__ = ["app", "browser", "cast"]


@pytest.mark.parametrize("language", strings.TRANSLATED)
def test_every_page_speaks_the_vendors_language(
    app: Flask,
    browser: FlaskClient,
    cast: Cast,
    language: str,
) -> None:
    with db.system() as session:
        session.execute(update(VendorUser).values(language=language))
    sign_in(browser, cast.ada)
    english = {str(message.id) for message in strings.read(language) if message.id and message.id != message.string}
    left, seen = [], 0
    for rule in rules(app, "portal"):
        if "GET" not in (rule.methods or set()):
            continue
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        answer = browser.get(addresses(rule, cast)[0], headers=headers, buffered=True)  # files are read to their end
        assert answer.status_code < 500, rule
        if answer.mimetype != "text/html" or answer.status_code >= 300:
            continue
        seen += 1
        if answer.text.startswith("<!doctype"):
            assert f'<html lang="{language}"' in answer.text, rule
        spoken = re.sub(r'<dl[^>]*translate="no".*?</dl>', "", answer.text, flags=re.DOTALL)
        words = {word.strip() for word in re.split(r"<[^>]*>", spoken)}
        left += [(rule.rule, word) for word in words & english]
    assert seen > 20
    assert left == []

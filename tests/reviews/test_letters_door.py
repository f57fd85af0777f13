"""The door of links in e-mails: without a ticket of its own, every address behind it is shut."""

import pytest
from flask.testing import FlaskClient

from app import crypto, db, web
from app.auth import letters
from app.config import get_config
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from tests.apps import get_app
from tests.reviews.conftest import Street, browser, goods, office, post, store, street

__all__ = ["browser", "goods", "office", "post", "store", "street"]


def shut(browser: FlaskClient, ticket: str) -> set[int]:
    rules = [
        rule for rule in get_app().url_map.iter_rules() if web.door_of(rule.endpoint.partition(".")[0]) == "letter"
    ]
    assert len(rules) >= 4
    return {
        browser.open(rule.rule.replace("<ticket>", ticket), method=method).status_code
        for rule in rules
        for method in {"GET", "POST"} & (rule.methods or set())
    }


@pytest.mark.parametrize("kind", ["nothing", "portal", "text"])
def test_without_a_ticket_nothing_opens(browser: FlaskClient, ada: Vendor, kind: str) -> None:
    claims, keys = {"shop": ada.shop_id, "subject": 1}, get_config().secret_keys
    tickets = {"nothing": "x", "portal": crypto.sign_ticket(claims, keys, "portal", seconds=60), "text": "é" * 40}
    assert shut(browser, tickets[kind]) == {403}


def test_a_shop_that_left_opens_nothing(browser: FlaskClient, street: Street, ada: Vendor, acme: Shop) -> None:
    with db.system() as session:
        session.get_one(Shop, acme.id).status = ShopStatus.UNINSTALLED
    for purpose in ("review", "question"):
        ticket = letters.link(acme.id, purpose, 1, seconds=60).rpartition("/")[2]
        assert browser.get(f"/letters/{purpose}/{ticket}").status_code == 404

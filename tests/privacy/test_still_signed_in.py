"""A customer is forgotten whose browser is still signed in: no door of the storefront takes them back."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from app import db
from app.models.customer_questions import Question
from app.models.mailings import MailSubscriber
from app.models.shops import Shop
from app.models.storefront import CustomerItem
from app.models.vendors import Vendor
from tests.privacy.conftest import Office
from tests.shopify.signing import sign_proxy
from tests.storefront.conftest import CLEO, DAN, Storefront, item, storefront, wish

__all__ = ["storefront"]
LOAF = {"handle": "loaf"}
KEPT = (
    wish(1),
    item("follow", "adas-ceramics", {"name": "Ada"}),
    item("cart", "5:aaaaaaaa", {"variant": 5, "quantity": 1}),
    item("saved", "12345678", {"lines": [{"variant": 5, "quantity": 1}]}),
    item("viewed", "1", LOAF),
    item("search", "mug", {"words": "mug"}),
    item("preference", "units", {"is": "metric"}),
    item("review", "adas-ceramics", {"stars": 4}),
)


def redact(office: Office, customer: str = CLEO) -> None:
    person = {"id": int(customer), "email": "cleo@example.com", "phone": None}
    office.ask("customers/redact", customer=person, orders_to_redact=[])
    office.carry_out()


def count(office: Office, model: Any) -> int:
    with db.scoped(office.shop.id) as session:
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


@pytest.mark.parametrize("more", [{}, {"merged": True}])
def test_what_the_browser_sends_again_is_refused_and_not_stored(
    storefront: Storefront, office: Office, more: dict[str, bool]
) -> None:
    seen = storefront.send(*KEPT)["revision"]
    storefront.send(wish(2), customer=DAN)
    redact(office)
    assert count(office, CustomerItem) == 1, "Dan's"
    for items in ([], list(KEPT)):
        body = {"account": CLEO, "since": seen, "items": items, **more}
        answer = storefront.post(json.dumps(body).encode())
        assert (answer.status_code, answer.json["ok"]) == (410, False)
    assert [storefront.news(since=since).status_code for since in ("0", "9")] == [410, 410]
    assert storefront.send(wish(3), customer=DAN)["stored"] == 1
    assert count(office, CustomerItem) == 2, "Dan's"


def test_a_browser_that_never_synced_before_is_refused_too(storefront: Storefront, office: Office) -> None:
    redact(office)
    answer = storefront.post(json.dumps({"account": CLEO, "since": 0, "items": list(KEPT)}).encode())
    assert answer.status_code == 410
    assert count(office, CustomerItem) == 0


def test_the_same_number_in_another_shop_is_another_customer(
    storefront: Storefront, office: Office, zenith: Shop
) -> None:
    redact(office)
    assert storefront.send(wish(1), shop="zenith")["stored"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("mails", {"topics": ["vendors"], "email": "cleo@example.com", "locale": "en", "page": "/", "wording": "1"}),
        ("questions", {"key": "k" * 20, "vendor": "adas-ceramics", "words": "Is it?", "email": "cleo@example.com"}),
        ("reviews", {"vendor": "adas-ceramics", "stars": 5, "words": "Good"}),
        ("apply", {"name": "Cleo", "email": "cleo@example.com"}),
    ],
)
def test_no_other_door_keeps_anything(
    storefront: Storefront, office: Office, ada: Vendor, path: str, body: dict[str, Any]
) -> None:
    redact(office)
    sent = {who: storefront.client.post(f"/proxy/{path}?{sign_proxy(logged_in_customer_id=who)}", json=body)
            for who in (CLEO, DAN)}  # fmt: skip
    assert sent[CLEO].status_code == 410
    assert sent[DAN].status_code != 410
    with db.scoped(office.shop.id) as session:
        assert (
            session.scalars(select(MailSubscriber.customer_id).where(MailSubscriber.customer_id == int(CLEO))).all()
            == []
        )
    assert count(office, Question) == (path == "questions"), "Dan's"

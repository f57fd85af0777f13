"""The provider's news: only with its signature, forward only, and for the e-mail that they are about."""

import json
import time

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from app import db
from app.config import get_config
from app.emails import deliveries, service
from app.emails.service import queue_email
from app.models.emails import Email, EmailStatus
from app.models.shops import Shop
from devstore import resend_news

SECRET = get_config().resend_webhook_secret


@pytest.fixture
def email(shop: Shop) -> Email:
    with db.scoped(shop.id) as session:
        context = {"vendor_name": "Ada"}
        made = queue_email(session, shop.id, "vendor_welcome", "ada@example.com", context, dedupe_key="t")
    assert made is not None
    return get(shop, made)


def get(shop: Shop, email_id: int) -> Email:
    with db.scoped(shop.id) as session:
        return session.get_one(Email, email_id)


def tell(client: FlaskClient, email: Email, fate: str, *, provider_id: str = "re-1", **headers: str) -> TestResponse:
    """As Resend would: signed over the very bytes."""
    tags = [{"name": deliveries.TAG, "value": deliveries.tag_of(email.shop_id, email.id)}]
    mail = {"email_id": provider_id, "created_at": "2026-11-20T09:00:00Z", "from": "a@b.example", "subject": "S"}
    body = json.dumps(
        resend_news.news(mail | {"to": ["ada@example.com"], "sent": {"tags": tags}}, fate, "2026-11-20T09:00:05Z")
    ).encode()
    signed = resend_news.sign(SECRET, "msg_1", int(time.time()), body)
    return client.post("/hooks/resend", data=body, headers={**signed, **headers})


def test_a_bounce_is_written_down_with_what_the_server_said(merchant: FlaskClient, shop: Shop, email: Email) -> None:
    assert tell(merchant, email, "delivered").status_code == 200
    assert get(shop, email.id).status == EmailStatus.DELIVERED
    tell(merchant, email, "bounced")
    after = get(shop, email.id)
    assert (after.status, after.provider_id) == (EmailStatus.BOUNCED, "re-1")
    assert "550 5.1.1" in str(after.error)
    page = merchant.get("/app/emails?status=bounced").text
    assert after.subject in page
    assert "did not arrive" in merchant.get(f"/app/emails/{email.id}").text


def test_late_news_do_not_take_an_email_back(merchant: FlaskClient, shop: Shop, email: Email) -> None:
    for fate in ("complained", "delivered", "bounced"):
        assert tell(merchant, email, fate).status_code == 200
    assert get(shop, email.id).status == EmailStatus.COMPLAINED


def test_news_that_overtake_our_own_answer_are_kept(
    merchant: FlaskClient, shop: Shop, email: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hand_over(*_: object) -> str:
        tell(merchant, email, "bounced")
        return "re-1"

    monkeypatch.setattr(service, "_hand_over", hand_over)
    service.send(shop.id, email.id)
    after = get(shop, email.id)
    assert (after.status, after.provider_id) == (EmailStatus.BOUNCED, "re-1")
    assert after.sent_at is not None
    assert "550" in str(after.error)


def test_only_the_providers_signature_opens_the_door(merchant: FlaskClient, shop: Shop, email: Email) -> None:
    old = str(int(time.time()) - 400)
    times = ({"svix-timestamp": old}, {"svix-timestamp": ""}, {"svix-timestamp": "9" * 5_000})
    for wrong in ({"svix-signature": "v1,bm8="}, {"svix-signature": ""}, *times, {"svix-id": "other"}):
        assert tell(merchant, email, "bounced", **wrong).status_code == 401
    assert get(shop, email.id).status == EmailStatus.QUEUED
    assert merchant.post("/hooks/resend", data=b"{}").status_code == 401


def test_news_of_another_email_at_the_provider_change_nothing(merchant: FlaskClient, shop: Shop, email: Email) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(Email).where(Email.id == email.id).values(provider_id="re-0", status="sent"))
    assert tell(merchant, email, "bounced", provider_id="re-1").status_code == 200
    assert get(shop, email.id).status == EmailStatus.SENT


def test_without_a_secret_nothing_is_signed() -> None:
    now = int(time.time())
    headers = Headers(resend_news.sign("", "msg_1", now, b"{}"))
    assert deliveries.is_signed("", headers, b"{}", now=now) is False
    assert deliveries.is_signed("whsec_no base64", headers, b"{}", now=now) is False

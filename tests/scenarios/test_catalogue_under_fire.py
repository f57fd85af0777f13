"""What the catalogue promises when mail, Shopify, Redis and webhooks do not behave."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from app import db, queue
from app.models.emails import Email, EmailStatus
from app.models.events import AuditEntry
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from jobs import catalogue, emails
from tests.scenarios.market import LINK, Market
from tests.scenarios.test_product_listing import in_shopify, mug_form, send_mug, start_mug, the_product

ADA = {"name": "Ada's Ceramics", "email": "ada@example.com"}


@pytest.fixture
def hours_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("STALLKEEPER_CLOCK_DIR", str(tmp_path))

    def pass_by(hours: float) -> None:
        (tmp_path / "clock-offset").write_text(str(int(hours * 3600)))

    return pass_by


def trouble(market: Market, **fault: Any) -> None:
    httpx.post(f"{market.store_url}/_control/faults", json=fault).raise_for_status()


def count_audit(shop: Shop) -> int:
    with db.scoped(shop.id) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_mail_that_fails_is_sent_later_and_once(market: Market, hours_pass: Any) -> None:
    shop = market.install()
    trouble(market, target="resend", kind="error", times=2)
    market.apply(**ADA)
    market.settle()
    with db.scoped(shop.id) as session:
        waiting = session.scalars(select(Email).where(Email.status == EmailStatus.QUEUED)).all()
        assert [(mail.attempts, bool(mail.error)) for mail in waiting] == [(1, True), (1, True)]
    emails.sweep_emails()
    market.settle()
    hours_pass(1)
    emails.sweep_emails()
    market.settle()
    emails.sweep_emails()
    market.settle()
    subjects = [mail["subject"] for mail in market.mails()]
    assert sorted(subjects) == sorted(
        [
            "We have your application, Ada's Ceramics",
            "Your application to Acme is being reviewed",
            "Ada's Ceramics wants to sell in your shop",
        ]
    )


def test_a_sender_that_died_after_the_provider_took_the_mail_sends_no_second_one(market: Market) -> None:
    shop = market.install()
    market.apply(**ADA)
    market.settle()
    with db.scoped(shop.id) as session:
        session.execute(update(Email).values(status=EmailStatus.QUEUED, next_attempt_at=None))
        ids = session.scalars(select(Email.id)).all()
    for email_id in ids:
        emails.send_email(shop.id, email_id)
    assert len(market.mails()) == len(ids) == 3


def test_an_address_that_is_refused_for_good_is_shown_and_can_be_sent_again(market: Market) -> None:
    shop = market.install()
    market.apply(**ADA)
    market.settle()
    with db.scoped(shop.id) as session:
        broken = session.scalars(select(Email).order_by(Email.id)).first()
        assert broken is not None
        # The provider refuses such an address with 422 however often it is tried.
        broken.to_address, broken.status, broken.dedupe_key = "nobody@", EmailStatus.QUEUED, "broken"
        broken.provider_id = None
    with db.scoped(shop.id) as session:
        session.execute(update(Email).where(Email.id == broken.id).values(attempts=0))
    emails.send_email(shop.id, broken.id)
    page = market.merchant(f"/app/emails/{broken.id}").text
    assert "This e-mail was not sent" in page
    assert "The mail provider answered" in page
    assert market.merchant(f"/app/emails/{broken.id}/send", {}).status_code == 200
    with db.scoped(shop.id) as session:
        assert session.get_one(Email, broken.id).status == EmailStatus.QUEUED


def test_the_log_never_shows_a_way_in(market: Market) -> None:
    shop = market.install()
    trouble(market, target="resend", kind="error", times=None)
    market.apply(**ADA)
    market.settle()
    with db.scoped(shop.id) as session:
        vendor_id = session.scalars(select(Vendor.id)).one()
    market.merchant(f"/app/vendors/{vendor_id}/approve", {})
    market.settle()
    with db.scoped(shop.id) as session:
        waiting = session.scalars(select(Email).where(Email.kind == "vendor_approved")).one()
    assert LINK.search(waiting.text_body)
    assert not LINK.search(market.merchant(f"/app/emails/{waiting.id}").text.replace("/enter/hidden", ""))
    httpx.delete(f"{market.store_url}/_control/faults")
    with db.scoped(shop.id) as session:
        session.execute(update(Email).values(next_attempt_at=None))
    emails.send_email(shop.id, waiting.id)
    with db.scoped(shop.id) as session:
        sent = session.get_one(Email, waiting.id)
    assert sent.status == EmailStatus.SENT
    assert "/portal/enter/hidden" in sent.html
    assert LINK.search(market.mails("ada@example.com")[0]["text"])


def test_a_wiped_redis_loses_no_work(market: Market, hours_pass: Any) -> None:
    shop = market.install()
    portal = market.onboard()
    path = start_mug(portal)
    queue.get_redis().flushdb()
    hours_pass(0.1)
    catalogue.sweep_catalogue()
    market.settle()
    portal.post(path, data=mug_form())
    queue.get_redis().flushdb()
    hours_pass(0.2)
    catalogue.sweep_catalogue()
    market.settle()
    assert the_product(shop).status == ProductStatus.IN_REVIEW
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    queue.get_redis().flushdb()
    hours_pass(0.3)
    catalogue.sweep_catalogue()
    market.settle()
    assert the_product(shop).status == ProductStatus.PUBLISHED
    portal.post(f"{path}/withdraw")
    queue.get_redis().flushdb()
    hours_pass(0.4)
    catalogue.sweep_catalogue()
    market.settle()
    assert in_shopify(market)["status"] == "DRAFT"


@pytest.mark.parametrize("mode", ["duplicate", "reverse"])
def test_webhooks_that_come_again_change_nothing(market: Market, mode: str) -> None:
    shop = market.install()
    portal = market.onboard()
    send_mug(market, portal)
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    before, mails, seen = count_audit(shop), len(market.mails()), in_shopify(market)
    answer = httpx.post(f"{market.store_url}/_control/webhooks/redeliver", json={"mode": mode}, timeout=60)
    answer.raise_for_status()
    market.settle()
    assert (count_audit(shop), len(market.mails()), in_shopify(market)) == (before, mails, seen)
    assert the_product(shop).status == ProductStatus.PUBLISHED


def test_shopify_that_fails_for_a_while_delays_and_breaks_nothing(market: Market) -> None:
    shop = market.install()
    portal = market.onboard()
    path = start_mug(portal)
    market.settle()
    portal.post(path, data=mug_form())
    trouble(market, target="graphql", kind="error", times=1)
    trouble(market, target="graphql", kind="throttle", times=2)
    market.settle(60)
    assert the_product(shop).status == ProductStatus.IN_REVIEW
    with db.scoped(shop.id) as session:
        assert session.scalar(select(func.count()).select_from(Product)) == 1


def test_while_shopify_is_away_an_application_is_asked_to_come_again(market: Market) -> None:
    shop = market.install()
    trouble(market, target="graphql", kind="error", times=None)
    answer = market.apply(**ADA)
    assert answer.status_code == 503
    assert "send it again in a minute" in answer.json()["message"]
    with db.scoped(shop.id) as session:
        assert session.scalars(select(Vendor)).all() == []

"""Every body that Shopify publishes for a topic of ours, through the door as it is: signed, stored, worked off."""

import json
import tomllib
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select

from app import db
from app.ledger.rules import Account
from app.models.events import InboxEvent, InboxState
from app.models.orders import Order, OrderReturn
from app.models.shops import Shop
from jobs.events import drain
from tests.orders.test_service import books
from tests.webhooks.sending import not_ours, send
from webhooks.inbox import Inbox, Ring, connect
from webhooks.intake import WebhookIntake

BODIES: Final = {
    topic: body
    for file in sorted((Path(__file__).parent / "samples").glob("*.json"))
    for topics, body in json.loads(file.read_text()).items()
    for topic in topics.split()
}
NAMES_ITS_SHOP: Final = {"customers/data_request", "customers/redact", "shop/redact"}
NAMES_NO_SHOP: Final = {"app/uninstalled", "shop/update"}
PAID: Final = {"financial_status": "paid", "total_outstanding": "0.00", "cancelled_at": None, "test": False}
NOBODYS: Final = {
    Account.CUSTOMER_RECEIPTS, Account.CUSTOMER_CREDIT, Account.UNEXPLAINED, Account.DISPUTES, Account.CHARGEBACKS,
}  # fmt: skip


@pytest.fixture
def intake(database: str, unhurried_intake: None) -> WebhookIntake:
    return WebhookIntake(not_ours, Inbox(connect, Ring()))


def bring(intake: WebhookIntake, topic: str, **changed: object) -> InboxEvent:
    """What became of a topic's sample, once it was worked off."""
    body = json.dumps(BODIES[topic] | changed)
    if topic in NAMES_ITS_SHOP:
        body = body.replace("{shop}", "acme")
    number = len(rows()) + 1
    assert send(intake, body.encode(), X_SHOPIFY_TOPIC=topic, X_SHOPIFY_EVENT_ID=str(number)) == 200
    drain()
    return rows()[-1]


def rows() -> list[InboxEvent]:
    with db.system() as session:
        return list(session.scalars(select(InboxEvent).order_by(InboxEvent.id)))


def the_order(shop: Shop) -> Order:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Order)).one()


def test_every_topic_that_we_hear_has_its_sample() -> None:
    asked = tomllib.loads(Path("shopify.app.toml").read_text())["webhooks"]["subscriptions"]
    heard = {topic for each in asked for topic in (*each.get("topics", ()), *each.get("compliance_topics", ()))}
    assert heard - BODIES.keys() == {"returns/process"}, "of which Shopify publishes none"


@pytest.mark.parametrize("topic", sorted(BODIES.keys() - NAMES_NO_SHOP))
def test_a_sample_is_worked_off_alone_and_again(intake: WebhookIntake, acme: Shop, topic: str) -> None:
    done = [bring(intake, topic), bring(intake, topic)]
    assert [(row.state, row.error) for row in done] == [(InboxState.DONE, None)] * 2


def test_all_samples_together_are_worked_off_and_their_order_is_flagged(intake: WebhookIntake, acme: Shop) -> None:
    """It was voided, refunded and disputed at once: nobody earns anything with it."""
    for topic in sorted(BODIES.keys() - NAMES_NO_SHOP - {"shop/redact"}):
        bring(intake, topic)
    assert {row.state for row in rows()} == {InboxState.DONE}
    found = books(acme)
    assert sum(found.values()) == 0
    assert found.keys() <= {(account, None) for account in NOBODYS}
    assert the_order(acme).flags


@pytest.mark.parametrize("topic", ["orders/create", "orders/updated", "orders/paid", "orders/cancelled"])
def test_the_voided_order_earns_nobody_anything(intake: WebhookIntake, acme: Shop, topic: str) -> None:
    bring(intake, topic)
    assert books(acme) == {}
    assert the_order(acme).total_minor == 40495


@pytest.mark.parametrize("topic", sorted(NAMES_NO_SHOP))
def test_a_sample_that_names_no_shop_is_put_aside_with_its_reason(
    intake: WebhookIntake, acme: Shop, topic: str
) -> None:
    """The header is not signed: only the body can say whose app was uninstalled, or which shop has a new name."""
    put_aside = bring(intake, topic)
    assert put_aside.state is InboxState.DEAD
    assert "myshopify_domain" in (put_aside.error or "")


def test_news_of_a_shop_that_leave_out_what_it_has_are_worked_off(intake: WebhookIntake, acme: Shop) -> None:
    assert bring(intake, "shop/update", myshopify_domain=acme.domain).state is InboxState.DONE
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
    assert (shop.name, shop.timezone, shop.primary_host) == ("Super Toys", acme.timezone, acme.primary_host)


def test_an_update_of_a_return_names_it_by_its_gid_alone(intake: WebhookIntake, acme: Shop) -> None:
    bring(intake, "returns/update")
    with db.scoped(acme.id) as session:
        assert session.scalars(select(OrderReturn.shopify_id)).all() == [123134564567890]


def test_the_order_said_to_be_paid_misses_twenty_dollars(intake: WebhookIntake, acme: Shop) -> None:
    """404.95 to pay for goods of 414.95 and shipping of 10.00, and a discount of 20.00 that no line has."""
    bring(intake, "orders/paid", **PAID)
    found = books(acme)
    assert sum(found.values()) == 0
    assert -found[Account.CUSTOMER_RECEIPTS, None] == 40495
    assert found[Account.UNEXPLAINED, None] == -2000
    assert any("20.00 USD less" in flag for flag in the_order(acme).flags)


@pytest.mark.parametrize("first", ["orders/paid", "refunds/create"])
def test_a_refund_takes_back_what_was_returned_not_what_its_lines_claim(
    intake: WebhookIntake, acme: Shop, first: str
) -> None:
    """85.00 went back for lines of 414.95."""
    if first == "refunds/create":
        bring(intake, first)
    bring(intake, "orders/paid", **PAID)
    bring(intake, "refunds/create")
    found = books(acme)
    assert sum(found.values()) == 0
    assert -found[Account.CUSTOMER_RECEIPTS, None] == 40495 - 8500
    assert any("names goods of another worth" in flag for flag in the_order(acme).flags)

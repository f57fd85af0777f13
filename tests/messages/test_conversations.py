"""A vendor and a customer write to each other, and neither learns the other's address."""

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from resend.exceptions import ResendError
from sqlalchemy import func, select, update

from app import clock, db
from app.emails.service import hide_secrets
from app.messages import receiving, rules, service
from app.models.emails import Email
from app.models.messages import MailState, OrderMessage, OrderThread, ReceivedMail
from app.models.orders import VendorOrder
from app.models.privacy import PrivacyRequest
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.privacy.erasure import forget_customer
from app.privacy.export import make_export
from app.privacy.rules import Person
from devstore.resend_news import sign
from devstore.store import Doc, Store
from jobs import outbox
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post

SECRET = "whsec_dGhlIHNlY3JldCBvZiB3aGF0IGNvbWVzIGlu"
CLEO = "cleo@example.com"


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, post: Post) -> Doc:
    found = buy(store, (goods.mug, 1), (goods.loaf, 1))
    post.deliver()
    return found


@pytest.fixture
def token(order: Doc, acme: Shop, ada: Vendor) -> str:
    """Of the conversation that Ada began."""
    with db.scoped(acme.id, vendor_id=ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        service.write_to_customer(session, part, "Is blue all right?", actor="vendor_user:1")
        return session.scalars(select(OrderThread.token)).one()


def mails(kind: str) -> list[Email]:
    with db.system() as session:
        return list(session.scalars(select(Email).where(Email.kind == kind).order_by(Email.id)))


def said(shop: Shop) -> list[tuple[str, str, str]]:
    with db.scoped(shop.id) as session:
        found = session.scalars(select(OrderMessage).order_by(OrderMessage.id))
        return [(one.author.value, one.body, one.note) for one in found]


def ring(client: FlaskClient, to: str, provider_id: str = "e1", secret: str = SECRET) -> int:
    data = {"email_id": provider_id, "from": CLEO, "to": [to], "subject": "Re", "attachments": []}
    body = json.dumps({"type": "email.received", "created_at": "2026-11-20T10:00:00Z", "data": data}).encode()
    return client.post("/hooks/received", data=body, headers=sign(secret, "msg_1", int(time.time()), body)).status_code


def mails_come_in(monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]) -> None:
    """The provider at the network edge has this mail for us."""
    whole = {"text": None, "html": None, "headers": {}, "attachments": [], **content}
    monkeypatch.setattr("resend.Emails.Receiving.get", lambda _: whole)


def fetch_all(shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        numbers = session.scalars(select(ReceivedMail.id)).all()
    for number in numbers:
        receiving.fetch(shop.id, number)


def test_the_customer_gets_the_message_from_an_address_that_is_nobodys(
    order: Doc, acme: Shop, adas_browser: FlaskClient
) -> None:
    answer = adas_browser.post("/portal/orders/1/messages", data={"body": "Is blue all right?"})
    assert answer.status_code == 303
    outbox.deliver(acme.id)
    (mail,) = mails("customer_message")
    assert mail.to_address == CLEO
    assert rules.find_token([mail.reply_to or ""], "reply.acme.example")
    assert "Is blue all right?" in mail.text_body
    assert "ada@example.com" not in mail.text_body + mail.html + (mail.reply_to or "")
    assert CLEO not in adas_browser.get("/portal/orders/1/messages").text


def test_without_a_domain_the_answer_leads_to_a_page(
    order: Doc, acme: Shop, ada: Vendor, token: str, monkeypatch: pytest.MonkeyPatch, browser: FlaskClient
) -> None:
    without = SimpleNamespace(mail_inbound_domain="", app_url="https://app.example")
    monkeypatch.setattr("app.messages.service.get_config", lambda: without)
    outbox.deliver(acme.id)
    (mail,) = mails("customer_message")
    assert mail.reply_to is None
    assert f"https://app.example/reply/{token}" in mail.text_body


def test_an_answer_by_email_comes_into_the_conversation_once(
    acme: Shop, token: str, browser: FlaskClient, adas_browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Yes!\n\nOn Tue, Acme wrote:\n> Is blue all right?"
    mails_come_in(monkeypatch, {"text": text, "attachments": [{"id": "1"}, {"id": "2"}]})
    address = rules.address_of(token, "reply.acme.example")
    assert [ring(browser, address) for _ in range(2)] == [200, 200]
    for _ in range(2):
        fetch_all(acme)
    assert said(acme)[1:] == [("customer", "Yes!", "Attachments were left out.")]
    outbox.deliver(acme.id)
    (mail,) = mails("vendor_message")
    assert mail.to_address == "ada@example.com"
    assert "Yes!" in mail.text_body
    assert CLEO not in mail.text_body + mail.html
    page = adas_browser.get("/portal/orders/1/messages").text
    assert "Yes!" in page
    assert CLEO not in page
    with db.scoped(acme.id) as session:
        assert session.scalars(select(OrderThread.unread)).one() == 0


@pytest.mark.parametrize(
    ("to", "secret", "status"),
    [("order-{token}@elsewhere.example", SECRET, 200),
     ("order-zzzzzzzzzzzzzzzzzzzzzzzzzz@reply.acme.example", SECRET, 200),
     ("order-{token}@reply.acme.example", "whsec_YW5vdGhlciBzZWNyZXQ=", 401)],
    ids=["another domain", "nobody's", "another's signature"],
)  # fmt: skip
def test_what_is_not_for_us_leaves_nothing(
    acme: Shop, token: str, browser: FlaskClient, to: str, secret: str, status: int
) -> None:
    assert ring(browser, to.format(token=token), secret=secret) == status
    with db.system() as session:
        assert session.scalar(select(func.count()).select_from(ReceivedMail)) == 0


def test_a_provider_that_does_not_answer_is_asked_again(
    acme: Shop, token: str, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise ResendError(code=500, error_type="e", message="later", suggested_action="")

    ring(browser, rules.address_of(token, "reply.acme.example"))
    monkeypatch.setattr("resend.Emails.Receiving.get", fail)
    fetch_all(acme)
    mails_come_in(monkeypatch, {"html": "<p>Yes</p>"})
    fetch_all(acme)
    assert len(said(acme)) == 1
    with db.system() as session:
        session.execute(update(ReceivedMail).values(next_attempt_at=clock.now()))
    fetch_all(acme)
    assert said(acme)[1] == ("customer", "Yes", "")


def test_a_mail_that_can_never_be_read_is_given_up(
    acme: Shop, token: str, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_: str) -> None:
        raise RuntimeError("no JSON")

    ring(browser, rules.address_of(token, "reply.acme.example"))
    monkeypatch.setattr("resend.Emails.Receiving.get", break_down)
    for _ in range(receiving._MOST_ATTEMPTS):
        with pytest.raises(RuntimeError):
            fetch_all(acme)
        with db.system() as session:
            session.execute(update(ReceivedMail).values(next_attempt_at=clock.now()))
    fetch_all(acme)
    with db.system() as session:
        mail = session.scalars(select(ReceivedMail)).one()
    assert (mail.state, mail.error) == (MailState.REFUSED, "It could not be read.")


@pytest.mark.parametrize(
    "content",
    [{"text": "I am away.", "headers": {"Auto-Submitted": "auto-replied"}}, {"text": "", "html": None}],
    ids=["automatic", "empty"],
)
def test_a_mail_that_says_nothing_is_refused(
    acme: Shop, token: str, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]
) -> None:
    mails_come_in(monkeypatch, content)
    ring(browser, rules.address_of(token, "reply.acme.example"))
    fetch_all(acme)
    assert len(said(acme)) == 1
    with db.scoped(acme.id) as session:
        assert session.scalars(select(ReceivedMail.state)).one() is MailState.REFUSED


def test_the_customer_answers_on_a_page_of_their_own(acme: Shop, token: str, browser: FlaskClient) -> None:
    page = browser.get(f"/reply/{token}")
    assert "Is blue all right?" in page.text
    assert "ada@example.com" not in page.text
    assert browser.post(f"/reply/{token}", data={"body": " "}).status_code == 422
    assert browser.post(f"/reply/{token}", data={"body": "Yes!"}).status_code == 303
    assert said(acme)[1:] == [("customer", "Yes!", "")]
    assert browser.get("/reply/zzzzzzzzzzzzzzzzzzzzzzzzzz").status_code == 404


def test_the_key_to_the_answer_lies_about_nowhere(
    acme: Shop, token: str, browser: FlaskClient, capfd: pytest.CaptureFixture[str]
) -> None:
    outbox.deliver(acme.id)
    (mail,) = mails("customer_message")
    assert token in mail.html
    assert token not in hide_secrets(mail.html) + hide_secrets(mail.text_body)
    browser.get(f"/reply/{token}")
    written = "".join(capfd.readouterr())
    assert "/reply/…" in written
    assert token not in written


def test_nobody_floods_the_other(acme: Shop, token: str, browser: FlaskClient) -> None:
    answers = [browser.post(f"/reply/{token}", data={"body": f"{n}"}).status_code for n in range(rules.PER_HOUR + 1)]
    assert answers == [303] * rules.PER_HOUR + [422]


def test_another_vendor_of_the_order_reads_nothing(acme: Shop, token: str, ada: Vendor, bea: Vendor) -> None:
    with db.scoped(acme.id, vendor_id=bea.id) as session:
        for table in (OrderThread, OrderMessage, ReceivedMail):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_a_conversation_of_a_year_ago_is_removed(acme: Shop, token: str) -> None:
    assert service.remove_old() == 0
    with db.system() as session:
        session.execute(update(OrderThread).values(last_at=clock.now() - service.KEPT * 1.01))
    assert service.remove_old() == 1
    assert said(acme) == []


def test_whoever_asks_to_be_forgotten_is_forgotten_here_too(
    acme: Shop, token: str, order: Doc, browser: FlaskClient
) -> None:
    browser.post(f"/reply/{token}", data={"body": "Bring it to 1 Harbour Road, please."})
    outbox.deliver(acme.id)
    assert "Harbour" in mails("vendor_message")[0].text_body
    with db.scoped(acme.id) as session:
        request = PrivacyRequest(customer_id=None, shop_id=acme.id)
        found = make_export(session, session.get_one(Shop, acme.id), request, Person(emails=frozenset({CLEO})))
    assert "Harbour" in found["orders"][0]["messages"][1]["text"]
    forget_customer(acme.id, Person(order_ids=frozenset({order["id"]}), emails=frozenset({CLEO})))
    assert said(acme) == []
    assert "Harbour" not in "".join(mail.text_body + mail.html for mail in mails("vendor_message"))
    assert browser.get(f"/reply/{token}").status_code == 404

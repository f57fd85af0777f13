"""A customer chooses e-mails, proves the address, changes their mind; nobody chooses for them."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app import clock, crypto, db
from app.auth import letters
from app.config import get_config
from app.emails.service import queue_email
from app.mailings import service
from app.models.emails import Email, EmailStatus
from app.models.mailings import MailConsent, MailSubscriber
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from jobs import outbox
from tests.architecture.polaris import lint_polaris
from tests.emails.test_deliveries import tell
from tests.mailings.conftest import (
    ALL,
    CLEO,
    DAN,
    Desk,
    browser,
    change,
    desk,
    link_in,
    make_product,
    merchant,
    send_all,
    storefront,
)
from tests.privacy.conftest import Office, office, store, where_found
from tests.shopify.signing import sign_proxy

__all__ = ["browser", "desk", "merchant", "office", "store", "storefront"]


def test_nothing_is_sent_before_the_address_is_proven(desk: Desk, ada: Vendor) -> None:
    desk.keep("follow", ada.handle, {"name": ada.name})
    assert desk.choice() == {"offered": ALL, "chosen": [], "email": "", "waiting": False}
    assert desk.choose("vendors", "cart").json == {"ok": True, "confirm": True}
    assert desk.choice() == {
        "offered": ALL, "chosen": ["vendors", "cart"], "email": "cleo@example.com", "waiting": True
    }  # fmt: skip
    make_product(ada, "Mug", 1)
    assert desk.pass_time(days=2) == 0
    (mail,) = desk.mails()
    assert (mail.kind, mail.to_address) == ("customer_mails_confirm", "cleo@example.com")
    assert "What vendors I follow put on sale" in mail.text_body
    assert desk.client.get(link_in(mail)).status_code == 200
    assert desk.choice()["waiting"], "programs that look through e-mails open every link"
    desk.confirm()
    desk.confirm()
    assert desk.choice()["waiting"] is False
    place = "/pages/wishlist"
    assert desk.steps() == [
        ("asked", ["vendors", "cart"], "cleo@example.com", place),
        ("confirmed", ["vendors", "cart"], "cleo@example.com", "e-mail"),
    ]


def test_the_same_choice_again_sends_no_second_link(desk: Desk) -> None:
    for _ in range(3):
        assert desk.choose("cart").json["confirm"]
    assert len(desk.mails()) == 1


def test_a_choice_in_a_shop_that_has_just_left_is_not_stored(desk: Desk, acme: Shop) -> None:
    desk.choice()  # the door knows the shop for a moment longer
    with db.system() as session:
        session.execute(update(Shop).where(Shop.id == acme.id).values(status=ShopStatus.UNINSTALLED))
    assert desk.choose("cart").status_code == 404
    assert (desk.steps(), desk.mails()) == ([], [])


def test_another_choice_of_a_proven_address_counts_at_once(desk: Desk) -> None:
    desk.subscribe("vendors")
    assert desk.choose("wishlist").json == {"ok": True, "confirm": False}
    assert desk.choice()["chosen"] == ["wishlist"]
    assert [step for step, *_ in desk.steps()] == ["asked", "confirmed", "changed"]


def test_another_address_is_proven_before_it_gets_anything(desk: Desk) -> None:
    desk.subscribe("vendors")
    assert desk.choose("vendors", email="new@example.com").json["confirm"]
    assert desk.subscriber().email == "cleo@example.com"
    assert desk.choose("vendors", email="newer@example.com").json["confirm"]
    old = desk.client.post(link_in(desk.mails()[-2]))
    assert (old.status_code, "newest" in old.text) == (409, True)
    desk.confirm()
    assert desk.subscriber().email == "newer@example.com"


def test_what_the_shop_does_not_offer_is_not_taken_and_not_lost(desk: Desk) -> None:
    desk.subscribe("vendors", "cart")
    desk.offer(cart=False)
    assert desk.choice()["offered"] == ["vendors", "wishlist"]
    desk.choose("vendors", "wishlist", "unheard-of")
    assert desk.subscriber().topics == ALL
    assert desk.choose(email="").json == {"ok": True, "confirm": False}
    assert desk.subscriber().topics == [], "who ticks nothing is told that nothing comes"
    desk.offer(cart=False, vendors=False, wishlist=False)
    assert desk.choice(DAN)["offered"] == []


@pytest.mark.parametrize("email", ["", "cleo", None, ["a"], "a@b\n.example"])
def test_what_is_wrong_with_the_address_is_said(desk: Desk, email: Any) -> None:
    answer = desk.choose("cart", email=email)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["email"])
    assert desk.mails() == []


def test_only_a_signed_in_customer_chooses_and_not_by_a_form(desk: Desk, zenith: Shop) -> None:
    assert desk.choose("cart", customer="").status_code == 401
    query = sign_proxy(logged_in_customer_id=CLEO)
    assert desk.client.post(f"/proxy/mails?{query}", data={"topics": "cart"}).status_code == 400
    assert desk.client.post(f"/proxy/mails?{query}", json={"topics": "cart"}).status_code == 400
    desk.subscribe()
    assert desk.choice(DAN)["chosen"] == []
    assert desk.choice(CLEO, "zenith") == {"offered": [], "chosen": [], "email": "", "waiting": False}


def test_the_database_itself_shows_a_customer_only_their_own(desk: Desk) -> None:
    desk.subscribe()
    for customer, expected in ((int(CLEO), 1), (int(DAN), 0)):
        with db.open_session(db.Scope(desk.shop.id, customer_id=customer)) as session:
            for table in (MailSubscriber, MailConsent):
                found = session.scalar(select(func.count()).select_from(table)) or 0
                assert min(found, 1) == expected
    with db.open_session(db.Scope(desk.shop.id, 1)) as session:
        assert session.scalars(select(MailSubscriber)).all() == []


# -- stopping ----------------------------------------------------------------------------------------------------------


def waiting_mail(desk: Desk, ada: Vendor) -> Email:
    """An e-mail that is queued and not sent yet."""
    desk.subscribe()
    desk.keep("wishlist", "1", {"handle": "mug"})
    make_product(ada, "Mug", 1)
    desk.pass_time(hours=2)
    change(desk.shop, 1, price_minor=800)
    desk.pass_time(hours=2)
    return desk.mails("customer_wishlist_news")[0]


def said(answer: TestResponse) -> tuple[int, str]:
    """Without what is random in every page."""
    return answer.status_code, re.sub(r'nonce="[^"]*"', "", answer.text)


def test_one_click_stops_them_all_and_what_waits_is_not_sent(desk: Desk, ada: Vendor, merchant: FlaskClient) -> None:
    mail = waiting_mail(desk, ada)
    stranger = desk.client.application.test_client()
    link = link_in(mail)
    assert "stop all of them" in stranger.get(link).text
    assert desk.subscriber().confirmed_at, "a mere visit stops nothing"
    one_click = stranger.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (one_click.status_code, "no more of these" in one_click.text) == (200, True)
    assert (desk.subscriber().email, desk.subscriber().topics) == ("", [])
    (held,) = desk.mails("customer_wishlist_news")
    assert (held.status, held.provider_id) == (EmailStatus.FAILED, None)
    assert merchant.post(f"/app/emails/{held.id}/send").status_code == 409
    assert desk.pass_time(days=3) == 0
    assert desk.steps()[-1] == ("stopped", [], "cleo@example.com", "e-mail")
    assert said(stranger.post(link)) == said(one_click)
    assert len(desk.steps()) == 3


def test_a_stop_of_somebody_who_is_gone_answers_the_same_and_a_forged_one_opens_nothing(
    desk: Desk, ada: Vendor
) -> None:
    link = link_in(waiting_mail(desk, ada))
    answer = desk.client.post(link)
    desk.age(days=31)
    assert service.remove_old() == 1
    again = desk.client.post(link)
    assert said(again) == said(answer)
    other = letters.link(desk.shop.id, "review", 1, seconds=60).rpartition("/")[2]
    for ticket in (link[:-3], other, "x.y"):
        assert desk.client.post(f"/letters/stop/{ticket.rpartition('/')[2]}").status_code == 403


def test_who_stopped_proves_the_address_again(desk: Desk) -> None:
    desk.subscribe("cart")
    assert desk.choose().json == {"ok": True, "confirm": False}
    assert desk.choice()["chosen"] == []
    assert desk.choose("cart").json["confirm"]


def test_a_stop_counts_while_the_shop_is_away(desk: Desk, ada: Vendor) -> None:
    link = link_in(waiting_mail(desk, ada))
    with db.system() as session:
        session.execute(update(Shop).values(status="uninstalled"))
    assert desk.client.post(link).status_code == 200
    assert desk.subscriber().topics == []


def test_a_new_address_with_other_topics_takes_back_what_waits_of_the_dropped_ones(desk: Desk, ada: Vendor) -> None:
    waiting_mail(desk, ada)
    desk.choose("cart", email="new@example.com")
    desk.confirm()
    assert desk.mails("customer_wishlist_news")[0].status == EmailStatus.FAILED


def test_dropping_one_topic_takes_back_only_its_e_mails(desk: Desk, ada: Vendor) -> None:
    mail = waiting_mail(desk, ada)
    desk.choose("vendors", "wishlist")
    assert desk.mails("customer_wishlist_news")[0].status == EmailStatus.QUEUED
    desk.choose("vendors")
    (held,) = desk.mails("customer_wishlist_news")
    assert (held.id, held.status) == (mail.id, EmailStatus.FAILED)


@pytest.mark.parametrize("fate", ["bounced", "complained"])
def test_an_address_that_refuses_is_written_to_no_more(
    desk: Desk, ada: Vendor, merchant: FlaskClient, fate: str
) -> None:
    mail = waiting_mail(desk, ada)
    assert tell(merchant, mail, fate).status_code == 200
    outbox.deliver(desk.shop.id)
    assert desk.subscriber().confirmed_at is None
    assert desk.steps()[-1][:2] == ("refused", [])


def test_an_e_mail_carries_the_headers_that_mail_programs_stop_it_by(
    desk: Desk, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []

    def take(params: dict[str, Any], _options: object) -> dict[str, str]:
        sent.append(params)
        return {"id": f"re-{len(sent)}"}

    monkeypatch.setattr("resend.Emails.send", take)
    mail = waiting_mail(desk, ada)
    send_all()
    link = f"{get_config().app_url}{link_in(mail)}"
    by_kind = {params["tags"][0]["value"]: params for params in sent}
    assert by_kind["customer_wishlist_news"]["headers"] == {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert link in by_kind["customer_wishlist_news"]["html"]
    assert "1 Market Street" in by_kind["customer_wishlist_news"]["text"]
    assert "headers" not in by_kind["customer_mails_confirm"]
    (held,) = desk.mails("customer_wishlist_news")
    assert "/letters/stop/hidden" in held.html, "a key that lies about in the log would stop somebody's e-mails"


def test_an_address_that_somebody_wrote_into_an_e_mail_is_no_way_to_stop_it(
    desk: Desk, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []

    def take(params: dict[str, Any], _options: object) -> dict[str, str]:
        sent.append(params)
        return {"id": f"re-{len(sent)}"}

    monkeypatch.setattr("resend.Emails.send", take)
    mail = waiting_mail(desk, ada)
    evil = "https://evil.example/letters/stop/abcdefghijklmnopq"
    context = {"vendor_name": "Ada", "question": f"Look:\n{evil}\nBye", "link": "https://app.example"}
    with db.scoped(desk.shop.id) as session:
        queue_email(session, desk.shop.id, "vendor_question", "ada@example.com", context, dedupe_key="q")
        session.execute(update(Email).where(Email.id == mail.id).values(text_body=f"{evil}\n{mail.text_body}"))
    send_all()
    by_kind = {params["tags"][0]["value"]: params for params in sent}
    assert evil in by_kind["vendor_question"]["text"]
    assert "headers" not in by_kind["vendor_question"]
    assert link_in(mail) in by_kind["customer_wishlist_news"]["headers"]["List-Unsubscribe"]


# -- privacy, and the merchant -----------------------------------------------------------------------------------------


def test_a_customers_choice_is_in_their_export_and_goes_with_them(desk: Desk, office: Office) -> None:
    desk.subscribe("cart", email="other@example.net")
    desk.choose("cart", email="third@example.org")
    customer = {"id": int(CLEO), "email": "cleo@example.com", "phone": None}
    office.ask("customers/data_request", "export", customer=customer, orders_requested=[])
    office.carry_out(1)
    (export,) = office.exports()
    content = json.loads(crypto.decrypt(export.content, get_config().secret_keys))
    assert [one["step"] for one in content["chosen_emails"]] == ["asked", "confirmed", "asked"]
    assert [one["to"] for one in content["emails"]] == ["other@example.net", "third@example.org"]
    office.ask("customers/redact", "forget", customer=customer, orders_to_redact=[])
    office.carry_out()
    for word in ("other@example.net", "third@example.org"):
        assert where_found(word) == set()
    with db.system() as session:
        assert session.scalars(select(MailSubscriber)).all() == []


def test_what_was_stopped_or_never_proven_goes_after_a_month(desk: Desk) -> None:
    desk.subscribe("cart")
    desk.choose()
    desk.choose("cart", customer=DAN, email="dan@example.com")
    assert service.remove_old() == 0
    desk.age(days=31)
    assert service.remove_old() == 2
    assert {mail.to_address for mail in desk.mails()} == {"[removed]"}


def test_what_an_e_mail_said_of_a_list_goes_after_three_months(desk: Desk, ada: Vendor) -> None:
    waiting_mail(desk, ada)
    with db.system() as session:
        session.execute(update(Email).values(created_at=clock.now() - timedelta(days=89)))
    service.remove_old()
    assert "Mug" in desk.mails("customer_wishlist_news")[0].text_body
    with db.system() as session:
        session.execute(update(Email).values(created_at=clock.now() - timedelta(days=91)))
    service.remove_old()
    held, proof = desk.mails("customer_wishlist_news")[0], desk.mails("customer_mails_confirm")[0]
    assert ["Mug" in words for words in (held.html, held.text_body)] == [False, False]
    assert (held.to_address, "removed" in proof.text_body) == ("cleo@example.com", False)


def test_what_was_asked_for_after_a_stop_and_never_proven_goes_too(desk: Desk) -> None:
    desk.subscribe("cart")
    desk.choose()
    desk.age(days=31)
    desk.choose("cart", email="stranger@example.com")
    assert service.remove_old() == 0
    desk.age(days=31)
    assert service.remove_old() == 1
    assert where_found("stranger@example.com") == set()


def test_a_link_that_is_too_old_is_waited_for_no_more(desk: Desk) -> None:
    desk.subscribe("vendors")
    desk.choose("cart", email="stranger@example.com")
    assert desk.choice()["waiting"]
    desk.age(days=8)
    assert desk.choice() == {
        "offered": ALL, "chosen": ["vendors"], "email": "cleo@example.com", "waiting": False
    }  # fmt: skip


def test_an_address_goes_with_its_owner_whoever_chose_it(desk: Desk, office: Office) -> None:
    desk.subscribe("cart", customer=DAN, email="cleo@example.com")
    desk.subscribe("vendors", customer="7003", email="eve@example.com")
    desk.choose("vendors", customer="7003", email="Cleo@example.com")
    link = link_in(desk.mails("customer_mails_confirm")[-1])
    customer = {"id": int(CLEO), "email": "cleo@example.com", "phone": None}
    office.ask("customers/redact", "forget", customer=customer, orders_to_redact=[])
    office.carry_out()
    assert where_found("cleo@example.com") == set()
    assert desk.client.post(link).status_code == 409
    assert desk.subscriber().email == "eve@example.com"


def test_the_merchant_offers_with_an_address_and_sees_how_many_want_what(desk: Desk, merchant: FlaskClient) -> None:
    desk.subscribe("vendors", "cart")
    desk.choose("cart", customer=DAN, email="dan@example.com")
    page = merchant.get("/app/settings/mailings").text
    assert lint_polaris(page) == []
    assert page.count("1 customer wants it") == 2
    assert "1 customer has yet to open" in page
    times = {"vendors_every_days": "1", "wishlist_every_days": "7", "cart_after_hours": "48"}
    refused = merchant.post("/app/settings/mailings", data={"vendors": "y", **times, "postal_address": " "})
    assert (refused.status_code, "Enter the address" in refused.text) == (422, True)
    saved = merchant.post("/app/settings/mailings", data={"cart": "y", **times, "postal_address": "Acme, Here 1"})
    assert saved.status_code == 200
    assert desk.choice()["offered"] == ["cart"]
    assert merchant.post("/app/settings/mailings", data={**times, "cart_after_hours": "0"}).status_code == 422
    off = merchant.post("/app/settings/mailings", data=times)
    assert (off.status_code, desk.choice()["offered"]) == (200, [])

"""A review from the e-mail that asks for it to the vendor's page, and everybody who has a say in between."""

import json
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, crypto, db
from app.config import get_config
from app.emails.service import hide_secrets
from app.errors import Conflict, NotFound
from app.models.events import AuditEntry
from app.models.fulfilments import Fulfilment
from app.models.reviews import ReviewState, VendorReview
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.reviews import queries, requests, service
from app.reviews.requests import PURPOSE, link_for
from app.shopify.tokens import ShopCredentials
from app.vendors.sync import sync_vendor
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.devstore.orders.cast import ACME
from tests.portal.conftest import signed_in
from tests.privacy.conftest import CLEO
from tests.reviews.conftest import Street, link_in
from tests.shopify.fake import FakeShopify, data

# -- asking ------------------------------------------------------------------------------------------------------------


def test_a_customer_is_asked_once_for_each_vendor_some_days_after_the_parcel_arrived(street: Street) -> None:
    order = street.buy()
    street.send(order, "MUG")
    street.arrive(order)
    assert street.days_pass(6) == 0
    assert street.days_pass(1) == 1
    assert street.days_pass(60) == 0
    (mail,) = street.mails()
    assert mail.to_address == CLEO
    assert "Ada's Ceramics" in mail.subject
    assert "Mug" in mail.text_body
    assert "Loaf" not in mail.text_body
    street.send(order, "LOAF")
    street.arrive(order)
    assert street.days_pass(7) == 1


def test_an_order_that_cannot_be_asked_about_keeps_nobody_else_from_being_asked(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    for order in (street.buy((street.goods.mug, 1)), street.buy((street.goods.loaf, 1))):
        street.send(order)
        street.arrive(order)
    ask = requests._ask
    broken: list[int] = []

    def ask_but_one(shop_id: int, part_id: int, now: datetime) -> bool:
        if not broken or part_id in broken:
            broken.append(part_id)
            raise RuntimeError("a template that cannot be rendered")
        return ask(shop_id, part_id, now)

    monkeypatch.setattr(requests, "_ask", ask_but_one)
    assert street.days_pass(7) == 1
    assert street.days_pass(1) == 0
    assert len(broken) == 1, "it is put off for some days"
    monkeypatch.setattr(requests, "_ask", ask)
    assert street.days_pass(3) == 1


def test_without_news_of_the_carrier_a_parcel_counts_as_arrived_after_two_weeks(street: Street) -> None:
    order = street.buy()
    street.send(order, "MUG")
    assert street.days_pass(20) == 0
    assert street.days_pass(1) == 1


@pytest.mark.parametrize("why", ["refunded", "written", "switched off", "too late"])
def test_nobody_is_asked_in_vain(street: Street, ada: Vendor, why: str) -> None:
    order = street.buy((street.goods.mug, 1))
    street.send(order)
    street.arrive(order)
    if why == "refunded":
        lines = [LineRefund(order["line_items"][0]["id"], 1, "return")]
        refund_order(street.store, ACME, order["id"], RefundRequest(lines))
        street.office.bring()
    if why == "written":
        street.write(street.part(ada))
    if why == "switched off":
        with db.scoped(street.shop.id) as session:
            service.change_settings(session, street.shop.id, {"is_asking": False}, actor="staff:1")
    assert street.days_pass(100 if why == "too late" else 7) == 0
    assert street.mails() == []


def test_who_does_not_want_to_be_asked_is_not_asked_about_another_order(
    street: Street, ada: Vendor, browser: FlaskClient
) -> None:
    street.arrived(ada)
    street.days_pass(7)
    link = link_in(street.mails()[0])
    answer = browser.post(f"{link}/stop", follow_redirects=True)
    assert "not be asked about your orders here again" in answer.text
    street.arrived(ada)
    assert street.days_pass(7) == 0
    assert len(street.mails()) == 2, "the two of the first order"


# -- writing -----------------------------------------------------------------------------------------------------------


def test_the_link_opens_one_order_and_what_is_written_waits_for_the_merchant(
    street: Street, ada: Vendor, browser: FlaskClient
) -> None:
    street.arrived(ada)
    street.days_pass(7)
    mail = next(mail for mail in street.mails() if "Ada" in mail.subject)
    link = link_in(mail)
    page = browser.get(link)
    assert page.status_code == 200
    assert "Ada&#39;s Ceramics" in page.text
    assert 'value="Cleo C."' in page.text
    assert "Loaf" not in page.text
    refused = browser.post(link, data={"words": "kept"})
    assert refused.status_code == 422
    assert "Choose between one and five stars." in refused.text
    assert "kept" in refused.text
    sent = browser.post(link, data={"stars": "4", "title": "Good", "words": "A\nfine mug", "name": "C."})
    assert sent.status_code == 303
    assert "Acme reads it before it is shown" in browser.get(sent.headers["Location"]).text
    with db.scoped(street.shop.id) as session:
        review = session.scalars(select(VendorReview)).one()
    assert (review.stars, review.words, review.shown_name) == (4, "A\nfine mug", "C.")
    assert review.state == ReviewState.PENDING
    assert street.vendor(ada).rating_count == 0


def test_sent_again_it_is_the_same_review_and_waits_again(street: Street, ada: Vendor, browser: FlaskClient) -> None:
    part = street.arrived(ada)
    review = street.write(part)
    publish(street, review)
    link = link_for(part).removeprefix(get_config().app_url)
    assert 'value="Fine"' in browser.get(link).text
    assert browser.post(link, data={"stars": "2", "words": "Broke"}).status_code == 303
    changed = street.review(review.id)
    assert (changed.stars, changed.state) == (2, ReviewState.PENDING)
    assert street.vendor(ada).rating_count == 0


@pytest.mark.parametrize("ticket", ["forged", "another purpose", "too old", "gone"])
def test_no_other_ticket_opens_anything(street: Street, ada: Vendor, browser: FlaskClient, ticket: str) -> None:
    part, keys = street.arrived(ada), get_config().secret_keys
    claims = {"shop": street.shop.id, "subject": part.id if ticket != "gone" else 10**9}
    purpose, seconds = (
        ("portal" if ticket == "another purpose" else f"letter:{PURPOSE}"),
        (-1 if ticket == "too old" else 60),
    )
    signed = crypto.sign_ticket(claims, keys, purpose, seconds=seconds)
    link = f"/letters/review/{'x' + signed if ticket == 'forged' else signed}"
    for answer in (browser.get(link), browser.post(link, data={"stars": "5"}), browser.post(f"{link}/stop")):
        assert answer.status_code == (404 if ticket == "gone" else 403)
    with db.scoped(street.shop.id) as session:
        assert session.scalars(select(VendorReview)).all() == []


def test_a_sent_mail_keeps_no_key_to_the_review(street: Street, ada: Vendor) -> None:
    part = street.arrived(ada)
    assert hide_secrets(f"Write here: {link_for(part)} now").endswith("/letters/review/hidden now")


def test_nothing_is_reviewed_before_it_arrived_nor_when_nothing_was_kept(street: Street, ada: Vendor) -> None:
    order = street.buy((street.goods.mug, 1))
    with pytest.raises(Conflict, match="arrived"):
        street.write(street.part(ada))
    street.send(order)
    with pytest.raises(Conflict, match="arrived"):
        street.write(street.part(ada))
    with db.system() as session:
        session.execute(update(Fulfilment).values(fulfilled_at=clock.now() - timedelta(days=15)))
    refund = RefundRequest([LineRefund(order["line_items"][0]["id"], 1, "return")])
    refund_order(street.store, ACME, order["id"], refund)
    street.office.bring()
    with db.system() as session:
        session.execute(update(Fulfilment).values(fulfilled_at=clock.now() - timedelta(days=15)))
    with pytest.raises(Conflict, match="refunded"):
        street.write(street.part(ada))


# -- the merchant ------------------------------------------------------------------------------------------------------


def publish(street: Street, review: VendorReview) -> None:
    with db.scoped(street.shop.id) as session:
        service.publish(session, street.shop.id, review.id, actor="staff:1")


def test_a_published_review_counts_is_told_to_the_vendor_and_written_into_the_public_page(
    street: Street, ada: Vendor, merchant: FlaskClient, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    review = street.write(street.arrived(ada), 4)
    listed = merchant.get("/app/reviews").text
    assert lint_polaris(listed) == []
    assert "Ada&#39;s Ceramics" in listed
    page = f"/app/reviews/{review.id}"
    assert lint_polaris(merchant.get(page).text) == []
    assert merchant.post(f"{page}/publish").status_code == 200
    assert merchant.post(f"{page}/publish").status_code == 409
    vendor = street.vendor(ada)
    assert (vendor.rating_count, vendor.rating_sum, vendor.profile_synced_at) == (1, 4, None)
    (mail,) = street.mails("vendor_review")
    assert (mail.to_address, mail.vendor_id) == (ada.email, ada.id)
    assert "Even finer" in mail.text_body
    stands = {"id": "gid://shopify/Metaobject/1", "updatedAt": clock.now().isoformat(), "fields": []}
    shopify.answer("metaobjectByHandle", data(metaobjectByHandle=None))
    shopify.answer("metaobjectUpsert", data(metaobjectUpsert={"metaobject": stands, "userErrors": []}))
    sync_vendor(ada.shop_id, ada.id)
    fields = {field["key"]: field["value"] for field in shopify.asked[-1][1]["metaobject"]["fields"]}
    assert json.loads(fields["rating"]) == {"value": "4.0", "scale_min": "1.0", "scale_max": "5.0"}
    assert fields["rating_count"] == "1"
    shown = json.loads(fields["reviews"])
    assert shown["counts"] == [0, 1, 0, 0, 0]
    assert shown["latest"][0]["name"] == "Cleo C."
    assert CLEO not in fields["reviews"]


def test_a_rejection_wants_a_reason_which_the_customer_gets(street: Street, ada: Vendor, merchant: FlaskClient) -> None:
    review = street.write(street.arrived(ada))
    refused = merchant.post(f"/app/reviews/{review.id}/reject", data={"reason": " "})
    assert (refused.status_code, "The customer reads it" in refused.text) == (422, True)
    done = merchant.post(f"/app/reviews/{review.id}/reject", data={"reason": "It names another person."})
    assert done.status_code == 200
    assert lint_polaris(done.text) == []
    (mail,) = street.mails("customer_review_rejected")
    assert (mail.to_address, "It names another person." in mail.text_body) == (CLEO, True)
    with db.scoped(street.shop.id) as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_type == "review")).all()
    assert actions == ["review.reject"]


def test_many_are_decided_at_once_each_with_its_result(
    street: Street, ada: Vendor, bea: Vendor, merchant: FlaskClient
) -> None:
    part = street.arrived(ada)
    first, second = street.write(part), street.write(street.part(bea), 1)
    publish(street, first)
    form = {"do": "publish", "tick": [str(first.id), str(second.id), "999999", "x"]}
    answer = merchant.post("/app/reviews/decide", data=form)
    assert lint_polaris(answer.text) == []
    assert "published already" in answer.text
    assert "no such review" in answer.text
    assert street.vendor(bea).rating_count == 1
    answer = merchant.post("/app/reviews/decide", data={"do": "reject", "tick": str(second.id)})
    assert "The customer reads it" in answer.text
    assert street.review(second.id).state == ReviewState.PUBLISHED


def test_the_rule_publishes_what_it_says(street: Street, ada: Vendor, merchant: FlaskClient) -> None:
    page = merchant.get("/app/reviews/settings").text
    assert lint_polaris(page) == []
    wanted = {"is_asking": "y", "ask_after_days": "3", "publish_from_stars": "4", "publish_known": "y"}
    assert merchant.post("/app/reviews/settings", data=wanted | {"ask_after_days": "99"}).status_code == 422
    assert merchant.post("/app/reviews/settings", data=wanted).status_code == 200
    assert street.write(street.arrived(ada), 3).state == ReviewState.PENDING
    assert street.write(street.arrived(ada), 4).state == ReviewState.PUBLISHED
    assert street.write(street.arrived(ada), 1).state == ReviewState.PUBLISHED, "one of theirs was published before"
    assert street.write(street.arrived(ada), 5, "at www.example.com").state == ReviewState.PENDING
    assert merchant.get("/app/reviews?state=published&stars=4&q=finer").text.count("data-") > 0


def test_no_rule_lets_out_again_what_the_merchant_took_away(street: Street, ada: Vendor, merchant: FlaskClient) -> None:
    merchant.post("/app/reviews/settings", data={"ask_after_days": "3", "publish_from_stars": "1"})
    part = street.arrived(ada)
    review = street.write(part)
    assert review.state == ReviewState.PUBLISHED
    merchant.post(f"/app/reviews/{review.id}/reject", data={"reason": "Insults"})
    for _ in range(2):
        assert street.write(part, 1, "The same insults").state == ReviewState.PENDING
    publish(street, review)
    assert street.write(part, 4, "Kinder words").state == ReviewState.PUBLISHED


def test_a_new_version_does_not_settle_what_the_vendor_reported(
    street: Street, ada: Vendor, merchant: FlaskClient
) -> None:
    merchant.post("/app/reviews/settings", data={"ask_after_days": "3", "publish_from_stars": "1"})
    part = street.arrived(ada)
    review = street.write(part, 1)
    with db.scoped(ada.shop_id, ada.id) as session:
        service.report(session, session.get_one(Vendor, ada.id), review.id, "Spam", actor="vendor_user:1")
    assert street.write(part, 1, "Spam again").state == ReviewState.PENDING
    assert street.review(review.id).settled_at is None
    assert "Reported" in merchant.get("/app/reviews?state=reported").text


# -- the vendor --------------------------------------------------------------------------------------------------------


@pytest.fixture
def app() -> Flask:
    return get_app()


def test_a_vendor_answers_and_the_customer_hears_of_it_once(street: Street, ada: Vendor, app: Flask) -> None:
    review = street.write(street.arrived(ada))
    portal = signed_in(app, ada)
    assert "Your reviews will be here" in portal.get("/portal/reviews").text
    assert portal.post(f"/portal/reviews/{review.id}/answer", data={"answer": "Too soon"}).status_code == 404
    publish(street, review)
    shown = portal.get("/portal/reviews").text
    assert "Even finer" in shown
    assert CLEO not in shown
    too_long = portal.post(f"/portal/reviews/{review.id}/answer", data={"answer": "x" * 1001})
    assert (too_long.status_code, "x" * 1001 in too_long.text) == (422, True)
    assert portal.post(f"/portal/reviews/{review.id}/answer", data={"answer": "Thank you"}).status_code == 303
    assert portal.post(f"/portal/reviews/{review.id}/answer", data={"answer": "Thank you so much"}).status_code == 303
    street.office.settle()
    (mail,) = street.mails("customer_review_answered")
    assert (mail.to_address, mail.vendor_id) == (CLEO, None), "the vendor must not find the address"
    assert street.vendor(ada).shown_reviews["latest"][0]["answer"] == "Thank you so much"


def test_a_report_goes_to_the_merchant_who_keeps_it_or_takes_it_away(
    street: Street, ada: Vendor, app: Flask, merchant: FlaskClient
) -> None:
    review = street.write(street.arrived(ada), 1)
    publish(street, review)
    portal = signed_in(app, ada)
    assert portal.post(f"/portal/reviews/{review.id}/report", data={"reason": ""}).status_code == 422
    assert portal.post(f"/portal/reviews/{review.id}/report", data={"reason": "Spam"}).status_code == 303
    assert (
        "decides about it"
        in portal.post(f"/portal/reviews/{review.id}/report", data={"reason": "Spam"}, follow_redirects=True).text
    )
    assert "Reported" in merchant.get("/app/reviews?state=reported").text
    assert "Spam" in merchant.get(f"/app/reviews/{review.id}").text
    publish(street, review)
    assert street.review(review.id).state == ReviewState.PUBLISHED
    assert "Nothing waits" in merchant.get("/app/reviews").text
    assert merchant.post(f"/app/reviews/{review.id}/reject", data={"reason": "Spam it is"}).status_code == 200
    assert street.vendor(ada).rating_count == 0


def test_nobody_reaches_anothers_review(street: Street, ada: Vendor, bea: Vendor, zenith: Shop, app: Flask) -> None:
    review = street.write(street.arrived(ada))
    publish(street, review)
    beas = signed_in(app, bea)
    assert "Even finer" not in beas.get("/portal/reviews").text
    for verb in ("answer", "report"):
        answer = beas.post(f"/portal/reviews/{review.id}/{verb}", data={"answer": "x", "reason": "x"})
        assert answer.status_code == 404
    with db.scoped(zenith.id) as session:
        assert session.scalars(select(VendorReview)).all() == []
        with pytest.raises(NotFound):
            service.publish(session, zenith.id, review.id, actor="staff:1")
    after = street.review(review.id)
    assert (after.answer, after.report) == ("", None)


# -- what follows ------------------------------------------------------------------------------------------------------


def test_a_review_stays_when_everything_was_refunded_and_says_so(street: Street, ada: Vendor) -> None:
    order = street.buy((street.goods.mug, 2))
    street.send(order)
    street.arrive(order)
    review = street.write(street.part(ada))
    publish(street, review)
    one = RefundRequest([LineRefund(order["line_items"][0]["id"], 1, "return")])
    refund_order(street.store, ACME, order["id"], one)
    street.office.bring()
    assert not street.review(review.id).is_returned
    refund_order(street.store, ACME, order["id"], one)
    street.office.bring()
    assert street.review(review.id).is_returned
    vendor = street.vendor(ada)
    assert vendor.rating_count == 1
    assert vendor.shown_reviews["latest"][0]["returned"] is True


def test_a_customers_review_is_in_their_export_and_its_words_go_with_them(street: Street, ada: Vendor) -> None:
    order = street.buy((street.goods.mug, 1))
    street.send(order)
    street.arrive(order)
    review = street.write(street.part(ada), 2, "Cleo Customer says it broke")
    publish(street, review)
    customer = {"id": order["customer_id"], "email": CLEO, "phone": None}
    street.office.ask("customers/data_request", "export", customer=customer, orders_requested=[order["id"]])
    street.office.carry_out(1)
    (export,) = street.office.exports()
    content = json.loads(crypto.decrypt(export.content, get_config().secret_keys))
    assert content["reviews"][0]["words"] == "Cleo Customer says it broke"
    street.office.ask("customers/redact", "forget", customer=customer, orders_to_redact=[order["id"]])
    street.office.carry_out()
    gone = street.review(review.id)
    assert (gone.stars, gone.words, gone.title, gone.shown_name) == (2, "", "", "")
    vendor = street.vendor(ada)
    assert (vendor.rating_count, vendor.shown_reviews["latest"]) == (1, [])
    assert "broke" not in street.mails("vendor_review")[0].text_body


def test_a_review_knows_its_place_in_the_queue(street: Street, ada: Vendor) -> None:
    first, second, third = (street.write(street.arrived(ada)).id for _ in range(3))
    with db.scoped(ada.shop_id) as session:
        places = [queries.find_place(session, ada.shop_id, number) for number in (first, second, third)]
        assert [(one.place, one.before, one.after, one.total) for one in places] == [
            (0, None, second, 3),
            (1, first, third, 3),
            (2, second, first, 3),
        ]
        service.publish(session, ada.shop_id, second, actor="staff:1")
        decided = queries.find_place(session, ada.shop_id, second)
        assert (decided.place, decided.after, decided.total) == (None, first, 2)
        service.publish(session, ada.shop_id, first, actor="staff:1")
        assert queries.find_place(session, ada.shop_id, third).after is None

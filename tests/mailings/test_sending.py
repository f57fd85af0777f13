"""What is written to whom, and when; and never twice."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.emails.kinds import KINDS
from app.emails.service import queue_chosen_email
from app.emails.wording import default_wording
from app.mailings import rules, sending
from app.models.emails import Email
from app.models.mailings import MailSubscriber
from app.models.products import Product
from app.models.shops import Shop
from app.models.storefront import CustomerItem
from app.models.vendors import Vendor, VendorStatus
from tests.mailings.conftest import CLEO, DAN, Desk, browser, change, desk, make_product, merchant, storefront

__all__ = ["browser", "desk", "merchant", "storefront"]
NEWS, WISHES, CART = "customer_vendor_news", "customer_wishlist_news", "customer_left_cart"


def follow(desk: Desk, *vendors: Vendor, customer: str = CLEO) -> None:
    for vendor in vendors:
        desk.keep("follow", vendor.handle, {"name": vendor.name}, customer)


def test_a_digest_tells_what_followed_vendors_put_on_sale_since_the_last(
    desk: Desk, ada: Vendor, bea: Vendor, cy: Vendor
) -> None:
    make_product(ada, "Old", 9)
    desk.pass_time(hours=1)
    follow(desk, ada, cy)
    desk.subscribe("vendors")
    for number, title in enumerate(("Mug", "Bowl"), start=1):
        make_product(ada, title, number, minor=1250)
    make_product(bea, "Loaf", 3)
    make_product(cy, "Clock", 4)
    assert desk.pass_time(hours=23) == 1
    assert desk.mails(NEWS) == []
    desk.pass_time(hours=2)
    (mail,) = desk.mails(NEWS)
    assert mail.to_address == "cleo@example.com"
    told = mail.text_body
    assert [word in told for word in ("Mug, $12.50", "Bowl", "Old", "Loaf", "Clock")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert "/products/mug" in mail.html
    desk.pass_time(days=2)
    assert len(desk.mails(NEWS)) == 1, "what was told once is no news"
    make_product(ada, "Vase", 5)
    desk.pass_time(days=2)
    assert ["Vase" in mail.text_body for mail in desk.mails(NEWS)] == [False, True]


def test_what_is_not_for_sale_any_more_is_not_told(desk: Desk, ada: Vendor, bea: Vendor) -> None:
    follow(desk, ada, bea)
    desk.subscribe("vendors")
    make_product(ada, "Mug", 1)
    make_product(bea, "Loaf", 2)
    with db.system() as session:
        session.execute(update(Product).where(Product.title == "Mug").values(shopify_status="DRAFT"))
        session.execute(update(Vendor).where(Vendor.id == bea.id).values(status=VendorStatus.SUSPENDED))
    desk.pass_time(days=2)
    assert desk.mails(NEWS) == []


def test_many_products_of_one_vendor_lead_to_their_page(desk: Desk, ada: Vendor) -> None:
    follow(desk, ada)
    desk.subscribe("vendors", locale="de")
    for number in range(7):
        make_product(ada, f"Mug{number}", number)
    desk.pass_time(days=2)
    (mail,) = desk.mails(NEWS)
    assert mail.text_body.count("/products/") == 5
    assert "Alles Neue" in mail.text_body
    assert f"/pages/vendors/{ada.handle}" in mail.text_body


def test_no_vendor_with_something_new_is_left_out(
    desk: Desk, ada: Vendor, bea: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_VENDORS", 1)
    follow(desk, ada, bea)
    desk.subscribe("vendors")
    make_product(bea, "Loaf", 100)
    for number in range(9):
        make_product(ada, f"Mug{number}", number)
    desk.pass_time(days=2)
    (mail,) = desk.mails(NEWS)
    _, others = mail.text_body.split("These have something new, too")
    assert f"- {bea.name}\n" in others
    assert f"/pages/vendors/{bea.handle}" in others
    assert "More vendors" not in others
    monkeypatch.setattr(rules, "MOST_NAMED", 0)
    make_product(bea, "Bun", 101)
    make_product(ada, "Jug", 102)
    desk.pass_time(days=2)
    assert "More vendors: 1" in desk.mails(NEWS)[-1].text_body


def test_what_does_not_fit_into_one_e_mail_comes_with_the_next(
    desk: Desk, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_LINES", 2)
    for number in range(1, 4):
        make_product(ada, f"Mug{number}", number, minor=2000)
        desk.keep("wishlist", str(number), {"handle": "x"})
    desk.subscribe("wishlist")
    desk.pass_time(hours=2)
    for number in range(1, 4):
        change(desk.shop, number, price_minor=1500)
    for _ in range(3):
        desk.pass_time(days=2)
    told = [mail.text_body.count("$15.00 ($20.00), Cheaper") for mail in desk.mails(WISHES)]
    assert told == [2, 1]


def test_a_wish_that_is_back_or_cheaper_is_told_and_at_most_once_a_day(desk: Desk, ada: Vendor) -> None:
    make_product(ada, "Mug", 1, minor=2000)
    make_product(ada, "Bowl", 2, stock=0)
    for number in ("1", "2"):
        desk.keep("wishlist", number, {"handle": "x"})
    desk.subscribe("wishlist")
    desk.pass_time(hours=2)
    assert desk.mails(WISHES) == [], "what the customer saw themselves is no news"
    change(desk.shop, 1, price_minor=1500)
    change(desk.shop, 2, stock=3)
    desk.pass_time(hours=2)
    (mail,) = desk.mails(WISHES)
    assert "Mug, $15.00 ($20.00), Cheaper" in mail.text_body
    assert "Bowl, $10.00, Back in stock" in mail.text_body
    assert "<s>$20.00</s>" in mail.html
    change(desk.shop, 1, price_minor=1400)
    desk.pass_time(hours=20)
    assert len(desk.mails(WISHES)) == 1
    desk.pass_time(hours=5)
    assert ["$14.00 ($15.00)" in mail.text_body for mail in desk.mails(WISHES)] == [False, True]


def leave(desk: Desk, hours: float, units: int = 2) -> None:
    about = {"variant": 7, "handle": "mug", "title": "Mug"}
    desk.keep("cart", "7:aaaaaaaa", {**about, "quantity": units})
    with db.system() as session:
        session.execute(update(CustomerItem).values(changed_at=clock.now() - timedelta(hours=hours)))


def test_a_left_cart_is_told_once(desk: Desk) -> None:
    desk.subscribe("cart")
    leave(desk, hours=23)
    desk.pass_time(hours=2)
    assert desk.mails(CART) == []
    leave(desk, hours=25)
    for _ in range(3):
        desk.pass_time(hours=2)
    (mail,) = desk.mails(CART)
    assert "2 x Mug" in mail.text_body
    assert "/cart" in mail.text_body


def test_a_large_cart_says_how_much_more_there_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_LINES", 1)
    desk.subscribe("cart")
    for variant in (8, 9):
        about = {"variant": variant, "handle": "bowl", "title": f"Bowl {variant}"}
        desk.keep("cart", f"{variant}:aaaaaaaa", {**about, "quantity": 1})
    leave(desk, hours=25)
    desk.pass_time(hours=2)
    (mail,) = desk.mails(CART)
    assert "And 2 more in your cart" in mail.text_body


def test_no_reminder_after_an_order_or_of_an_empty_cart(desk: Desk) -> None:
    desk.subscribe("cart")
    leave(desk, hours=25, units=0)
    desk.pass_time(hours=2)
    leave(desk, hours=25)
    desk.buy()
    desk.pass_time(hours=2)
    assert desk.mails(CART) == []


def test_each_customer_is_told_of_their_own_lists_only(desk: Desk, ada: Vendor, bea: Vendor) -> None:
    follow(desk, ada)
    follow(desk, bea, customer=DAN)
    desk.subscribe("vendors")
    desk.subscribe("vendors", customer=DAN, email="dan@example.com")
    make_product(ada, "Mug", 1)
    make_product(bea, "Loaf", 2)
    desk.pass_time(days=2)
    told = {mail.to_address: ("Mug" in mail.text_body, "Loaf" in mail.text_body) for mail in desk.mails(NEWS)}
    assert told == {"cleo@example.com": (True, False), "dan@example.com": (False, True)}


def test_a_look_that_is_killed_is_done_again_and_writes_once(
    desk: Desk, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(desk, ada)
    desk.subscribe("vendors")
    make_product(ada, "Mug", 1)
    killed: list[bool] = []

    def die(*args: object, **rest: object) -> None:
        queue_chosen_email(*args, **rest)  # type: ignore[arg-type]
        killed.append(True)
        raise KeyboardInterrupt

    monkeypatch.setattr("app.mailings.sending.queue_chosen_email", die)
    with pytest.raises(KeyboardInterrupt):
        desk.pass_time(days=2)
    assert (killed, desk.mails(NEWS)) == ([True], [])
    monkeypatch.undo()
    sending.look_where_due()
    sending.look_where_due()
    assert len(desk.mails(NEWS)) == 1


def test_one_customers_trouble_keeps_nobody_else_waiting(
    desk: Desk, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(desk, ada)
    follow(desk, ada, customer=DAN)
    desk.subscribe("vendors", email="broken@example.com")
    desk.subscribe("vendors", customer=DAN, email="dan@example.com")
    make_product(ada, "Mug", 1)

    def fail(session: object, mine: MailSubscriber, *args: object, **rest: object) -> None:
        if mine.email.startswith("broken"):
            raise ValueError("no")
        queue_chosen_email(session, mine, *args, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr("app.mailings.sending.queue_chosen_email", fail)
    assert desk.pass_time(days=2) == 2
    assert [mail.to_address for mail in desk.mails(NEWS)] == ["dan@example.com"]
    assert sending.look_where_due() == 0, "the broken one is tried again in an hour"


def test_nothing_is_written_for_a_shop_that_left_or_offers_nothing(desk: Desk, ada: Vendor) -> None:
    follow(desk, ada)
    desk.subscribe("vendors")
    make_product(ada, "Mug", 1)
    desk.offer(vendors=False, wishlist=False, cart=False)
    assert desk.pass_time(days=2) == 0
    desk.offer()
    with db.system() as session:
        session.execute(update(Shop).values(status="uninstalled"))
    assert sending.look_where_due() == 0
    assert desk.mails(NEWS) == []


def test_few_of_them_stand_before_an_e_mail_that_somebody_waits_for(
    desk: Desk, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_MOST_WAITING", 1)
    monkeypatch.setattr(sending, "_BETWEEN_COUNTS", 1)
    for customer in (CLEO, DAN):
        follow(desk, ada, customer=customer)
        desk.subscribe("vendors", customer=customer, email=f"{customer}@example.com")
    make_product(ada, "Mug", 1)
    assert desk.pass_time(days=2) == 1
    assert sending.look_where_due() == 0
    assert len(desk.mails(NEWS)) == 1
    with db.system() as session:
        session.execute(update(Email).values(status="sent"))
    assert sending.look_where_due() == 1
    assert len(desk.mails(NEWS)) == 2


def test_a_product_that_is_seen_a_moment_late_is_told_all_the_same(desk: Desk, ada: Vendor) -> None:
    follow(desk, ada)
    desk.subscribe("vendors")
    desk.pass_time(days=2)
    make_product(ada, "Mug", 1)
    with db.system() as session:
        session.execute(update(Product).values(published_at=clock.now() - timedelta(seconds=20)))
        session.execute(update(MailSubscriber).values(vendors_at=clock.now()))
    desk.pass_time(days=2)
    assert len(desk.mails(NEWS)) == 1


def test_every_e_mail_that_customers_choose_can_be_previewed_and_tested(
    merchant: FlaskClient, desk: Desk, ada: Vendor
) -> None:
    for kind in (NEWS, WISHES):
        assert "Stoneware mug" in merchant.get(f"/app/emails/words/{kind}").text
    make_product(ada, "Vase", 1, minor=7700)
    for kind in (name for name, told in KINDS.items() if told.topic):
        page = merchant.get(f"/app/emails/words/{kind}?language=fr").text
        assert "Arrêter ces e-mails" in page
        assert "1 Market Street" in page
        assert ("77,00" in page) is (kind != CART)
        answer = merchant.post(f"/app/emails/words/{kind}/test", data=_words(kind) | {"to": "me@example.com"})
        assert answer.status_code == 200
    with db.system() as session:
        tests = session.scalars(select(Email).where(Email.subject.startswith("[Test]"))).all()
    assert len(tests) == 3
    assert not any("/letters/" in mail.html for mail in tests), "a test holds no key"


def _words(kind: str) -> dict[str, str]:
    words = default_wording(kind)
    return {name: getattr(words, name) for name in ("subject", "preview", "heading", "body")}

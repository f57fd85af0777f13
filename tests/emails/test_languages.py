"""E-mails in the language of whoever reads them, with the merchant's own words for each."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import db, languages
from app.emails.render import render
from app.emails.service import queue_email
from app.models.emails import Email
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorUser
from app.money import Money
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor

PAGE = "/app/emails/words/vendor_rejected"
WORDS = {"subject": "Leider nein, {{ vendor_name }}", "preview": "p", "heading": "h", "body": "> {{ reason }}"}


def subjects(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(Email.subject).order_by(Email.id)))


def reject(shop: Shop, vendor: Vendor, reason: str) -> str:
    with db.scoped(shop.id) as session:
        context = {"vendor_name": vendor.name, "reason": reason}
        queue_email(
            session, shop.id, "vendor_rejected", vendor.email, context, vendor_id=vendor.id, dedupe_key=f"t:{reason}"
        )
    return subjects(shop)[-1]


def speak(shop: Shop, vendor: Vendor, language: str) -> None:
    with db.system() as session:
        session.execute(update(VendorUser).where(VendorUser.vendor_id == vendor.id).values(language=language))


def test_a_vendor_gets_e_mails_in_the_language_of_their_pages(merchant: FlaskClient, shop: Shop) -> None:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    before = reject(shop, ada, "one")
    speak(shop, ada, "fr")
    assert (before, reject(shop, ada, "two")) == (
        f"Your application to {shop.name}",
        f"Votre candidature chez {shop.name}",
    )


def test_own_words_are_kept_for_each_language(merchant: FlaskClient, shop: Shop) -> None:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    answer = merchant.post(PAGE, data=WORDS | {"language": "de"})
    assert answer.status_code == 200
    assert lint_polaris(answer.text) == []
    in_english = reject(shop, ada, "one")
    speak(shop, ada, "de")
    assert (in_english, reject(shop, ada, "two")) == (
        f"Your application to {shop.name}",
        f"Leider nein, {ada.name}",
    )
    assert "Yours, Deutsch" in merchant.get("/app/emails/words").text
    assert "Leider nein" not in merchant.get(PAGE).text
    assert "Leider nein" in merchant.get(f"{PAGE}?language=de").text
    merchant.post(f"{PAGE}/reset?language=de")
    assert reject(shop, ada, "three") == f"Ihre Bewerbung bei {shop.name}"


def test_what_merchants_get_has_one_language(merchant: FlaskClient, shop: Shop) -> None:
    page = merchant.get("/app/emails/words/merchant_new_application?language=de").text
    assert "wants to sell in your shop" in page
    assert "Deutsch" not in page


def test_a_customer_reads_the_language_of_the_checkout_else_the_shops(merchant: FlaskClient, shop: Shop) -> None:
    context = {"customer_name": "Carla", "order_name": "#1001", "vendors": [], "total": Money(123450, "EUR")}
    with db.scoped(shop.id) as session:
        session.get_one(Shop, shop.id).locale = "es"
        for locale in ("ja", "pt-BR", None):
            queue_email(
                session,
                shop.id,
                "customer_order_received",
                "c@example.com",
                context,
                locale=locale,
                dedupe_key=f"{locale}",
            )
    assert [subject[:9] for subject in subjects(shop)] == [f"{shop.name}でのご注文"[:9], "Tu pedido", "Tu pedido"]


def test_amounts_counts_and_times_are_written_as_the_reader_writes_them() -> None:
    earned = {"vendor_name": "A", "order_name": "#1", "item_count": 2, "lines": [], "earnings": Money(123450, "EUR")}
    german = render("vendor_new_order", earned | {"link": "x"}, shop_name="S", language="de", locale="de_CH")
    assert german.subject == "Neue Bestellung #1: 2 Artikel zu versenden"
    assert "EUR\xa01\u2019234.50" in german.text
    link = {"vendor_name": "A", "link": "x", "link_lasts": timedelta(minutes=15)}
    assert "pendant 15 minutes" in render("vendor_magic_link", link, shop_name="S", language="fr").text


def test_words_that_wait_for_a_reader_are_in_the_readers_language() -> None:
    context = {"vendor_name": "A", "change": languages.lazy("“%(name)s” was removed", name="Phone"), "link": "x"}
    assert "«Phone»" in render("vendor_security_changed", context, shop_name="S", language="es").text

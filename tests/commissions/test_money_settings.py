"""The merchant's money settings, by their real door: for all vendors, for one alone, and their history."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import db
from app.commissions.agreements import get_agreed, save_overrides, save_settings
from app.commissions.queries import default_settings
from app.commissions.terms import Terms, bearers_of, merge_terms, own_shipping
from app.errors import ValidationErrors
from app.models.commissions import MoneySettings
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.architecture.polaris import lint_polaris

WANTED = {
    "shipping_to": "marketplace", "shipping_share": "equal", "sales_tax_to": "vendor", "keep_commission": "y",
    "shipping_tax_to": "marketplace", "refund_bearer": "marketplace", "fee_tax": "19", "discount": "75",
    "discount_bearers": "welcome10 = 50", "payment_fees_to": "shared", "dispute_fee": "15.00",
    "dispute_fee_to": "vendor", "reserve": "10", "reserve_days": "90",
}  # fmt: skip
EMPTY = dict.fromkeys(
    (
        "shipping_to",
        "shipping_share",
        "shipping_tax_to",
        "sales_tax_to",
        "payment_fees_to",
        "keep_commission",
        "keep_payment_fee",
        "refund_bearer",
        "dispute_fee_to",
        "payout_schedule",
    ),
    "",
)


def agreed_with(shop: Shop, vendor: Vendor) -> Terms:
    with db.scoped(shop.id) as session:
        return get_agreed(session, shop.id).of(vendor.id)


def test_settings_for_all_are_checked_kept_and_remembered_with_who_changed_them(
    merchant: FlaskClient, shop: Shop
) -> None:
    for broken, words in (
        ({"discount_bearers": "WELCOME10"}, "WELCOME10” as CODE = 50"),
        ({"dispute_fee": "-1"}, "Enter 0 or more"),
        ({"reserve_days": "0"}, "Say for how many days"),
        ({"discount": "120"}, "Choose between 0 and 100"),
    ):
        refused = merchant.post("/app/settings/money", data=WANTED | broken)
        assert refused.status_code == 422
        assert words in refused.text
    with db.scoped(shop.id) as session:
        assert session.get(MoneySettings, shop.id) is None
    saved = merchant.post("/app/settings/money", data=WANTED)
    assert saved.status_code == 200
    assert lint_polaris(saved.text) == []
    assert "Kept in reserve: 0 % → 10 %" in saved.text
    assert "by Mona Merchant" in saved.text
    with db.scoped(shop.id) as session:
        held = session.get_one(MoneySettings, shop.id)
        assert (held.shipping_to, held.sales_tax_to, held.keep_commission) == ("marketplace", "vendor", True)
        assert (held.fee_tax_bps, held.discount_bearers) == (Decimal(1900), {"WELCOME10": "5000"})
        assert (held.dispute_fee_minor, held.payment_fees_to, held.reserve_days) == (1500, "shared", 90)
    assert "Nothing had changed" in merchant.post("/app/settings/money", data=WANTED).headers["HX-Trigger"]


def test_one_vendor_has_terms_of_their_own_and_the_rest_as_everybody(
    merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    path = f"/app/settings/money/vendors/{seller.id}"
    assert "Empty: as for everybody, 14 days." in merchant.get(path).text
    assert merchant.post(path, data=EMPTY | {"reserve": "101"}).status_code == 422
    chosen = EMPTY | {
        "hold_days": "0",
        "reserve": "5",
        "reserve_days": "30",
        "keep_commission": "yes",
        "refund_bearer": "marketplace",
        "dispute_fee_to": "vendor",
        "shipping_share": "weight",
        "shipping_names": "Ada's Parcel, ada-x",
    }
    page = merchant.post(path, data=chosen)
    assert page.status_code == 200
    assert lint_polaris(page.text) == []
    terms = agreed_with(shop, seller)
    assert (terms.hold_days, terms.reserve_bps, terms.keep_commission) == (0, Decimal(500), True)
    assert terms.shipping_names == ("ada's parcel", "ada-x")
    assert (terms.refund_bearer, terms.dispute_fee_to) == ("marketplace", "vendor")
    assert terms.shipping_share == "weight"
    assert "Part of shared shipping: by weight (agreed with this vendor)" in page.text
    assert "Shipping is shared: as for everybody → by weight" in page.text
    assert "A refund or dispute without items: as for everybody → you" in page.text
    assert "The fee for a lost one is borne by: as for everybody → the vendors" in page.text
    merchant.post("/app/settings/money", data=WANTED | {"reserve": "20", "fee_tax": "7"})
    terms = agreed_with(shop, seller)
    assert (terms.reserve_bps, terms.fee_tax_bps) == (Decimal(500), Decimal(700))
    assert "Ada&#39;s Ceramics" in merchant.get("/app/settings/money").text
    released_at_once = merchant.post(path, data=EMPTY | {"reserve_days": "0"})
    assert released_at_once.status_code == 422
    assert "Say for how many days, or enter 0 for no reserve" in released_at_once.text
    assert merchant.post(path, data=EMPTY | {"reserve": "0", "reserve_days": "0"}).status_code == 200
    merchant.post(path, data=EMPTY)
    assert agreed_with(shop, seller).reserve_bps == 2000
    assert agreed_with(shop, seller).shipping_share == "equal", "as for everybody again"


def test_a_vendor_may_have_a_payout_day_and_shares_of_discounts_of_their_own(
    merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    path = f"/app/settings/money/vendors/{seller.id}"
    assert "As for everybody: when you say so" in merchant.get(path).text
    for wrong, words in (
        ({"payout_schedule": "monthly", "payout_month_day": "31"}, "Enter a day from 1 to 28"),
        ({"payout_schedule": "daily"}, "Not a valid choice"),
        ({"discount_bearers": "WELCOME10"}, "WELCOME10” as CODE = 50"),
        ({"discount_bearers": "WELCOME10 = 50\nwelcome10 = 0"}, "“WELCOME10” stands here twice"),
        ({"reserve": "5"}, "Say for how many days"),
    ):
        refused = merchant.post(path, data=EMPTY | wrong)
        assert (refused.status_code, words in refused.text) == (422, True), wrong
    chosen = {"payout_schedule": "fortnightly", "payout_weekday": "5", "discount_bearers": "welcome10 = 25"}
    page = merchant.post(path, data=EMPTY | chosen)
    assert lint_polaris(page.text) == []
    assert "every two weeks, on Friday (agreed with this vendor)" in page.text
    first = agreed_with(shop, seller).payout_schedule
    assert first is not None
    merchant.post(path, data=EMPTY | chosen | {"hold_days": "3"})
    terms = agreed_with(shop, seller)
    assert terms.payout_schedule == first, "its fortnights are still counted from the same week"
    assert bearers_of({"WELCOME10": "5000", "SPRING": "0"}, terms) == {
        "WELCOME10": "2500", "SPRING": "0", "": "10000",
    }  # fmt: skip
    merchant.post(path, data=EMPTY)
    assert agreed_with(shop, seller).payout_schedule is None


def test_another_shops_vendor_is_not_there(merchant: FlaskClient, zenith: Shop, cy: Vendor) -> None:
    path = f"/app/settings/money/vendors/{cy.id}"
    assert merchant.get(path).status_code == 404
    assert merchant.post(path, data=EMPTY | {"hold_days": "0"}).status_code == 404


@pytest.mark.parametrize(("own", "shared"), [({"reserve": "5"}, ("0", "0")), ({"reserve_days": "0"}, ("10", "30"))])
def test_no_change_for_all_leaves_a_vendor_a_reserve_without_days(
    merchant: FlaskClient, shop: Shop, seller: Vendor, own: dict[str, str], shared: tuple[str, str]
) -> None:
    """A percentage of their own and nobody's days, or days of their own and everybody's percentage."""
    path = f"/app/settings/money/vendors/{seller.id}"
    first = {"reserve": "0", "reserve_days": "30"}
    assert merchant.post("/app/settings/money", data=WANTED | first).status_code == 200
    assert merchant.post(path, data=EMPTY | own).status_code == 200
    wanted = WANTED | dict(zip(first, shared, strict=True))
    refused = merchant.post("/app/settings/money", data=wanted)
    assert refused.status_code == 422
    assert "A reserve would be left without days, by what you agreed with: Ada&#39;s Ceramics." in refused.text
    assert merchant.post("/app/settings/money", data=WANTED | first | {"fee_tax": "7"}).status_code == 200
    assert merchant.post(path, data=EMPTY).status_code == 200
    assert merchant.post("/app/settings/money", data=wanted).status_code == 200


def test_of_two_saves_at_once_the_later_one_heeds_the_earlier(shop: Shop, seller: Vendor) -> None:
    """The days go for all while a vendor is given a percentage."""
    own, settings = {"reserve_bps": Decimal(500)}, default_settings()
    chosen = {column.key: getattr(settings, column.key) for column in settings.__table__.columns} | {"reserve_days": 30}
    with db.scoped(shop.id) as session:
        save_settings(session, shop, chosen, "staff:1")
    with db.scoped(shop.id) as first, db.scoped(shop.id) as second:
        assert get_agreed(second, shop.id).shared.reserve_days == 30
        save_settings(first, shop, chosen | {"reserve_days": 0}, "staff:1")
        attempt = second.begin_nested()
        second.execute(text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            save_overrides(second, shop, seller.id, own, "staff:2")
        attempt.rollback()
        first.commit()
        with pytest.raises(ValidationErrors, match="Say for how many days"):
            save_overrides(second, shop, seller.id, own, "staff:2")


def test_terms_are_merged_by_name_and_unknown_names_are_left_out() -> None:
    merged = merge_terms(Terms(hold_days=7), {"reserve_bps": "250.5", "iban": "DE", "shipping_names": ["x"]})
    assert merged == Terms(hold_days=7, reserve_bps=Decimal("250.5"), shipping_names=("x",))


def test_a_shipping_line_that_two_vendors_claim_is_nobodys_own() -> None:
    one, two = Terms(shipping_names=("express",)), Terms(shipping_names=("express", "parcel"))
    assert own_shipping({1: one, 2: two}, "Parcel", "") == 2
    assert own_shipping({1: one, 2: two}, "EXPRESS ", "x") is None
    assert own_shipping({1: one}, "", "") is None

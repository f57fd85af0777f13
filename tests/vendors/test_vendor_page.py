"""The merchant's page of one vendor: people and how they sign in, notes, figures, and mail that does not arrive."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.auth import factors
from app.commissions.agreements import save_overrides
from app.emails.service import queue_email
from app.models.emails import Email
from app.models.events import AuditEntry
from app.models.factors import FactorKind, LoginFactor
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus, VendorUser
from app.vendors import queries
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor


@pytest.fixture
def seller(shop: Shop) -> Vendor:
    return make_vendor(shop, "Ada's Ceramics", "Ada@example.com")


def test_a_lost_second_factor_is_taken_away_with_a_reason_and_the_person_is_told(
    merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    with db.scoped(shop.id) as session:
        user_id = session.scalars(select(VendorUser.id)).one()
        phone = LoginFactor(shop_id=shop.id, email="ada@example.com", kind=FactorKind.TOTP, name="Phone")
        session.add(phone)
    page = f"/app/vendors/{seller.id}"
    shown = merchant.get(page).text
    assert lint_polaris(shown) == []
    assert "Second step on" in shown
    refused = merchant.post(f"{page}/people/{user_id}/reset", data={"reason": " "})
    assert (refused.status_code, "how you know" in refused.text) == (422, True)
    done = merchant.post(f"{page}/people/{user_id}/reset", data={"reason": "Rang her on the number we know"})
    assert (done.status_code, "No second step" in done.text) == (200, True)
    with db.scoped(shop.id) as session:
        assert not factors.is_guarded(session, shop.id, "ada@example.com")
        [mail] = session.scalars(select(Email))
        log = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (mail.to_address, "took away your second step" in mail.text_body) == ("Ada@example.com", True)
    assert log is not None
    assert (log.action, log.vendor_id) == ("vendor.reset_second_factor", seller.id)
    assert merchant.post(f"{page}/people/{user_id}/reset", data={"reason": "Again"}).status_code == 409


def test_a_person_of_another_vendor_cannot_be_reset_from_here(
    merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    bea = make_vendor(shop, "Bea's Bakery", "bea@example.com")
    with db.scoped(shop.id) as session:
        bea_user = session.scalars(select(VendorUser.id).where(VendorUser.vendor_id == bea.id)).one()
    address = f"/app/vendors/{seller.id}/people/{bea_user}/reset"
    assert merchant.post(address, data={"reason": "x"}).status_code == 404


def test_a_note_is_kept_in_the_log_and_the_vendor_never_sees_it(
    merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    page = f"/app/vendors/{seller.id}"
    assert merchant.post(f"{page}/notes", data={"note": ""}).status_code == 422
    assert "Rings back on Monday" in merchant.post(f"{page}/notes", data={"note": "Rings back on Monday"}).text
    with db.scoped(shop.id, seller.id) as session:
        assert "vendor.note" not in set(session.scalars(select(AuditEntry.action)))


def test_mail_that_bounces_is_shown_until_one_arrives(merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    for status, is_shown in (("bounced", True), ("delivered", False)):
        with db.scoped(shop.id) as session:
            context = {"vendor_name": "Ada"}
            made = queue_email(session, shop.id, "vendor_welcome", "ada@example.com", context, dedupe_key=status)
            session.get_one(Email, made).status = status  # type: ignore[assignment]
        assert ("do not arrive" in merchant.get(f"/app/vendors/{seller.id}").text) is is_shown


def test_figures_count_what_is_there_and_no_test_orders(merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    empty = merchant.get(f"/app/vendors/{seller.id}/figures").text
    assert lint_polaris(empty) == []
    assert " %)" not in empty
    with db.scoped(shop.id) as session:
        for number, status, is_test, age in ((1, "to_ship", False, 1), (2, "cancelled", False, 2),
                                             (3, "to_ship", True, 1), (4, "shipped", False, 91)):  # fmt: skip
            at = clock.now() - timedelta(days=age)
            order = Order(shop_id=shop.id, shopify_id=number, name=f"#{number}", currency="USD", ordered_at=at,
                          snapshot={}, snapshot_updated_at=at, terms={}, total_minor=100)  # fmt: skip
            session.add(order)
            session.flush()
            session.add(
                VendorOrder(shop_id=shop.id, vendor_id=seller.id, order_id=order.id, order_shopify_id=number,
                            name=order.name, ordered_at=at, currency="USD", status=status, is_test=is_test)
            )  # fmt: skip
            session.add(
                OrderLine(shop_id=shop.id, vendor_id=seller.id, order_id=order.id, shopify_id=number, position=1,
                          title="Bowl", attribution="product", hold_days=7, tax_to="marketplace", fee_tax_bps=0,
                          quantity=4, current_quantity={1: 3, 2: 0}.get(number, 4))
            )  # fmt: skip
    assert "5 of 8 (62 %)" in merchant.get(f"/app/vendors/{seller.id}/figures").text


def test_several_vendors_are_decided_at_once_and_each_has_its_result(merchant: FlaskClient, shop: Shop) -> None:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com", VendorStatus.PENDING)
    bea = make_vendor(shop, "Bea's Bakery", "bea@example.com")
    assert lint_polaris(merchant.get("/app/vendors").text) == []
    both = {"action": "approve", "vendor": [ada.id, bea.id, 999]}
    answer = merchant.post("/app/vendors/together?sort=name", data=both)
    assert (answer.status_code, lint_polaris(answer.text)) == (200, [])
    assert "Done for 1 of 3" in answer.text
    assert "Not done: Bea&#39;s Bakery is approved now" in answer.text
    refused = merchant.post("/app/vendors/together", data={"action": "suspend", "vendor": [ada.id, bea.id]})
    assert (refused.status_code, "The vendors read it." in refused.text) == (422, True)
    assert '<s-option value="suspend" selected>' in refused.text, "what was chosen stays chosen"
    done = merchant.post("/app/vendors/together", data={"action": "suspend", "vendor": [bea.id], "reason": "Holidays"})
    assert "Done for 1 of 1" in done.text
    with db.scoped(shop.id) as session:
        assert {vendor.name: vendor.status for vendor in session.scalars(select(Vendor))} == {
            "Ada's Ceramics": VendorStatus.APPROVED,
            "Bea's Bakery": VendorStatus.SUSPENDED,
        }
    assert merchant.post("/app/vendors/together", data={"action": "close", "vendor": [bea.id]}).status_code == 404
    cy = make_vendor(shop, "Cy's Cider", "cy@example.com", VendorStatus.PENDING)
    declined = {"action": "reject", "vendor": [ada.id, cy.id], "reason": "No room"}
    assert "Done for 1 of 2" in merchant.post("/app/vendors/together", data=declined).text


def test_vendors_are_found_by_what_is_the_matter_with_them(merchant: FlaskClient, shop: Shop, seller: Vendor) -> None:
    others = {
        name: make_vendor(shop, name, f"{number}@example.com") for number, name in enumerate(("Bea", "Cy", "Dov"))
    }
    now = clock.now()
    away = {"away_from": now - timedelta(days=1), "away_until": now + timedelta(days=1)}
    over = {"away_from": now - timedelta(days=3), "away_until": now - timedelta(days=2)}
    with db.scoped(shop.id) as session:
        for vendor_id, values in (
            (seller.id, {"payout_account": None} | over),
            (others["Bea"].id, {"payout_account": b"x", "sync_error": "Shopify refused it."}),
            (others["Cy"].id, {"payout_account": b"x"} | away),
            (others["Dov"].id, {"payout_account": None, "status": VendorStatus.CLOSED}),
        ):
            session.execute(update(Vendor).where(Vendor.id == vendor_id).values(**values))

    def found(case: str) -> list[str]:
        lines = merchant.get(f"/app/vendors/export.csv?case={case}").text.splitlines()[1:]
        return sorted(line.split(",")[0] for line in lines)

    assert (found("unpayable"), found("behind"), found("away")) == (["Ada's Ceramics"], ["Bea"], ["Cy"])
    assert len(found("anything")) == 4
    page = merchant.get("/app/vendors?case=away").text
    assert lint_polaris(page) == []
    assert ("Cy" in page, "Ada's Ceramics" in page) == (True, False)


def test_the_page_says_when_the_vendor_is_paid_and_what_is_agreed_alone(
    merchant: FlaskClient, shop: Shop, seller: Vendor
) -> None:
    path = f"/app/vendors/{seller.id}/figures"
    assert "Payouts are prepared: when you say so<" in merchant.get(path).text
    own = {"payout_schedule": {"schedule": "monthly", "day": 28}, "reserve_bps": "500", "reserve_days": 30}
    with db.scoped(shop.id) as session:
        save_overrides(session, session.get_one(Shop, shop.id), seller.id, own, "staff:1")
    page = merchant.get(path).text
    assert "Payouts are prepared: every month, on day 28, agreed with this vendor" in page
    assert "Kept in reserve: 5 % for 30 days, agreed with this vendor" in page
    assert "On hold after the parcel: 14 days<" in page
    merchant.post("/app/commissions/new", data={"name": "Late", "rate": "5", "hold_days": "30", "tags": "late"})
    assert "14 days where no commission rule says otherwise<" in merchant.get(path).text


def test_of_very_many_vendors_a_filter_offers_the_chosen_one(
    acme: Shop, ada: Vendor, bea: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = ("", "All vendors")
    with db.scoped(acme.id) as session:
        names = [name for _, name in queries.offer_vendors(session, acme.id, None)]
        assert names == [everybody[1], ada.name, bea.name]
        monkeypatch.setattr(queries, "_MOST_OFFERED", 1)
        assert queries.offer_vendors(session, acme.id, None) == [everybody]
        assert queries.offer_vendors(session, acme.id, bea.id) == [everybody, (str(bea.id), bea.name)]

"""From the storefront's form to a public vendor page, with auto-approval off and on."""

import httpx
import pytest
from sqlalchemy import select, update

from app import db
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus
from app.reconciliation.service import reconcile
from app.vendors.service import request_profile_sync
from tests.scenarios.market import LINK, Market

ADA = {"name": "Ada's Ceramics", "email": "ada@example.com", "tagline": "Stoneware thrown by hand."}
PAGE = """{ metaobjects(type: "$app:vendor", first: 10) { nodes { id handle displayName
  fields { key value } capabilities { publishable { status } } } } }"""


def find_vendor(shop: Shop, email: str = "ada@example.com") -> Vendor:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Vendor).where(Vendor.email == email)).one()


def subjects(market: Market, to: str = "ada@example.com") -> list[str]:
    return [mail["subject"] for mail in reversed(market.mails(to))]


def page_of(market: Market) -> tuple[str, str, dict[str, str]]:
    node = market.ask_shopify(PAGE)["metaobjects"]["nodes"][0]
    fields = {field["key"]: field["value"] for field in node["fields"]}
    return node["handle"], node["capabilities"]["publishable"]["status"], fields


def test_ada_applies_is_approved_and_opens_her_portal(market: Market) -> None:
    shop = market.install()
    answer = market.apply(**ADA)
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    market.settle()
    handle, status, fields = page_of(market)
    assert (handle, status) == ("adas-ceramics", "DRAFT")
    assert fields["tagline"] == ADA["tagline"]
    assert subjects(market) == [
        "We have your application, Ada's Ceramics",
        "Your application to Acme is being reviewed",
    ]
    assert f"/portal/login?shop={shop.domain}" in market.mails("ada@example.com")[0]["text"]
    assert httpx.get(f"{market.storefront_url()}/pages/vendors/adas-ceramics").status_code == 404

    vendor = find_vendor(shop)
    assert "Ada&#39;s Ceramics" in market.merchant("/app/vendors?status=pending").text
    decided = market.merchant(f"/app/vendors/{vendor.id}/approve", {})
    assert decided.status_code == 200
    market.settle()
    assert page_of(market)[1] == "ACTIVE"
    assert httpx.get(f"{market.storefront_url()}/pages/vendors/adas-ceramics").status_code == 200
    mail = market.mails("ada@example.com")[0]
    assert mail["subject"] == "You can start selling at Acme"
    link = LINK.search(mail["text"])
    assert link
    portal = market.sign_in(link[0])
    assert "Ada&#39;s Ceramics" in portal.get("/portal").text
    assert market.merchant(f"/app/vendors/{vendor.id}/approve", {}).status_code == 409


def test_a_rejected_applicant_reads_why_and_may_apply_again(market: Market) -> None:
    shop = market.install()
    market.apply(**ADA)
    market.settle()
    vendor = find_vendor(shop)
    refused = market.merchant(f"/app/vendors/{vendor.id}/reject", {"reason": " "})
    assert refused.status_code == 422
    assert "Say why in a sentence" in refused.text
    market.merchant(f"/app/vendors/{vendor.id}/reject", {"reason": "We have enough ceramics."})
    market.settle()
    assert "We have enough ceramics." in market.mails("ada@example.com")[0]["text"]
    assert page_of(market)[1] == "DRAFT"

    assert market.apply(**{**ADA, "tagline": "Porcelain now."}).json()["ok"] is True
    market.settle()
    again = find_vendor(shop)
    assert (again.id, again.status, again.tagline) == (vendor.id, VendorStatus.PENDING, "Porcelain now.")


def test_with_auto_approval_the_page_is_public_at_once(market: Market) -> None:
    shop = market.install()
    with db.scoped(shop.id) as session:
        session.execute(update(ShopSettings).values(auto_approve_vendors=True))
    market.apply(**ADA)
    market.settle()
    assert find_vendor(shop).status == VendorStatus.APPROVED
    assert page_of(market)[1] == "ACTIVE"
    assert subjects(market) == ["We have your application, Ada's Ceramics", "You can start selling at Acme"]


def test_a_second_application_tells_the_owner_and_nobody_else(market: Market) -> None:
    market.install()
    first = market.apply(**ADA)
    market.settle()
    second = market.apply(name="Quite another name", email="ADA@example.com")
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    market.settle()
    assert subjects(market)[-1] == "You already have an application at Acme"
    assert len(market.ask_shopify(PAGE)["metaobjects"]["nodes"]) == 1


@pytest.mark.parametrize("name", ["ADAS CERAMICS", "The Ada's Ceramics, Ltd."])
def test_a_name_that_looks_taken_is_refused_beside_its_field(market: Market, name: str) -> None:
    market.install()
    market.apply(**ADA)
    answer = market.apply(name=name, email="eve@example.com")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["name"]
    assert "ada@example.com" not in answer.text


def test_a_name_that_only_shopify_knows_is_taken_too(market: Market) -> None:
    market.install()
    made = """mutation { metaobjectCreate(metaobject: {type: "$app:vendor", handle: "by-hand",
      fields: [{key: "name", value: "Bea's Bakery"}]}) { userErrors { message } } }"""
    assert market.ask_shopify(made)["metaobjectCreate"]["userErrors"] == []
    answer = market.apply(name="Bea\u2019s bakery", email="bea@example.com")
    assert list(answer.json()["errors"]) == ["name"]


def test_bad_fields_are_named_one_by_one_and_nothing_is_kept(market: Market) -> None:
    shop = market.install()
    answer = market.apply(name=" ", email="nobody", website="javascript:alert(1)")
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"name", "email", "website"}
    with db.scoped(shop.id) as session:
        assert session.scalars(select(Vendor)).all() == []


def test_the_merchants_edit_in_the_admin_becomes_ours(market: Market) -> None:
    shop = market.install()
    market.apply(**ADA)
    market.settle()
    edit = """mutation ($id: ID!) { metaobjectUpdate(id: $id, metaobject: {fields: [
      {key: "tagline", value: "Edited by Mona."}]}) { userErrors { message } } }"""
    market.ask_shopify(edit, {"id": find_vendor(shop).metaobject_gid})
    market.settle()
    assert find_vendor(shop).tagline == "Edited by Mona."


def test_the_merchants_edit_and_the_vendors_at_the_same_time_both_stay(market: Market) -> None:
    shop = market.install()
    market.apply(**ADA)
    market.settle()
    edit = """mutation ($id: ID!) { metaobjectUpdate(id: $id, metaobject: {fields: [
      {key: "tagline", value: "Edited by Mona."}]}) { userErrors { message } } }"""
    market.ask_shopify(edit, {"id": find_vendor(shop).metaobject_gid})
    with db.scoped(shop.id) as session:
        vendor = session.scalars(select(Vendor)).one()
        vendor.about = "Written by Ada."
        request_profile_sync(session, vendor)
    market.settle()
    kept = find_vendor(shop)
    assert (kept.tagline, kept.about) == ("Edited by Mona.", "Written by Ada.")
    assert kept.profile_synced_at is not None
    fields = page_of(market)[2]
    assert (fields["tagline"], fields["about"]) == ("Edited by Mona.", "Written by Ada.")


def test_a_website_that_the_vendor_takes_away_is_gone_from_the_page(market: Market) -> None:
    shop = market.install()
    market.apply(**{**ADA, "website": "https://ada.example"})
    market.settle()
    assert page_of(market)[2]["website"] == "https://ada.example"
    with db.scoped(shop.id) as session:
        vendor = session.scalars(select(Vendor)).one()
        vendor.website = ""
        request_profile_sync(session, vendor)
    before = page_of(market)[2]
    market.settle()
    after = page_of(market)[2]
    assert before.items() - after.items() == {("website", "https://ada.example")}
    assert find_vendor(shop).website == ""


def test_a_page_that_an_older_version_left_a_website_on_is_found_and_mended(market: Market) -> None:
    shop = market.install()
    market.apply(**{**ADA, "website": "https://ada.example"})
    market.settle()
    with db.scoped(shop.id) as session:
        vendor = session.scalars(select(Vendor)).one()
        assert vendor.page_words
        vendor.website, vendor.page_words = "", {k: v for k, v in vendor.page_words.items() if k != "website"}
    reconcile(shop.id)
    market.settle()
    assert not page_of(market)[2].get("website")
    assert find_vendor(shop).website == ""


def test_a_robot_gets_thanks_and_leaves_nothing(market: Market) -> None:
    shop = market.install()
    assert market.apply(**ADA, company_url="https://spam.example").json()["ok"] is True
    with db.scoped(shop.id) as session:
        assert session.scalars(select(Vendor)).all() == []


def test_a_form_without_scripts_gets_a_page_in_the_theme(market: Market) -> None:
    market.install()
    url = f"{market.storefront_url()}/a/market/apply"
    form = {**ADA, "contact_name": "Ada", "what_they_sell": "Mugs {{ shop.name }}", "name": "{{ 7 | times: 7 }}"}
    accept = {"Accept": "text/html"}
    refused = httpx.post(url, data={**form, "email": "nobody"}, headers=accept)
    assert refused.status_code == 422
    assert "E-mail: This does not look like an e-mail address" in refused.text
    taken = httpx.post(url, data=form, headers=accept)
    assert taken.status_code == 200
    assert "Your application is on its way" in taken.text
    assert "49" not in taken.text.split("Your application")[1][:200]

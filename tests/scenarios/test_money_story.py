"""From a paid order to money at the vendor's bank, through the doors that people use, with Shopify at the other end."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from app import db
from app.auth import magic_links
from app.models.ledger import LedgerEntry
from app.models.payouts import Payout, PayoutBatch
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.vendors.payout_details import PayoutDetails, change_payout_details
from jobs.payouts import release_holds
from tests.conftest import make_vendor
from tests.scenarios.market import Market

ADDRESS = {
    "first_name": "Cleo", "last_name": "Customer", "address1": "1 Harbour Road", "city": "Portland",
    "province": "Oregon", "province_code": "OR", "country": "United States", "country_code": "US", "zip": "97201",
}  # fmt: skip
IBANS = {"ada": "DE89370400440532013000", "bea": "FR1420041010050500013M02606"}
NEW_PRODUCT = (
    "mutation($input: ProductSetInput!) { productSet(input: $input) { product { id } userErrors { message } } }"
)


@pytest.fixture
def shop(market: Market, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("STALLKEEPER_CLOCK_DIR", str(market.folder))
    return market.install()


@pytest.fixture
def sellers(market: Market, shop: Shop) -> dict[str, Vendor]:
    """Ada sells mugs at 20.00, Bea loaves at 10.00; both have told their bank details long ago."""
    made = {}
    for name, title, price in (("ada", "Mug", "20.00"), ("bea", "Loaf", "10.00")):
        vendor = make_vendor(shop, f"{name.title()}'s {title}s", f"{name}@example.com")
        with db.scoped(shop.id) as session:
            row = session.get_one(Vendor, vendor.id)
            change_payout_details(session, row, PayoutDetails(IBANS[name], f"{name.title()} Ünal"), actor="test")
            session.flush()
            session.execute(update(Vendor).values(payout_changed_at=None))
            gid = _new_product(market, title, price, vendor.name)
            session.add(
                Product(
                    shop_id=shop.id, vendor_id=vendor.id, shopify_gid=gid, title=title, status=ProductStatus.PUBLISHED
                )
            )
        made[name] = vendor
    market.settle()
    return made


@pytest.fixture
def portal(market: Market, shop: Shop) -> Callable[[Vendor], httpx.Client]:
    def enter(vendor: Vendor) -> httpx.Client:
        with db.system() as session:
            link = magic_links.issue_link(session, shop.id, vendor.email)
        return market.sign_in(link)

    return enter


def test_an_order_becomes_a_payout(
    market: Market, shop: Shop, sellers: dict[str, Vendor], portal: Callable[[Vendor], httpx.Client]
) -> None:
    order = _buy(market, {"MUG": 2, "LOAF": 1})
    market.settle()
    assert _subjects(market, "ada@example.com")[0] == "New order #1001: 2 items to send"
    assert _subjects(market, "cleo@example.com") == ["Your order #1001 at Acme"]
    assert "Cleo Customer" in market.merchant("/app/orders").text

    ada = portal(sellers["ada"])
    page = ada.get("/portal/orders/1")
    assert "1 Harbour Road" in page.text
    assert "Loaf" not in page.text
    line = next(entry["id"] for entry in order["line_items"] if entry["sku"] == "MUG")
    too_many = ada.post("/portal/orders/1/ship", data={f"units-{line}": "3"})
    assert too_many.status_code == 422
    assert "fewer items left" in too_many.text
    sent = {f"units-{line}": "2", "carrier": "UPS", "tracking_number": "1Z999"}
    assert ada.post("/portal/orders/1/ship", data=sent).status_code == 200
    market.settle()
    assert (
        "is on its way" in _subjects(market, "cleo@example.com")[0]
        or "has sent" in _subjects(market, "cleo@example.com")[0]
    )
    assert "1Z999" in ada.get("/portal/orders/1").text
    assert _shopify_order(market, order)["fulfillments"][0]["tracking_numbers"] == ["1Z999"]

    httpx.post(
        f"{market.store_url}/_control/orders/{order['id']}/refund",
        json={"lines": [{"sku": "MUG", "quantity": 1, "restock_type": "return"}]},
    ).raise_for_status()
    market.settle()
    _wait(market, days=20)
    before = _books()
    for mode in ("duplicate", "reverse"):
        httpx.post(f"{market.store_url}/_control/webhooks/redeliver", json={"mode": mode}).raise_for_status()
        market.settle()
    assert _books() == before

    batch = _pay(market)
    with db.system() as session:
        payout = session.scalars(select(Payout)).one()
        assert payout.vendor_id == sellers["ada"].id
        assert payout.amount_minor == before["vendor_available", sellers["ada"].id]
    assert _subjects(market, "ada@example.com")[0].endswith("is on its way to you")
    first, second = (market.merchant(f"/app/payouts/{batch}/file.xml") for _ in range(2))
    assert first.content == second.content
    assert _transfer(first.content) == ("Ada Unal", IBANS["ada"], payout.amount_minor)
    assert market.merchant(f"/app/payouts/{batch}/file.csv").text.count("P1-") >= 1
    ada = portal(sellers["ada"])  # after three weeks the first session has ended
    statement = ada.get(f"/portal/money/payouts/{payout.id}/statement.pdf")
    assert statement.content.startswith(b"%PDF")
    table = ada.get(f"/portal/money/payouts/{payout.id}/statement.csv").text
    assert "#1001" in table
    _prove(market)

    httpx.post(f"{market.store_url}/_control/orders/{order['id']}/refund", json={"amount": "5.00"}).raise_for_status()
    market.settle()
    assert "below zero" in ada.get("/portal/money").text
    assert "Owes money" in market.merchant("/app/payouts").text
    _prove(market)


def test_nobody_reads_anothers_money(
    market: Market, shop: Shop, sellers: dict[str, Vendor], portal: Callable[[Vendor], httpx.Client]
) -> None:
    _buy(market, {"MUG": 1})
    market.settle()
    bea = portal(sellers["bea"])
    for path in ("/portal/orders/1", "/portal/orders/1/packing-slip", "/portal/money/payouts/1"):
        assert bea.get(path).status_code == 404
    assert bea.post("/portal/orders/1/ship", data={"units-1": "1"}).status_code == 404
    market.install("zenith")
    assert market.merchant("/app/orders/1", shop="zenith").status_code == 404
    assert "#1001" not in market.merchant("/app/orders", shop="zenith").text


def test_a_cancelled_payout_gives_the_money_back(market: Market, shop: Shop, sellers: dict[str, Vendor]) -> None:
    order = _buy(market, {"LOAF": 3})
    httpx.post(f"{market.store_url}/_control/orders/{order['id']}/fulfil", json={}).raise_for_status()
    market.settle()
    _wait(market, days=20)
    before = _books()
    opened = market.merchant("/app/payouts", {"vendor": [sellers["bea"].id]})
    assert opened.status_code == 200
    assert market.merchant("/app/payouts", {"vendor": [sellers["bea"].id]}).status_code == 409
    with db.system() as session:
        batch = session.scalars(select(PayoutBatch.id)).one()
    assert market.merchant(f"/app/payouts/{batch}/cancel", {"x": "y"}).status_code == 200
    assert {key: amount for key, amount in _books().items() if amount} == before
    assert market.merchant("/app/payouts", {"vendor": [sellers["bea"].id]}).status_code == 200
    _prove(market)


def _new_product(market: Market, title: str, price: str, vendor: str) -> str:
    option = {"name": "Title", "values": [{"name": "Default Title"}]}
    variant = {
        "optionValues": [{"optionName": "Title", "name": "Default Title"}],
        "price": price,
        "sku": title.upper(),
        "inventoryPolicy": "CONTINUE",
    }
    wanted = {"title": title, "vendor": vendor, "status": "ACTIVE", "productOptions": [option], "variants": [variant]}
    answer = market.ask_shopify(NEW_PRODUCT, {"input": wanted})["productSet"]
    assert not answer["userErrors"], answer
    gid: str = answer["product"]["id"]
    return gid


def _buy(market: Market, skus: dict[str, int], **more: Any) -> dict[str, Any]:
    body = {
        "shop": "acme.myshopify.com",
        "lines": [{"sku": sku, "quantity": units} for sku, units in skus.items()],
        "email": "cleo@example.com",
        "shipping_address": ADDRESS,
        "shipping_rate_code": "standard",
        "discount_codes": ["WELCOME10"],
        **more,
    }
    order: dict[str, Any] = httpx.post(f"{market.store_url}/_control/orders", json=body).raise_for_status().json()
    return order


def _pay(market: Market) -> int:
    """Prepare, approve, take the file, mark as sent: what the merchant clicks."""
    assert (
        market.merchant("/app/payouts/settings/payer", {"name": "Acme", "iban": "GB29NWBK60161331926819"}).status_code
        == 200
    )
    with db.system() as session:
        everybody = list(session.scalars(select(Vendor.id)))
    assert "Look at the payouts" in market.merchant("/app/payouts", {"vendor": everybody}).headers["HX-Trigger"]
    with db.system() as session:
        batch = session.scalars(select(PayoutBatch.id)).one()
    assert market.merchant(f"/app/payouts/{batch}/file.xml").status_code == 409
    for action in ("approve", "make_file", "mark_sent"):
        assert market.merchant(f"/app/payouts/{batch}/{action}", {"x": "y"}).status_code == 200
    market.settle()
    return batch


def _transfer(document: bytes) -> tuple[str, str, int]:
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    root = ET.fromstring(document)
    one = root.find(".//p:CdtTrfTxInf", space)
    assert one is not None
    found = [one.findtext(path, "", space) for path in ("p:Cdtr/p:Nm", "p:CdtrAcct/p:Id/p:IBAN", "p:Amt/p:InstdAmt")]
    return found[0], found[1], int(found[2].replace(".", ""))


def _subjects(market: Market, to: str) -> list[str]:
    return [mail["subject"] for mail in market.mails(to)]


def _shopify_order(market: Market, order: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{market.store_url}/_control/orders/{order['id']}").raise_for_status().json()
    return found


def _wait(market: Market, *, days: int) -> None:
    seconds = days * 86400
    httpx.post(f"{market.store_url}/_control/clock", json={"offset_seconds": seconds}).raise_for_status()
    Path(market.folder, "clock-offset").write_text(str(seconds))
    assert release_holds() >= 1
    market.settle()


def _prove(market: Market) -> None:
    """The merchant has the books proven, and everything agrees."""
    market.merchant("/app/reconciliation", data={})
    market.settle()
    assert "Everything agrees" in market.merchant("/app/reconciliation").text


def _books() -> dict[tuple[str, int | None], int]:
    with db.system() as session:
        sums = select(LedgerEntry.account, LedgerEntry.vendor_id, func.sum(LedgerEntry.amount_minor))
        rows = session.execute(sums.group_by(LedgerEntry.account, LedgerEntry.vendor_id))
        return {(account, vendor): int(amount) for account, vendor, amount in rows if amount}

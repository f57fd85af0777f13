"""A code is made and printed once; where it leads can change, and who scans it is counted, not known."""

import base64
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.codes import queries, rules, service
from app.keyset import Place
from app.models.codes import Destination, QrCode, QrScans
from app.models.products import Product, ProductStatus
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor, VendorStatus
from app.queue import get_redis
from app.shopify import definitions
from app.shopify.tokens import ShopCredentials
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.portal.conftest import signed_in
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token, sign_proxy

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile Safari"
MARKET = {
    "name": "Saturday market",
    "caption": "See all my pots",
    "destination": "vendor",
    "product_id": "",
    "path": "",
}


@pytest.fixture
def app(database: str) -> Flask:
    return get_app()


@pytest.fixture
def portal(app: Flask, ada: Vendor) -> FlaskClient:
    return signed_in(app, ada)


@pytest.fixture
def bowl(ada: Vendor) -> Product:
    with db.scoped(ada.shop_id) as session:
        row = Product(shop_id=ada.shop_id, vendor_id=ada.id, title="Bowl", status=ProductStatus.PUBLISHED)
        row.handle = "bowl"
        session.add(row)
    return row


def make(portal: FlaskClient, **changes: Any) -> QrCode:
    answer = portal.post("/portal/codes/new", data=MARKET | changes)
    assert answer.status_code == 303, answer.text
    with db.system() as session:
        return session.get_one(QrCode, int(answer.headers["Location"].rpartition("/")[2]))


def scan(
    app: Flask, code: str, *, agent: str = PHONE, address: str = "203.0.113.7", shop: str = "acme", **more: str
) -> Any:
    headers = {"User-Agent": agent, "X-Forwarded-For": address, **more}
    query = sign_proxy(f"{shop}.myshopify.com")
    return app.test_client().get(f"/proxy/q/{code}?{query}", headers=headers)


def scans() -> int:
    with db.system() as session:
        return sum(session.scalars(select(QrScans.scans)))


def test_a_printed_code_leads_where_its_vendor_says_now(app: Flask, portal: FlaskClient, bowl: Product) -> None:
    code = make(portal)
    assert scan(app, code.code).headers["Location"].endswith("/pages/vendors/adas-ceramics")
    page = f"/portal/codes/{code.id}"
    assert portal.post(page, data=MARKET | {"destination": "product", "product_id": str(bowl.id)}).status_code == 303
    answer = scan(app, code.code.upper())
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    assert answer.headers["Location"].endswith("/products/bowl")
    pasted = "https://shop.example/collections/winter?sort_by=price"
    assert portal.post(page, data=MARKET | {"destination": "path", "path": pasted}).status_code == 303
    assert scan(app, code.code).headers["Location"].endswith("/collections/winter?sort_by=price")
    assert "shop.example" not in scan(app, code.code).headers["Location"]
    assert "30 days" in portal.get(page).text


@pytest.mark.parametrize(
    "path",
    ["", "pages/x", "//evil.example", "/\\evil.example", "/admin", "/account/logout", "/cart/1:1", "/pages/../cart/1:1",
     "/pages/%2e%2e/cart", "/pages/a\nb", "/checkout", "/a/market/portal", "javascript:alert(1)",
     "/pages/" + "x" * 300],
)  # fmt: skip
def test_a_code_never_leads_out_of_the_shop_nor_to_what_changes_something(path: str) -> None:
    assert rules.find_fault(path)


@pytest.mark.parametrize("path", ["/", "/pages/market-day", "/collections/all?sort_by=price", "/blogs/news/one"])
def test_pages_of_the_shop_are_fine(path: str) -> None:
    assert rules.find_fault(path) is None


def test_what_was_typed_wrong_stands_beside_its_field(portal: FlaskClient, bea: Vendor) -> None:
    with db.scoped(bea.shop_id) as session:
        beas = Product(shop_id=bea.shop_id, vendor_id=bea.id, title="Loaf", status=ProductStatus.PUBLISHED)
        session.add(beas)
        session.flush()
    for wrong, words in (
        ({"name": ""}, "Give it a name"),
        ({"destination": "path", "path": "/admin"}, "A code leads to the shop"),
        ({"destination": "product", "product_id": str(beas.id)}, "Choose one of your products"),
        ({"destination": "elsewhere"}, "Not a valid choice"),
    ):
        answer = portal.post("/portal/codes/new", data=MARKET | wrong)
        assert (answer.status_code, words in answer.text) == (422, True), wrong


def test_what_was_not_chosen_is_not_kept(portal: FlaskClient, bea: Vendor, bowl: Product) -> None:
    with db.scoped(bea.shop_id) as session:
        beas = Product(shop_id=bea.shop_id, vendor_id=bea.id, title="Loaf", status=ProductStatus.PUBLISHED)
        session.add(beas)
        session.flush()
    unseen = {"product_id": str(beas.id), "path": "//evil.example/" + "x" * 5000}
    code = make(portal, **unseen)
    assert (code.product_id, code.path) == (None, "")
    assert make(portal, product_id=str(2**62)).product_id is None
    assert portal.post(f"/portal/codes/{code.id}", data=MARKET | unseen).status_code == 303
    own = MARKET | unseen | {"destination": "product", "product_id": str(bowl.id)}
    assert portal.post(f"/portal/codes/{code.id}", data=own).status_code == 303
    with db.system() as session:
        held = session.get_one(QrCode, code.id)
    assert (held.destination, held.product_id, held.path) == (Destination.PRODUCT, bowl.id, "")


def test_a_device_counts_once_an_hour_and_robots_never(app: Flask, portal: FlaskClient) -> None:
    code = make(portal)
    for _ in range(3):
        assert scan(app, code.code).status_code == 302
    assert scans() == 1
    scan(app, code.code, address="203.0.113.8")
    scan(app, code.code, agent=PHONE + " other")
    assert scans() == 3
    for robot in ("Googlebot/2.1", "facebookexternalhit/1.1", "WhatsApp/2.23", "curl/8.5", ""):
        assert scan(app, code.code, agent=robot).status_code == 302
    scan(app, code.code, address="203.0.113.9", **{"Sec-Purpose": "prefetch"})
    assert scans() == 3
    for claimed in ("198.51.100.1", "198.51.100.2"):
        scan(app, code.code, address=f"{claimed}, 203.0.113.7, 192.0.2.1")  # Shopify's own address, by our proxy
    assert scans() == 3, "what the visitor wrote there counts for nothing"
    for key in get_redis().scan_iter("limit:scan:*"):
        get_redis().delete(key)  # an hour passes
    scan(app, code.code)
    assert scans() == 4
    with db.system() as session:
        kept = session.execute(select(QrScans)).scalars().one()
    assert set(kept.__table__.columns.keys()) == {"code_id", "day", "shop_id", "vendor_id", "scans"}


@pytest.mark.parametrize("status", [VendorStatus.SUSPENDED, VendorStatus.CLOSED])
def test_a_vendor_who_does_not_sell_has_a_friendly_page(
    app: Flask, portal: FlaskClient, ada: Vendor, status: VendorStatus
) -> None:
    code = make(portal)
    with db.scoped(ada.shop_id) as session:
        session.get_one(Vendor, ada.id).status = status
    answer = scan(app, code.code)
    assert (answer.status_code, answer.content_type) == (200, "application/liquid")
    assert "closed at the moment" in answer.text
    assert ada.name not in answer.text


def test_on_holiday_a_products_code_leads_to_the_page_that_says_so(
    app: Flask, portal: FlaskClient, ada: Vendor, bowl: Product
) -> None:
    code = make(portal, destination="product", product_id=str(bowl.id))
    with db.scoped(ada.shop_id) as session:
        row = session.get_one(Vendor, ada.id)
        row.away_from, row.away_until = clock.now() - timedelta(days=1), clock.now() + timedelta(days=1)
        row.away_hides = True
    assert scan(app, code.code).headers["Location"].endswith("/pages/vendors/adas-ceramics")
    with db.scoped(ada.shop_id) as session:
        session.get_one(Vendor, ada.id).away_hides = False
    assert scan(app, code.code).headers["Location"].endswith("/products/bowl")


def test_what_is_put_away_still_leads_to_the_vendor(app: Flask, portal: FlaskClient) -> None:
    code = make(portal, destination="path", path="/pages/market-day")
    assert portal.post(f"/portal/codes/{code.id}/away", data={"away": "yes"}).status_code == 303
    assert scan(app, code.code).headers["Location"].endswith("/pages/vendors/adas-ceramics")
    assert "Put away" in portal.get("/portal/codes").text
    portal.post(f"/portal/codes/{code.id}/away", data={"away": "no"})
    assert scan(app, code.code).headers["Location"].endswith("/pages/market-day")


def test_unknown_codes_and_another_shops_lead_nowhere(app: Flask, portal: FlaskClient, zenith: Shop) -> None:
    code = make(portal)
    for wrong, shop in (("aaaaaaaa", "acme"), ("x" * 300, "acme"), (code.code, "zenith")):
        answer = scan(app, wrong, shop=shop)
        assert (answer.status_code, "leads nowhere" in answer.text) == (404, True)
    assert scans() == 0


def test_for_a_shop_that_has_just_left_nothing_is_counted(app: Flask, portal: FlaskClient, acme: Shop) -> None:
    code = make(portal)
    scan(app, code.code)
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).status = ShopStatus.UNINSTALLED
    scan(app, code.code, address="203.0.113.8")
    assert scans() == 1


def test_a_count_that_fails_keeps_nobody_from_going_on(
    app: Flask, portal: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = make(portal)
    gone = QrCode(id=code.id + 1, vendor_id=code.vendor_id)
    count = service.count_scan
    monkeypatch.setattr(service, "count_scan", lambda shop, _code: count(shop, gone))
    answer = scan(app, code.code)
    assert (answer.status_code, scans()) == (302, 0)
    monkeypatch.undo()
    scan(app, code.code, address="203.0.113.8")
    assert scans() == 1


def test_files_and_sheet_hold_the_printed_address(portal: FlaskClient, acme: Shop) -> None:
    code = make(portal)
    assert service.address_of(acme, code).endswith(f"/a/market/q/{code.code}")
    svg, png = (portal.get(f"/portal/codes/{code.id}/code.{kind}") for kind in ("svg", "png"))
    assert (svg.mimetype, b"<svg" in svg.data) == ("image/svg+xml", True)
    assert (png.mimetype, png.data[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert portal.get(f"/portal/codes/{code.id}/code.exe").status_code == 404
    sheet = portal.get(f"/portal/codes/{code.id}/sheet").text
    assert sheet.count("<svg") == 17
    assert "See all my pots" in sheet


def test_codes_come_in_parts_with_what_is_in_use_first(acme: Shop, ada: Vendor) -> None:
    mine = {"shop_id": acme.id, "vendor_id": ada.id}
    with db.scoped(acme.id) as session:
        for number in range(5):
            away = clock.now() if number == 4 else None
            session.add(QrCode(code=f"code{number}", name=f"Stall {number}", archived_at=away, **mine))
    with db.scoped(acme.id) as session:
        first = queries.list_codes(session, acme, queries.Wanted(), limit=3)
        rest = queries.list_codes(session, acme, queries.Wanted(), place=Place(after=first.after or ""), limit=3)
        back = queries.list_codes(session, acme, queries.Wanted(), place=Place(before=rest.before or ""), limit=3)
        assert [row.code.name for row in (*first.rows, *rest.rows)] == [f"Stall {n}" for n in (3, 2, 1, 0, 4)]
        assert [row.code.name for row in back.rows] == [row.code.name for row in first.rows]
        forged = base64.urlsafe_b64encode(f"[{2**31}, 1]".encode()).decode()
        assert queries.list_codes(session, acme, queries.Wanted(), place=Place(after=forged), limit=3) == first
        assert queries.list_codes(session, acme, queries.Wanted(search="stall 4")).total == 1
        assert len(list(queries.walk(session, acme, queries.Wanted(vendor_id=ada.id)))) == 5


def test_another_vendor_finds_no_code_of_hers_and_the_merchant_all(
    app: Flask, portal: FlaskClient, acme: Shop, bea: Vendor, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    code = make(portal)
    scan(app, code.code)
    beas = signed_in(app, bea)
    assert "Saturday market" not in beas.get("/portal/codes").text
    for answer in (beas.get(f"/portal/codes/{code.id}"), beas.post(f"/portal/codes/{code.id}", data=MARKET)):
        assert answer.status_code == 404
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).definitions_version = definitions.VERSION
    merchant = app.test_client()
    merchant.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {sign_id_token()}"
    page = merchant.get("/app/codes").text
    assert lint_polaris(page) == []
    assert "Saturday market" in page


def test_the_merchant_prints_and_downloads_codes_of_several_vendors(
    app: Flask, acme: Shop, ada: Vendor, bea: Vendor, shopify: FakeShopify
) -> None:
    codes = [
        make(signed_in(app, vendor, f"{name.lower()}@example.com"), name=name, caption=caption)
        for vendor, name, caption in ((ada, "Ada", "All my pots"), (bea, "Bea", ""))
    ]
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).definitions_version = definitions.VERSION
    merchant = app.test_client()
    merchant.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {sign_id_token()}"
    ticked = {"code": [code.id for code in codes]}
    sheet = merchant.get("/app/codes/sheet", query_string=ticked | {"size": "large"}).text
    assert (sheet.count("<svg"), sheet.count("piece large"), "All my pots" in sheet) == (2, 2, True)
    assert lint_polaris(sheet) == []
    assert "Tick the codes" in merchant.get("/app/codes/sheet").text
    with zipfile.ZipFile(io.BytesIO(merchant.get("/app/codes/files.zip", query_string=ticked).data)) as archive:
        assert len(archive.namelist()) == 4


def test_several_codes_are_printed_downloaded_and_put_away_together(
    app: Flask, portal: FlaskClient, bea: Vendor
) -> None:
    codes = [make(portal, name=name, caption="") for name in ("Market", "Shelf: left", "Fair")]
    foreign = make(signed_in(app, bea, "bea@example.com"))
    ticked = {"code": [codes[0].id, codes[1].id, foreign.id]}
    sheet = portal.get("/portal/codes/sheet", query_string=ticked | {"size": "large"}).text
    assert (sheet.count("<svg"), sheet.count("piece large"), "Shelf: left" in sheet) == (2, 2, True)
    with zipfile.ZipFile(io.BytesIO(portal.get("/portal/codes/files.zip", query_string=ticked).data)) as archive:
        stems = (f"Market {codes[0].code}", f"Shelf left {codes[1].code}")
        assert set(archive.namelist()) == {f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")}
    portal.post(f"/portal/codes/{codes[0].id}/away", data={"away": "yes"})
    answer = portal.post("/portal/codes/away", data=ticked).text
    assert "1 of 2 done" in answer
    assert "It was put away before." in answer
    assert portal.post("/portal/codes/away").status_code == 422
    with db.system() as session:
        assert session.get_one(QrCode, codes[1].id).archived_at is not None
        assert session.get_one(QrCode, foreign.id).archived_at is None


def test_codes_are_found_by_state_and_sorted_by_scans(app: Flask, portal: FlaskClient) -> None:
    first, second, away = (make(portal, name=name) for name in ("Market", "Shelf", "Away"))
    portal.post(f"/portal/codes/{away.id}/away", data={"away": "yes"})
    scan(app, first.code)
    with db.system() as session:
        session.execute(update(QrScans).values(day=QrScans.day - 1))
    for _ in range(2):
        scan(app, second.code)  # today's count changes while somebody turns the pages

    def shown(query: str) -> list[str]:
        return [line.split(",")[0] for line in portal.get(f"/portal/codes/export.csv?{query}").text.splitlines()[1:]]

    assert shown("sort=scans&state=in_use") == ["Market", "Shelf"]
    assert shown("state=away") == ["Away"]
    assert shown("sort=name") == ["Away", "Market", "Shelf"]
    assert shown("sort=bogus&state=bogus") == ["Shelf", "Market", "Away"]

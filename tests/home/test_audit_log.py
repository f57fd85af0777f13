"""The log of every change, by its real door."""

import csv
import io

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select

from app import audit, db
from app.auth.api import make_token, revoke_token
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorUser
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor


def exported(client: FlaskClient, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"/app/log/export.csv?{query}").text.lstrip("\ufeff"))))


def test_entries_are_found_by_who_what_about_whom_and_when(merchant: FlaskClient, shop: Shop, zenith: Shop) -> None:
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    with db.scoped(shop.id) as session:
        person = session.scalars(select(VendorUser.id)).one()
        about = ("vendor", ada.id)
        audit.record(session, shop.id, "vendor.suspend", about, actor="staff:7", vendor_id=ada.id, reason="=Late 100%")
        audit.record(
            session, shop.id, "vendor.edit_profile", about, actor=f"vendor_user:{person}", vendor_id=ada.id,
            changes={"tagline": ["", "By hand"]},
        )  # fmt: skip
    with db.scoped(zenith.id) as session:
        audit.record(session, zenith.id, "settings.change", ("shop", zenith.id), actor="staff:8", reason="Rival")
    page = merchant.get("/app/log").text
    assert lint_polaris(page) == []
    assert "Tagline: By hand" in page
    assert "Rival" not in page
    assert [row["action"] for row in exported(merchant, "actor=vendor_user")] == ["vendor.edit_profile"]
    assert [row["who"] for row in exported(merchant, "q=by+hand")] == ["Ada"]
    [late] = exported(merchant, "q=100%25&action=vendor.suspend&actor=staff")
    assert (late["reason"], late["vendor"]) == ("'=Late 100%", "Ada's Ceramics")
    assert len(exported(merchant, f"vendor={ada.id}")) == 2
    assert exported(merchant, "until=2001-01-01") == []
    assert len(exported(merchant, "since=2001-01-01&until=nonsense")) == len(exported(merchant))


def test_programs_are_called_like_their_tokens_whosever_and_revoked_or_not(
    merchant: FlaskClient, shop: Shop, seller: Vendor, zenith: Shop
) -> None:
    names = {}
    for owner, vendor_id, name in ((shop, None, "ERP"), (shop, seller.id, "Kiln"), (zenith, None, "Rival")):
        with db.scoped(owner.id) as session:
            row, _ = make_token(session, owner.id, name, [], actor="staff:1", vendor_id=vendor_id)
            revoke_token(session, row.id, actor="staff:1")
            names[f"api:{row.id}"] = name
    with db.scoped(shop.id) as session:
        for by in (*names, "api:999"):
            audit.record(session, shop.id, "vendor.suspend", ("vendor", seller.id), actor=by, reason=by)
    told = {row["reason"]: row["who"] for row in exported(merchant, "actor=api")}
    ours = {by: f"Program “{name}”" for by, name in names.items() if name != "Rival"}
    others = {by: f"Program with token {by[4:]}" for by in told.keys() - ours.keys()}
    assert len(others) == 2
    assert told == ours | others
    assert "Program “Kiln”" in merchant.get("/app/log").text
    page = merchant.get(f"/app/vendors/{seller.id}").text
    assert "Program “ERP”" in page


def turned(page: str, way: str) -> str:
    button = BeautifulSoup(page, "html.parser").select_one(f's-button[accessibilitylabel="{way}"]')
    assert button
    return str(button["href"])


def test_a_long_log_is_read_page_by_page_without_gap_or_double(merchant: FlaskClient, shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        for number in range(60):
            audit.record(session, shop.id, "settings.change", ("shop", shop.id), actor="system", reason=f"n{number:02}")
    first = merchant.get("/app/log?action=settings.change").text
    last = [row["reason"] for row in exported(merchant, "action=settings.change")]
    assert last == [f"n{number:02}" for number in reversed(range(60))]
    second = merchant.get(turned(first, "Next page")).text
    assert ("n10" in first, "n09" in first, "n10" in second, "n09" in second) == (True, False, False, True)
    assert "n10" in merchant.get(turned(second, "Previous page")).text

"""The second step of signing in: authenticator apps, passkeys, recovery codes, and what happens without them."""

import re
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.auth import factors
from app.config import get_config
from app.models.emails import Email
from app.models.factors import LoginFactor
from app.models.shops import Shop
from app.models.vendors import PortalSession, Vendor, VendorUser
from tests.portal.authenticator import Authenticator
from tests.portal.conftest import mailed_links
from tests.portal.test_handover import address_in, ask_storefront, connect

NOW = 1_800_000_000
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The half minute does not change between a code and its use."""
    monkeypatch.setattr(factors, "time", SimpleNamespace(time=lambda: NOW))


@pytest.fixture
def guarded(adas_browser: FlaskClient, ada: Vendor) -> list[str]:
    """Ada has an authenticator app. Gives her recovery codes."""
    page = adas_browser.post("/portal/security/app", data={"secret": SECRET, "code": code_at(-30), "app_name": "Phone"})
    assert page.status_code == 200, page.text
    codes = re.findall(r"<code>(\w{5}-\w{5}-\w{5})</code>", page.text)
    assert len(codes) == factors.RECOVERY_CODES
    return codes


def code_at(seconds: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(NOW + seconds)


def half_way_in(browser: FlaskClient, ada: Vendor, *, vendor: Vendor | None = None) -> FlaskClient:
    """A browser in which Ada's link was opened."""
    browser.post("/portal/login", data={"email": ada.email})
    assert browser.post(mailed_links(ada.email)[-1], data={"vendor": (vendor or ada).id}).status_code == 303
    return browser


def test_the_mail_alone_opens_nothing_any_more(browser: FlaskClient, ada: Vendor, guarded: list[str]) -> None:
    thief = half_way_in(browser, ada)
    for path in ("/portal", "/portal/orders", "/portal/security", "/portal/payout-details"):
        assert thief.get(path).headers["Location"].startswith("/portal/verify")
    assert thief.post("/portal/security/recovery-codes").headers["Location"].startswith("/portal/verify")
    assert "One more step" in thief.get("/portal/verify").text


def test_who_never_showed_it_is_not_told_that_they_were_in(
    browser: FlaskClient, ada: Vendor, guarded: list[str]
) -> None:
    half_way_in(browser, ada)
    with db.system() as session:
        session.execute(update(PortalSession).where(PortalSession.awaits_factor).values(expires_at=clock.now()))
    page = browser.get("/portal", follow_redirects=True)
    assert page.request.path == "/portal/login"
    assert "not signed in any more" not in page.text


def test_whoever_was_in_already_has_to_show_it_too(
    browser: FlaskClient, adas_browser: FlaskClient, ada: Vendor, bea: Vendor
) -> None:
    """People add a second step because they fear that somebody else is in: also under another vendor of theirs."""
    with db.scoped(bea.shop_id) as session:
        session.add(VendorUser(shop_id=bea.shop_id, vendor_id=bea.id, email=ada.email, role="viewer"))
    half_way_in(browser, ada, vendor=bea)
    assert browser.get("/portal/orders").status_code == 200
    assert adas_browser.post("/portal/security/app", data={"secret": SECRET, "code": code_at()}).status_code == 200
    assert browser.get("/portal/orders").headers["Location"].startswith("/portal/login")
    assert adas_browser.get("/portal/orders").status_code == 200


def test_a_code_of_the_app_opens_the_seat(browser: FlaskClient, ada: Vendor, guarded: list[str]) -> None:
    ada_at_home = half_way_in(browser, ada)
    assert ada_at_home.post("/portal/verify", data={"code": f" {code_at()[:3]} {code_at()[3:]} "}).status_code == 303
    assert ada_at_home.get("/portal").status_code == 200


def test_a_code_works_once(app: Flask, browser: FlaskClient, ada: Vendor, guarded: list[str]) -> None:
    code = code_at()
    assert half_way_in(browser, ada).post("/portal/verify", data={"code": code}).status_code == 303
    watcher = app.test_client()
    watcher.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
    answer = half_way_in(watcher, ada).post("/portal/verify", data={"code": code})
    assert answer.status_code == 422
    assert "used before" in answer.text


def test_guessing_ends_after_five_wrong_codes(browser: FlaskClient, ada: Vendor, guarded: list[str]) -> None:
    guesser = half_way_in(browser, ada)
    statuses = [guesser.post("/portal/verify", data={"code": f"{guess:06}"}).status_code for guess in range(5)]
    assert statuses == [422, 422, 422, 422, 429]
    assert guesser.post("/portal/verify", data={"code": code_at()}).headers["Location"] == "/portal/login"


def test_signing_in_from_the_storefront_gives_no_tries_without_end(
    app: Flask, acme: Shop, ada: Vendor, guarded: list[str]
) -> None:
    """A thief in the customer account comes back with a click: no mail had to be read, so sessions cost nothing."""
    connect(ada, 77)

    def come_in() -> FlaskClient:
        thief = app.test_client()
        thief.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
        thief.post(address_in(ask_storefront(app, acme, "77")))
        return thief

    for _ in range(6):
        thief = come_in()
        tries = [thief.post("/portal/verify", data={"code": "000000"}).status_code for _ in range(5)]
        assert tries[-1] == 429
    late = come_in()
    assert late.post("/portal/verify", data={"code": code_at()}).status_code == 429
    assert late.get("/portal").headers["Location"].startswith("/portal/login")


@pytest.mark.parametrize("code", ["\u00b2", "\u0661\u0662\u0663", "", "x" * 5000])
def test_what_is_no_code_is_a_wrong_code(browser: FlaskClient, ada: Vendor, guarded: list[str], code: str) -> None:
    assert half_way_in(browser, ada).post("/portal/verify", data={"code": code}).status_code == 422


def test_a_recovery_code_works_once(app: Flask, browser: FlaskClient, ada: Vendor, guarded: list[str]) -> None:
    assert half_way_in(browser, ada).post("/portal/verify", data={"code": guarded[0].upper()}).status_code == 303
    again = app.test_client()
    again.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
    assert half_way_in(again, ada).post("/portal/verify", data={"code": guarded[0]}).status_code == 422
    assert again.post("/portal/verify", data={"code": guarded[1]}).status_code == 303


def test_new_recovery_codes_replace_the_old(
    browser: FlaskClient, adas_browser: FlaskClient, ada: Vendor, guarded: list[str]
) -> None:
    page = adas_browser.post("/portal/security/recovery-codes").text
    fresh = re.findall(r"<code>(\w{5}-\w{5}-\w{5})</code>", page)
    assert half_way_in(browser, ada).post("/portal/verify", data={"code": guarded[2]}).status_code == 422
    assert browser.post("/portal/verify", data={"code": fresh[2]}).status_code == 303


def test_an_app_is_not_kept_before_its_code_was_right(adas_browser: FlaskClient, ada: Vendor) -> None:
    answer = adas_browser.post("/portal/security/app", data={"secret": SECRET, "code": "000000"})
    assert answer.status_code == 422
    assert "not the code" in answer.text
    assert guards(ada) == []


def test_removing_the_last_factor_leaves_the_mail(
    browser: FlaskClient, adas_browser: FlaskClient, ada: Vendor, guarded: list[str]
) -> None:
    (factor,) = guards(ada)
    assert adas_browser.post(f"/portal/security/factors/{factor.id}/remove").status_code == 303
    assert half_way_in(browser, ada).get("/portal").status_code == 200


def test_every_change_is_written_to_the_person(adas_browser: FlaskClient, ada: Vendor, guarded: list[str]) -> None:
    (factor,) = guards(ada)
    adas_browser.post(f"/portal/security/factors/{factor.id}/remove")
    with db.system() as session:
        written = select(Email.text_body).where(Email.kind == "vendor_security_changed").order_by(Email.id)
        mails = session.scalars(written).all()
    assert ["added" in mails[0], "removed" in mails[1]] == [True, True]


def test_a_factor_guards_every_vendor_the_person_works_for(
    browser: FlaskClient, adas_browser: FlaskClient, ada: Vendor, bea: Vendor, guarded: list[str]
) -> None:
    with db.scoped(bea.shop_id) as session:
        session.add(VendorUser(shop_id=bea.shop_id, vendor_id=bea.id, email=ada.email, role="viewer"))
    assert adas_browser.post("/portal/switch", data={"vendor": bea.id}).status_code == 303
    assert adas_browser.get("/portal/orders").status_code == 200  # proved already, in this browser
    browser.post("/portal/login", data={"email": ada.email})
    browser.post(mailed_links(ada.email)[-1], data={"vendor": bea.id})
    assert browser.get("/portal").headers["Location"].startswith("/portal/verify")


def test_nobody_removes_what_guards_somebody_else(adas_browser: FlaskClient, bea: Vendor) -> None:
    with db.scoped(bea.shop_id) as session:
        code = code_at()
        made = factors.add_totp(session, bea.shop_id, bea.email, SECRET, code, name="Bea's phone")
    assert made
    assert adas_browser.post(f"/portal/security/factors/{made.id}/remove").status_code == 404
    assert len(guards(bea)) == 1


def test_a_vendors_own_session_cannot_even_see_factors(ada: Vendor, guarded: list[str]) -> None:
    with db.scoped(ada.shop_id, ada.id) as session:
        assert session.scalars(select(LoginFactor)).all() == []


# -- passkeys ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> str:
    """The app under a host name, as passkeys need it."""
    settings = replace(get_config(), app_url="https://market.example", portal_url="https://market.example")
    monkeypatch.setattr("app.auth.passkeys.get_config", lambda: settings)
    return settings.app_url


def registered(browser: FlaskClient, origin: str) -> Authenticator:
    key = Authenticator(urlsplit(origin).hostname or "", origin)
    asked = browser.post("/portal/security/passkeys/options").json
    assert asked
    form = {"ticket": asked["ticket"], "answer": key.create(asked["options"])}
    assert browser.post("/portal/security/passkeys", data=form).status_code == 200
    return key


def signing_in(browser: FlaskClient, key: Authenticator, **how: bool) -> tuple[dict[str, str], int]:
    asked = browser.post("/portal/passkey/options").json
    assert asked
    body = {"ticket": asked["ticket"], "answer": key.get(asked["options"], **how)}
    return body, browser.post("/portal/passkey", json=body).status_code


def test_a_passkey_signs_in_without_an_e_mail(
    app: Flask, adas_browser: FlaskClient, browser: FlaskClient, domain: str
) -> None:
    key = registered(adas_browser, domain)
    body, status = signing_in(browser, key)
    assert status == 204
    assert "Ada&#39;s Ceramics" in browser.get("/portal").text
    replayed = app.test_client().post("/portal/passkey", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    assert replayed.status_code == 400


def test_a_passkey_made_for_another_site_or_person_is_refused(
    adas_browser: FlaskClient, browser: FlaskClient, ada: Vendor, domain: str
) -> None:
    asked = adas_browser.post("/portal/security/passkeys/options").json
    assert asked
    phished = Authenticator("market.example", "https://market.example.evil.example").create(asked["options"])
    refused = adas_browser.post("/portal/security/passkeys", data={"ticket": asked["ticket"], "answer": phished})
    assert refused.status_code == 400
    assert guards(ada) == []
    assert signing_in(browser, Authenticator("market.example", domain))[1] == 400


def test_a_passkey_that_did_not_check_its_owner_is_refused(
    adas_browser: FlaskClient, browser: FlaskClient, domain: str
) -> None:
    assert signing_in(browser, registered(adas_browser, domain), verified=False)[1] == 400


def test_a_copied_passkey_is_noticed_by_its_counter(
    adas_browser: FlaskClient, browser: FlaskClient, domain: str
) -> None:
    key = registered(adas_browser, domain)
    for _ in range(3):
        assert signing_in(browser, key)[1] == 204
    key.counter = 1
    assert signing_in(browser, key)[1] == 400


def guards(vendor: Vendor) -> list[LoginFactor]:
    with db.system() as session:
        return list(session.scalars(select(LoginFactor).where(LoginFactor.email == vendor.email)))

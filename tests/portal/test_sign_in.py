from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db, web
from app.auth import magic_links, portal, rules
from app.config import get_config
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.vendors import MagicLink, PortalSession, Vendor, VendorStatus, VendorUser
from app.queue import get_redis
from tests.conftest import make_vendor
from tests.portal.conftest import mailed_links, path_of, signed_in


def test_a_vendor_gets_in_with_an_e_mailed_link(browser: FlaskClient, ada: Vendor) -> None:
    assert "mail" in browser.post("/portal/login", data={"email": " ADA@example.com "}).text
    (link,) = mailed_links("ada@example.com")
    assert "Continue" in browser.get(link).text
    assert browser.post(link).headers["Location"] == "/portal"
    assert "Ada&#39;s Ceramics" in browser.get("/portal").text


def test_looking_at_the_link_does_not_use_it_up(browser: FlaskClient, ada: Vendor) -> None:
    browser.post("/portal/login", data={"email": ada.email})
    (link,) = mailed_links(ada.email)
    for _ in range(3):
        assert browser.get(link).status_code == 200
    assert browser.post(link).status_code == 303


def test_a_link_works_once(app: Flask, browser: FlaskClient, ada: Vendor) -> None:
    browser.post("/portal/login", data={"email": ada.email})
    (link,) = mailed_links(ada.email)
    assert browser.post(link).status_code == 303
    thief = app.test_client()
    answer = thief.post(link, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 410
    assert "used before" in answer.text
    assert thief.get("/portal").status_code == 303


def test_using_one_link_ends_the_others_of_the_same_address(browser: FlaskClient, ada: Vendor) -> None:
    for _ in range(2):
        browser.post("/portal/login", data={"email": ada.email})
    first, second = mailed_links(ada.email)
    assert browser.post(first).status_code == 303
    assert browser.post(second).status_code == 410


def test_a_link_dies_after_a_quarter_of_an_hour(browser: FlaskClient, ada: Vendor) -> None:
    with db.system() as session:
        link = path_of(magic_links.issue_link(session, ada.shop_id, ada.email))
        session.execute(update(MagicLink).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert browser.get(link).status_code == 410
    assert browser.post(link).status_code == 410
    assert timedelta(minutes=15) == rules.LINK_LIFETIME


def test_known_and_unknown_addresses_get_the_same_answer(browser: FlaskClient, ada: Vendor) -> None:
    known = browser.post("/portal/login", data={"email": "ada@example.com"})
    unknown = browser.post("/portal/login", data={"email": "eve@example.com"})
    assert known.status_code == unknown.status_code == 200
    nonce = known.text.split('nonce="')[1].split('"')[0], unknown.text.split('nonce="')[1].split('"')[0]
    assert known.text.replace(nonce[0], "") == unknown.text.replace("eve@", "ada@").replace(nonce[1], "")
    assert mailed_links("eve@example.com") == []


@pytest.mark.parametrize("status", [VendorStatus.REJECTED, VendorStatus.CLOSED])
def test_a_vendor_who_may_not_enter_gets_no_link(browser: FlaskClient, acme: Shop, status: VendorStatus) -> None:
    make_vendor(acme, "Dee's Drums", "dee@example.com", status)
    assert browser.post("/portal/login", data={"email": "dee@example.com"}).status_code == 200
    assert mailed_links("dee@example.com") == []


def test_an_address_gets_few_links_an_hour_from_one_network(browser: FlaskClient, ada: Vendor) -> None:
    for _ in range(8):
        assert browser.post("/portal/login", data={"email": ada.email}).status_code == 200
    assert len(mailed_links(ada.email)) == magic_links.MAX_FROM_ONE


def test_the_limit_of_an_address_survives_the_loss_of_redis(browser: FlaskClient, ada: Vendor) -> None:
    for _ in range(9):
        get_redis().flushdb()
        browser.post("/portal/login", data={"email": ada.email})
    assert len(mailed_links(ada.email)) == magic_links.MAX_FROM_ONE


def test_whose_network_is_unknown_is_limited_without_redis_too(browser: FlaskClient, ada: Vendor) -> None:
    for _ in range(8):
        get_redis().flushdb()
        browser.post("/portal/login", data={"email": ada.email}, environ_base={"REMOTE_ADDR": ""})
    assert len(mailed_links(ada.email)) == magic_links.MAX_FROM_ONE


def test_a_stranger_who_asks_for_links_keeps_the_vendor_out_from_nowhere_else(
    browser: FlaskClient, ada: Vendor
) -> None:
    for last in range(8):
        ask_from(browser, ada.email, f"2001:db8:bad::{last:x}")
    assert len(mailed_links(ada.email)) == magic_links.MAX_FROM_ONE
    ask_from(browser, ada.email, "2001:db8:ada::1")
    assert len(mailed_links(ada.email)) == magic_links.MAX_FROM_ONE + 1


def test_many_networks_together_do_not_fill_a_mailbox(browser: FlaskClient, ada: Vendor) -> None:
    for number in range(magic_links.MAX_FROM_ALL + 2):
        ask_from(browser, ada.email, f"198.51.100.{number}")
    assert len(mailed_links(ada.email)) == magic_links.MAX_FROM_ALL


def test_a_browser_that_has_signed_in_before_is_never_kept_out_by_others(
    app: Flask, browser: FlaskClient, adas_browser: FlaskClient, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.portal.login._EVEN_SECONDS", 0)
    adas_browser.post("/portal/logout")
    for number in range(magic_links.MAX_FROM_ALL + 2):
        ask_from(browser, ada.email, f"198.51.100.{number}")
    for _ in range(31):
        browser.post("/portal/login", data={"email": ada.email})
    sent = len(mailed_links(ada.email))
    for _ in range(magic_links.MAX_FROM_ONE + 2):
        assert adas_browser.post("/portal/login", data={"email": ada.email}).status_code == 200
    assert len(mailed_links(ada.email)) == sent + magic_links.MAX_FROM_ONE


def test_a_known_browser_is_known_for_its_own_address_alone(
    browser: FlaskClient, adas_browser: FlaskClient, bea: Vendor
) -> None:
    for _ in range(magic_links.MAX_FROM_ONE):
        browser.post("/portal/login", data={"email": bea.email})
    adas_browser.post("/portal/logout")
    adas_browser.post("/portal/login", data={"email": bea.email})
    assert len(mailed_links(bea.email)) == magic_links.MAX_FROM_ONE


def ask_from(browser: FlaskClient, email: str, address: str) -> None:
    answer = browser.post("/portal/login", data={"email": email}, headers={"X-Forwarded-For": address})
    assert answer.status_code == 200


def test_a_network_that_asks_too_often_is_told_to_wait(
    browser: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.portal.login._EVEN_SECONDS", 0)
    for number in range(30):
        assert browser.post("/portal/login", data={"email": f"eve{number}@example.com"}).status_code == 200
    answer = browser.post("/portal/login", data={"email": "eve@example.com"})
    assert answer.status_code == 429
    assert "Wait ten minutes" in answer.text


def test_a_bad_address_is_explained_beside_the_field(browser: FlaskClient, database: str) -> None:
    answer = browser.post("/portal/login", data={"email": "ada@"})
    assert answer.status_code == 422
    assert "does not look like an e-mail address" in answer.text


def test_who_sells_in_two_shops_gets_a_link_from_each(
    browser: FlaskClient, ada: Vendor, zenith: Shop, acme: Shop
) -> None:
    make_vendor(zenith, "Ada in Zenith", "ada@example.com")
    browser.post("/portal/login", data={"email": "ada@example.com"})
    assert len(mailed_links("ada@example.com")) == 2
    browser.post("/portal/login", data={"email": "ada@example.com", "shop": acme.domain})
    assert len(mailed_links("ada@example.com")) == 3


def test_who_works_for_two_vendors_chooses_and_may_switch(browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.add(VendorUser(shop_id=ada.shop_id, vendor_id=bea.id, email=ada.email, name="Ada"))
    browser.post("/portal/login", data={"email": ada.email})
    (link,) = mailed_links(ada.email)
    page = browser.get(link).text
    assert "Ada&#39;s Ceramics" in page
    assert "Bea&#39;s Bakery" in page
    assert browser.post(link, data={"vendor": bea.id}).status_code == 303
    assert "Bea&#39;s Bakery" in browser.get("/portal").text
    assert browser.post("/portal/switch", data={"vendor": ada.id}).status_code == 303
    assert "Ada&#39;s Ceramics" in browser.get("/portal").text


def test_a_link_is_not_used_up_by_a_choice_that_is_none(browser: FlaskClient, ada: Vendor, bea: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.execute(update(VendorUser).where(VendorUser.vendor_id == bea.id).values(email=ada.email))
    browser.post("/portal/login", data={"email": ada.email})
    (link,) = mailed_links(ada.email)
    for nobody in ({}, {"vendor": "999"}, {"vendor": "x"}):
        answer = browser.post(link, data=nobody)
        assert answer.status_code == 422
        assert "For whom are you working?" in answer.text
    assert browser.post(link, data={"vendor": bea.id}).status_code == 303


def test_nobody_switches_to_a_vendor_they_do_not_work_for(adas_browser: FlaskClient, bea: Vendor, cy: Vendor) -> None:
    for other in (bea, cy):
        assert adas_browser.post("/portal/switch", data={"vendor": other.id}).status_code == 403
    assert "Ada&#39;s Ceramics" in adas_browser.get("/portal").text


def test_the_cookie_is_only_a_hash_in_the_database_and_closed_to_scripts(app: Flask, ada: Vendor) -> None:
    client = app.test_client()
    with db.system() as session:
        link = path_of(magic_links.issue_link(session, ada.shop_id, ada.email))
    cookie = client.post(link, headers={"Sec-Fetch-Site": "same-origin"}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    token = cookie.split("=", 1)[1].split(";")[0]
    with db.system() as session:
        stored = session.scalars(select(PortalSession.token_hash)).one()
    assert token.encode() not in stored


def test_over_tls_the_cookie_belongs_to_this_host_alone_and_browsers_come_no_other_way(
    app: Flask, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure = replace(get_config(), app_url="https://market.example.com")
    for module in (portal, web):
        monkeypatch.setattr(module, "get_config", lambda: secure)
    with db.system() as session:
        link = path_of(magic_links.issue_link(session, ada.shop_id, ada.email))
    own = {"Sec-Fetch-Site": "same-origin"}
    answer = app.test_client().post(link, base_url=secure.app_url, headers=own)
    assert answer.headers["Set-Cookie"].startswith("__Host-portal=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_signing_in_again_ends_the_session_before(adas_browser: FlaskClient, ada: Vendor) -> None:
    before = adas_browser.get_cookie("portal")
    with db.system() as session:
        link = path_of(magic_links.issue_link(session, ada.shop_id, ada.email))
    adas_browser.post(link)
    after = adas_browser.get_cookie("portal")
    assert before
    assert after
    assert before.value != after.value
    adas_browser.set_cookie("portal", before.value)
    assert adas_browser.get("/portal").status_code == 303


def test_signing_out_ends_the_session_itself(adas_browser: FlaskClient) -> None:
    cookie = adas_browser.get_cookie("portal")
    assert cookie
    assert adas_browser.post("/portal/logout").headers["Location"] == "/portal/login"
    adas_browser.set_cookie("portal", cookie.value)
    assert adas_browser.get("/portal").status_code == 303


@pytest.mark.parametrize(
    "change",
    [
        {"last_seen_at": clock.now() - rules.IDLE},
        {"expires_at": clock.now() - timedelta(seconds=1)},
        {"revoked_at": clock.now()},
    ],
)
def test_a_session_that_is_over_leads_to_the_sign_in_page(adas_browser: FlaskClient, change: dict[str, object]) -> None:
    with db.system() as session:
        session.execute(update(PortalSession).values(**change))
    answer = adas_browser.get("/portal/profile")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/portal/login?next=%2Fportal%2Fprofile"


def test_a_closed_vendor_is_out_at_once(adas_browser: FlaskClient, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        session.execute(update(Vendor).where(Vendor.id == ada.id).values(status=VendorStatus.CLOSED))
    assert adas_browser.get("/portal").status_code == 303


def test_a_vendor_ends_their_sessions_elsewhere_but_nobody_elses(app: Flask, ada: Vendor, bea: Vendor) -> None:
    here, there, beas = signed_in(app, ada), signed_in(app, ada), signed_in(app, bea)
    with db.system() as session:
        beas_session = session.scalars(select(PortalSession.id).where(PortalSession.vendor_id == bea.id)).one()
    here.post("/portal/sessions", data={"session": beas_session})
    assert beas.get("/portal").status_code == 200
    here.post("/portal/sessions")
    assert there.get("/portal").status_code == 303
    assert here.get("/portal").status_code == 200


def test_who_was_signed_out_elsewhere_reads_so(app: Flask, ada: Vendor, adas_browser: FlaskClient) -> None:
    words = "You are not signed in any more."
    assert words not in app.test_client().get("/portal/login").text
    signed_in(app, ada).post("/portal/sessions")
    assert words in adas_browser.get("/portal", follow_redirects=True).text
    leaving = signed_in(app, ada)
    leaving.post("/portal/logout")
    assert words not in leaving.get("/portal/login").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ],
)
def test_forms_of_other_sites_are_refused(adas_browser: FlaskClient, headers: dict[str, str]) -> None:
    for path in ("/portal/profile", "/portal/payout-details", "/portal/login", "/portal/logout", "/portal/switch"):
        assert adas_browser.post(path, headers=headers).status_code == 403
    assert adas_browser.get("/portal").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("/portal/orders?status=open", "/portal/orders?status=open"),
        ("/portal", "/portal"),
        ("https://evil.example/portal", None),
        ("//evil.example", None),
        ("/portal//evil.example", None),
        ("/portal/../app", None),
        ("/portal\\evil", None),
        ("/app", None),
        (None, None),
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(wanted: str | None, allowed: str | None) -> None:
    assert rules.safe_next(wanted) == allowed


def test_the_link_brings_back_to_the_page_that_was_asked_for(browser: FlaskClient, ada: Vendor) -> None:
    browser.post("/portal/login", data={"email": ada.email, "next": "/portal/profile"})
    (link,) = mailed_links(ada.email)
    assert browser.post(link).headers["Location"] == "/portal/profile"


def test_every_sign_in_is_written_down(adas_browser: FlaskClient, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "portal.sign_in")).one()
    assert entry.vendor_id == ada.id
    assert entry.actor.startswith("vendor_user:")


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("8.8.8.8", "198.51.100.1", "8.8.8.8"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.4", "", "10.0.0.4"),
        ("127.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:8.8.8.8", "198.51.100.1", "8.8.8.8"),
    ],
)
def test_only_our_own_proxy_is_believed_about_addresses(peer: str, forwarded: str, who: str) -> None:
    assert rules.client_address(peer, forwarded) == who

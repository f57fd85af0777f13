"""The merchant's door and the first visit, with real tokens and a Shopify at the network edge."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.auth import installation
from app.models.events import AuditEntry, InboxEvent
from app.models.shops import Shop, ShopSettings, ShopStatus
from app.queue import get_redis
from app.shopify.definitions import VENDOR_FIELDS
from app.shopify.tokens import ShopCredentials
from jobs import events, shops
from tests.apps import get_app
from tests.shopify.fake import FakeShopify, data
from tests.shopify.signing import sign_id_token

RETRY = "X-Shopify-Retry-Invalid-Session-Request"


@pytest.fixture
def browser(database: str, shopify: FakeShopify) -> Iterator[FlaskClient]:
    with get_app().test_client() as client:
        yield client


def bearer(shop: str = "acme.myshopify.com", **claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign_id_token(shop, **claims)}"}


def find(domain: str = "acme.myshopify.com") -> Shop | None:
    with db.system() as session:
        return session.scalars(select(Shop).where(Shop.domain == domain)).one_or_none()


def get(domain: str = "acme.myshopify.com") -> Shop:
    shop = find(domain)
    assert shop is not None
    return shop


def test_the_first_visit_installs_and_shows_the_home_page(browser: FlaskClient, shopify: FakeShopify) -> None:
    answer = browser.get(f"/app?shop=acme.myshopify.com&id_token={sign_id_token()}")
    assert answer.status_code == 200
    assert "Set up your marketplace" in answer.text
    shop = get()
    assert (shop.name, shop.currency, shop.timezone) == ("Acme", "USD", "Europe/Berlin")
    assert shop.vendor_definition_gid == "gid://shopify/MetaobjectDefinition/9"
    assert get_redis().llen("rq:queue:catalogue") == 1
    with db.scoped(shop.id) as session:
        assert session.get(ShopSettings, shop.id) is not None
        assert list(session.scalars(select(AuditEntry.action))) == ["app.install"]


def test_the_second_visit_asks_shopify_for_nothing(browser: FlaskClient, shopify: FakeShopify) -> None:
    browser.get("/app", headers=bearer())
    asked = len(shopify.asked)
    assert browser.get("/app", headers=bearer()).status_code == 200
    assert (len(shopify.asked), len(shopify.token_requests)) == (asked, 1)


def test_an_install_that_broke_half_way_is_finished_by_the_next_visit(
    browser: FlaskClient, shopify: FakeShopify
) -> None:
    broken = httpx.Response(200, json={"errors": [{"message": "down", "extensions": {"code": "SHOP_INACTIVE"}}]})
    works = shopify.answers["metaobjectDefinitionCreate"]
    shopify.answer("metaobjectDefinitionCreate", broken)
    assert browser.get("/app", headers=bearer()).status_code == 502
    shopify.answers["metaobjectDefinitionCreate"] = works
    assert browser.get("/app", headers=bearer()).status_code == 200


def test_the_sweep_finishes_an_install_that_nobody_comes_back_to(browser: FlaskClient, shopify: FakeShopify) -> None:
    browser.get("/app", headers=bearer())
    get_redis().flushall()
    shops.sweep()
    assert get_redis().llen("rq:queue:catalogue") == 1
    shops.finish_install(get().id)
    assert (get().location_gid, get().publication_gid) == ("gid://shopify/Location/1", "gid://shopify/Publication/1")
    with db.system() as session:
        assert installation.list_unfinished(session) == []


def test_a_document_without_a_token_bounces_and_keeps_what_it_wanted(browser: FlaskClient) -> None:
    answer = browser.get("/app/events?state=dead&shop=acme.myshopify.com&id_token=old")
    assert answer.status_code == 302
    assert answer.headers["Location"] == (
        "/auth/bounce?state=dead&shop=acme.myshopify.com"
        "&shopify-reload=%2Fapp%2Fevents%3Fstate%3Ddead%26shop%3Dacme.myshopify.com"
    )
    bounce = browser.get(answer.headers["Location"])
    assert 'data-api-key="test-key"' in bounce.text
    assert "https://acme.myshopify.com" in bounce.headers["Content-Security-Policy"]


def test_a_link_inside_a_page_finds_its_shop_in_the_page_it_stood_on(browser: FlaskClient) -> None:
    page = "http://localhost/app?shop=acme.myshopify.com"
    answer = browser.get("/app/events", headers={"Referer": page})
    assert "shop=acme.myshopify.com" in answer.headers["Location"]
    stranger = browser.get("/app/events", headers={"Referer": "https://evil.example/?shop=acme.myshopify.com"})
    assert "shop=" not in stranger.headers["Location"]


@pytest.mark.parametrize(
    "headers", [{"HX-Request": "true"}, {"Sec-Fetch-Dest": "empty"}, {"Authorization": "Bearer x"}]
)
def test_a_fetch_without_a_good_token_may_ask_once_more(browser: FlaskClient, headers: dict[str, str]) -> None:
    answer = browser.get("/app", headers=headers)
    assert (answer.status_code, answer.headers[RETRY]) == (401, "1")


def test_a_form_without_a_token_changes_nothing(browser: FlaskClient) -> None:
    assert browser.post("/app/settings", data={"hold_days": "1"}).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": int(time.time()) - 60},
        {"dest": "https://evil.example"},
        {"iss": "https://zenith.myshopify.com/admin"},
        {"aud": "another-app"},
    ],
)
def test_a_token_that_is_not_for_us_installs_nothing(
    browser: FlaskClient, shopify: FakeShopify, claims: dict[str, Any]
) -> None:
    assert browser.get("/app", headers=bearer(**claims)).status_code == 401
    assert browser.get(f"/app?id_token={sign_id_token(**claims)}").status_code in {302, 401}
    assert (find(), shopify.token_requests) == (None, [])


def test_only_this_shops_admin_may_frame_the_page(browser: FlaskClient) -> None:
    policy = browser.get("/app", headers=bearer()).headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://acme.myshopify.com https://admin.shopify.com")
    assert browser.get("/healthz").headers["Content-Security-Policy"] == "frame-ancestors 'none'"


def test_a_page_runs_no_scripts_but_ours_and_shopifys(browser: FlaskClient) -> None:
    policy = browser.get("/app", headers=bearer()).headers["Content-Security-Policy"]
    assert policy.startswith("script-src 'self' https://cdn.shopify.com/shopifycloud/; object-src 'none'; base-uri")


def test_a_new_token_that_does_not_fit_is_explained_instead_of_bounced_for_ever(browser: FlaskClient) -> None:
    for token in (sign_id_token(secret="x" * 32), sign_id_token(aud="another-app")):
        answer = browser.get(f"/app?id_token={token}")
        assert answer.status_code == 401
        assert "SHOPIFY_API_SECRET" in answer.text
    old = int(time.time()) - 300
    stale = sign_id_token(iat=old, nbf=old, exp=old + 60)
    assert browser.get(f"/app?id_token={stale}").status_code == 302


def test_a_wrong_address_in_the_admin_shows_a_page_that_says_so(browser: FlaskClient) -> None:
    answer = browser.get("/app/nowhere", headers=bearer())
    assert answer.status_code == 404
    assert "https://acme.myshopify.com" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("shop", ["evil.example", "acme.myshopify.com;script-src *", "x.myshopify.com%0d%0aX: y"])
def test_the_bounce_page_lets_no_stranger_frame_it(browser: FlaskClient, shop: str) -> None:
    answer = browser.get(f"/auth/bounce?shopify-reload=%2Fapp&shop={shop}")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.count("script-src") == 1
    assert policy.endswith("frame-ancestors https://admin.shopify.com")


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "", "/a\nb", "\\\\evil"]
)
def test_the_bounce_page_leads_nowhere_else(browser: FlaskClient, target: str) -> None:
    answer = browser.get("/auth/bounce", query_string={"shop": "acme.myshopify.com", "shopify-reload": target})
    assert answer.status_code == 400


def test_the_front_door_leads_home_with_everything_shopify_said(browser: FlaskClient) -> None:
    answer = browser.get("/?shop=acme.myshopify.com&host=abc&id_token=x.y.z")
    assert answer.headers["Location"] == "/app?shop=acme.myshopify.com&host=abc&id_token=x.y.z"


def uninstall(domain: str = "acme.myshopify.com") -> None:
    """What the webhook does when it is worked off."""
    with db.scoped(get(domain).id) as session:
        installation.suspect_uninstall(session, session.get_one(Shop, get(domain).id), clock.now())


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(400, json={"error": "invalid_grant"}), httpx.Response(401, json={"error": "invalid_client"})],
    ids=["invalid_grant", "invalid_client"],
)
def test_an_uninstall_forgets_the_tokens_and_a_return_finds_everything_again(
    browser: FlaskClient, shopify: FakeShopify, answer: httpx.Response
) -> None:
    browser.get("/app", headers=bearer())
    before = get()
    uninstall()
    shopify.answer("currentAppInstallation", httpx.Response(401))
    shopify.token_answers = [answer]
    shops.confirm_uninstall(before.id)
    gone = get()
    assert (gone.status, gone.access_token, gone.refresh_token) == (ShopStatus.UNINSTALLED, None, None)
    assert browser.get("/app", headers=bearer()).status_code == 200
    back = get()
    assert (back.id, back.status, back.uninstalled_at) == (before.id, ShopStatus.INSTALLED, None)
    assert back.access_token is not None


def test_a_forged_uninstall_is_found_out_by_asking_shopify(browser: FlaskClient, shopify: FakeShopify) -> None:
    browser.get("/app", headers=bearer())
    uninstall()
    held = {"data": {"currentAppInstallation": {"id": "1", "accessScopes": []}}}
    shopify.answer("currentAppInstallation", httpx.Response(200, json=held))
    shops.confirm_uninstall(get().id)
    assert (get().status, get().uninstalled_at) == (ShopStatus.INSTALLED, None)


def test_a_return_before_the_uninstall_was_confirmed_brings_new_tokens(
    browser: FlaskClient, shopify: FakeShopify
) -> None:
    browser.get("/app", headers=bearer())
    uninstall()
    browser.get("/app", headers=bearer())
    assert (get().uninstalled_at, len(shopify.token_requests)) == (None, 2)
    shops.confirm_uninstall(get().id)
    assert get().status is ShopStatus.INSTALLED


def test_late_news_of_an_earlier_uninstall_changes_nothing(browser: FlaskClient) -> None:
    browser.get("/app", headers=bearer())
    with db.scoped(get().id) as session:
        shop = session.get_one(Shop, get().id)
        installation.suspect_uninstall(session, shop, shop.installed_at.replace(year=2020))
    assert get().uninstalled_at is None


def test_definitions_are_brought_up_to_date_where_fields_are_missing(
    connected: ShopCredentials, shopify: FakeShopify
) -> None:
    old = {"id": "gid://shopify/MetaobjectDefinition/3", "type": "x", "fieldDefinitions": [{"key": "name"}]}
    shopify.answer("metaobjectDefinitionByType", data(metaobjectDefinitionByType=old))
    shopify.answer("metaobjectDefinitionUpdate", data(metaobjectDefinitionUpdate={"userErrors": []}))
    shop = installation.prepare(connected)
    assert shop.vendor_definition_gid == old["id"]
    (update,) = [variables for name, variables, _ in shopify.asked if name == "metaobjectDefinitionUpdate"]
    keys = [field["create"]["key"] for field in update["definition"]["fieldDefinitions"]]
    assert keys == [field["key"] for field in VENDOR_FIELDS if field["key"] != "name"]
    assert {"tagline", "away_note", "announcement"} <= set(keys)


def test_events_wait_for_nobody_elses_shop(browser: FlaskClient) -> None:
    """A drained event of Acme is not to be seen, nor replayed, by Zenith's staff."""
    browser.get("/app", headers=bearer())
    browser.get("/app", headers=bearer("zenith.myshopify.com"))
    with db.system() as session:
        row = InboxEvent(shop_domain=get().domain, topic="orders/create", webhook_id="w", event_id="e", body=b"{}")
        session.add(row)
    events.drain()
    assert "orders/create" in browser.get("/app/events", headers=bearer()).text
    assert "orders/create" not in browser.get("/app/events", headers=bearer("zenith.myshopify.com")).text
    assert browser.get(f"/app/events/{row.id}", headers=bearer("zenith.myshopify.com")).status_code == 404
    replay = f"/app/events/{row.id}/replay"
    assert browser.post(replay, headers=bearer("zenith.myshopify.com")).status_code == 404
    assert browser.post(replay, headers=bearer()).status_code == 200

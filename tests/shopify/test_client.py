"""The Admin API client against a Shopify that throttles, fails, lies and hangs."""

import ast
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app import db
from app.models.shops import Shop
from app.queue import get_redis
from app.shopify import operations, throttle
from app.shopify.client import graphql
from app.shopify.errors import ShopifyAccessLost, ShopifyError, ShopifyUserErrors
from app.shopify.tokens import ShopCredentials
from app.shopify.transport import ShopTransport, get_http
from tests.shopify.fake import FakeShopify, cost, data, throttled

SHOP = data(shop={"id": "gid://shopify/Shop/1"})
ROOT = Path(__file__).parents[2]


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of documents of the test's own."""
    monkeypatch.setattr(operations, "FOLDER", tmp_path)
    operations.get_operation.cache_clear()
    yield tmp_path
    operations.get_operation.cache_clear()


def test_a_call_returns_the_data_of_its_root_field(connected: ShopCredentials, shopify: FakeShopify) -> None:
    shopify.answer("shop", SHOP)
    assert graphql(connected, "shop") == {"id": "gid://shopify/Shop/1"}
    assert shopify.asked == [("shop", {}, "access-0")]


def test_a_throttled_call_waits_for_its_points_and_goes_through(
    connected: ShopCredentials, shopify: FakeShopify
) -> None:
    shopify.answer("shop", throttled(requested=30, available=0, rate=100), SHOP)
    began = time.monotonic()
    assert graphql(connected, "shop")
    assert time.monotonic() - began >= 0.3


def test_a_full_429_is_retried_after_the_time_shopify_names(connected: ShopCredentials, shopify: FakeShopify) -> None:
    shopify.answer("shop", httpx.Response(429, headers={"retry-after": "0.5"}), SHOP)
    began = time.monotonic()
    assert graphql(connected, "shop")
    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(502, text="<html>Bad Gateway</html>"),
        httpx.Response(200, text='{"data": {"sh'),
        httpx.Response(200, json={"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("nothing came"),
        httpx.RemoteProtocolError("half an answer"),
    ],
    ids=["502", "cut short", "internal error", "refused", "read time-out", "half-open"],
)
def test_a_query_survives_passing_trouble(
    connected: ShopCredentials, shopify: FakeShopify, trouble: httpx.Response | Exception
) -> None:
    shopify.answer("shop", trouble, SHOP)
    assert graphql(connected, "shop")


@pytest.mark.parametrize("trouble", [httpx.Response(502), httpx.ReadTimeout("nothing came")], ids=["502", "time-out"])
def test_a_mutation_that_may_have_happened_is_not_sent_twice(
    connected: ShopCredentials, shopify: FakeShopify, documents: Path, trouble: httpx.Response | Exception
) -> None:
    (documents / "buy.graphql").write_text("mutation buy { buy { userErrors { message } } }")
    shopify.answer("buy", trouble, data(buy={"userErrors": []}))
    with pytest.raises(ShopifyError) as refused:
        graphql(connected, "buy")
    assert not refused.value.permanent
    assert shopify.names() == ["buy"]


def test_a_mutation_that_never_left_is_sent_again(
    connected: ShopCredentials, shopify: FakeShopify, documents: Path
) -> None:
    (documents / "buy.graphql").write_text("mutation buy { buy { userErrors { message } } }")
    shopify.answer("buy", httpx.ConnectError("refused"), data(buy={"userErrors": []}))
    graphql(connected, "buy")
    assert shopify.names() == ["buy", "buy"]


def test_a_repeated_mutation_carries_the_same_key(
    connected: ShopCredentials, shopify: FakeShopify, documents: Path
) -> None:
    text = "mutation pay($idempotencyKey: String!) { pay @idempotent(key: $idempotencyKey) { userErrors { message } } }"
    (documents / "pay.graphql").write_text(text)
    shopify.answer("pay", httpx.ReadTimeout("nothing came"), data(pay={"userErrors": []}))
    graphql(connected, "pay", idempotency_key="refund-7")
    assert [variables for _, variables, _ in shopify.asked] == [{"idempotencyKey": "refund-7"}] * 2


def test_what_shopify_refuses_is_an_exception_that_names_the_field(
    connected: ShopCredentials, shopify: FakeShopify
) -> None:
    errors = [{"field": ["definition", "type"], "message": "is taken", "code": "TAKEN"}]
    shopify.answer("metaobjectDefinitionCreate", data(metaobjectDefinitionCreate={"userErrors": errors}))
    with pytest.raises(ShopifyUserErrors, match=r"definition\.type: is taken") as refused:
        graphql(connected, "metaobjectDefinitionCreate", {"definition": {}})
    assert refused.value.permanent
    assert refused.value.has_code("TAKEN")


@pytest.mark.parametrize("code", ["ACCESS_DENIED", "MAX_COST_EXCEEDED", "undefinedField"])
def test_what_will_never_work_is_not_tried_again(connected: ShopCredentials, shopify: FakeShopify, code: str) -> None:
    shopify.answer("shop", httpx.Response(200, json={"errors": [{"message": "No", "extensions": {"code": code}}]}))
    with pytest.raises(ShopifyError) as refused:
        graphql(connected, "shop")
    assert refused.value.permanent
    assert shopify.names() == ["shop"]


def test_a_revoked_token_is_renewed_once(connected: ShopCredentials, shopify: FakeShopify) -> None:
    shopify.answer("shop", httpx.Response(401), SHOP)
    assert graphql(connected, "shop")
    assert [token for _, _, token in shopify.asked] == ["access-0", "access-1"]


def test_access_that_is_gone_says_who_can_bring_it_back(connected: ShopCredentials, shopify: FakeShopify) -> None:
    shopify.answer("shop", httpx.Response(401))
    with pytest.raises(ShopifyAccessLost, match="Open the app in the Shopify admin"):
        graphql(connected, "shop")


def test_no_call_is_made_inside_a_transaction(connected: ShopCredentials, shopify: FakeShopify) -> None:
    with db.scoped(connected.shop_id) as session:
        session.get_one(Shop, connected.shop_id)
        with pytest.raises(RuntimeError, match="transaction"):
            graphql(connected, "shop")
    assert shopify.asked == []


def test_processes_share_one_picture_of_the_bucket(connected: ShopCredentials, shopify: FakeShopify) -> None:
    redis = get_redis()
    assert throttle.reserve(redis, connected.domain, "shop").points == throttle.FIRST_GUESS
    throttle.settle(redis, connected.domain, "shop", 0, cost(requested=40, actual=40, available=100, rate=50))
    assert [throttle.reserve(redis, connected.domain, "shop").points for _ in range(2)] == [40, 40]
    waiting = throttle.reserve(redis, connected.domain, "shop")
    assert 0.2 < waiting.wait_seconds <= 0.4


def test_one_shop_never_waits_for_another(connected: ShopCredentials) -> None:
    redis = get_redis()
    throttle.settle(redis, connected.domain, "shop", 0, cost(requested=40, available=0, rate=50))
    assert throttle.reserve(redis, connected.domain, "shop").wait_seconds > 0
    assert throttle.reserve(redis, "zenith.myshopify.com", "shop").wait_seconds == 0


def test_every_call_has_time_outs_and_follows_no_redirect() -> None:
    http = get_http()
    assert None not in (http.timeout.connect, http.timeout.read, http.timeout.write, http.timeout.pool)
    assert not http.follow_redirects


def test_a_shop_can_live_elsewhere_and_nothing_else_moves() -> None:
    seen: list[str] = []

    def remember(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.url} {request.headers['Host']}")
        return httpx.Response(200)

    transport = ShopTransport(httpx.MockTransport(remember), "http://127.0.0.1:4000/shops/{shop}")
    with httpx.Client(transport=transport) as http:
        http.get("https://acme.myshopify.com/admin/x?y=1")
        http.get("https://acme.myshopify.com.evil.example/admin")
    assert seen[0] == "http://127.0.0.1:4000/shops/acme.myshopify.com/admin/x?y=1 127.0.0.1:4000"
    assert seen[1].startswith("https://acme.myshopify.com.evil.example/admin")


def test_shopifyapis_session_which_leaks_tenants_is_never_used() -> None:
    used = set()
    for path in [*ROOT.glob("app/**/*.py"), *ROOT.glob("jobs/**/*.py"), *ROOT.glob("webhooks/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "shopify":
                used.add(node.module)
            if isinstance(node, ast.Import):
                used |= {name.name for name in node.names if name.name.split(".")[0] == "shopify"}
    assert used == {"shopify.session_token"}

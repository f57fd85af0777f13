import hashlib
import hmac
import json
import time

from devstore.installations import uninstall
from tests.devstore.storefront.app_end import AppEnd
from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop


def _expected(pairs: list[tuple[str, str]], secret: str) -> str:
    """The signature as Shopify documents it, worked out by other means than the code under test."""
    names = sorted({name for name, _ in pairs if name != "signature"})
    lines = [name + "=" + ",".join(value for key, value in pairs if key == name) for name in names]
    return hmac.HMAC(bytes(secret, "utf-8"), bytes("".join(lines), "utf-8"), hashlib.sha256).digest().hex()


def test_what_is_forwarded_is_signed_as_shopify_signs_it(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    before = int(time.time())
    answer = visitor.get("/a/market/vendors.json?q=mugs+%26+more&tag=a&tag=b&empty=")
    assert answer.get_json() == {"ok": True}
    assert app_end.last["path"] == "/proxy/vendors.json"
    query = app_end.last["query"]
    sent = dict(query)
    assert (sent["shop"], sent["path_prefix"], sent["logged_in_customer_id"]) == (ACME, "/a/market", "")
    assert before <= int(sent["timestamp"]) <= time.time()
    assert [value for name, value in query if name == "tag"] == ["a", "b"]
    assert (sent["q"], sent["empty"]) == ("mugs & more", "")
    assert sent["signature"] == _expected(query, shop.config.client_secret)


def test_a_signed_in_customer_is_named_and_nobody_can_name_another(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    form = {"customer[email]": "carla@example.com", "customer[password]": "secret"}
    visitor.post("/account", data=form)
    visitor.get("/a/market/portal?logged_in_customer_id=1&shop=zenith.myshopify.com&signature=ff&timestamp=1&hmac=2")
    query = app_end.last["query"]
    names = [name for name, _ in query]
    assert len(names) == len(set(names))
    customer = shop.store.all(ACME, "customer")[0]
    assert dict(query)["logged_in_customer_id"] == str(customer["id"])
    assert dict(query)["shop"] == ACME
    assert dict(query)["signature"] == _expected(query, shop.config.client_secret)


def test_cookies_pass_in_neither_direction(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    visitor.set_cookie("tracker", "1")
    app_end.answer = (200, {"Content-Type": "text/html", "Set-Cookie": "session=stolen"}, b"<p>hello</p>")
    answer = visitor.get("/a/market/page", headers={"Authorization": "Bearer x"})
    assert "cookie" not in app_end.last["headers"]
    assert "authorization" not in app_end.last["headers"]
    assert "Set-Cookie" not in answer.headers


def test_the_visitors_address_is_the_connections_or_the_one_that_is_said(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    visitor.get("/a/market/page")
    assert app_end.last["headers"]["x-forwarded-for"] == "127.0.0.1"
    visitor.get("/a/market/page", headers={"X-Forwarded-For": "198.18.0.7"})
    assert app_end.last["headers"]["x-forwarded-for"] == "198.18.0.7"


def test_a_post_keeps_its_body_and_type(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    visitor.post("/a/market/apply", data={"name": "Ada & Co"}, headers={"Accept": "application/json"})
    assert app_end.last["method"] == "POST"
    assert app_end.last["body"] == b"name=Ada+%26+Co"
    assert app_end.last["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert app_end.last["headers"]["accept"] == "application/json"


def test_liquid_from_the_app_is_rendered_inside_the_theme(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    headers = {"Content-Type": "application/liquid", "Content-Security-Policy": "default-src 'none'"}
    app_end.answer = (422, headers, b"<h1>Hello from {{ shop.name }}</h1>")
    answer = visitor.get("/a/market/page")
    assert answer.status_code == 422
    assert "Content-Security-Policy" not in answer.headers
    assert answer.mimetype == "text/html"
    assert "<h1>Hello from Acme</h1>" in answer.text
    assert '<header class="header">' in answer.text
    app_end.answer = (200, {"Content-Type": "application/liquid"}, b"{% layout none %}Just {{ shop.name }}")
    assert visitor.get("/a/market/page").text == "Just Acme"


def test_bad_liquid_from_the_app_is_said_on_the_page(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    app_end.answer = (200, {"Content-Type": "application/liquid"}, b"{% if %}<script>")
    answer = visitor.get("/a/market/page")
    assert answer.status_code == 200
    assert "Liquid syntax error" in answer.text


def test_a_redirect_goes_to_the_visitor(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    app_end.answer = (302, {"Location": "http://127.0.0.1:5000/portal/enter/x"}, b"")
    answer = visitor.get("/a/market/portal")
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:5000/portal/enter/x")


def test_an_app_that_does_not_answer_gives_a_page_of_the_shop(shop: Shop) -> None:
    answer = shop.browser(app_url="http://127.0.0.1:9").get("/a/market/portal")
    assert answer.status_code == 502
    assert "This page is not available" in answer.text
    assert '<header class="header">' in answer.text


def test_only_the_declared_path_of_an_installed_app_is_forwarded(shop: Shop, app_end: AppEnd) -> None:
    visitor = shop.browser(app_url=app_end.url)
    assert visitor.get("/apps/market/portal").status_code == 404
    assert visitor.get("/a/other/portal").status_code == 404
    uninstall(shop.store, ACME, {})
    assert visitor.get("/a/market/portal").status_code == 404
    assert app_end.requests == []


def test_an_app_without_the_proxy_scope_gets_nothing(shop: Shop, app_end: AppEnd) -> None:
    installation = shop.store.all(ACME, "installation")[0]
    scopes = [scope for scope in installation["scopes"] if scope != "write_app_proxy"]
    shop.store.put(ACME, "installation", {**installation, "scopes": scopes})
    assert shop.browser(app_url=app_end.url).get("/a/market/portal").status_code == 404
    assert app_end.requests == []


def test_json_is_passed_on_untouched(shop: Shop, app_end: AppEnd) -> None:
    body = json.dumps({"html": "<b>{{ shop.name }}</b>"}).encode()
    app_end.answer = (200, {"Content-Type": "application/json"}, body)
    assert shop.browser(app_url=app_end.url).get("/a/market/x").data == body

"""The mail service: Resend's answers on one side, an inbox on the other."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from devstore import resend_news
from devstore.faults import FAULTS
from tests.devstore.conftest import Shopify

MAIL = {
    "from": "Acme <shop@acme.example>",
    "to": ["ada@example.com"],
    "subject": "Welcome <Ada>",
    "html": '<p>Hello</p><script>alert(1)</script><a href="https://acme.example">Open</a>',
    "text": "Hello",
}


def send(shopify: Shopify, key: str = "", **changes: Any) -> Any:
    headers = {"Authorization": "Bearer re_test"} | ({"Idempotency-Key": key} if key else {})
    return shopify.client.post("/resend/emails", json=MAIL | changes, headers=headers)


def test_a_mail_arrives_in_the_inbox_and_can_be_looked_up(shopify: Shopify) -> None:
    email_id = send(shopify).get_json()["id"]
    assert shopify.client.get(f"/resend/emails/{email_id}").get_json()["subject"] == "Welcome <Ada>"
    found = shopify.client.get("/inbox.json?to=ADA@&subject=welcome").get_json()
    assert [mail["id"] for mail in found] == [email_id]
    assert shopify.client.get("/inbox.json?to=bea@").get_json() == []
    page = shopify.client.get(found[0]["url"]).get_data(as_text=True)
    assert "Welcome &lt;Ada&gt;" in page


def test_a_long_inbox_is_read_page_by_page(shopify: Shopify) -> None:
    for number in range(51):
        send(shopify, subject=f"Mail {number:02}")
    first = shopify.client.get("/inbox").get_data(as_text=True)
    second = shopify.client.get("/inbox?page=2").get_data(as_text=True)
    assert ("Mail 50" in first, "Mail 00" in first, 'rel="next"' in first) == (True, False, True)
    assert ("Mail 50" in second, "Mail 00" in second, 'rel="next"' in second) == (False, True, False)


def test_the_same_idempotency_key_sends_once(shopify: Shopify) -> None:
    first, again = send(shopify, "row-1").get_json(), send(shopify, "row-1").get_json()
    assert first == again
    assert len(shopify.client.get("/inbox.json").get_json()) == 1
    other = send(shopify, "row-1", subject="Another")
    assert (other.status_code, other.get_json()["name"]) == (409, "invalid_idempotent_request")


def test_bad_mails_are_refused_in_resends_words(shopify: Shopify) -> None:
    for change in ({"to": "nobody"}, {"subject": ""}, {"html": None, "text": None}, {"to": ["a@example.com"] * 51}):
        answer = send(shopify, **change)
        assert (answer.status_code, answer.get_json()["name"]) == (422, "validation_error")
    assert shopify.client.post("/resend/emails", json=MAIL).get_json()["name"] == "missing_api_key"


def test_a_mails_html_can_run_nothing(shopify: Shopify) -> None:
    send(shopify)
    url = shopify.client.get("/inbox.json").get_json()[0]["url"]
    policy = shopify.client.get(f"{url}/body").headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "<script>alert" not in shopify.client.get(url).get_data(as_text=True)


def test_a_limit_on_demand(shopify: Shopify) -> None:
    FAULTS.add("resend", "throttle")
    assert send(shopify).status_code == 429
    assert send(shopify).status_code == 200


def test_an_answered_mail_comes_in_with_what_it_quotes(shopify: Shopify, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(resend_news, "_start", lambda _, path, body: heard.append((path, json.loads(body))))
    monkeypatch.setattr("devstore.resend.get_config", lambda: replace(shopify.config, resend_secret="whsec_c2VjcmV0"))
    send(shopify, reply_to="order-abc@reply.acme.example")
    url = shopify.client.get("/inbox.json").get_json()[0]["url"]
    assert shopify.client.post(f"{url}/answer", data={"words": " "}).status_code == 400
    assert shopify.client.post(f"{url}/answer", data={"words": "Yes!"}).status_code == 303
    path, news = heard[-1]
    assert path == "/hooks/received"
    assert (news["type"], news["data"]["to"]) == ("email.received", ["order-abc@reply.acme.example"])
    assert "Yes!" not in json.dumps(news)
    mail = shopify.client.get(f"/resend/emails/receiving/{news['data']['email_id']}").get_json()
    assert mail["text"].startswith("Yes!\n\nOn ")
    assert mail["text"].endswith("wrote:\n\n> Hello")
    assert shopify.client.get("/resend/emails/receiving/none").status_code == 404
    assert "Answered" in shopify.client.get(url).get_data(as_text=True)


def test_a_mail_with_the_headers_for_it_is_stopped_by_one_click(
    shopify: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[tuple[str, Any]] = []

    def post(address: str, *, data: Any, timeout: float) -> httpx.Response:
        called.append((address, data))
        return httpx.Response(303 if len(called) == 1 else 200)

    monkeypatch.setattr(httpx, "post", post)
    stop = "https://market.example/letters/stop/abc"
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    send(shopify)
    send(shopify, headers={"List-Unsubscribe": f"<{stop}>"})
    send(shopify, headers={**headers, "List-Unsubscribe": f"<mailto:a@b.example>, <{stop}>"})
    (good, odd, plain) = (mail["url"] for mail in shopify.client.get("/inbox.json").get_json())
    assert [shopify.client.post(f"{url}/unsubscribe").status_code for url in (odd, plain)] == [400, 400]
    shopify.client.post(f"{good}/unsubscribe")
    assert "did not take it" in shopify.client.get(good).get_data(as_text=True), "a redirect is no answer"
    shopify.client.post(f"{good}/unsubscribe")
    assert "Done" in shopify.client.get(good).get_data(as_text=True)
    assert called == [(stop, {"List-Unsubscribe": "One-Click"})] * 2

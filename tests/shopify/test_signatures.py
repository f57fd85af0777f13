"""Signatures of webhooks and of storefront requests."""

import base64
from urllib.parse import parse_qs, urlencode

import pytest

from app.shopify.signatures import find_proxy_visitor, is_shop_domain, verify_webhook
from tests.shopify.signing import KEY, SECRET, sign_proxy, sign_webhook

BODY = b'{"id": 1}'
OLD = "the-previous-secret-of-thirty-two-bytes"


def visit(query: str, *secrets: str) -> object:
    return find_proxy_visitor(f"https://app.example/proxy/apply?{query}", client_id=KEY, secrets=secrets or (SECRET,))


def test_shopifys_signature_is_accepted_under_the_current_and_the_previous_secret() -> None:
    assert verify_webhook(BODY, sign_webhook(BODY), [SECRET])
    assert verify_webhook(BODY, sign_webhook(BODY, OLD), [SECRET, OLD])


@pytest.mark.parametrize(
    "header",
    [None, "", "nonsense", "ÿÿÿÿ", sign_webhook(b"{}"), sign_webhook(BODY, OLD), sign_webhook(BODY) + "=", "AAAA"],
)
def test_any_other_signature_is_refused_and_nothing_crashes(header: str | None) -> None:
    assert not verify_webhook(BODY, header, [SECRET])


def test_the_url_safe_alphabet_is_not_shopifys() -> None:
    body = next(b for b in (b"%d" % n for n in range(1000)) if "+" in sign_webhook(b) or "/" in sign_webhook(b))
    url_safe = base64.urlsafe_b64encode(base64.b64decode(sign_webhook(body))).decode()
    assert not verify_webhook(body, url_safe, [SECRET])


def test_a_visitor_is_a_guest_or_a_customer() -> None:
    guest, customer = visit(sign_proxy()), visit(sign_proxy(logged_in_customer_id="7"))
    assert guest is not None
    assert customer is not None
    assert (guest.customer_id, customer.customer_id) == (None, "7")  # type: ignore[attr-defined]


def test_words_of_every_language_are_part_of_the_signature() -> None:
    assert visit(sign_proxy(q="Töpferei & Café")) is not None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "shop=acme.myshopify.com",
        sign_proxy(age=91),
        sign_proxy(age=-3600),
        sign_proxy(secret=OLD),
        sign_proxy(shop="acme.example"),
        sign_proxy() + "&shop=zenith.myshopify.com",
        sign_proxy() + "&logged_in_customer_id=1",
        sign_proxy() + "&extra=1",
        sign_proxy(timestamp="soon"),
        sign_proxy().partition("signature=")[0] + "signature=%C3%BF",
    ],
)
def test_a_query_that_shopify_did_not_sign_like_this_is_refused(query: str) -> None:
    assert visit(query) is None


def resigned(visited: str, **forged: str) -> str:
    """A query that carries the signature of another one."""
    signed = {name: values[0] for name, values in parse_qs(visited, keep_blank_values=True).items() if name != "a"}
    return urlencode({**signed, **forged})


@pytest.mark.parametrize(
    ("typed", "forged"),
    [
        ("1logged_in_customer_id=7m=", {"a": "1", "logged_in_customer_id": "7", "m": "logged_in_customer_id="}),
        ("1logged_in_customer_id=7m", {"a": "1", "logged_in_customer_id": "7", "mlogged_in_customer_id": ""}),
        (
            "1logged_in_customer_id=7m=",
            {"a": "1", "logged_in_customer_id": "7", "m": "logged_in_cust", "omer_id": ""},
        ),
        ("1logged_in_customer_id=", {"a": "1", "logged_in_customer_id": "logged_in_customer_id="}),
    ],
)
def test_a_signature_cannot_be_split_anew_into_another_customer(typed: str, forged: dict[str, str]) -> None:
    """Shopify signs what visitors type, and its signed text has no separators."""
    assert visit(resigned(sign_proxy(a=typed), **forged)) is None


def test_a_customer_without_a_number_is_refused() -> None:
    assert visit(sign_proxy(logged_in_customer_id="7x")) is None


def test_a_signature_under_the_previous_secret_still_counts() -> None:
    assert visit(sign_proxy(secret=OLD), SECRET, OLD) is not None


@pytest.mark.parametrize(
    "domain", ["evil.example", "acme.myshopify.com.evil.example", "-x.myshopify.com", "a b.myshopify.com", "", None]
)
def test_only_myshopify_domains_are_shops(domain: str | None) -> None:
    assert not is_shop_domain(domain)

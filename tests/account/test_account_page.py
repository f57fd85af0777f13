"""Our page in a customer's account: who gets in, what it shows, and what it shows to nobody else."""

import json
import re
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app import db
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor, VendorStatus
from tests.mailings.conftest import Desk
from tests.reviews.conftest import Street, browser, goods, office, post, store, street
from tests.shopify.signing import KEY, SECRET, sign_id_token
from tests.storefront.conftest import Storefront, item, wish

__all__ = ["browser", "goods", "office", "post", "store", "street"]

EXTENSION = Path(__file__).parents[2] / "extensions" / "customer-account"
THEME = EXTENSION.parent / "theme"


def token(customer: int | str = 7001, *, secret: str = SECRET, **changes: Any) -> str:
    now = int(time.time())
    held = {
        "dest": "acme.myshopify.com",
        "aud": KEY,
        "sub": f"gid://shopify/Customer/{customer}",
        "exp": now + 3600,
        "nbf": now,
        "iat": now,
    }
    claims = {name: value for name, value in (held | changes).items() if value is not None}
    return jwt.encode(claims, secret, algorithm="HS256")


def ask(browser: FlaskClient, bearer: str) -> Any:
    return browser.get("/account-page/overview", headers={"Authorization": f"Bearer {bearer}"})


STRANGERS = {
    "nothing": "",
    "text": "é",
    "forged": token(secret="another-secret-of-thirty-two-bytes"),
    "too old": token(exp=int(time.time()) - 60),
    "too early": token(nbf=int(time.time()) + 600),
    "another app": token(aud="another"),
    "nobody": token(sub=None),
    "no customer": token(sub="gid://shopify/User/1"),
    "staff of the shop": sign_id_token(),
    "no number": token(sub="gid://shopify/Customer/x"),
    "no shop": token(dest=None),
    "another host": token(dest="acme.myshopify.com.evil.example"),
    "unsigned": jwt.encode({"aud": KEY}, "", algorithm="none"),
}


@pytest.mark.parametrize("bearer", STRANGERS.values(), ids=STRANGERS.keys())
def test_no_stranger_gets_in(browser: FlaskClient, acme: Shop, bearer: str) -> None:
    answer = ask(browser, bearer)
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "*", "the page must be able to read that it is shut"


def test_a_page_may_ask_first_and_an_old_secret_still_counts(browser: FlaskClient, acme: Shop) -> None:
    answer = browser.options("/account-page/overview")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Headers"]) == (204, "Authorization, Content-Type")
    assert ask(browser, token(dest="https://acme.myshopify.com")).status_code == 200


def test_a_shop_that_left_has_no_page(browser: FlaskClient, acme: Shop) -> None:
    with db.system() as session:
        session.get_one(Shop, acme.id).status = ShopStatus.UNINSTALLED
    assert ask(browser, token()).status_code == 404
    assert ask(browser, token(dest="stranger.myshopify.com")).status_code == 404


def test_orders_stand_by_vendor_with_state_parcels_and_the_way_to_a_review(
    browser: FlaskClient, street: Street, goods: SimpleNamespace, ada: Vendor
) -> None:
    order = street.buy((goods.mug, 2), (goods.loaf, 1), (goods.bag, 1))
    street.send(order, "MUG")
    who = order["customer_id"]
    (shown,) = ask(browser, token(who)).json["orders"]
    assert (shown["name"], shown["id"]) == (order["name"], str(order["id"]))
    assert shown["others"] == [{"title": "Bag", "quantity": 1}]
    adas, beas = shown["parts"]
    assert (adas["vendor"], adas["state"], adas["items"]) == (ada.name, "shipped", [{"title": "Mug", "quantity": 2}])
    assert (beas["state"], beas["review"], adas["review"]) == ("to_ship", None, None)
    street.arrive(order)
    adas = ask(browser, token(who)).json["orders"][0]["parts"][0]
    assert (adas["state"], adas["reviewed"]) == ("delivered", False)
    link = re.search(r"/letters/review/.*", adas["review"])
    assert link
    assert browser.get(link[0]).status_code == 200
    street.write(street.part(ada))
    assert ask(browser, token(who)).json["orders"][0]["parts"][0]["reviewed"] is True


def test_nobody_else_sees_the_order(browser: FlaskClient, street: Street, zenith: Shop) -> None:
    who = street.buy()["customer_id"]
    assert ask(browser, token(who + 1)).json["orders"] == []
    assert ask(browser, token(who, dest=zenith.domain)).json["orders"] == []


def test_orders_of_many_vendors_cost_no_more_questions(
    browser: FlaskClient, street: Street, goods: SimpleNamespace
) -> None:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    who = street.buy((goods.mug, 1))["customer_id"]
    event.listen(db.get_engine(), "before_cursor_execute", note)
    try:
        ask(browser, token(who))
        one = len(asked)
        street.buy((goods.mug, 1), (goods.loaf, 1), customer_id=who)
        asked.clear()
        assert len(ask(browser, token(who)).json["orders"]) == 2
        assert len(asked) == one
    finally:
        event.remove(db.get_engine(), "before_cursor_execute", note)


def test_a_vendor_who_left_has_no_page_to_go_to(browser: FlaskClient, street: Street, ada: Vendor) -> None:
    who = street.buy()["customer_id"]
    with db.scoped(ada.shop_id) as session:
        session.get_one(Vendor, ada.id).status = VendorStatus.CLOSED
    parts = ask(browser, token(who)).json["orders"][0]["parts"]
    assert [part["page"] for part in parts] == [None, "/pages/vendors/beas-bakery"]


def test_lists_are_those_that_the_devices_keep(browser: FlaskClient, acme: Shop) -> None:
    Storefront(browser).send(wish(5, title="Blue bowl"), item("follow", "ada", {"name": "Ada"}), customer="7001")
    shown = ask(browser, token(7001)).json
    assert shown["wishlist"] == [{"key": "5", "handle": "product-5", "title": "Blue bowl"}]
    assert shown["follows"] == [{"key": "ada", "name": "Ada"}]
    assert ask(browser, token(7002)).json["wishlist"] == []


# -- e-mails that customers choose -------------------------------------------------------------------------------------


def choose(browser: FlaskClient, body: Any, bearer: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token() if bearer is None else bearer}"}
    return browser.post("/account-page/mails", json=body, headers=headers)


def wanted(*topics: str, **rest: Any) -> dict[str, Any]:
    return {
        "topics": topics,
        "email": "cleo@example.com",
        "locale": "de",
        "page": "elsewhere",
        "wording": "1 de",
        **rest,
    }


def test_e_mails_are_chosen_in_the_account_as_in_the_shop(browser: FlaskClient, acme: Shop) -> None:
    desk = Desk(browser, Storefront(browser), acme)
    desk.offer(cart=False)
    assert ask(browser, token()).json["mails"] == {
        "offered": ["vendors", "wishlist"], "chosen": [], "email": "", "waiting": False
    }  # fmt: skip
    answer = choose(browser, wanted("wishlist", "cart")).json
    assert (answer["ok"], answer["confirm"], answer["mails"]["waiting"]) == (True, True, True)
    assert desk.steps() == [("asked", ["wishlist"], "cleo@example.com", "customer account")]
    assert "Bitte" in desk.mails("customer_mails_confirm")[0].subject
    desk.confirm()
    assert desk.choice("7001")["chosen"] == ["wishlist"], "both doors lead to one choice"
    assert choose(browser, wanted("vendors")).json["confirm"] is False
    assert choose(browser, wanted(email="")).json["mails"]["chosen"] == []
    assert [step for step, *_ in desk.steps()] == ["asked", "confirmed", "changed", "stopped"]


def test_nobody_chooses_for_another_account(browser: FlaskClient, acme: Shop) -> None:
    desk = Desk(browser, Storefront(browser), acme)
    desk.offer()
    assert choose(browser, wanted("cart"), bearer="").status_code == 401
    assert choose(browser, wanted("cart"), bearer=sign_id_token()).status_code == 401
    assert choose(browser, wanted("cart")).status_code == 200
    assert ask(browser, token(7002)).json["mails"]["email"] == ""
    for body in (["cart"], {"topics": "cart"}, None):
        assert choose(browser, body).status_code == 400
    assert choose(browser, wanted("cart", email="cleo@")).status_code == 422


def test_the_words_of_consent_are_the_shops_own(browser: FlaskClient) -> None:
    version = re.search(r"^const WORDING = (\d+);", sources(), re.MULTILINE)
    assert version
    for block in ("wishlist", "followed-vendors"):
        assert f'data-wording="{version[1]} ' in (THEME / "blocks" / f"{block}.liquid").read_text("utf-8")
    for language in ("en.default", "de", "fr", "es", "ja", "nl"):
        theirs = json.loads((THEME / "locales" / f"{language}.json").read_text("utf-8"))["mails"]
        ours = texts(f"{language}.json")
        assert ours["mails_consent"] == theirs["consent"]
        for topic in lists_of("mails.js")[0]:
            assert ours[f"topic.{topic}"] == theirs[topic]


# -- the extension itself ----------------------------------------------------------------------------------------------


def texts(name: str) -> dict[str, str]:
    held = json.loads((EXTENSION / "locales" / name).read_text("utf-8"))
    flat = {key: words for key, words in held.items() if isinstance(words, str)}
    return flat | {f"{key}.{inner}": words for key in held.keys() - flat for inner, words in held[key].items()}


def lists_of(module: str) -> list[set[str]]:
    """The tables at a module's top, such as STATES and REASONS: what may follow a group's dot."""
    source = (EXTENSION / "src" / module).read_text("utf-8")
    tables = re.findall(r"^const [A-Z]+ = (\{.*\}|\[.*\]);", source, re.MULTILINE)
    return [set(re.findall(r"(\w+):" if table[0] == "{" else r"'(\w+)'", table)) for table in tables]


def sources() -> str:
    return "\n".join(path.read_text("utf-8") for path in (EXTENSION / "src").glob("*.js"))


@pytest.mark.parametrize("language", ["de", "fr", "es", "ja", "nl"])
def test_every_language_has_every_text_with_the_same_slots(language: str) -> None:
    english, other = texts("en.default.json"), texts(f"{language}.json")
    assert set(english) == set(other)
    for key, words in english.items():
        assert sorted(re.findall(r"{{\w+}}", words)) == sorted(re.findall(r"{{\w+}}", other[key])), key


def test_every_text_is_used_and_every_text_is_there() -> None:
    used = {"name", "write_review", "change_review", "return_refused", "return_too_many", "return_unsure"}
    used |= set(re.findall(r"t\('(\w+)'", sources()))
    groups = dict(zip(("return_state", "declined", "reason"), lists_of("returns.js"), strict=True))
    groups["state"], groups["topic"] = lists_of("page.js")[0], lists_of("mails.js")[0]
    assert used | {f"{group}.{key}" for group, keys in groups.items() for key in keys} == set(texts("en.default.json"))


def test_it_is_declared_for_the_account_and_small() -> None:
    declared = tomllib.loads((EXTENSION / "shopify.extension.toml").read_text("utf-8"))
    (extension,) = declared["extensions"]
    (target,) = extension["targeting"]
    assert target["target"] == "customer-account.page.render"
    assert (EXTENSION / target["module"]).is_file()
    assert extension["capabilities"]["network_access"] is True
    assert len(sources().encode()) < 64_000

"""Every address, asked by everybody who must not get in: refused, and nothing changed.

The list of addresses is the application's own URL map, so a new page is tried the moment it is registered.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from app import clock, crypto, db, web
from app.auth import api, portal, scopes
from app.models.approvals import ApprovalRule, SavedReply
from app.models.codes import QrCode
from app.models.customer_questions import Question
from app.models.emails import Email
from app.models.events import DomainEvent, EventDelivery, InboxEvent
from app.models.hooks import Hook, HookCall
from app.models.mapping import Model
from app.models.orders import Order, VendorOrder
from app.models.payouts import InvoiceRun, PaperArchive, Payout, PayoutBatch, PayoutMove
from app.models.products import Product, ProductImage, ProductImport, ProductProposal
from app.models.reviews import VendorReview
from app.models.shops import Shop
from app.models.staff import StaffMember
from app.models.vendors import PortalSession, Vendor, VendorUser
from app.shopify import definitions
from app.shopify.tokens import TokenPair, store
from tests.apps import get_app
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token, sign_proxy

OPEN = {
    "static",
    "auth.front_door",
    "auth.bounce",
    "health.alive",
    "health.ready",
    "health.show_metrics",
    "portal_join.show_form",
    "portal_join.join",
    "portal_login.show_login",
    "portal_login.ask_for_link",
    "portal_login.show_enter",
    "portal_login.enter",
    "portal_login.leave",
    "portal_login.arrive",
    "portal_login.come_in",
    "email_deliveries.take_news",
    "portal_visits.show_ticket",
    "portal_visits.begin",
    "portal_visits.show_end",
    "received_mails.take_mail",
    "reply_page.show",
    "reply_page.answer",
    "pixel.take",
    "portal_verify.show_verify",
    "portal_verify.verify",
    "portal_verify.passkey_options",
    "portal_verify.sign_in_with_passkey",
    "api_docs.show_openapi",
    "api_docs.show_docs",
}
"""Everything that anybody may ask for. A new entry wants a reason."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFUSALS = {302, 303, 400, 401, 403, 404, 405, 422}


@dataclass(frozen=True)
class Cast:
    """Ids of what belongs to Acme and to Ada, to be reached for by others."""

    shop: Shop
    ada: Vendor
    bea: Vendor
    cy: Vendor
    ids: dict[str, int]


@pytest.fixture
def app(database: str, shopify: FakeShopify) -> Flask:
    return get_app()


@pytest.fixture
def browser(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


@pytest.fixture
def cast(acme: Shop, zenith: Shop, ada: Vendor, bea: Vendor, cy: Vendor) -> Cast:
    pair = TokenPair("access", clock.now() + timedelta(hours=1), "refresh", clock.now() + timedelta(days=90), "")
    for shop in (acme, zenith):
        with db.scoped(shop.id) as session:
            row = session.get_one(Shop, shop.id)
            store(row, pair)
            row.definitions_version = definitions.VERSION
            session.add(StaffMember(shop_id=shop.id, number="42", name="Somebody", role="everything"))
    with db.scoped(acme.id) as session:
        ids = make_things(session, acme, ada)
    return Cast(acme, ada, bea, cy, ids)


def make_things(session: Session, acme: Shop, ada: Vendor) -> dict[str, int]:
    """One of each thing that has an address, Acme's and where possible Ada's. Keys are the addresses' names."""
    ours: dict[str, Any] = {"shop_id": acme.id}
    hers = {**ours, "vendor_id": ada.id}
    now = clock.now()
    named = {"name": "#1001", "ordered_at": now, "currency": "USD"}
    order = Order(**ours, **named, shopify_id=1, snapshot={}, snapshot_updated_at=now, terms={}, total_minor=1)
    product = Product(**hers, title="Blue bowl", status="in_review")
    batch = PayoutBatch(**ours, number=1, currency="USD", created_by="staff:1")
    received = {"topic": "orders/create", "webhook_id": "w", "event_id": "e", "body": b"{}", "state": "dead"}
    event = InboxEvent(**ours, shop_domain=acme.domain, **received)
    words = {"from_name": "Acme", "subject": "s", "html": "h", "text_body": "t"}
    email = Email(**hers, kind="vendor_welcome", dedupe_key="d", to_address=ada.email, status="failed", **words)
    session.add_all([order, product, batch, event, email])
    session.flush()
    part = VendorOrder(**hers, **named, order_id=order.id, order_shopify_id=1, status="to_ship", items_to_ship=1)
    bank = {"account": b"x", "holder": b"x", "last4": "1234", "rail_key": "payout-SK-1"}
    payout = Payout(**hers, batch_id=batch.id, reference="SK-1", amount_minor=1, currency="USD", **bank)
    image = ProductImage(**hers, product_id=product.id, filename="a.png", source_url="x")
    proposal = ProductProposal(**hers, product_id=product.id, changes={"title": ["a", "b"]}, sent_by="x", sent_at=now)
    file = ProductImport(**hers, filename="a.csv", headings=["Product"], sent_by="x")
    rule = ApprovalRule(**ours, position=1, name="All", conditions={})
    reply = SavedReply(**ours, title="Photo", body="A brighter one, please.")
    session.add_all([part, payout, image, proposal, file, rule, reply])
    session.flush()
    session.add(PayoutMove(**hers, payout_id=payout.id, state=payout.state, actor="staff:1", at=now))
    made: dict[str, Any] = {"order": order, "product": product, "batch": batch, "event": event}
    made |= {"email": email, "vendor": ada}
    hook = Hook(**ours, url="https://warehouse.example", kinds=["OrderCreated"], secret=b"x")
    session.add(hook)
    session.flush()
    call = HookCall(**ours, hook_id=hook.id, message_id="m", kind="OrderCreated", body="{}", state="failed")
    domain_event = DomainEvent(**ours, kind="OrderCreated", subject={})
    session.add_all([call, domain_event])
    session.flush()
    delivery = EventDelivery(**ours, event_id=domain_event.id, subscriber="hooks", attempts=20)
    session.add(delivery)
    session.flush()
    made |= {"hook": hook, "call": call, "delivery": delivery}
    made |= {"part": part, "payout": payout, "image": image, "proposal": proposal, "import": file}
    review = VendorReview(**hers, vendor_order_id=part.id, stars=5, words="Blue bowl", state="published")
    code = QrCode(**hers, code="abcdefgh", name="Blue bowl")
    question = Question(**hers, key="k", words="Blue bowl", state="open")
    session.add_all([review, code, question])
    session.flush()
    made |= {"review": review, "code": code, "question": question, "rule": rule, "reply": reply}
    archive = PaperArchive(
        **ours,
        kind="statements",
        about="batch:1",
        name="statements-1.zip",
        papers=[payout.id],
        total=1,
        digest="d",
        asked_by="staff:1",
        asked_at=now,
    )
    run = InvoiceRun(**ours, until=now.date(), vendors=[], total=0, asked_by="staff:1", asked_at=now)
    session.add_all([archive, run])
    session.flush()
    made |= {"archive": archive, "run": run}
    return {f"{name}_id": thing.id for name, thing in made.items()}


def rules(app: Flask, door: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if web.door_of(rule.endpoint.rpartition(".")[0]) == door]


def addresses(rule: Rule, cast: Cast) -> list[str]:
    """The rule's addresses with Acme's and Ada's ids in it, one for each word it might know."""
    numbers = {
        name: cast.ids.get(name, 1) for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)
    }
    texts = [name for name in rule._converters if name not in numbers]
    found = []
    words = next((sorted(kind.items) for kind in rule._converters.values() if isinstance(kind, AnyConverter)), WORDS)
    for word in words if texts else ("",):
        built = rule.build({**(rule.defaults or {}), **numbers, **dict.fromkeys(texts, word)}, append_unknown=False)
        assert built is not None
        found.append(built[1])
    return found


WORDS = (
    "approve",
    "reject",
    "suspend",
    "submit",
    "archive",
    "delete",
    "cancel",
    "discard",
    "remove",
    "send",
    "retry",
    "csv",
    "pdf",
)


def fingerprint() -> dict[str, Any]:
    """What every table holds, apart from the outside's knocking itself."""
    held = {}
    with db.system() as session:
        for table in Model.metadata.sorted_tables:
            if table.name in {"portal_sessions", "magic_links"}:
                continue
            query = text(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table.name} t")
            held[table.name] = (
                session.execute(select(func.count()).select_from(table)).scalar_one(),
                session.execute(query).scalar_one(),
            )
    return held


def sign_in(browser: FlaskClient, vendor: Vendor, **columns: Any) -> None:
    """A session of a vendor, in the browser's cookie."""
    token, now = crypto.new_token(), clock.now()
    with db.system() as session:
        user = session.scalars(select(VendorUser).where(VendorUser.vendor_id == vendor.id)).one()
        held = {"created_at": now, "last_seen_at": now, "expires_at": now + timedelta(days=1), **columns}
        session.add(
            PortalSession(
                shop_id=vendor.shop_id,
                vendor_id=vendor.id,
                vendor_user_id=user.id,
                token_hash=crypto.hash_token(token),
                **held,
            )
        )
    browser.set_cookie(portal.cookie_name(), token)


def ask_all(browser: FlaskClient, found: list[Rule], cast: Cast, *, query: str = "", **headers: str) -> dict[str, int]:
    """The status of every address under every method it knows."""
    answers = {}
    for rule in found:
        for method in METHODS:
            if method in (rule.methods or set()):
                for path in addresses(rule, cast):
                    url = f"{path}?{query}" if query else path
                    answer = browser.open(url, method=method, headers=headers, data={} if method != "GET" else None)
                    answers[f"{method} {path}"] = answer.status_code
    assert answers
    return answers


def let_in(answers: dict[str, int]) -> dict[str, int]:
    return {address: status for address, status in answers.items() if status not in REFUSALS}


def test_only_the_listed_addresses_are_open_to_everybody(app: Flask) -> None:
    assert {rule.endpoint for rule in rules(app, "open")} == OPEN


def test_every_address_has_a_door(app: Flask) -> None:
    """Or says why it has none: what nobody thought of is no better than open."""
    blueprints = {rule.endpoint: rule.endpoint.rpartition(".")[0] for rule in app.url_map.iter_rules()}
    assert {endpoint for endpoint, name in blueprints.items() if name not in web._doors} == {"static"}


MERCHANT_STRANGERS = {
    "nobody": {},
    "nobody, by fetch": {"HX-Request": "true"},
    "a token of another app": {"Authorization": "Bearer " + sign_id_token(aud="another-app")},
    "a token under another secret": {"Authorization": "Bearer " + sign_id_token(secret="x" * 32)},
    "an expired token": {"Authorization": "Bearer " + sign_id_token(exp=int(time.time()) - 60)},
    "a token without an end": {"Authorization": "Bearer " + sign_id_token(exp=None)},
    "a token for two shops": {"Authorization": "Bearer " + sign_id_token(iss="https://zenith.myshopify.com/admin")},
    "a token for no shop": {"Authorization": "Bearer " + sign_id_token(dest="https://evil.example")},
    "no token at all": {"Authorization": "Basic YTpi"},
    "a header that is no text": {"Authorization": "Bearer \xff"},
}


@pytest.mark.parametrize("headers", MERCHANT_STRANGERS.values(), ids=MERCHANT_STRANGERS.keys())
def test_merchant_pages_let_no_stranger_in(
    app: Flask, browser: FlaskClient, cast: Cast, headers: dict[str, str]
) -> None:
    before = fingerprint()
    answers = ask_all(browser, rules(app, "merchant"), cast, **headers)
    assert {status for status in answers.values() if status not in {302, 401}} == set()
    assert fingerprint() == before


def test_another_shops_staff_reach_nothing_of_ours(app: Flask, browser: FlaskClient, cast: Cast) -> None:
    """Zenith's own pages open for them; ours, by our ids, are not there, and nothing of ours changes."""
    found = [rule for rule in rules(app, "merchant") if any(name in cast.ids for name in rule.arguments)]
    token = sign_id_token("zenith.myshopify.com")
    before = fingerprint()
    answers = ask_all(browser, found, cast, Authorization=f"Bearer {token}")
    assert let_in(answers) == {}
    assert fingerprint() == before
    for rule in rules(app, "merchant"):
        if "GET" in (rule.methods or set()) and not rule.arguments:
            page = browser.get(addresses(rule, cast)[0], headers={"Authorization": f"Bearer {token}"})
            assert "Blue bowl" not in page.text
            assert cast.ada.name not in page.text
            assert cast.ada.email not in page.text


def test_another_shops_staff_reach_nothing_of_ours_by_ids_in_a_form(
    app: Flask, browser: FlaskClient, cast: Cast
) -> None:
    """Addresses without an id of their own take ids from the form: every name they might have, with our ids."""
    ids = {name.removesuffix("_id"): str(value) for name, value in cast.ids.items()}
    form = {**ids, **{name: str(value) for name, value in cast.ids.items()}}
    token = {"Authorization": f"Bearer {sign_id_token('zenith.myshopify.com')}"}
    with db.system() as session:
        before = session.get_one(Product, cast.ids["product_id"]).status
    for rule in rules(app, "merchant"):
        if "POST" in (rule.methods or set()) and not rule.arguments:
            browser.post(addresses(rule, cast)[0], data=form, headers=token)
    with db.system() as session:
        assert session.get_one(Product, cast.ids["product_id"]).status == before
        assert session.get_one(InboxEvent, cast.ids["event_id"]).state == "dead"
        assert session.get_one(Vendor, cast.ada.id).status == cast.ada.status


def test_a_vendors_cookie_opens_no_merchant_page(app: Flask, browser: FlaskClient, cast: Cast) -> None:
    sign_in(browser, cast.ada)
    answers = ask_all(browser, rules(app, "merchant"), cast)
    assert set(answers.values()) <= {302, 401}


@pytest.mark.parametrize("stranger", ["nobody", "forged", "expired", "idle", "revoked", "staff"])
def test_portal_pages_let_no_stranger_in(app: Flask, browser: FlaskClient, cast: Cast, stranger: str) -> None:
    now, headers = clock.now(), {"Sec-Fetch-Site": "same-origin"}
    if stranger == "forged":
        browser.set_cookie(portal.cookie_name(), crypto.new_token())
    if stranger == "expired":
        sign_in(browser, cast.ada, expires_at=now - timedelta(seconds=1))
    if stranger == "idle":
        sign_in(browser, cast.ada, last_seen_at=now - timedelta(days=365))
    if stranger == "revoked":
        sign_in(browser, cast.ada, revoked_at=now)
    if stranger == "staff":
        headers["Authorization"] = f"Bearer {sign_id_token()}"
    before = fingerprint()
    answers = ask_all(browser, rules(app, "portal"), cast, **headers)
    assert {status for status in answers.values() if status not in {302, 303, 401}} == set()
    assert fingerprint() == before


@pytest.mark.parametrize("wrong", ["bea", "cy"])
def test_another_vendor_reaches_nothing_of_adas(app: Flask, browser: FlaskClient, cast: Cast, wrong: str) -> None:
    sign_in(browser, getattr(cast, wrong))
    found = [rule for rule in rules(app, "portal") if any(name in cast.ids for name in rule.arguments)]
    before = fingerprint()
    answers = ask_all(browser, found, cast, **{"Sec-Fetch-Site": "same-origin"})
    assert {status for status in answers.values() if status not in {400, 404, 405, 415}} == set()
    assert fingerprint() == before
    for rule in rules(app, "portal"):
        if "GET" in (rule.methods or set()) and not rule.arguments:
            page = browser.get(addresses(rule, cast)[0])
            assert "Blue bowl" not in page.text
            assert cast.ada.email not in page.text


def test_a_form_on_another_site_cannot_use_a_vendors_session(app: Flask, browser: FlaskClient, cast: Cast) -> None:
    sign_in(browser, cast.ada)
    before = fingerprint()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        for rule in rules(app, "portal"):
            if "POST" in (rule.methods or set()):
                answer = browser.post(addresses(rule, cast)[0], headers=headers)
                assert answer.status_code == 403, rule
    assert fingerprint() == before


PROXY_STRANGERS = {
    "unsigned": "shop=acme.myshopify.com",
    "signed by another": sign_proxy(secret="x" * 32),
    "too old": sign_proxy(age=3600),
    "twice a shop": sign_proxy() + "&shop=zenith.myshopify.com",
    "a shop that is none": sign_proxy("evil.example"),
    "somebody else's customer": sign_proxy(logged_in_customer_id="1") + "&logged_in_customer_id=2",
}


@pytest.mark.parametrize("query", PROXY_STRANGERS.values(), ids=PROXY_STRANGERS.keys())
def test_storefront_addresses_answer_only_what_shopify_signed(
    app: Flask, browser: FlaskClient, cast: Cast, query: str
) -> None:
    before = fingerprint()
    answers = ask_all(browser, rules(app, "proxy"), cast, query=query)
    assert set(answers.values()) == {403}
    assert fingerprint() == before


def test_a_shop_that_never_installed_has_no_storefront_addresses(app: Flask, browser: FlaskClient, cast: Cast) -> None:
    answers = ask_all(browser, rules(app, "proxy"), cast, query=sign_proxy("stranger.myshopify.com"))
    assert set(answers.values()) == {404}


def make_token(shop: Shop, vendor: Vendor | None = None, **columns: Any) -> str:
    vendor_id = vendor.id if vendor else None
    with db.scoped(shop.id, vendor_id) as session:
        given = scopes.offered(to_vendor=vendor is not None, has_clock=True)
        token, secret = api.make_token(session, shop.id, "Test", given, actor="staff:1", vendor_id=vendor_id)
        for name, value in columns.items():
            setattr(token, name, value)
    return secret


@pytest.mark.parametrize("stranger", ["nobody", "guessed", "expired", "revoked", "cookie", "staff"])
def test_the_api_lets_no_stranger_in(app: Flask, browser: FlaskClient, cast: Cast, stranger: str) -> None:
    now, headers = clock.now(), {"Sec-Fetch-Site": "same-origin"}
    given = {
        "guessed": "sk_shop_" + crypto.new_token(),
        "expired": make_token(cast.shop, expires_at=now),
        "revoked": make_token(cast.shop, revoked_at=now),
        "staff": sign_id_token(),
    }.get(stranger)
    if stranger == "cookie":
        sign_in(browser, cast.ada)
    if given:
        headers["Authorization"] = f"Bearer {given}"
    before = fingerprint()
    answers = ask_all(browser, rules(app, "api"), cast, **headers)
    assert set(answers.values()) == {401}
    assert fingerprint() == before


def test_another_shops_token_reaches_nothing_of_ours(app: Flask, browser: FlaskClient, cast: Cast) -> None:
    with db.system() as session:
        zenith = session.get_one(Shop, cast.cy.shop_id)
    refused_everything(app, browser, cast, make_token(zenith), "zenith")


@pytest.mark.parametrize("wrong", ["bea", "cy"])
def test_another_vendors_token_reaches_nothing_of_adas(
    app: Flask, browser: FlaskClient, cast: Cast, wrong: str
) -> None:
    vendor: Vendor = getattr(cast, wrong)
    with db.system() as session:
        shop = session.get_one(Shop, vendor.shop_id)
    refused_everything(app, browser, cast, make_token(shop, vendor), wrong)


def refused_everything(app: Flask, browser: FlaskClient, cast: Cast, token: str, who: str) -> None:
    """Addresses with our ids are not there, nothing of ours changes, and no list shows anything of it."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    named = [rule for rule in rules(app, "api") if any(name in cast.ids for name in rule.arguments)]
    before = fingerprint()
    answers = ask_all(browser, named, cast, **headers)
    assert set(answers.values()) <= {403, 404, 405, 422}, {a: s for a, s in answers.items() if s < 400}
    after = fingerprint()
    assert {t for t in before if before[t] != after[t]} <= {"api_tokens"}, who
    for rule in rules(app, "api"):
        if "GET" in (rule.methods or set()) and not rule.arguments:
            answer = browser.get(addresses(rule, cast)[0], headers=headers)
            assert answer.status_code in {200, 403}, rule
            for words in ("Blue bowl", cast.ada.email, "#1001", "SK-1"):
                assert words not in answer.text, rule

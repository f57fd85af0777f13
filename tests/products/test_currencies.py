"""A shop sells in another currency: each product is brought into it, and nothing is told, shown or compared in another
than it is in.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from app import clock, db
from app.auth import installation
from app.errors import Conflict
from app.home.audit_changes import Writers, say_changes
from app.models.emails import Email
from app.models.events import AuditEntry, InboxEvent
from app.models.products import Product, ProductProposal, ProductStatus, ProposalStatus, Variant
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.products import (
    approval_queries,
    currencies,
    mirror,
    proposal_queries,
    proposal_sync,
    proposals,
    service,
    sync,
)
from app.products import prices as rules_of_prices
from app.shopify.payloads import Product as News
from app.shopify.payloads import read_payload
from app.shopify.tokens import ShopCredentials
from tests.apps import get_app
from tests.portal.conftest import signed_in
from tests.products.test_queries import counted
from tests.shopify.fake import FakeShopify, data, installable
from webhooks.handlers.app import handle_shop_update

PRODUCT, VARIANT = "gid://shopify/Product/1", "gid://shopify/ProductVariant/1"


def make(shop: Shop, vendor: Vendor, status: str, price: int = 1250, **more: Any) -> int:
    """A product with one variant."""
    with db.scoped(shop.id) as session:
        own = {"shop_id": shop.id, "vendor_id": vendor.id}
        product = Product(**own, title=status.title(), status=ProductStatus(status), **more)
        session.add(product)
        session.flush()
        gid = more.get("shopify_gid", "").replace("Product", "ProductVariant") or None
        content: dict[str, Any] = {"price_minor": price, "currency": "USD", "option_values": ["Default Title"]}
        session.add(Variant(**own, product_id=product.id, shopify_gid=gid, **content))
        return product.id


@pytest.fixture
def mug(acme: Shop, ada: Vendor) -> int:
    return make(acme, ada, "published", shopify_gid=PRODUCT, shopify_status="ACTIVE")


@pytest.fixture
def sell_in(acme: Shop, connected: ShopCredentials, shopify: FakeShopify) -> Callable[[str], None]:
    """The shop's staff choose another currency, and we learn of it."""
    installable(shopify)
    installation.read_profile(connected)

    def change(currency: str) -> None:
        installable(shopify)
        profile = json.loads(shopify.answers["shop"][0].content)["data"]["shop"]  # type: ignore[union-attr]
        shopify.answer("shop", data(shop={**profile, "currencyCode": currency}))
        installation.read_profile(connected)
        acme.currency = currency

    return change


def follow(shop: Shop, shopify: FakeShopify, price: str | None = "12.50") -> None:
    found = {"id": VARIANT, "price": price} if price else None
    shopify.answer("nodesPriced", lambda asked: data(nodes=[found for _ in asked["variables"]["ids"]]))
    currencies.follow_currency(shop.id)


def prices(shop: Shop) -> dict[str, tuple[str, str]]:
    """Each product's status and price."""
    with db.scoped(shop.id) as session:
        rows = session.execute(select(Product, Variant).join(Variant)).all()
        return {product.title: (product.status.value, str(variant.price)) for product, variant in rows}


def propose(shop: Shop, product_id: int, wanted: dict[str, Any]) -> int | None:
    """The id of what waits then."""
    with db.scoped(shop.id) as session:
        product = service.lock_product(session, shop.id, product_id)
        proposals.propose(session, product, wanted, actor="vendor_user:1")
        edit = proposals.find_open(session, product)
        return edit.id if edit else None


def priced(shop: Shop, product_id: int, minor: int) -> dict[str, Any]:
    with db.scoped(shop.id) as session:
        [variant] = session.scalars(select(Variant).where(Variant.product_id == product_id))
        return {f"price {variant.id}": minor}


def test_news_of_another_currency_have_shopify_asked_and_old_news_end_nothing(
    acme: Shop, sell_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(installation, "enqueue_after_commit", lambda _, *job, **__: rung.append(job))

    def hear(currency: str) -> None:
        body = {"id": 1, "name": "Acme", "myshopify_domain": acme.domain, "currency": currency}
        with db.scoped(acme.id) as session:
            handle_shop_update(session, session.get_one(Shop, acme.id), json.dumps(body).encode(), InboxEvent())

    hear("USD")
    assert rung == []
    hear("JPY")
    assert rung == [("jobs.shops.read_profile", acme.id)]
    with db.scoped(acme.id) as session:
        assert session.get_one(Shop, acme.id).currency == "USD", "a body that comes late must not end anything"
    sell_in("JPY")
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).payout_minimum_minor = 500
    hear("USD")
    with db.scoped(acme.id) as session:
        assert session.get_one(Shop, acme.id).currency == "JPY"
        assert session.get_one(ShopSettings, acme.id).payout_minimum_minor == 500


def test_the_first_currency_that_is_known_of_a_shop_is_no_change(
    acme: Shop, connected: ShopCredentials, shopify: FakeShopify
) -> None:
    installable(shopify)
    profile = json.loads(shopify.answers["shop"][0].content)["data"]["shop"]  # type: ignore[union-attr]
    shopify.answer("shop", data(shop={**profile, "currencyCode": "EUR"}))
    installation.read_profile(connected)
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        assert (shop.currency, shop.earlier_currencies, shop.prices_due_at) == ("EUR", [], None)
        assert session.scalars(select(AuditEntry)).all() == []


def test_an_answer_that_another_one_overtook_is_asked_for_again(
    acme: Shop,
    connected: ShopCredentials,
    shopify: FakeShopify,
    sell_in: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(installation, "enqueue_after_commit", lambda _, *job, **__: rung.append(job))
    slow = shopify.answers["shop"][0]

    def answer(_: dict[str, Any]) -> Any:
        sell_in("JPY")
        rung.clear()
        return slow

    shopify.answer("shop", answer)
    installation.read_profile(connected)
    assert rung == [("jobs.shops.read_profile", acme.id)]
    with db.scoped(acme.id) as session:
        assert session.get_one(Shop, acme.id).currency == "JPY"


def test_a_shop_whose_currency_did_not_change_is_asked_for_nothing_more(acme: Shop, mug: int) -> None:
    with db.scoped(acme.id) as session:
        # As pages and jobs hold them.
        shop, product = session.get_one(Shop, acme.id), session.get_one(Product, mug)
        with counted() as statements:
            assert not rules_of_prices.are_old(session, product)
    assert (shop.currency, statements) == ("USD", [])


def test_a_worker_that_dies_leaves_what_is_through_and_the_next_one_goes_on(
    acme: Shop, ada: Vendor, shopify: FakeShopify, sell_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (make(acme, ada, status) for status in ("draft", "rejected"))
    sell_in("EUR")
    take_over = currencies.take_over

    def die(session: Any, shop: Shop, product: Product, told: Any) -> None:
        take_over(session, shop, product, told)
        if product.id == second:
            raise SystemExit

    monkeypatch.setattr(currencies, "take_over", die)
    with pytest.raises(SystemExit):
        follow(acme, shopify)
    assert prices(acme) == {"Draft": ("draft", "0.00 EUR"), "Rejected": ("rejected", "12.50 USD")}
    monkeypatch.setattr(currencies, "take_over", take_over)
    follow(acme, shopify)
    assert prices(acme)["Rejected"] == ("rejected", "0.00 EUR")
    with db.scoped(acme.id) as session:
        noted = session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "product.new_currency"))
        assert noted.all() == [first, second]


def test_a_run_that_takes_long_leaves_the_rest_to_the_sweep(
    acme: Shop, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    sell_in("EUR")
    currencies.follow_currency(acme.id, seconds=0)
    assert prices(acme) == {"Published": ("published", "12.50 USD")}
    follow(acme, shopify)
    assert prices(acme) == {"Published": ("published", "12.50 EUR")}


def test_what_is_on_sale_costs_what_shopify_says_and_all_else_is_asked_again(
    acme: Shop, ada: Vendor, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    for status in ("draft", "submitted", "in_review", "changes_requested", "rejected", "archived"):
        make(acme, ada, status)
    sell_in("JPY")
    follow(acme, shopify, "1250")
    none = "0 JPY"
    assert prices(acme) == {
        "Published": ("published", "1250 JPY"),
        "Draft": ("draft", none),
        "Submitted": ("changes_requested", none),
        "In_Review": ("changes_requested", none),
        "Changes_Requested": ("changes_requested", none),
        "Rejected": ("rejected", none),
        "Archived": ("archived", none),
    }
    asked = [variables for name, variables, _ in shopify.asked if name == "nodesPriced"]
    assert asked == [{"ids": [VARIANT]}]
    with db.scoped(acme.id) as session:
        mails = session.scalars(select(Email).where(Email.kind == "product_changes_requested")).all()
        assert len(mails) == 2
        assert all("Enter the prices in JPY" in mail.text_body for mail in mails)
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "product.new_currency")).all()
        assert noted[0].changes == {"price Default Title": ["12.50 USD", "1250 JPY"]}
        assert noted[1].changes == {"price Default Title": ["12.50 USD", None]}
    follow(acme, shopify, "7")
    assert prices(acme)["Published"] == ("published", "1250 JPY"), "another run finds nothing to do"


def test_a_variant_that_shopify_does_not_have_any_more_has_no_price(
    acme: Shop, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    sell_in("EUR")
    follow(acme, shopify, None)
    assert prices(acme) == {"Published": ("published", "0.00 EUR")}


def test_a_product_that_came_on_sale_while_shopify_was_asked_keeps_its_price_until_it_is_read(
    acme: Shop, ada: Vendor, shopify: FakeShopify, sell_in: Callable[[str], None], mug: int
) -> None:
    late = make(acme, ada, "in_review", shopify_gid="gid://shopify/Product/2")
    sell_in("EUR")

    def answer(asked: dict[str, Any]) -> Any:
        with db.scoped(acme.id) as session:
            session.get_one(Product, late).status = ProductStatus.PUBLISHED
        return data(nodes=[{"id": gid, "price": "9.00"} for gid in asked["variables"]["ids"]])

    shopify.answer("nodesPriced", answer)
    currencies.follow_currency(acme.id)
    assert set(prices(acme).values()) == {("published", "9.00 EUR")}


def test_shops_are_rung_for_until_nobody_can_save_a_price_of_before(
    acme: Shop, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(currencies, "enqueue", lambda *job, **_: rung.append(job))
    currencies.sweep()
    assert rung == []
    sell_in("EUR")
    follow(acme, shopify)
    currencies.sweep()
    assert rung == [(currencies.JOB, acme.id)]
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).prices_due_at = clock.now() - timedelta(minutes=6)
        session.execute(update(Variant).values(currency="USD"))
    follow(acme, shopify)
    assert prices(acme) == {"Published": ("published", "12.50 EUR")}
    currencies.sweep()
    assert len(rung) == 1


def test_an_edit_that_names_prices_is_rejected_with_the_reason_and_one_without_stays(
    acme: Shop, ada: Vendor, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    bowl = make(acme, ada, "published")
    named = [propose(acme, mug, priced(acme, mug, 2000)), propose(acme, bowl, {"title": "Bowl"})]
    sell_in("JPY")
    follow(acme, shopify, "1250")
    with db.scoped(acme.id) as session:
        rejected, waiting = (session.get_one(ProductProposal, number) for number in named)
        assert (rejected.status, waiting.status) == (ProposalStatus.REJECTED, ProposalStatus.WAITING)
        assert "JPY" in (rejected.reason or "")
        [mail] = session.scalars(select(Email).where(Email.kind == "product_edit_rejected"))
        assert "Enter the prices in JPY" in mail.text_body


def test_an_edit_on_its_way_with_prices_of_before_is_never_written(
    acme: Shop, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).price_band_bps = 10_000
    propose(acme, mug, priced(acme, mug, 2000))
    with db.scoped(acme.id) as session:
        [edit] = session.scalars(select(ProductProposal))
        assert edit.status == ProposalStatus.ACCEPTED
    sell_in("JPY")
    proposal_sync.apply_proposal(acme.id, edit.id)
    assert "productContent" not in shopify.names()
    follow(acme, shopify, "1250")
    with db.scoped(acme.id) as session:
        assert session.get_one(ProductProposal, edit.id).status == ProposalStatus.REJECTED


def test_until_a_product_is_through_nobody_changes_its_prices_and_shopify_is_told_none(
    acme: Shop, ada: Vendor, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    waiting = propose(acme, mug, priced(acme, mug, 2000))
    sent = make(acme, ada, "submitted")
    approved = make(acme, ada, "in_review", shopify_gid="gid://shopify/Product/3", reviewed_at=clock.now())
    draft = make(acme, ada, "draft")
    with db.system() as session:
        session.get_one(Vendor, ada.id).metaobject_gid = "gid://shopify/Metaobject/1"
        shop = session.get_one(Shop, acme.id)
        shop.location_gid, shop.publication_gid = "gid://shopify/Location/1", "gid://shopify/Publication/1"
    sell_in("JPY")
    with pytest.raises(Conflict, match="new currency"):
        propose(acme, mug, {"title": "Beaker"})
    with db.scoped(acme.id) as session, pytest.raises(Conflict, match="new currency"):
        proposals.accept_all(session, proposals.lock_proposal(session, acme.id, waiting or 0), 1, actor="staff:1")
    with db.scoped(acme.id) as session, pytest.raises(Conflict, match="new currency"):
        service.submit(session, session.get_one(Product, draft), actor="vendor_user:1")
    sync.push_product(acme.id, sent)
    sync.publish_product(acme.id, approved)
    assert not {"productSet", "productUpdate"} & set(shopify.names())


def test_news_of_a_product_bring_it_into_the_currency_that_they_speak_of(
    acme: Shop, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    with db.scoped(acme.id) as session:
        session.execute(update(Variant).values(reviewed_price_minor=1000))
    sell_in("JPY")
    variant = {"id": 1, "admin_graphql_api_id": VARIANT, "price": "1300"}
    said = {"id": 1, "admin_graphql_api_id": PRODUCT, "title": "Mug", "handle": "mug", "status": "active"}
    body = json.dumps({**said, "variants": [variant], "updated_at": clock.now().isoformat()}).encode()
    with db.scoped(acme.id) as session:
        mirror.take_over_product(session, session.get_one(Shop, acme.id), read_payload(News, body), body)
    assert prices(acme) == {"Mug": ("published", "1300 JPY")}
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Variant.reviewed_price_minor)).one() is None


def test_news_that_do_not_tell_all_variants_leave_prices_of_before_alone(
    acme: Shop, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    sell_in("JPY")
    told = [
        {"id": n, "admin_graphql_api_id": f"gid://shopify/ProductVariant/{n}", "price": "1300"} for n in range(1, 101)
    ]
    said = {"id": 1, "admin_graphql_api_id": PRODUCT, "title": "Cup", "handle": "mug", "status": "active"}
    body = json.dumps({**said, "variants": told, "updated_at": clock.now().isoformat()}).encode()
    with db.scoped(acme.id) as session:
        mirror.take_over_product(session, session.get_one(Shop, acme.id), read_payload(News, body), body)
    assert prices(acme) == {"Cup": ("published", "12.50 USD")}
    follow(acme, shopify, "1300")
    assert prices(acme) == {"Cup": ("published", "1300 JPY")}


def test_a_draft_that_is_not_through_yet_is_filled_in_without_its_price(
    acme: Shop, ada: Vendor, sell_in: Callable[[str], None]
) -> None:
    draft = make(acme, ada, "draft")
    browser = signed_in(get_app(), ada)
    assert 'value="12.50"' in browser.get(f"/portal/products/{draft}").text
    sell_in("EUR")
    page = browser.get(f"/portal/products/{draft}").text
    assert "Price in EUR" in page
    assert 'value="12.50"' not in page


def test_an_earlier_edit_is_shown_in_its_own_currency_and_is_no_case_for_todays_rules(
    acme: Shop, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    number = propose(acme, mug, priced(acme, mug, 2000))
    with db.scoped(acme.id) as session:
        assert len(approval_queries.list_sent(session, acme.id)) == 1
    sell_in("JPY")
    follow(acme, shopify, "1250")
    with db.scoped(acme.id) as session, get_app().test_request_context():
        _, _, edit = proposal_queries.get_edit(session, acme.id, number or 0)
        assert [(line.was, line.wanted) for line in edit.lines] == [("$12.50", "$20.00")]
        assert approval_queries.list_sent(session, acme.id) == []


def test_the_log_writes_amounts_in_the_currency_of_then(acme: Shop, sell_in: Callable[[str], None]) -> None:
    before = clock.now()
    sell_in("JPY")
    between = clock.now()
    sell_in("KWD")
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        assert [shop.currency_at(at) for at in (before, between, clock.now())] == ["USD", "JPY", "KWD"]
        writers = Writers(str, shop.currency_at(before), str)
    [change] = say_changes({"payout_minimum_minor": [1250, 0]}, writers)
    assert (change.before, change.after) == ("12.50 USD", "0.00 USD")


def test_a_form_of_before_does_not_save_its_prices_in_the_new_currency(
    acme: Shop, ada: Vendor, mug: int, shopify: FakeShopify, sell_in: Callable[[str], None]
) -> None:
    draft = make(acme, ada, "draft")
    browser = signed_in(get_app(), ada)
    assert 'name="currency" value="USD"' in browser.get(f"/portal/products/{draft}").text
    assert 'name="currency" value="USD"' in browser.get(f"/portal/products/{mug}/edit").text
    sell_in("JPY")
    follow(acme, shopify, "1250")
    [field] = priced(acme, mug, 0)
    typed = SimpleNamespace(
        draft={
            "title": "Draft",
            "description": "Fine.",
            "variant_0_key": '["Default Title"]',
            "variant_0_price": "13",
            "variant_0_stock": "1",
        },
        edit={"title": "Published", "description": "Fine.", field.replace(" ", "_"): "13"},
    )
    for path, values in ((f"/portal/products/{draft}", typed.draft), (f"/portal/products/{mug}/edit", typed.edit)):
        refused = browser.post(path, data={**values, "currency": "USD"})
        assert refused.status_code == 422
        assert "prices are in JPY now" in refused.text
        assert browser.post(path, data={**values, "currency": "JPY"}).status_code == 303
    assert prices(acme)["Draft"] == ("draft", "13 JPY")
    grid = browser.post(f"/portal/products/{draft}/variants", data={**typed.draft, "currency": "USD"}).text
    assert 'name="currency" value="USD"' in grid, "the prices in it were typed before"

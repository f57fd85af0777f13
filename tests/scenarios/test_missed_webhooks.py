"""Webhooks that never come: one comparison with Shopify makes the books, products, stock and vendors' pages right."""

import json
import time
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import delete, func, select, update

from app import clock, db
from app.ledger.queries import sum_order
from app.models.events import InboxEvent, InboxState, Look, LookKind
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderPayment, VendorOrder
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts.checks import check_books
from app.reconciliation import differences
from app.shopify.payloads_orders import Order as OrderBody
from app.shopify.payloads_orders import Refund
from app.shopify.tokens import ShopCredentials
from jobs.events import drain
from tests.conftest import make_vendor
from tests.scenarios.market import Market

SET_PRODUCT = (
    "mutation($input: ProductSetInput!) { productSet(input: $input)"
    " { product { id variants(first: 5) { nodes { id inventoryItem { id } } } } userErrors { message } } }"
)
ADDRESS = {
    "first_name": "Cleo", "last_name": "Customer", "address1": "1 Harbour Road", "city": "Portland",
    "province": "Oregon", "province_code": "OR", "country": "United States", "country_code": "US", "zip": "97201",
}  # fmt: skip


@pytest.fixture
def mug(market: Market, shop: Shop) -> Product:
    """Ada's mug."""
    return put_on_sale(market, shop, make_vendor(shop, "Ada's Ceramics", "ada@example.com"), "Mug")


@pytest.fixture
def loaf(market: Market, shop: Shop) -> Product:
    """Bea's loaf."""
    return put_on_sale(market, shop, make_vendor(shop, "Bea's Bakery", "bea@example.com"), "Loaf")


def put_on_sale(market: Market, shop: Shop, vendor: Vendor, title: str) -> Product:
    """At 20.00, fifty in stock, known to us."""
    with db.scoped(shop.id) as session:
        location = session.get_one(Shop, shop.id).location_gid
    assert location
    variant = {
        "optionValues": [{"optionName": "Title", "name": "Default Title"}],
        "price": "20.00",
        "sku": title.upper(),
        "inventoryPolicy": "CONTINUE",
        "inventoryItem": {"tracked": True},
        "inventoryQuantities": [{"locationId": location, "name": "available", "quantity": 50}],
    }
    option = {"name": "Title", "values": [{"name": "Default Title"}]}
    wanted = {"title": title, "vendor": vendor.name, "status": "ACTIVE", "productOptions": [option]}
    made = market.ask_shopify(SET_PRODUCT, {"input": {**wanted, "variants": [variant]}})["productSet"]
    assert not made["userErrors"], made
    with db.scoped(shop.id) as session:
        product = Product(
            shop_id=shop.id,
            vendor_id=vendor.id,
            shopify_gid=made["product"]["id"],
            title=title,
            shopify_status="ACTIVE",
        )
        product.status = ProductStatus.PUBLISHED
        session.add(product)
        session.flush()
        node = made["product"]["variants"]["nodes"][0]
        session.add(
            Variant(
                shop_id=shop.id, vendor_id=vendor.id, product_id=product.id, price_minor=2000, currency="USD", stock=50,
                shopify_gid=node["id"], inventory_item_gid=node["inventoryItem"]["id"],
            )
        )  # fmt: skip
    market.settle()
    return product


def lose_webhooks(market: Market, times: int | None = None) -> None:
    fault = {"target": "webhooks", "kind": "drop", "times": times}
    httpx.post(f"{market.store_url}/_control/faults", json=fault).raise_for_status()


def find_them_again(market: Market) -> None:
    httpx.delete(f"{market.store_url}/_control/faults").raise_for_status()
    assert market.merchant("/app/events/reconcile", {"x": "y"}).status_code == 200
    market.settle()


def live_an_order(market: Market) -> dict[str, Any]:
    """Bought with a discount code, sent, one of three returned and refunded with a part of the shipping."""
    body = {
        "shop": "acme.myshopify.com",
        "lines": [{"sku": "MUG", "quantity": 3}],
        "email": "cleo@example.com",
        "shipping_address": ADDRESS,
        "shipping_rate_code": "standard",
        "discount_codes": ["WELCOME10"],
    }
    url = f"{market.store_url}/_control/orders"
    order: dict[str, Any] = httpx.post(url, json=body).raise_for_status().json()
    httpx.post(
        f"{url}/{order['id']}/fulfil", json={"tracking": {"company": "UPS", "numbers": ["1Z9"]}}
    ).raise_for_status()
    back = {"lines": [{"line_item_id": order["line_items"][0]["id"], "quantity": 1}], "shipping": "1.00"}
    httpx.post(f"{url}/{order['id']}/refund", json=back).raise_for_status()
    return order


def books_of(shop: Shop, order: dict[str, Any]) -> list[tuple[Any, ...]]:
    with db.scoped(shop.id) as session:
        row = session.scalars(select(Order).where(Order.shopify_id == order["id"])).one()
        query = (
            select(
                LedgerTransaction.kind, LedgerEntry.account, LedgerEntry.vendor_id, func.sum(LedgerEntry.amount_minor)
            )
            .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
            .where(LedgerTransaction.order_id == row.id)
            .group_by(LedgerTransaction.kind, LedgerEntry.account, LedgerEntry.vendor_id)
        )
        return sorted((tuple(found) for found in session.execute(query)), key=str)


def test_an_order_of_which_every_webhook_was_lost_is_booked_like_one_that_was_told(
    market: Market, shop: Shop, mug: Product
) -> None:
    told = live_an_order(market)
    market.settle()
    lose_webhooks(market)
    missed = live_an_order(market)
    market.settle()
    with db.scoped(shop.id) as session:
        assert session.scalars(select(Order.shopify_id)).all() == [told["id"]]
    find_them_again(market)
    assert books_of(shop, missed) == books_of(shop, told) != []
    with db.scoped(shop.id) as session:
        assert check_books(session, session.get_one(Shop, shop.id)).holds
        look = session.get_one(Look, (shop.id, LookKind.ORDERS))
        assert (look.missed, look.error) == (2, None), "the order, and how it was paid"
        rows = select(InboxEvent).where(InboxEvent.event_id.startswith("reconciled-"))
        before = {row.id: row.state for row in session.scalars(rows)}
    assert set(before.values()) == {InboxState.DONE}
    find_them_again(market)
    with db.scoped(shop.id) as session:
        assert {row.id for row in session.scalars(rows)} == set(before)
        assert session.get_one(Look, (shop.id, LookKind.ORDERS)).missed == 0


def test_a_payment_of_which_alone_no_webhook_came_is_found(market: Market, shop: Shop, mug: Product) -> None:
    live_an_order(market)
    market.settle()
    with db.scoped(shop.id) as session:
        columns = (OrderPayment.shopify_id, OrderPayment.kind, OrderPayment.status, OrderPayment.amount)
        charges = select(*columns, OrderPayment.currency, OrderPayment.gateway).where(OrderPayment.kind == "sale")
        told = session.execute(charges).all()
        assert len(told) == 1
        session.execute(delete(OrderPayment).where(OrderPayment.kind == "sale"))
    find_them_again(market)
    with db.scoped(shop.id) as session:
        assert session.execute(charges).all() == told
        assert session.get_one(Look, (shop.id, LookKind.ORDERS)).missed == 1
        assert session.scalars(select(Order.financial_status)).all() == ["partially_refunded"]


def test_a_return_of_which_every_webhook_was_lost_is_found(market: Market, shop: Shop, mug: Product) -> None:
    url = f"{market.store_url}/_control/orders"
    body: dict[str, Any] = {
        "shop": "acme.myshopify.com",
        "lines": [{"sku": "MUG", "quantity": 2}],
        "email": "cleo@example.com",
    }
    body |= {"shipping_address": ADDRESS, "shipping_rate_code": "standard"}
    order = httpx.post(url, json=body).raise_for_status().json()
    httpx.post(f"{url}/{order['id']}/fulfil", json={}).raise_for_status()
    market.settle()
    lose_webhooks(market)
    lines = {str(order["line_items"][0]["id"]): 1}
    back = httpx.post(f"{url}/{order['id']}/returns", json={"lines": lines}).raise_for_status().json()
    find_them_again(market)

    def states() -> list[tuple[str, str]]:
        with db.scoped(shop.id) as session:
            (part,) = session.scalars(select(VendorOrder.returns)).all()
            return [(one["name"], one["status"]) for one in part]

    assert states() == [(back["name"], "requested")]
    moves = (("approve", "open"), ("close", "closed"), ("reopen", "open"), ("close", "closed"))
    for number, (action, state) in enumerate(moves, start=1):
        lose_webhooks(market)
        # Shopify's times are of whole seconds.
        httpx.post(f"{market.store_url}/_control/clock", json={"offset_seconds": 2 * number}).raise_for_status()
        httpx.post(f"{url}/{order['id']}/returns/{back['id']}", json={"action": action}).raise_for_status()
        find_them_again(market)
        assert states() == [(back["name"], state)]


def without_copies(refund: Refund) -> Refund:
    """A webhook repeats the order's shipping line inside the refund's, and says that there were no duties."""
    lines = tuple(msgspec.structs.replace(line, shipping_line=None) for line in refund.refund_shipping_lines)
    duties = refund.total_duties_set
    assert duties is None or float(duties.shop_money.amount) == 0
    return msgspec.structs.replace(refund, refund_shipping_lines=lines, total_duties_set=None)


def test_an_order_that_was_asked_for_reads_like_its_webhook(market: Market, shop: Shop, mug: Product) -> None:
    order = live_an_order(market)
    market.settle()
    with db.scoped(shop.id) as session:
        held = msgspec.convert(session.scalars(select(Order.snapshot)).one(), OrderBody)
    choice = differences.Choice({"id": f"gid://shopify/Order/{order['id']}"})
    ((topic, body),) = differences.read(ShopCredentials(shop.id, shop.domain), LookKind.ORDERS, choice)
    asked = msgspec.convert(body, OrderBody)
    assert topic == "orders/updated"
    assert len(asked.refunds) == len(asked.fulfillments) == 1
    (told, read) = (without_copies(found.refunds[0]) for found in (held, asked))
    assert read == told
    for name in set(OrderBody.__struct_fields__) - {"customer", "discount_applications", "refunds"}:
        assert getattr(asked, name) == getattr(held, name), name
    assert [a.code for a in asked.discount_applications] == [a.code for a in held.discount_applications]


def test_products_stock_and_pages_that_changed_unheard_are_made_right(market: Market, shop: Shop, mug: Product) -> None:
    with db.scoped(shop.id) as session:
        vendor = session.get_one(Vendor, mug.vendor_id)
        session.execute(update(Vendor).values(profile_synced_at=None))
        assert vendor.handle
    from app.vendors.sync import sync_vendor  # noqa: PLC0415

    sync_vendor(shop.id, mug.vendor_id)
    market.settle()
    with db.scoped(shop.id) as session:
        page = session.get_one(Vendor, mug.vendor_id).metaobject_gid
        item = session.scalars(select(Variant.inventory_item_gid)).one()
        location = session.get_one(Shop, shop.id).location_gid
    lose_webhooks(market)
    market.ask_shopify(
        'mutation($id: ID!) { productUpdate(product: {id: $id, title: "Big mug"}) { userErrors { message } } }',
        {"id": mug.shopify_gid},
    )
    market.ask_shopify(
        "mutation($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input)"
        ' @idempotent(key: "k1") { userErrors { message } } }',
        {"input": {"name": "available", "reason": "correction", "quantities": [
            {"inventoryItemId": item, "locationId": location, "quantity": 7, "changeFromQuantity": None}]}},
    )  # fmt: skip
    market.ask_shopify(
        'mutation($id: ID!) { metaobjectUpdate(id: $id, metaobject: {fields: [{key: "tagline", value: "By hand"}]})'
        " { userErrors { message } } }",
        {"id": page},
    )
    market.settle()
    find_them_again(market)
    with db.scoped(shop.id) as session:
        assert session.get_one(Product, mug.id).title == "Big mug"
        assert session.scalars(select(Variant.stock)).one() == 7
        assert session.get_one(Vendor, mug.vendor_id).tagline == "By hand"


def test_what_was_deleted_unheard_is_put_away(market: Market, shop: Shop, mug: Product) -> None:
    lose_webhooks(market)
    market.ask_shopify(
        "mutation($id: ID!) { productDelete(input: {id: $id}) { deletedProductId } }", {"id": mug.shopify_gid}
    )
    market.settle()
    find_them_again(market)
    with db.scoped(shop.id) as session:
        product = session.get_one(Product, mug.id)
        assert (product.status, product.shopify_status) == (ProductStatus.ARCHIVED, None)


def test_an_edit_of_which_only_the_notice_came_is_booked(market: Market, shop: Shop, mug: Product) -> None:
    order = live_an_order(market)
    market.settle()
    time.sleep(1.1)  # Shopify dates changes by the second; of two in one second the paid order looks like the later
    edited = f"{market.store_url}/_control/orders/{order['id']}/edit"
    lose_webhooks(market)
    httpx.post(edited, json={"add": [{"sku": "MUG", "quantity": 2}]}).raise_for_status()
    market.settle()
    httpx.delete(f"{market.store_url}/_control/faults").raise_for_status()
    with db.system() as session:
        notice = json.dumps({"order_edit": {"id": 1, "order_id": order["id"]}}).encode()
        row = InboxEvent(shop_domain=shop.domain, topic="orders/edited", webhook_id="n", event_id="n", body=notice)
        session.add(row)
    drain()
    market.settle()
    with db.scoped(shop.id) as session:
        lines = session.scalars(select(Order.snapshot)).one()["line_items"]
        assert sorted(line["quantity"] for line in lines) == [2, 3]
        assert check_books(session, session.get_one(Shop, shop.id)).holds


@pytest.mark.parametrize("lost", [None, 1])
def test_what_an_unheard_edit_added_takes_nothing_from_what_was_paid(
    market: Market, shop: Shop, mug: Product, lost: int | None
) -> None:
    """`lost`: how many webhooks. The first is orders/edited, so the next tells only that the order changed."""
    clock_of_store = f"{market.store_url}/_control/clock"
    httpx.post(clock_of_store, json={"offset_seconds": -600}).raise_for_status()
    order = live_an_order(market)
    market.settle()
    before = books_of(shop, order)
    httpx.post(clock_of_store, json={"offset_seconds": -300}).raise_for_status()
    lose_webhooks(market, lost)
    edited = f"{market.store_url}/_control/orders/{order['id']}/edit"
    httpx.post(edited, json={"add": [{"sku": "MUG", "quantity": 2}]}).raise_for_status()
    market.settle()
    with db.system() as session:
        assert session.scalars(select(InboxEvent).where(InboxEvent.topic == "orders/edited")).all() == []
    httpx.post(clock_of_store, json={"offset_seconds": 0}).raise_for_status()
    find_them_again(market)
    assert sums_of(books_of(shop, order)) == sums_of(before)
    with db.scoped(shop.id) as session:
        assert check_books(session, session.get_one(Shop, shop.id)).holds
        assert len(session.scalars(select(Order.additions)).one()["edits"]) == 1
    find_them_again(market)
    with db.scoped(shop.id) as session:
        assert session.get_one(Look, (shop.id, LookKind.ORDERS)).missed == 0
    httpx.post(f"{market.store_url}/_control/orders/{order['id']}/pay").raise_for_status()
    market.settle()
    assert sums_of(books_of(shop, order)) != sums_of(before)


@pytest.mark.usefixtures("mug", "loaf")
def test_an_unheard_edit_takes_no_shipping_either_though_it_is_paid_at_once(market: Market, shop: Shop) -> None:
    """Of two like orders only the first edit is told. Both are paid before anybody asks what was edited."""
    clock_of_store, url = f"{market.store_url}/_control/clock", f"{market.store_url}/_control/orders"
    body: dict[str, Any] = {
        "shop": "acme.myshopify.com",
        "lines": [{"sku": "MUG", "quantity": 2}, {"sku": "LOAF", "quantity": 1}],
    }
    body |= {"email": "cleo@example.com", "shipping_address": ADDRESS, "shipping_rate_code": "standard"}
    httpx.post(clock_of_store, json={"offset_seconds": -600}).raise_for_status()
    told, missed = (httpx.post(url, json=body).raise_for_status().json() for _ in range(2))
    market.settle()
    httpx.post(clock_of_store, json={"offset_seconds": -300}).raise_for_status()
    for order in (told, missed):
        if order is missed:
            lose_webhooks(market, 1)  # the first is orders/edited
        more = {"add": [{"sku": "LOAF", "quantity": 5}]}
        httpx.post(f"{url}/{order['id']}/edit", json=more).raise_for_status()
        httpx.post(f"{url}/{order['id']}/pay").raise_for_status()
        market.settle()
    with db.scoped(shop.id) as session:
        settled = select(Order.financial_status, Order.total_minor).distinct()
        assert len(session.execute(settled).all()) == 1
    assert sums_of(books_of(shop, missed)) != sums_of(books_of(shop, told))
    httpx.post(clock_of_store, json={"offset_seconds": 0}).raise_for_status()
    find_them_again(market)
    assert sums_of(books_of(shop, missed)) == sums_of(books_of(shop, told))
    with db.scoped(shop.id) as session:
        assert check_books(session, session.get_one(Shop, shop.id)).holds
    find_them_again(market)
    with db.scoped(shop.id) as session:
        assert session.get_one(Look, (shop.id, LookKind.ORDERS)).missed == 0, "nobody asks twice"


def buy_mugs_and_a_loaf(market: Market) -> dict[str, Any]:
    """Of two vendors, with shipping; the order as the store has it."""
    bought = [{"sku": "MUG", "quantity": 2}, {"sku": "LOAF", "quantity": 1}]
    body: dict[str, Any] = {"shop": "acme.myshopify.com", "lines": bought}
    body |= {"email": "cleo@example.com", "shipping_address": ADDRESS, "shipping_rate_code": "standard"}
    order: dict[str, Any] = httpx.post(f"{market.store_url}/_control/orders", json=body).raise_for_status().json()
    market.settle()
    return order


@pytest.mark.usefixtures("mug", "loaf")
def test_a_discount_given_later_takes_no_shipping_from_anybody(market: Market, shop: Shop) -> None:
    """Two mugs and a loaf share the shipping as before, though one of the mugs is given away; nobody else gets more."""
    clock_of_store, url = f"{market.store_url}/_control/clock", f"{market.store_url}/_control/orders"
    httpx.post(clock_of_store, json={"offset_seconds": -600}).raise_for_status()
    order = buy_mugs_and_a_loaf(market)
    shares = shipping_of(shop)
    assert len(shares) == 2
    httpx.post(clock_of_store, json={"offset_seconds": -300}).raise_for_status()
    [mugs] = [line["id"] for line in order["line_items"] if line["sku"] == "MUG"]
    httpx.post(f"{url}/{order['id']}/edit", json={"discounts": [{"sku": "MUG", "amount": "6.00"}]}).raise_for_status()
    market.settle()
    httpx.post(clock_of_store, json={"offset_seconds": 0}).raise_for_status()
    find_them_again(market)
    assert shipping_of(shop) == shares
    with db.scoped(shop.id) as session:
        assert check_books(session, session.get_one(Shop, shop.id)).holds
        assert session.scalars(select(Order.additions)).one()["edits"][0]["off"] == {f"line:{mugs}": 600}


@pytest.mark.parametrize(("is_told", "lines"), [(True, 1), (False, 1), (False, 155)])
def test_what_comes_in_exchange_has_the_shipping_of_what_went(
    market: Market, shop: Shop, mug: Product, loaf: Product, *, is_told: bool, lines: int
) -> None:
    """Two mugs go and loaves come, in one edit, beside a loaf that was there. Shopify lists 150 sales at once."""
    clock_of_store, url = f"{market.store_url}/_control/clock", f"{market.store_url}/_control/orders"
    httpx.post(clock_of_store, json={"offset_seconds": -600}).raise_for_status()
    order = buy_mugs_and_a_loaf(market)
    shares = shipping_of(shop)
    assert shares.keys() == {mug.vendor_id, loaf.vendor_id}
    httpx.post(clock_of_store, json={"offset_seconds": -300}).raise_for_status()
    if not is_told:
        lose_webhooks(market, 1)  # the first is orders/edited
    change = {"remove": [{"sku": "MUG", "quantity": 2}], "add": [{"sku": "LOAF", "quantity": 1}] * lines}
    edited = httpx.post(f"{url}/{order['id']}/edit", json=change).raise_for_status().json()
    assert len(edited["line_items"]) == 2 + lines
    market.settle()
    exchanged = {loaf.vendor_id: sum(shares.values())}
    assert (shipping_of(shop) == exchanged) is is_told
    httpx.post(clock_of_store, json={"offset_seconds": 0}).raise_for_status()
    find_them_again(market)
    assert shipping_of(shop) == exchanged
    with db.scoped(shop.id) as session:
        assert check_books(session, session.get_one(Shop, shop.id)).holds


def shipping_of(shop: Shop) -> dict[int | None, int]:
    with db.scoped(shop.id) as session:
        order_id = session.scalars(select(Order.id)).one()
        return {
            one.vendor_id: one.minor
            for one in sum_order(session, order_id)
            if one.component.startswith("shipping:") and one.vendor_id and one.minor
        }


def sums_of(booked: list[tuple[Any, ...]]) -> dict[str, int]:
    """Who has what. The part of the shipping waits for what was added to be sent: at which stage it is, may differ."""
    sums: dict[str, int] = {}
    for _, account, vendor, amount in booked:
        name = account if vendor is None else f"vendor {vendor}"
        sums[name] = sums.get(name, 0) + int(amount)
    return {name: amount for name, amount in sums.items() if amount}


def test_after_weeks_away_shopify_writes_the_list_and_its_end_wakes_the_comparison(
    market: Market, shop: Shop, mug: Product
) -> None:
    lose_webhooks(market)
    order = live_an_order(market)
    with db.scoped(shop.id) as session:
        long_ago = clock.now() - timedelta(days=30)
        values = {"shop_id": shop.id, "asked_at": long_ago, "seen_until": long_ago}
        session.add_all([Look(**values, kind=kind) for kind in (LookKind.ORDERS, LookKind.PRODUCTS)])
    find_them_again(market)
    with db.scoped(shop.id) as session:
        look = session.get_one(Look, (shop.id, LookKind.ORDERS))
        assert (look.bulk_gid, look.missed, look.error) == (None, 2, None)
        assert look.seen_until is not None
        assert look.seen_until > long_ago
        finishes = select(InboxEvent.state).where(InboxEvent.topic == "bulk_operations/finish")
        assert set(session.scalars(finishes)) == {InboxState.DONE}
    assert books_of(shop, order)

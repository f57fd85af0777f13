"""A warehouse's program: what is to be sent and where to, parcels that left, and what was counted on the shelf."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, func, select, text

from app import db
from app.auth.scopes import Scope
from app.models.events import AuditEntry
from app.models.fulfilments import Fulfilment
from app.models.orders import VendorOrder
from app.models.products import Location, Product, StockLevel, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore.store import Doc, Store
from tests.api.conftest import Program, token_for
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post, goods, post, store

__all__ = ["goods", "post", "store"]


MANY_PARTS = text(
    "INSERT INTO vendor_orders (shop_id, vendor_id, order_id, order_shopify_id, name, ordered_at, currency)"
    " SELECT :shop, :vendor, number, number, '#' || number, now(), 'USD' FROM generate_series(10000, 29999) AS number"
)


@pytest.fixture
def bowl(ada: Vendor) -> Product:
    """One of Ada's, in one variant, that Shopify has."""
    with db.scoped(ada.shop_id) as session:
        product = Product(shop_id=ada.shop_id, vendor_id=ada.id, title="Bowl", shopify_gid="gid://shopify/Product/1")
        session.add(product)
        session.flush()
        owner = {"shop_id": ada.shop_id, "vendor_id": ada.id, "product_id": product.id}
        item = "gid://shopify/InventoryItem/1"
        session.add(Variant(**owner, price_minor=850, currency="USD", stock=1, inventory_item_gid=item))
    return product


@pytest.fixture
def order(store: Store, post: Post, goods: SimpleNamespace) -> Doc:
    """Three of Ada's mugs and one of Bea's loaves, paid."""
    bought = buy(store, (goods.mug, 3), (goods.loaf, 1))
    post.deliver()
    return bought


def count_parcels(shop: Shop) -> int:
    with db.scoped(shop.id) as session:
        return session.scalar(select(func.count()).select_from(Fulfilment)) or 0


def test_a_vendors_program_reads_what_to_send_and_tells_of_a_part_and_of_the_rest(
    adas: Program, order: Doc, acme: Shop, ada: Vendor
) -> None:
    path, mugs = f"/orders/{order['id']}/parcels", order["line_items"][0]["id"]
    found = adas.get(path)
    [part] = found["parts"]
    assert [(line["line_id"], line["quantity"], line["on_hold"]) for line in part["lines"]] == [(mugs, 3, 0)]
    with db.scoped(acme.id) as session:
        mine = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == ada.id)).one()
        assert part["deliver_to"] == mine.ship_to
        session.get_one(Vendor, ada.id).is_collected = True
    assert adas.get(path)["parts"][0]["deliver_to"] == [], "the shop collects it and sends it"
    with db.scoped(acme.id) as session:
        session.get_one(Vendor, ada.id).is_collected = None
    wanted = {"lines": [{"line_id": mugs, "quantity": 2}], "carrier": "UPS", "tracking_number": " 1Z999 "}
    sent = adas.post(path, wanted, Idempotency_Key="parcel-1")
    assert (sent.status_code, sent.headers["Location"]) == (201, f"/api/v1{path}")
    assert sent.json
    assert (sent.json["state"], sent.json["tracking_number"], sent.json["vendor_id"]) == ("requested", "1Z999", ada.id)
    again = adas.post(path, wanted, Idempotency_Key="parcel-1")
    assert (again.json, count_parcels(acme)) == (sent.json, 1)
    rest = adas.post(path)
    assert rest.json
    assert rest.json["lines"] == [{"line_id": mugs, "quantity": 1}]
    after = adas.get(path)
    assert (after["parts"][0]["lines"], after["parts"][0]["deliver_to"]) == ([], [])
    assert [parcel["id"] for parcel in after["parcels"]] == [sent.json["id"], rest.json["id"]]
    with db.scoped(acme.id) as session:
        actors = session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "order.ship")).all()
    assert len(actors) == 2
    assert all(actor.startswith("api:") for actor in actors)


def test_a_vendors_part_is_found_without_a_walk_through_all_their_orders(
    adas: Program, order: Doc, acme: Shop, ada: Vendor
) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM vendor_orders" in statement:
            asked.append((statement, parameters))

    with db.get_engine().begin() as owner:
        owner.execute(text("SET LOCAL session_replication_role = replica"))  # parts of orders that nobody placed
        owner.execute(MANY_PARTS, {"shop": acme.id, "vendor": ada.id})
    with db.get_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
        owner.execute(text("ANALYZE vendor_orders"))
        event.listen(db.get_engine(), "before_cursor_execute", note)
        assert adas.get(f"/orders/{order['id']}/parcels")["parts"]
        event.remove(db.get_engine(), "before_cursor_execute", note)
        plans = ["\n".join(owner.exec_driver_sql(f"EXPLAIN {asks}", values).scalars()) for asks, values in asked]
    assert plans
    assert [plan for plan in plans if "ix_vendor_orders_vendor_id_order_shopify_id" not in plan] == []


def test_what_cannot_be_sent_is_refused_at_its_field(adas: Program, order: Doc, acme: Shop) -> None:
    path, (mugs, loaf) = f"/orders/{order['id']}/parcels", [line["id"] for line in order["line_items"]]
    for body, pointer in (
        ({"lines": [{"line_id": mugs, "quantity": 4}]}, "#/lines"),
        ({"lines": [{"line_id": loaf, "quantity": 1}]}, "#/lines"),
        ({"lines": [{"line_id": mugs, "quantity": 1}] * 2}, "#/lines"),
        ({"lines": []}, "#/lines"),
        ({"lines": [{"line_id": mugs, "quantity": 0}]}, "#/lines/0/quantity"),
        ({"tracking_url": "javascript:alert(1)"}, "#/tracking_url"),
        ({"tracking_number": "x" * 81}, "#/tracking_number"),
    ):
        problem = adas.problem("POST", path, body)
        assert (problem["status"], problem["errors"][0]["pointer"]) == (422, pointer)
    assert count_parcels(acme) == 0


def test_nothing_leaves_before_it_is_paid(adas: Program, store: Store, post: Post, goods: SimpleNamespace) -> None:
    unpaid = buy(store, (goods.mug, 1), pay=False)
    post.deliver()
    assert adas.post(f"/orders/{unpaid['id']}/parcels").status_code == 409


def test_nobody_sends_anothers(
    merchant: Program, adas: Program, rival: Program, order: Doc, ada: Vendor, bea: Vendor
) -> None:
    path = f"/orders/{order['id']}/parcels"
    assert rival.ask("GET", path).status_code == rival.post(path, {"vendor_id": ada.id}).status_code == 404
    assert adas.post(path, {"vendor_id": bea.id}).status_code == 404
    assert merchant.problem("POST", path)["errors"][0]["pointer"] == "#/vendor_id"
    sent = merchant.post(path, {"vendor_id": bea.id})
    assert (sent.status_code, sent.json and sent.json["vendor_id"]) == (201, bea.id)
    assert [parcel["vendor_id"] for parcel in merchant.get(path)["parcels"]] == [bea.id]
    assert adas.get(path)["parcels"] == []


def shelve(acme: Shop, bowl: Product) -> tuple[int, int]:
    """The bowl's variant, and a second location where vendors keep stock."""
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).location_gid = "gid://shopify/Location/1"
        barn = {"shopify_gid": "gid://shopify/Location/2", "name": "Barn", "is_active": True, "for_vendors": True}
        first = {"shopify_gid": "gid://shopify/Location/1", "name": "Shop", "is_active": True}
        rows = [Location(shop_id=acme.id, **each) for each in (first, barn)]
        session.add_all(rows)
        session.flush()
        variant = session.scalars(select(Variant.id).where(Variant.product_id == bowl.id)).first()
        assert variant
        return variant, rows[1].id


def test_what_was_counted_is_kept_by_location_and_told_to_shopify(
    adas: Program, rival: Program, acme: Shop, bowl: Product
) -> None:
    variant, barn = shelve(acme, bowl)
    path = f"/products/{bowl.id}/stock"
    counts = [{"variant_id": variant, "stock": 4}, {"variant_id": variant, "location_id": barn, "stock": 3}]
    answer = adas.ask("PUT", path, {"counts": counts})
    assert answer.status_code == 200, answer.text
    assert answer.json
    [told] = [each for each in answer.json["variants"] if each["id"] == variant]
    assert (told["stock"], [(at["location"], at["stock"]) for at in told["stock_at"]]) == (
        7,
        [("Shop", 4), ("Barn", 3)],
    )
    with db.scoped(acme.id) as session:
        assert session.scalars(select(StockLevel.stock_requested_at)).one() is not None, "the job tells Shopify"
        assert (
            session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "product.set_stock")).one()[:4]
            == "api:"
        )
    assert rival.ask("PUT", path, {"counts": counts}).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"variant_id": 999_999}, "#/counts/0/variant_id"),
        ({"location_id": 999_999}, "#/counts/0/location_id"),
        ({"stock": -1}, "#/counts/0/stock"),
        ({"stock": "4"}, "#/counts/0/stock"),
    ],
)
def test_a_count_of_nothing_that_is_there_is_refused(
    adas: Program, acme: Shop, bowl: Product, change: dict[str, Any], pointer: str
) -> None:
    variant, _barn = shelve(acme, bowl)
    problem = adas.problem(
        "PUT", f"/products/{bowl.id}/stock", {"counts": [{"variant_id": variant, "stock": 4} | change]}
    )
    assert (problem["status"], problem["errors"][0]["pointer"]) == (422, pointer)


def test_a_token_that_may_only_look_neither_sends_nor_counts(
    client: Any, acme: Shop, ada: Vendor, order: Doc, bowl: Product
) -> None:
    looks = Program(client, token_for(acme, ada, scopes=[Scope.PARCELS_READ, Scope.PRODUCTS_READ]))
    assert looks.ask("GET", f"/orders/{order['id']}/parcels").status_code == 200
    assert looks.post(f"/orders/{order['id']}/parcels").status_code == 403
    counts = {"counts": [{"variant_id": 1, "stock": 1}]}
    assert looks.ask("PUT", f"/products/{bowl.id}/stock", counts).status_code == 403

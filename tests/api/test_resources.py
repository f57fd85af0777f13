"""What each resource answers and does, by the doors that programs use."""

import dataclasses
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock, db
from app.api import commissions
from app.api.openapi import TAGS
from app.api.operations import OPERATIONS
from app.commissions import service
from app.commissions.agreements import get_agreed
from app.commissions.queries import list_rules
from app.commissions.rules import Conditions
from app.models.books import Difference
from app.models.commissions import CollectionProduct
from app.models.events import AuditEntry, InboxEvent, Look, LookKind
from app.models.orders import OrderLine, VendorOrder
from app.models.payouts import RAIL, Payout
from app.models.pickups import Pickup
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import queries
from app.payouts import moves
from app.vendors.payout_details import PayoutDetails, change_payout_details
from devstore.orders.fulfilment import fulfil_lines
from devstore.store import Store
from tests.api.conftest import Program
from tests.apps import get_app
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post, goods, post, store
from tests.payouts.conftest import earn
from tests.portal.conftest import signed_in

__all__ = ["goods", "post", "store"]


def test_every_operation_has_a_tag_that_the_document_lists() -> None:
    assert {made.tag for made in OPERATIONS} == set(TAGS)


def test_a_token_says_what_it_is(merchant: Program, adas: Program, ada: Vendor) -> None:
    assert merchant.get("/me")["vendor_id"] is None
    told = adas.get("/me")
    assert told["vendor_id"] == ada.id
    assert told["shop"]["domain"] == "acme.myshopify.com"
    assert "payouts:write" not in told["scopes"]


@pytest.fixture
def bowl(ada: Vendor) -> Product:
    with db.scoped(ada.shop_id) as session:
        product = Product(shop_id=ada.shop_id, vendor_id=ada.id, title="Blue bowl", status="in_review")
        session.add(product)
    return product


def test_products_are_listed_and_decided_about(merchant: Program, adas: Program, bowl: Product, bea: Vendor) -> None:
    assert [p["title"] for p in adas.get("/products?search=bowl&status=in_review")["data"]] == ["Blue bowl"]
    assert merchant.get(f"/products?vendor_id={bea.id}")["data"] == []
    path = f"/products/{bowl.id}"
    assert merchant.post(f"{path}/ask_for_changes").status_code == 422
    answer = merchant.post(f"{path}/ask_for_changes", {"reason": "The picture is dark."})
    assert answer.status_code == 200
    assert merchant.get(path)["product"]["status"] == "changes_requested"
    assert merchant.post(f"{path}/approve").status_code == 409


def test_a_program_takes_a_product_off_sale_and_puts_it_back(merchant: Program, adas: Program, bowl: Product) -> None:
    path = f"/products/{bowl.id}"
    assert merchant.post(f"{path}/take_down", {"reason": "Not food safe."}).status_code == 409, "it is in review"
    with db.scoped(bowl.shop_id) as session:
        session.get_one(Product, bowl.id).status = ProductStatus.PUBLISHED
    assert merchant.post(f"{path}/take_down").status_code == 422
    assert adas.post(f"{path}/take_down", {"reason": "Not food safe."}).status_code == 403
    assert merchant.post(f"{path}/take_down", {"reason": "Not food safe."}).status_code == 200
    held = adas.get(path)["product"]
    assert (held["status"], held["taken_down_reason"]) == ("published", "Not food safe.")
    listed = [[row["id"] for row in merchant.get(f"/products?taken_down={off}")["data"]] for off in ("true", "false")]
    assert (bowl.id in listed[0], bowl.id in listed[1]) == (True, False)
    assert merchant.post(f"{path}/put_back").status_code == 200
    assert adas.get(path)["product"]["taken_down_at"] is None


DRAFT: dict[str, Any] = {"name": "Ada", "rate_bps": "750.5", "flat": {"USD": 30}}


def draft(vendor: Vendor, **more: Any) -> dict[str, Any]:
    return {**DRAFT, "conditions": {"vendor_ids": [vendor.id]}, **more}


def test_rules_are_made_replaced_reordered_and_ended(merchant: Program, ada: Vendor, bea: Vendor) -> None:
    made = merchant.post("/commission-rules", draft(ada))
    assert made.status_code == 201
    first = merchant.get(made.headers["Location"].removeprefix("/api/v1"))
    assert (first["rate_bps"], first["version"], first["flat"]) == ("750.50", 1, {"USD": 30})
    second = merchant.post("/commission-rules", draft(bea, name="Bea")).json
    assert second
    listed = merchant.ask("GET", "/commission-rules")
    order = {"numbers": [second["number"], first["number"]]}
    moved = merchant.ask("PUT", "/commission-rules/order", order, If_Match=listed.headers["ETag"])
    assert [rule["name"] for rule in moved.json["data"]] == ["Bea", "Ada", "Default commission"]  # type: ignore[index]
    assert merchant.ask("PUT", "/commission-rules/order", order, If_Match=listed.headers["ETag"]).status_code == 412
    assert merchant.ask("PUT", "/commission-rules/order", {"numbers": [1]}).status_code == 409
    path = f"/commission-rules/{first['number']}"
    assert merchant.ask("PUT", path, draft(ada, rate_bps="900")).json["rate_bps"] == "900.00"  # type: ignore[index]
    assert merchant.ask("DELETE", path).status_code == 204
    assert merchant.ask("GET", path).status_code == 404
    assert merchant.ask("DELETE", "/commission-rules/1").status_code == 409
    with_days = merchant.problem("PUT", "/commission-rules/1", {**DRAFT, "conditions": {}, "hold_days": 20})
    assert "overrule what is agreed" in with_days["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"rate_bps": "10000.01"}, "#/rate_bps"),
        ({"rate_bps": "1.005"}, "#/rate_bps"),
        ({"rate_bps": "NaN"}, "#/rate_bps"),
        ({"rate_bps": "-1"}, "#/rate_bps"),
        ({"conditions": {}}, "#/conditions"),
        ({"conditions": {"price_from": 100}}, "#/conditions/price_currency"),
        ({"conditions": {"price_from": 9, "price_to": 9, "price_currency": "USD"}}, "#/conditions/price_to"),
        ({"conditions": {"vendor_ids": [999999]}}, "#/conditions/vendor_ids"),
        ({"conditions": {"group_ids": [999999]}}, "#/conditions/group_ids"),
        ({"conditions": {"product_gids": ["7"]}}, "#/conditions/product_gids/0"),
        ({"conditions": {"category_gids": ["gid://shopify/Product/7"]}}, "#/conditions/category_gids/0"),
        ({"conditions": {"collection_gids": ["summer"]}}, "#/conditions/collection_gids/0"),
        ({"conditions": {"tags": [" "]}}, "#/conditions"),
        ({"floor": {"USD": 2}, "cap": {"USD": 1}}, "#/cap/USD"),
        ({"flat": {"USD": -1}}, "#/flat"),
        ({"flat": {"usd": 1}}, "#/flat"),
        ({"name": " "}, "#/name"),
        ({"hold_days": 366}, "#/hold_days"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(
    merchant: Program, ada: Vendor, change: dict[str, Any], pointer: str
) -> None:
    problem = merchant.problem("POST", "/commission-rules", draft(ada, **change))
    assert problem["status"] == 422
    assert pointer in {error["pointer"] for error in problem["errors"]}


def test_a_rule_that_is_sent_back_as_it_was_read_stays_what_it_is(merchant: Program, ada: Vendor) -> None:
    wanted = {"vendor_ids": [ada.id], "collection_gids": ["gid://shopify/Collection/7"], "tags": ["bowl"]}
    made = merchant.post("/commission-rules", draft(ada, conditions=wanted, hold_days=30)).json
    assert made
    assert made["conditions"] | wanted == made["conditions"]
    fields = ("name", "rate_bps", "conditions", "flat", "floor", "cap", "net_of_tax", "with_shipping", "hold_days")
    again = merchant.ask("PUT", f"/commission-rules/{made['number']}", {name: made[name] for name in fields}).json
    assert again
    assert {name: again[name] for name in fields} == {name: made[name] for name in fields}


def test_the_api_knows_every_condition_that_a_rule_can_have() -> None:
    """One that it does not know would be lost when a program sends a rule back."""
    assert set(commissions.Conditions.__struct_fields__) == {field.name for field in dataclasses.fields(Conditions)}


def test_the_simulator_says_which_rule_fires_and_what_it_takes(merchant: Program, ada: Vendor, bea: Vendor) -> None:
    merchant.post("/commission-rules", draft(ada))
    question = {"vendor_id": ada.id, "unit_price_minor": 10_000, "quantity": 2}
    told = merchant.post("/commission-rules/simulate", question).json
    assert told
    assert told["rule_name"] == "Ada"
    assert told["commission"]["amount"] == "15.61"
    assert told["vendor_gets"]["minor"] == 20_000 - 1_561
    assert told["hold_days"] == 14
    other = merchant.post("/commission-rules/simulate", {**question, "vendor_id": bea.id}).json
    assert other
    assert other["rule_name"] == "Default commission"
    unknown = merchant.problem("POST", "/commission-rules/simulate", {**question, "vendor_id": 999_999})
    assert unknown["errors"][0]["pointer"] == "#/vendor_id"


def test_the_simulator_goes_by_the_list_of_the_day_that_is_asked_about(
    merchant: Program, acme: Shop, ada: Vendor
) -> None:
    number = merchant.post("/commission-rules", draft(ada)).json["number"]  # type: ignore[index]
    tomorrow, later = clock.now() + timedelta(days=1), clock.now() + timedelta(days=2)
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        rule = next(rule for rule in list_rules(session, acme.id) if rule.id == number)
        dearer = service.Draft("Dearer", Decimal(2000), rule.conditions, {}, {}, {}, net_of_tax=False)
        service.change_rule(session, shop, number, dearer, "staff:1", at=tomorrow)
        planned = service.add_rule(session, shop, replace(dearer, name="New"), "staff:1", at=later)
    question = {"vendor_id": ada.id, "unit_price_minor": 10_000}

    def ask(**more: Any) -> Any:
        told = merchant.post("/commission-rules/simulate", {**question, **more}).json
        assert told
        return told["rule_name"], told["commission"]["minor"]

    assert ask() == ("Ada", 781)
    assert ask(ordered_at=(tomorrow - timedelta(seconds=1)).isoformat()) == ("Ada", 781)
    assert ask(ordered_at=tomorrow.isoformat()) == ("Dearer", 2000)
    assert ask(ordered_at="1999-01-01T00:00:00Z") == ("Default commission", 1000)
    assert merchant.problem("GET", f"/commission-rules/{planned}")["status"] == 404, "not in force yet"


def test_the_simulator_knows_of_a_product_what_an_order_of_it_would(
    merchant: Program, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    gid, mugs, summer = "gid://shopify/Product/7", "gid://shopify/TaxonomyCategory/hg-11", "gid://shopify/Collection/3"
    with db.scoped(acme.id) as session:
        named = {"shop_id": acme.id, "vendor_id": ada.id, "title": "Mug", "shopify_gid": gid}
        session.add(Product(**named, category_gid=mugs + "-2", tags=["Clay"]))
    for name, conditions in (
        ("Summer", {"collection_gids": [summer]}),
        ("Mugs", {"category_gids": [mugs]}),
        ("Clay", {"tags": ["clay"]}),
    ):
        assert merchant.post("/commission-rules", draft(ada, name=name, conditions=conditions)).status_code == 201
    question = {"vendor_id": ada.id, "unit_price_minor": 10_000, "product_gid": gid}

    def ask(**more: Any) -> Any:
        told = merchant.post("/commission-rules/simulate", {**question, **more}).json
        assert told
        return told["rule_name"]

    assert ask() == "Mugs"
    assert ask(category_gid="gid://shopify/TaxonomyCategory/aa") == "Clay"
    assert ask(product_gid="gid://shopify/Product/8") == "Default commission"
    with db.scoped(acme.id) as session:
        session.add(CollectionProduct(shop_id=acme.id, product_gid=gid, collection_gid=summer))
    assert ask() == "Summer"
    others = merchant.problem("POST", "/commission-rules/simulate", {**question, "vendor_id": bea.id})
    assert others["errors"][0]["pointer"] == "#/product_gid"


def test_money_settings_are_changed_field_by_field(merchant: Program) -> None:
    before = merchant.ask("GET", "/money-settings")
    answer = merchant.ask("PATCH", "/money-settings", {"shipping_to": "marketplace", "discount_bearers": {"ten": "0"}})
    assert answer.status_code == 200, answer.text
    now = merchant.get("/money-settings")
    assert (now["shipping_to"], now["sales_tax_to"]) == ("marketplace", "marketplace")
    assert now["discount_bearers"] == {"TEN": "0"}
    stale = merchant.ask("PATCH", "/money-settings", {"shipping_to": "vendor"}, If_Match=before.headers["ETag"])
    assert stale.status_code == 412
    assert merchant.problem("PATCH", "/money-settings", {"reserve_bps": "500"})["status"] == 422
    assert merchant.problem("PATCH", "/money-settings", {"shipping_to": "nobody"})["status"] == 422


def test_holds_minimum_and_payout_day_are_money_settings_too(merchant: Program, acme: Shop) -> None:
    wanted = {"hold_days": 7, "payout_minimum_minor": 2500, "payout_schedule": {"schedule": "weekly", "day": 5}}
    assert merchant.ask("PATCH", "/money-settings", wanted).status_code == 200
    now = merchant.get("/money-settings")
    assert {name: now[name] for name in wanted} == wanted
    wrong = merchant.problem("PATCH", "/money-settings", {"payout_schedule": {"schedule": "weekly", "day": 8}})
    assert "Choose a weekday" in str(wrong)
    assert merchant.problem("PATCH", "/money-settings", {"hold_days": 181})["status"] == 422
    assert merchant.get("/money-settings") == now
    with db.scoped(acme.id) as session:
        noted = [row.action for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert noted[-2:] == ["settings.change", "payout_schedule.change"]


def test_what_is_agreed_with_one_vendor_is_replaced_as_a_whole(
    merchant: Program, rival: Program, adas: Program, acme: Shop, ada: Vendor
) -> None:
    path = f"/vendors/{ada.id}/money-terms"
    before = merchant.ask("GET", path)
    assert before.json
    assert before.json["hold_days"] is None
    wanted = {
        "hold_days": 3, "reserve_bps": "250.5", "reserve_days": 30, "discount_bearers": {"welcome": "0"},
        "refund_bearer": "marketplace", "dispute_fee_to": "vendor", "shipping_share": "equal",
        "payout_schedule": {"schedule": "monthly", "day": 28}, "shipping_names": [" Express "],
    }  # fmt: skip
    assert merchant.ask("PUT", path, wanted).status_code == 200
    held = merchant.get(path)
    assert (held["hold_days"], held["reserve_bps"], held["shipping_names"]) == (3, "250.5", ["express"])
    assert held["discount_bearers"] == {"WELCOME": "0"}
    assert (held["refund_bearer"], held["dispute_fee_to"]) == ("marketplace", "vendor")
    assert held["shipping_share"] == "equal"
    assert held["payout_schedule"] == {"schedule": "monthly", "day": 28}
    assert merchant.ask("PUT", path, held).json == held, "sent back as it was read it stays what it is"
    with db.scoped(acme.id) as session:
        terms = get_agreed(session, acme.id).of(ada.id)
    assert (terms.hold_days, terms.reserve_days, terms.keep_commission) == (3, 30, False)
    for wrong in (
        {"hold_days": -1},
        {"refund_bearer": "vendor"},
        {"shipping_share": "half"},
        {"reserve_bps": "100"},
        {"discount_bps": "10001"},
        {"payout_schedule": {"schedule": "fortnightly", "day": 9}},
        {"iban": "DE"},
    ):
        assert merchant.problem("PUT", path, wrong)["status"] == 422, wrong
    assert merchant.ask("PATCH", "/money-settings", {"reserve_bps": "1000", "reserve_days": 90}).status_code == 200
    at_once = merchant.problem("PUT", path, {"reserve_days": 0})
    assert (at_once["status"], "Say for how many days" in str(at_once)) == (422, True)
    assert merchant.ask("PUT", path, {"reserve_bps": "100"}).status_code == 200
    left = merchant.problem("PATCH", "/money-settings", {"reserve_bps": "0", "reserve_days": 0})
    assert (left["status"], f"agreed with: {ada.name}." in str(left)) == (422, True)
    assert merchant.ask("PUT", path, {"reserve_bps": "0", "reserve_days": 0}).status_code == 200
    assert merchant.ask("PUT", path, {}, If_Match=before.headers["ETag"]).status_code == 412
    assert merchant.ask("PUT", path, {}).status_code == 200
    assert merchant.get(path) == before.json
    assert rival.problem("GET", path)["status"] == 404
    assert adas.problem("PUT", path, {"hold_days": 0})["status"] in {403, 404}


def test_an_order_is_told_down_to_the_cent_and_to_a_vendor_only_its_own(
    merchant: Program, adas: Program, rival: Program, store: Store, post: Post, goods: SimpleNamespace
) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    post.deliver()
    number = order["id"]
    whole = merchant.get(f"/orders/{number}")
    assert sum(entry["amount"]["minor"] for entry in whole["entries"]) == 0
    assert {line["title"] for line in whole["lines"]} == {"Mug", "Loaf"}
    mug = next(line for line in whole["lines"] if line["title"] == "Mug")
    assert mug["commission"]["minor"] + mug["vendor_gets"]["minor"] == mug["commission_base"]["minor"]
    own = adas.get(f"/orders/{number}")
    assert {line["title"] for line in own["lines"]} == {"Mug"}
    assert own["order"]["total"] is None
    assert len(own["order"]["parts"]) == len(own["standing"]) == 1
    assert {entry["vendor_id"] for entry in own["entries"]} == {own["standing"][0]["vendor_id"]}
    assert "Loaf" not in json.dumps(own)
    assert [row["shopify_id"] for row in merchant.list_all("/orders?limit=1")] == [number]
    assert [row["shopify_id"] for row in adas.list_all("/orders?limit=1")] == [number]
    assert rival.ask("GET", f"/orders/{number}").status_code == 404
    entries = merchant.list_all(f"/ledger-entries?order_shopify_id={number}&limit=3")
    assert sum(entry["amount"]["minor"] for entry in entries) == 0
    others = next(part["vendor_id"] for part in whole["standing"] if part["vendor_id"] != mug["vendor_id"])
    assert merchant.get(f"/balances?vendor_id={others}")["data"] != []
    assert adas.get(f"/balances?vendor_id={others}")["data"] == []
    assert adas.get(f"/orders?vendor_id={others}")["data"] == []
    hers = adas.list_all("/ledger-entries?limit=1")
    assert {entry["order_shopify_id"] for entry in hers} == {number}
    assert sum(account["balance"]["minor"] for account in merchant.get("/accounts")["data"]) == 0


def test_what_the_customer_wrote_is_told_with_its_line(
    merchant: Program, adas: Program, store: Store, post: Post, goods: SimpleNamespace, acme: Shop
) -> None:
    mug = {"Engraving": "Zoe", "_bundle": "7"}
    order = buy(store, (goods.mug, 1), (goods.loaf, 1), written={"MUG": mug, "LOAF": {"Icing": "Bob"}})
    post.deliver()
    told = {line["title"]: line["properties"] for line in merchant.get(f"/orders/{order['id']}")["lines"]}
    engraving = [{"name": "Engraving", "value": "Zoe"}]
    assert told == {"Mug": engraving, "Loaf": [{"name": "Icing", "value": "Bob"}]}
    assert [line["properties"] for line in adas.get(f"/orders/{order['id']}")["lines"]] == [engraving]
    with db.scoped(acme.id) as session:
        session.execute(update(VendorOrder).values(buyer_removed_at=clock.now()))
    assert [line["properties"] for line in adas.get(f"/orders/{order['id']}")["lines"]] == [[]]


def test_the_lines_of_a_long_order_come_in_parts(
    merchant: Program, adas: Program, rival: Program, store: Store, post: Post, goods: SimpleNamespace
) -> None:
    mug = {"Engraving": "Zoe"}
    order = buy(store, (goods.mug, 1), (goods.loaf, 1), (goods.vase, 2), (goods.bag, 1), written={"MUG": mug})
    post.deliver()
    address = f"/orders/{order['id']}"
    for program, titles in ((merchant, ["Mug", "Loaf", "Vase", "Bag"]), (adas, ["Mug", "Vase"])):
        whole, short = program.get(address), program.get(f"{address}?short=true")
        assert program.list_all(f"{address}/lines?limit=1") == whole["lines"]
        assert [line["title"] for line in whole["lines"]] == titles
        assert whole["lines"][0]["properties"] == [{"name": "Engraving", "value": "Zoe"}]
        assert short == whole | {"lines": [], "entries": []}
    assert rival.ask("GET", f"{address}/lines").status_code == 404
    assert merchant.ask("GET", f"{address}?limit=1").status_code == 422


def test_an_order_that_is_sent_while_it_is_read_is_told_as_it_was(
    merchant: Program, store: Store, post: Post, goods: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = buy(store, (goods.mug, 1))
    post.deliver()
    list_lines = queries.list_lines

    def send_and_list(session: Session, order_id: int) -> Sequence[OrderLine]:
        monkeypatch.undo()
        fulfil_lines(store, ACME, order["id"], None)
        sent = threading.Thread(target=post.deliver)
        sent.start()
        sent.join()
        return list_lines(session, order_id)

    monkeypatch.setattr(queries, "list_lines", send_and_list)
    before, after = (merchant.get(f"/orders/{order['id']}") for _ in range(2))
    for told, reason, account in ((before, "to_ship", "pending"), (after, "return_window", "held")):
        [part], [standing] = told["order"]["parts"], told["standing"]
        assert part["items_to_ship"] == (reason == "to_ship")
        assert standing["hold_reason"] == reason
        assert standing[account] == standing["total"] == part["earned"]
        booked = (entry["amount"]["minor"] for entry in told["entries"] if entry["account"] == f"vendor_{account}")
        assert sum(booked) == standing["total"]["minor"]


@pytest.mark.parametrize("asked", ["flagged=true", "financial_status=paid"])
def test_a_vendor_is_told_when_a_filter_is_not_theirs(merchant: Program, adas: Program, asked: str) -> None:
    problem = adas.problem("GET", f"/orders?{asked}")
    assert problem["errors"][0]["parameter"] == asked.partition("=")[0]
    assert merchant.get(f"/orders?{asked}")["data"] == []
    assert adas.get("/orders?flagged=false")["data"] == []


def test_a_rules_reason_names_a_vendor_nobody_elses_products(
    merchant: Program, adas: Program, store: Store, post: Post, goods: SimpleNamespace, ada: Vendor
) -> None:
    gids = [f"gid://shopify/Product/{made['id']}" for made in (goods.mug, goods.loaf)]
    made = merchant.post("/commission-rules", draft(ada, conditions={"product_gids": gids}))
    assert made.status_code == 201, made.text
    order = buy(store, (goods.mug, 1), (goods.loaf, 1))
    post.deliver()
    [line] = adas.get(f"/orders/{order['id']}")["lines"]
    mine, others = (gid.rpartition("/")[2] for gid in gids)
    assert f"product {mine}" in line["reason"]
    assert others not in line["reason"]


def test_a_hold_is_released_by_a_person_with_a_reason(
    merchant: Program, adas: Program, store: Store, post: Post, goods: SimpleNamespace, ada: Vendor
) -> None:
    order = buy(store, (goods.mug, 1))
    fulfil_lines(store, ACME, order["id"], None)
    post.deliver()
    [hold] = adas.get("/holds")["data"]
    path = f"/holds/{hold['id']}/release"
    assert adas.post(path, {"reason": "Now"}).status_code == 403
    assert merchant.post(path).status_code == 422
    assert merchant.post(path, {"reason": "A good customer"}).status_code == 200
    assert merchant.get("/holds")["data"] == []
    [balance] = merchant.get(f"/balances?vendor_id={ada.id}")["data"]
    assert balance["held"]["minor"] == 0
    assert balance["available"] == hold["earned"]
    assert merchant.post(path, {"reason": "Again"}).status_code == 409
    with db.scoped(ada.shop_id) as session:
        assert "hold.release" in session.scalars(select(AuditEntry.action)).all()


@pytest.fixture
def payable(acme: Shop, ada: Vendor) -> Vendor:
    with db.scoped(acme.id) as session:
        vendor = session.get_one(Vendor, ada.id)
        change_payout_details(session, vendor, PayoutDetails("DE89370400440532013000", "Ada"), actor="vendor_user:1")
        session.flush()
        vendor.payout_changed_at = None
    earn(acme, ada, "sale-1", 5_000)
    return ada


def test_what_a_rail_tells_the_merchant_is_not_for_the_vendor(
    merchant: Program, adas: Program, payable: Vendor, acme: Shop
) -> None:
    merchant.post("/payout-batches")
    [path] = [f"/payouts/{row['id']}" for row in merchant.get("/payouts")["data"]]
    with db.scoped(acme.id) as session:
        payout = session.scalars(select(Payout)).one()
        for action in ("approve", "make_file"):
            moves.move(session, payout, action, actor="staff:1")
        moves.move(session, payout, "refuse", actor=RAIL, reason="The keys were removed.")
    assert merchant.get(path)["state_reason"] == "The keys were removed."
    assert adas.get(path)["state_reason"] is None
    page = signed_in(get_app(), payable).get(f"/portal/money{path}").text
    assert "The payment provider has not confirmed it." in page
    assert "keys" not in page


def test_payouts_are_previewed_made_approved_and_marked(
    merchant: Program, adas: Program, payable: Vendor, acme: Shop, bea: Vendor
) -> None:
    earn(acme, bea, "sale-2", 100)
    preview = {row["vendor_id"]: row for row in merchant.get("/payouts/preview")["data"]}
    assert preview[payable.id]["obstacle"] is None
    assert "payout details" in preview[bea.id]["obstacle"]
    made = merchant.post("/payout-batches", Idempotency_Key="batch-1")
    assert made.status_code == 201, made.text
    assert merchant.post("/payout-batches", Idempotency_Key="batch-1").json == made.json
    assert merchant.post("/payout-batches").status_code == 409
    batch = made.json
    assert batch
    assert batch["total"]["minor"] == 5_000
    [payout] = merchant.get(f"/payouts?batch_id={batch['id']}")["data"]
    assert merchant.post(f"/payouts/{payout['id']}/hold").status_code == 422
    held = merchant.post(f"/payouts/{payout['id']}/hold", {"reason": "Wait"}).json
    assert held
    assert held["state"] == "on_hold"
    assert adas.get(f"/payouts/{payout['id']}")["state_reason"] == "Wait"
    assert merchant.post(f"/payouts/{payout['id']}/release").status_code == 200
    assert merchant.post(f"/payout-batches/{batch['id']}/approve").status_code == 200
    assert merchant.post(f"/payout-batches/{batch['id']}/approve").status_code == 409
    assert merchant.post(f"/payout-batches/{batch['id']}/make_file").json["file_made_at"]  # type: ignore[index]
    assert merchant.post(f"/payout-batches/{batch['id']}/mark_sent").status_code == 200
    mine = adas.get(f"/payouts/{payout['id']}")
    assert (mine["state"], mine["possible_actions"]) == ("sent", [])
    assert adas.ask("GET", "/payouts/preview").status_code == 403
    earn(acme, payable, "sale-3", 700)
    merchant.post("/payout-batches", {"vendor_ids": [payable.id]})
    [newest, _] = merchant.get(f"/payouts?vendor_id={payable.id}")["data"]
    by_hand = f"/payouts/{newest['id']}/pay_by_hand"
    assert merchant.post(by_hand, {"reference": "B-7", "paid_on": "2999-01-01"}).status_code == 422
    paid = merchant.post(by_hand, {"reference": "B-7", "paid_on": "2020-01-02"}).json
    assert paid
    assert (paid["state"], paid["rail_reference"], paid["paid_on"]) == ("sent", "B-7", "2020-01-02")


def test_the_books_are_proven_on_demand_and_differences_listed(merchant: Program, acme: Shop) -> None:
    first = merchant.post("/proofs")
    assert first.status_code == 201
    assert merchant.post("/proofs").json == first.json, "the one that is under way"
    assert len(merchant.get("/proofs")["data"]) == 1
    with db.scoped(acme.id) as session:
        now = clock.now()
        session.add(Difference(shop_id=acme.id, key="x", words="Off", cause="Why", found_at=now, seen_at=now))
    [difference] = merchant.get("/differences")["data"]
    assert difference["held_vendor_ids"] == []
    assert merchant.get("/differences?cleared=true")["data"] == []
    assert merchant.get("/comparisons")["data"] == []
    assert merchant.post("/comparisons").status_code == 200
    assert merchant.get("/comparisons")["data"]


def test_a_comparison_that_is_asked_for_again_is_under_way_again(merchant: Program) -> None:
    merchant.post("/comparisons")
    with db.system() as session:
        session.execute(update(Look).values(finished_at=clock.now()))
    assert all(look["finished_at"] for look in merchant.get("/comparisons")["data"])
    again = merchant.post("/comparisons").json
    assert again is not None
    assert [look["finished_at"] for look in again["data"]] == [None] * len(LookKind)


def test_events_are_listed_and_replayed(merchant: Program, rival: Program, acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        named = {"shop_id": acme.id, "shop_domain": acme.domain, "webhook_id": "w", "body": b"{}"}
        session.add_all(InboxEvent(**named, topic="orders/create", event_id=f"e{n}", state="dead") for n in range(3))
    [first, *_] = merchant.list_all("/events?state=dead&limit=1&sort=id")
    assert merchant.post(f"/events/{first['id']}/replay").json["state"] == "received"  # type: ignore[index]
    assert merchant.post(f"/events/{first['id']}/replay").status_code == 409
    assert merchant.post("/events/replay").status_code == 422
    assert merchant.post("/events/replay", {"state": "dead"}).json == {"count": 2}
    assert rival.get("/events")["data"] == []
    merchant.post(f"/vendors/{ada.id}/close")
    assert [event["kind"] for event in merchant.get("/domain-events?kind=VendorClosed")["data"]] == ["VendorClosed"]


def test_only_a_demos_clock_can_be_moved(merchant: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STALLKEEPER_CLOCK_DIR", raising=False)
    assert merchant.get("/clock")["can_be_moved"] is False
    assert merchant.ask("PUT", "/clock", {"offset_seconds": 60}).status_code == 403
    monkeypatch.setenv("STALLKEEPER_CLOCK_DIR", str(tmp_path))
    before = clock.now()
    assert merchant.ask("PUT", "/clock", {"offset_seconds": 86_400}).status_code == 200
    assert (clock.now() - before).days == 1


def test_a_page_of_orders_costs_the_same_statements_however_long_it_is(
    merchant: Program, acme: Shop, ada: Vendor
) -> None:
    from tests.api.test_protocol import count_statements  # noqa: PLC0415
    from tests.portal.booked import add_order  # noqa: PLC0415

    add_order(ada, 1, 100)
    paths = ("/orders", "/ledger-entries", "/holds", "/balances", "/products", "/payouts", "/events", "/differences")
    merchant.get("/orders")
    few = [count_statements(merchant, path) for path in paths]
    for number in range(10):
        add_order(ada, 2, 100 + number)
    with db.scoped(acme.id) as session:
        session.execute(update(VendorOrder).values(next_release_at=clock.now()))
    assert [count_statements(merchant, path) for path in paths] == few
    assert Decimal(merchant.get("/balances")["data"][0]["pending"]["amount"]) > 11


def test_what_is_packed_for_the_shop_is_counted_and_found(
    merchant: Program, adas: Program, acme: Shop, ada: Vendor
) -> None:
    from tests.portal.booked import add_order  # noqa: PLC0415

    first, _ = add_order(ada, 1, 100), add_order(ada, 1, 100)
    with db.scoped(acme.id) as session:
        session.execute(update(VendorOrder).values(items_to_ship=3))
        part = session.get_one(VendorOrder, first)
        packed = {"quantities": {"11": 1, "12": 1}, "state": "ready", "ready_at": clock.now(), "ready_by": "ada"}
        whose = {"shop_id": acme.id, "vendor_id": ada.id, "part_id": part.id}
        session.add(Pickup(**whose, **packed, order_shopify_id=part.order_shopify_id))
        name = part.name
    for program in (merchant, adas):
        (found,) = program.get("/orders?ready_for_pickup=true")["data"]
        assert (found["name"], found["parts"][0]["items_ready_for_pickup"]) == (name, 2)
        counts = [one["parts"][0]["items_ready_for_pickup"] for one in program.get("/orders")["data"]]
        assert sorted(counts) == [0, 2]

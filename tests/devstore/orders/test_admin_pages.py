from types import SimpleNamespace

import pytest

from devstore.orders.documents import get_order
from devstore.store import Doc, Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, available, buy

ORDERS = "/store/acme/orders"


def page(shopify: Shopify, path: str = "", status: int = 200) -> str:
    answer = shopify.client.get(ORDERS + path)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def send(shopify: Shopify, order: Doc, path: str, **form: str) -> str | None:
    """What the form's page says is wrong; None when it went through and led back to the order."""
    answer = shopify.client.post(f"{ORDERS}/{order['id']}{path}", data=form)
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith(f"{ORDERS}/{order['id']}?toast=")
        return None
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def now(store: Store, order: Doc) -> Doc:
    return get_order(store, ACME, order["id"])


def test_the_list_shows_searches_and_filters(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    assert "No orders yet" in page(shopify)
    buy(store, (goods.mug, 1))
    buy(store, (goods.loaf, 1), pay=False)
    assert all(name in page(shopify) for name in ("#1001", "#1002", "Cleo Customer"))
    assert "#1002" not in page(shopify, "?payment=paid")
    assert "#1001" not in page(shopify, "?q=loaf")
    assert "No orders match" in page(shopify, "?q=vase")


def test_an_order_shows_its_money_lines_and_story(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.vase, 2), discount_codes=["WELCOME10"], note_attributes={"gift": "yes"})
    html = page(shopify, f"/{order['id']}")
    for said in (
        "Vase",
        "66.66 USD",
        "WELCOME10",
        order["total_price"],
        "Cleo Customer placed this order",
        "gift: yes",
    ):
        assert said in html


def test_another_shops_order_is_not_there(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    assert shopify.client.get(f"/store/zenith/orders/{order['id']}").status_code == 404
    assert shopify.client.post(f"/store/zenith/orders/{order['id']}/cancel").status_code == 404
    assert now(store, order)["cancelled_at"] is None


def test_what_a_buyer_writes_is_shown_as_text(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), note="<script>alert(1)</script>")
    assert "<script>alert(1)" not in page(shopify, f"/{order['id']}")


def test_units_and_shipping_are_refunded_by_the_person_at_the_screen(
    shopify: Shopify, store: Store, goods: SimpleNamespace
) -> None:
    order = buy(store, (goods.mug, 2))
    field = f"cancel.{order['line_items'][0]['id']}"
    form = {field: "1", "shipping": "2.00", "restock": "yes", "note": "Chipped"}
    preview = shopify.client.post(f"{ORDERS}/{order['id']}/refund/preview", data=form).get_json()
    assert preview == {"items": "5.00", "shipping": "2.00", "tax": "0.70", "total": "7.70"}
    assert send(shopify, order, "/refund", **form) is None
    refund = now(store, order)["refunds"][0]
    assert (refund["note"], refund["user_id"]) == ("Chipped", shopify.staff()["id"])
    assert now(store, order)["transactions"][-1]["amount"] == "7.70"
    assert available(store, goods.mug) == 9


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Choose something to refund"),
        ({"amount": "99"}, "more than the"),
        ({"amount": "ten"}, "not an amount of money"),
        ({"shipping": "7.00"}, "No more than 6.90 USD of shipping"),
        ({"units": "3"}, "Write a number from 0 to 2"),
    ],
)
def test_a_refund_that_cannot_be_made_keeps_what_was_typed(
    shopify: Shopify, store: Store, goods: SimpleNamespace, form: dict[str, str], said: str
) -> None:
    order = buy(store, (goods.mug, 2))
    if "units" in form:
        form = {f"cancel.{order['line_items'][0]['id']}": form["units"]}
    html = send(shopify, order, "/refund", note="Typed", **form)
    assert html is not None
    assert said in html
    assert 'value="Typed"' in html
    assert 'error="' in html
    assert now(store, order)["refunds"] == []


def test_items_are_fulfilled_tracked_and_delivered(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    field = f"ship.{order['line_items'][0]['id']}"
    assert "Choose how many" in str(send(shopify, order, "/fulfil", **{field: "0"}))
    assert "starting with https" in str(send(shopify, order, "/fulfil", **{field: "1"}, url="courier.example"))
    assert send(shopify, order, "/fulfil", **{field: "1"}, numbers="12, 13", company="UPS") is None
    shipment = now(store, order)["fulfillments"][0]
    assert shipment["tracking_numbers"] == ["12", "13"]
    edit = f"/shipments/{shipment['id']}"
    assert "UPS" in page(shopify, f"/{order['id']}{edit}")
    assert send(shopify, order, f"{edit}/tracking", numbers="14", company="DHL Express") is None
    assert send(shopify, order, f"{edit}/event", status="delivered") is None
    shipment = now(store, order)["fulfillments"][0]
    assert (shipment["tracking_numbers"], shipment["shipment_status"]) == (["14"], "delivered")
    assert send(shopify, order, f"{edit}/cancel") is None
    assert now(store, order)["fulfillment_status"] is None


def test_an_authorized_payment_is_captured(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), capture=False)
    assert "No more than 13.09 USD" in str(send(shopify, order, "/capture", amount="14"))
    assert send(shopify, order, "/capture", amount="13.09") is None
    assert now(store, order)["financial_status"] == "paid"


def test_a_pending_order_is_marked_as_paid_once(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), pay=False)
    assert send(shopify, order, "/paid") is None
    assert "cannot be marked as paid" in str(send(shopify, order, "/paid"))


def test_an_order_is_cancelled_with_refund_and_restock(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    assert send(shopify, order, "/cancel", reason="fraud", restock="yes", refund="yes", note="Odd") is None
    seen = now(store, order)
    assert (seen["cancel_reason"], seen["financial_status"]) == ("fraud", "refunded")
    assert available(store, goods.mug) == 10
    assert "already been canceled" in str(send(shopify, order, "/cancel", reason="fraud"))


def test_an_order_is_edited(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    assert "Loaf (10.00 USD)" in page(shopify, f"/{order['id']}/edit")
    assert "Nothing was changed" in str(send(shopify, order, "/edit"))
    loaf = str(goods.loaf["variants"][0]["id"])
    assert "Write a number from 1" in str(send(shopify, order, "/edit", variant=loaf, quantity="many"))
    field = f"remove.{order['line_items'][0]['id']}"
    assert send(shopify, order, "/edit", **{field: "1"}, variant=loaf, quantity="2") is None
    assert [line["current_quantity"] for line in now(store, order)["line_items"]] == [1, 2]


def test_forms_of_other_sites_press_no_buttons(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    answer = shopify.client.post(f"{ORDERS}/{order['id']}/cancel", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert now(store, order)["cancelled_at"] is None

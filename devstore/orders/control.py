"""Orders on request, for seeds and tests: what buyers, merchants and carriers do, as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from devstore.clock import parse_iso
from devstore.current import get_config, get_store
from devstore.orders import stock
from devstore.orders.cancel import cancel_order
from devstore.orders.checkout import create_order
from devstore.orders.disputes import move_dispute, open_dispute
from devstore.orders.documents import get_order
from devstore.orders.edits import edit_order
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.holds import hold, move, release, split
from devstore.orders.payments import capture, mark_as_paid
from devstore.orders.purchase import LineRequest, Purchase
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.return_requests import move_return, open_return
from devstore.orders.shipments import add_event
from devstore.orders.tracking import Tracking
from devstore.store import Doc

bp = Blueprint("orders_control", __name__, url_prefix="/_control/orders")


@bp.errorhandler(OrderError)
def refused(error: OrderError) -> tuple[Response, int]:
    entry = {"field": error.field, "message": error.message, "code": error.code}
    return jsonify({"errors": [entry]}), 422


@bp.post("")
def place() -> tuple[Response, int]:
    """Body: ``shop`` and the keys of `Purchase`; a line names its variant by ``variant_id`` or ``sku``."""
    body = _body()
    shop = str(body.get("shop", ""))
    store = get_store()
    if store.find(shop, "shop") is None:
        raise OrderError(f"There is no shop '{shop}'", ["shop"], "NOT_FOUND")
    lines = [_line(shop, line, at) for at, line in enumerate(body.get("lines", []))]
    purchase: Purchase = {"lines": lines}
    for key in Purchase.__annotations__.keys() & body.keys() - {"lines", "created_at", "customer"}:
        purchase[key] = body[key]  # type: ignore[literal-required]
    if body.get("created_at"):
        purchase["created_at"] = _moment(body["created_at"])
    return jsonify(create_order(store, shop, **purchase)), 201


@bp.get("/<int:order_id>")
def show(order_id: int) -> Response:
    return jsonify(get_order(get_store(), _shop_of(order_id), order_id))


@bp.post("/<int:order_id>/refund")
def refund(order_id: int) -> Response:
    """Body: ``lines`` (line_item_id or sku, quantity, restock_type), ``shipping`` (amount or "full"), ``amount``."""
    body, shop = _body(), _shop_of(order_id)
    order = get_order(get_store(), shop, order_id)
    lines = [
        LineRefund(_line_item(order, entry, at), _whole(entry, "quantity", at), entry.get("restock_type", "no_restock"))
        for at, entry in enumerate(body.get("lines", []))
    ]
    wanted = RefundRequest(
        lines, body.get("shipping"), body.get("amount"), note=body.get("note"), reason=body.get("reason")
    )
    return jsonify(refund_order(get_store(), shop, order_id, wanted))


@bp.post("/<int:order_id>/fulfil")
def fulfil(order_id: int) -> Response:
    """Body: ``lines`` (line_item_id or sku, quantity; without them all that is left), ``tracking``."""
    body, shop = _body(), _shop_of(order_id)
    order = get_order(get_store(), shop, order_id)
    quantities = {
        _line_item(order, entry, at): _whole(entry, "quantity", at) for at, entry in enumerate(body.get("lines", []))
    }
    given = body.get("tracking") or {}
    tracking = Tracking(given.get("company"), tuple(given.get("numbers", ())), tuple(given.get("urls", ())))
    return jsonify(fulfil_lines(get_store(), shop, order_id, quantities or None, tracking))


@bp.post("/<int:order_id>/deliver")
def deliver(order_id: int) -> Response:
    """The carrier reports every shipment of the order as delivered (or the ``status`` in the body)."""
    body, shop = _body(), _shop_of(order_id)
    sent = [part for part in get_order(get_store(), shop, order_id)["fulfillments"] if part["status"] == "success"]
    if not sent:
        raise OrderError("Nothing of this order has been shipped", ["id"], "INVALID")
    status = body.get("status", "delivered")
    return jsonify([add_event(get_store(), shop, part["id"], status) for part in sent])


@bp.post("/<int:order_id>/cancel")
def cancel(order_id: int) -> Response:
    body = _body()
    order = cancel_order(
        get_store(),
        _shop_of(order_id),
        order_id,
        reason=body.get("reason", "other"),
        restock=body.get("restock", True),
        refund=body.get("refund", True),
    )
    return jsonify(order)


@bp.post("/<int:order_id>/edit")
def edit(order_id: int) -> Response:
    """Body: ``remove`` and ``more`` (line_item_id or sku, quantity), ``add`` (variant_id or sku, quantity),
    ``discounts`` (line_item_id or sku, amount), ``shipping`` (title, price).
    """
    body, shop = _body(), _shop_of(order_id)
    order = get_order(get_store(), shop, order_id)

    def units(name: str) -> dict[int, int]:
        entries = enumerate(body.get(name, []))
        return {_line_item(order, entry, at): _whole(entry, "quantity", at) for at, entry in entries}

    edited = edit_order(
        get_store(),
        shop,
        order_id,
        remove=units("remove"),
        add=[_line(shop, line, at) for at, line in enumerate(body.get("add", []))],
        more=units("more"),
        discounts={_line_item(order, one, at): str(one["amount"]) for at, one in enumerate(body.get("discounts", []))},
        shipping=(body["shipping"]["title"], body["shipping"]["price"]) if body.get("shipping") else None,
        staff_note=body.get("note"),
    )
    return jsonify(edited)


@bp.post("/<int:order_id>/capture")
def take(order_id: int) -> Response:
    return jsonify(capture(get_store(), _shop_of(order_id), order_id, _body().get("amount")))


@bp.post("/<int:order_id>/pay")
def pay(order_id: int) -> Response:
    return jsonify(mark_as_paid(get_store(), _shop_of(order_id), order_id))


@bp.post("/<int:order_id>/hold")
def stop(order_id: int) -> Response:
    """Body: ``lines`` (units by line item; without them all that is left), ``reason`` and ``notes``."""
    body, shop = _body(), _shop_of(order_id)
    reason, notes = str(body.get("reason", "OTHER")), body.get("notes")
    return jsonify(hold(get_store(), shop, order_id, _units_by_line(body), reason=reason, notes=notes))


@bp.post("/<int:order_id>/release")
def let_go(order_id: int) -> Response:
    return jsonify(release(get_store(), _shop_of(order_id), order_id))


@bp.post("/<int:order_id>/split")
def cut(order_id: int) -> Response:
    """Body: ``lines`` (units by line item) that become a fulfilment order of their own."""
    return jsonify(split(get_store(), _shop_of(order_id), order_id, _units_by_line(_body()) or {}))


@bp.post("/<int:order_id>/move")
def move_elsewhere(order_id: int) -> Response:
    """Body: ``location_id``."""
    return jsonify(move(get_store(), _shop_of(order_id), order_id, _whole(_body(), "location_id", 0)))


@bp.post("/<int:order_id>/dispute")
def dispute(order_id: int) -> Response:
    """Body: ``amount`` (without it, all that was paid) and ``type`` ("chargeback" or "inquiry")."""
    body, shop = _body(), _shop_of(order_id)
    kind = body.get("type", "chargeback")
    return jsonify(open_dispute(get_store(), shop, order_id, amount=body.get("amount"), kind=kind))


@bp.post("/<int:order_id>/dispute/<int:dispute_id>")
def decide(order_id: int, dispute_id: int) -> Response:
    """Body: ``status``, such as "won" or "lost"."""
    status = str(_body().get("status", ""))
    return jsonify(move_dispute(get_store(), _shop_of(order_id), order_id, dispute_id, status))


@bp.post("/<int:order_id>/returns")
def ask_to_return(order_id: int) -> Response:
    """Body: ``lines`` (units by line item), ``reason``, and ``asked``: false when the merchant opens it at once."""
    body, shop = _body(), _shop_of(order_id)
    lines = _units_by_line(body) or {}
    reason, asked = str(body.get("reason", "unwanted")), bool(body.get("asked", True))
    return jsonify(open_return(get_store(), shop, order_id, lines, reason=reason, asked=asked))


@bp.post("/<int:order_id>/returns/<int:return_id>")
def decide_return(order_id: int, return_id: int) -> Response:
    """Body: ``action``, such as "approve" or "close", and for "decline" the ``reason``."""
    body, shop = _body(), _shop_of(order_id)
    action, reason = str(body.get("action", "")), str(body.get("reason", "OTHER"))
    return jsonify(move_return(get_store(), shop, order_id, return_id, action, reason=reason))


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if body is None and not request.data:
        return {}
    if not isinstance(body, dict):
        raise OrderError("Send a JSON object", None, "INVALID")
    return body


def _units_by_line(body: Mapping[str, Any]) -> dict[int, int] | None:
    lines = body.get("lines")
    return None if lines is None else {int(line): int(units) for line, units in lines.items()}


def _shop_of(order_id: int) -> str:
    """Numbers are given once over all shops, so the order's own is enough to find its shop."""
    found = (shop for shop in get_config().storefronts if get_store().get(shop, "order", order_id))
    shop = next(found, None)
    if shop is None:
        raise OrderError("Order does not exist", ["id"], "NOT_FOUND")
    return shop


def _line(shop: str, line: Mapping[str, Any], at: int) -> LineRequest:
    if "sku" in line:
        variant = stock.find_by_sku(get_store(), shop, line["sku"])
        if variant is None:
            raise OrderError(f"No variant has the SKU '{line['sku']}'", ["lines", str(at), "sku"], "NOT_FOUND")
        variant_id = variant["id"]
    else:
        variant_id = _whole(line, "variant_id", at)
    return {
        "variant_id": variant_id,
        "quantity": _whole(line, "quantity", at),
        "properties": line.get("properties", {}),
    }


def _line_item(order: Doc, entry: Mapping[str, Any], at: int) -> int:
    if "sku" not in entry:
        return _whole(entry, "line_item_id", at)
    found = [line["id"] for line in order["line_items"] if line["sku"] == entry["sku"]]
    if not found:
        raise OrderError(f"The order has no line with the SKU '{entry['sku']}'", ["lines", str(at), "sku"], "NOT_FOUND")
    return int(found[0])


def _whole(entry: Mapping[str, Any], key: str, at: int) -> int:
    """A whole number of a line; a quantity that is not given is 1."""
    value = entry.get(key, 1 if key == "quantity" else None)
    if not isinstance(value, int):
        raise OrderError(f"'{value}' is not a whole number", ["lines", str(at), key], "INVALID")
    return value


def _moment(written: str) -> datetime:
    try:
        return parse_iso(written)
    except ValueError as error:
        raise OrderError(f"'{written}' is not a time", ["created_at"], "INVALID") from error

"""Switches for tests and demos: trouble, time, and a look at the webhooks that left."""

import re
import time
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request

from devstore import locations
from devstore.clock import parse_iso
from devstore.current import get_config, get_store
from devstore.faults import FAULTS, Fault
from devstore.installations import find_installation
from devstore.providers import set_fate
from devstore.shops import change_currency
from devstore.store import Doc
from devstore.themes import publish_theme
from devstore.webhooks import Courier

bp = Blueprint("control", __name__, url_prefix="/_control")


@bp.get("/health")
def health() -> Response:
    config = get_config()
    shops = {shop: find_installation(get_store(), shop) is not None for shop in config.storefronts}
    return jsonify({"ok": True, "shops": shops, "clock_offset_seconds": get_store().clock.offset_seconds})


@bp.get("/faults")
def list_faults() -> Response:
    return jsonify([_shown(fault) for fault in FAULTS.all()])


@bp.post("/faults")
def add_fault() -> Response:
    """{"target", "kind", "times" (null: until cleared), "delay_ms"}."""
    sent = _sent()
    times = sent.get("times", 1)
    try:
        fault = FAULTS.add(
            str(sent.get("target")), str(sent.get("kind")), times and int(times), int(sent.get("delay_ms", 0))
        )
    except (TypeError, ValueError) as error:
        return _refuse(str(error))
    return jsonify(_shown(fault))


@bp.delete("/faults")
def clear_faults() -> Response:
    FAULTS.clear()
    return jsonify([])


def _shown(fault: Fault) -> Doc:
    return {"target": fault.target, "kind": fault.kind, "times": fault.times, "delay_ms": fault.delay_ms}


@bp.post("/themes/publish")
def publish() -> Response:
    """{"shop", "name", "blocks": those of the app's that stand in it; without them none}."""
    sent = _sent()
    blocks = [str(block) for block in sent.get("blocks", [])]
    return jsonify(publish_theme(get_store(), str(sent.get("shop")), str(sent.get("name", "Fresh")), blocks))


@bp.post("/providers")
def set_provider_fate() -> Response:
    """How payments end: {"provider": "paypal" or "stripe", "receiver": address, account or "*", "fate"}.

    PayPal: an item's state (SUCCESS, PENDING, UNCLAIMED, RETURNED, FAILED, BLOCKED, ONHOLD …); for "*" also
    INSUFFICIENT_FUNDS and SENDER_RESTRICTED. Stripe: reversed, disconnected, payout.failed; for "*" also
    balance_insufficient. An empty fate takes the word back.
    """
    sent = _sent()
    if sent.get("provider") not in {"paypal", "stripe"} or not isinstance(sent.get("receiver"), str):
        return _refuse('provider is "paypal" or "stripe", receiver an address, an account or "*"')
    return jsonify(set_fate(sent["provider"], sent["receiver"], str(sent.get("fate") or "")))


@bp.post("/clock")
def set_clock() -> Response:
    """{"offset_seconds"}: how far the store's time is ahead of the machine's. Due retries leave at once."""
    try:
        get_store().set_clock_offset(float(_sent()["offset_seconds"]))
    except (KeyError, TypeError, ValueError):
        return _refuse("offset_seconds must be a number")
    return jsonify({"now": get_store().clock.now().isoformat()})


@bp.post("/tokens/expire")
def expire_tokens() -> Response:
    """Let every access token of {"shop"} run out now; refresh tokens stay good."""
    store, shop = get_store(), str(_sent().get("shop", ""))
    tokens = store.all(shop, "access_token")
    for token in tokens:
        store.put(shop, "access_token", {**token, "expires_at": time.time()})
    return jsonify({"expired": len(tokens)})


@bp.get("/webhooks")
def list_webhooks() -> Response:
    """Deliveries, oldest first; `shop`, `topic`, `state` (pending, sent, failed, dropped) and `since` narrow them."""
    found = [_delivery(shop, each) for shop, each in _since(request.args.get("since"))]
    wanted = {key: request.args[key] for key in ("shop", "topic", "state") if key in request.args}
    return jsonify([each for each in found if all(each[key] == value for key, value in wanted.items())])


@bp.post("/webhooks/redeliver")
def redeliver() -> Response:
    """Send what was already sent once more, one after another: {"mode": "duplicate" | "reverse"}.

    "topics", "shop" and "since" narrow it. Same bodies and ids, as Shopify's own duplicates. Answers when all are out.
    """
    sent = _sent()
    if sent.get("mode") not in {"duplicate", "reverse"}:
        return _refuse('mode must be "duplicate" or "reverse"')
    courier: Courier | None = current_app.extensions.get("devstore.courier")
    if courier is None:
        return _refuse("No courier is running")
    topics, only = sent.get("topics"), sent.get("shop")
    found = [
        (shop, each)
        for shop, each in _since(sent.get("since"))
        if each["state"] == "sent" and (not topics or each["topic"] in topics) and only in {None, shop}
    ]
    if sent["mode"] == "reverse":
        found.reverse()
    return jsonify([{**_delivery(shop, each), "status": courier.post(shop, each)} for shop, each in found])


def _since(moment: str | None) -> list[tuple[str, Doc]]:
    """(shop, delivery) of everything triggered at or after an ISO 8601 time. Aborts with 400 when it is none."""
    try:
        start = parse_iso(moment) if moment else None
    except ValueError:
        abort(_refuse("since must be an ISO 8601 time"))
    found = get_store().select_everywhere("webhook_delivery")
    return [(shop, each) for shop, each in found if start is None or parse_iso(each["triggered_at"]) >= start]


@bp.post("/webhooks/settle")
def settle() -> Response:
    """Wait until nothing that is due is left to send, at most {"timeout_seconds"} (10); says what is still unsent."""
    store, until = get_store(), time.monotonic() + float(_sent().get("timeout_seconds", 10))
    while True:
        now = store.clock.now().timestamp()
        waiting = [
            each
            for state in ("pending", "retrying")
            for _, each in store.select_everywhere("webhook_delivery", state=state)
        ]
        due = [each for each in waiting if each["due_at"] <= now]
        if not due or time.monotonic() > until:
            return jsonify({"due": len(due), "pending": len(waiting)})
        time.sleep(0.05)


def _delivery(shop: str, each: Doc) -> Doc:
    shown = ("id", "topic", "state", "uri", "webhook_id", "event_id", "triggered_at", "created_at", "attempts", "body")
    state = "pending" if each["state"] == "retrying" else each["state"]
    return {"shop": shop, **{key: each[key] for key in shown}, "state": state}


@bp.post("/locations")
def set_location() -> Response:
    """{"shop", "name"} opens one more; with "id" and perhaps "active" it is renamed, closed or opened again."""
    sent, store = _sent(), get_store()
    shop, name = str(sent.get("shop")), sent.get("name")
    found = store.get(shop, "location", int(sent["id"])) if "id" in sent else None
    if shop not in get_config().storefronts or ("id" in sent and found is None) or not (name or found):
        return _refuse("shop is one of this store's, id one of its locations, name the name of a new one")
    if found is None:
        return jsonify(locations.open_location(store, shop, str(name)))
    active = bool(sent.get("active", found["active"]))
    return jsonify(locations.change_location(store, shop, found, name=str(name or found["name"]), active=active))


@bp.post("/currency")
def set_currency() -> Response:
    """{"shop", "currency"}: the shop sells in another one from now on."""
    sent = _sent()
    shop, currency = str(sent.get("shop")), str(sent.get("currency"))
    if shop not in get_config().storefronts or not re.fullmatch("[A-Z]{3}", currency):
        return _refuse("shop is one of this store's, currency three letters such as EUR")
    return jsonify(change_currency(get_store(), shop, currency))


def _sent() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}


def _refuse(said: str) -> Response:
    answer = jsonify({"error": said})
    answer.status_code = 400
    return answer

"""PayPal's Payouts API: what it takes, refuses and remembers."""

import base64
import secrets
import time
from typing import Any

from flask import Blueprint, Response, request, url_for

from devstore.clock import iso
from devstore.current import get_store
from devstore.faults import suffer, suffer_after
from devstore.providers import answer, find_fate
from devstore.store import Doc

bp = Blueprint("paypal", __name__, url_prefix="/paypal")

_TOKEN, _BATCH = "paypal_token", "paypal_batch"
_NO_DECIMALS = {"HUF", "JPY", "TWD"}
_LIVES_SECONDS = 32400
_REMEMBERED_SECONDS = 30 * 86400


@bp.post("/v1/oauth2/token")
def token() -> Response:
    """Client credentials; any id, and any secret that does not begin with "wrong"."""
    if trouble := suffer("paypal"):
        return trouble
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        client, _, secret = base64.b64decode(given).decode().partition(":")
    except ValueError:
        client = secret = ""
    if kind != "Basic" or not client or not secret or secret.startswith("wrong"):
        said = "Client Authentication failed"
        return answer({"error": "invalid_client", "error_description": said}, 401)
    if request.form.get("grant_type") != "client_credentials":
        said = "Grant Type is NULL"
        return answer({"error": "unsupported_grant_type", "error_description": said}, 400)
    given_token = f"A21AA{secrets.token_hex(32)}"
    ends = time.time() + _LIVES_SECONDS
    get_store().put("", _TOKEN, {"token": given_token, "client": client, "ends": ends})
    scope = "https://uri.paypal.com/services/payments/payouts"
    return answer(
        {"scope": scope, "access_token": given_token, "token_type": "Bearer", "expires_in": _LIVES_SECONDS}, 200
    )


@bp.post("/v1/payments/payouts")
def create_batch() -> Response:
    """Take a batch. Its sender_batch_id is remembered for 30 days: a second one is refused with the first's address."""
    if trouble := suffer("paypal"):
        return trouble
    client, sent = _client(), request.get_json(silent=True) or {}
    if client is None:
        return _unauthorized()
    if problem := _problem(sent) or _refusal():
        return problem
    store, key = get_store(), sent["sender_batch_header"]["sender_batch_id"]
    with store.transaction():
        earlier = store.find("", _BATCH, client=client, sender_batch_id=key)
        if earlier and store.clock.now().timestamp() - earlier["at"] < _REMEMBERED_SECONDS:
            return _refuse(400, "USER_BUSINESS_ERROR", "User business error.", [_duplicate(earlier)])
        batch = store.put("", _BATCH, _new_batch(client, key, sent))
    header = {
        "payout_batch_id": batch["batch_id"],
        "batch_status": "PENDING",
        "sender_batch_header": sent["sender_batch_header"],
    }
    return suffer_after("paypal") or answer({"batch_header": header, "links": [_link(batch)]}, 201)


@bp.get("/v1/payments/payouts/<batch_id>")
def show_batch(batch_id: str) -> Response:
    if trouble := suffer("paypal"):
        return trouble
    if (client := _client()) is None:
        return _unauthorized()
    batch = get_store().find("", _BATCH, batch_id=batch_id, client=client)
    if batch is None:
        return _refuse(404, "RESOURCE_NOT_FOUND", "The requested resource was not found")
    items = [_shown_item(batch, item) for item in batch["items"]]
    open_states = {"PENDING", "ONHOLD"}
    status = "PROCESSING" if any(item["transaction_status"] in open_states for item in items) else "SUCCESS"
    header = {
        "payout_batch_id": batch_id,
        "batch_status": status,
        "time_created": batch["created"],
        "sender_batch_header": batch["header"],
        "funding_source": "BALANCE",
        "amount": batch["items"][0]["payout_item"]["amount"],
    }
    return answer({"batch_header": header, "items": items, "links": [_link(batch)]}, 200)


def _new_batch(client: str, key: str, sent: Doc) -> Doc:
    batch_id = secrets.token_hex(7).upper()
    return {
        "client": client,
        "sender_batch_id": key,
        "batch_id": batch_id,
        "at": get_store().clock.now().timestamp(),
        "created": iso(get_store().clock.now()),
        "header": sent["sender_batch_header"],
        "items": [
            {"payout_item_id": secrets.token_hex(7).upper(), "payout_item": item, "payout_batch_id": batch_id}
            for item in sent["items"]
        ],
    }


def _shown_item(batch: Doc, item: Doc) -> Doc:
    """An item ends as its receiver was told to; without a word it succeeds."""
    status = find_fate("paypal", item["payout_item"]["receiver"]) or "SUCCESS"
    errors = {
        "UNCLAIMED": ("RECEIVER_UNREGISTERED", "The recipient for this payout does not have an account."),
        "FAILED": ("RECEIVER_ACCOUNT_LOCKED", "The recipient's account is locked or inactive."),
        "RETURNED": ("RECEIVER_UNREGISTERED", "The recipient did not claim this payout within 30 days."),
    }
    shown = {**item, "transaction_status": status, "transaction_id": item["payout_item_id"][::-1]}
    if status in errors:
        name, message = errors[status]
        shown["errors"] = {"name": name, "message": message, "information_link": "", "details": [], "links": []}
    return {**shown, "time_processed": batch["created"], "links": []}


def _refusal() -> Response | None:
    """What PayPal refuses before it takes a batch, when the switch says so."""
    told = find_fate("paypal", "*")
    if told == "INSUFFICIENT_FUNDS":
        return _refuse(422, told, "Sender does not have sufficient funds. Please add funds and retry.")
    if told == "SENDER_RESTRICTED":
        return _refuse(403, told, "Sender's account is restricted or locked.")
    return None


def _problem(sent: Doc) -> Response | None:
    header, items = sent.get("sender_batch_header") or {}, sent.get("items") or []
    details: list[Doc] = []
    if not header.get("sender_batch_id") or len(header["sender_batch_id"]) > 256:
        details.append(_detail("sender_batch_header.sender_batch_id", "Required field missing or too long"))
    if not items or len(items) > 15000:
        details.append(_detail("items", "Between 1 and 15000 items"))
    for index, item in enumerate(items):
        amount = item.get("amount") or {}
        if "@" not in str(item.get("receiver", "")):
            details.append(_detail(f"items[{index}].receiver", "Receiver is invalid or does not match with type"))
        if not _is_amount(str(amount.get("value", "")), str(amount.get("currency", ""))):
            details.append(_detail(f"items[{index}].amount", "Amount is invalid or not supported for this currency"))
    return _refuse(400, "VALIDATION_ERROR", "Invalid request - see details", details) if details else None


def _is_amount(value: str, currency: str) -> bool:
    whole, _, cents = value.partition(".")
    fits = cents == "" if currency in _NO_DECIMALS else len(cents) <= 2
    return whole.isdigit() and (not cents or cents.isdigit()) and fits and float(value) > 0 and len(currency) == 3


def _client() -> str | None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    found = get_store().find("", _TOKEN, token=given) if given else None
    return found["client"] if found and found["ends"] > time.time() else None


def _duplicate(earlier: Doc) -> Doc:
    said = "Batch with given sender_batch_id already exists"
    return {"field": "SENDER_BATCH_ID", "location": "body", "issue": said, "link": [_link(earlier)]}


def _link(batch: Doc) -> Doc:
    url = url_for("paypal.show_batch", batch_id=batch["batch_id"], _external=True)
    return {"href": url, "rel": "self", "method": "GET", "encType": "application/json"}


def _detail(field: str, issue: str) -> Doc:
    return {"field": field, "location": "body", "issue": issue}


def _unauthorized() -> Response:
    said = "Token signature verification failed"
    return answer({"error": "invalid_token", "error_description": said}, 401)


def _refuse(status: int, name: str, message: str, details: Any = ()) -> Response:
    debug_id = secrets.token_hex(7)
    return answer(
        {"name": name, "message": message, "debug_id": debug_id, "details": list(details), "links": []}, status
    )

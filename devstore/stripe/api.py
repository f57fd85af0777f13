"""Stripe's API for a Connect platform: form-encoded in, JSON out, every POST idempotent by its key."""

import hashlib
import secrets
from typing import Any

from flask import Blueprint, Response, request

from devstore.current import get_store
from devstore.faults import suffer, suffer_after
from devstore.providers import answer, find_fate
from devstore.store import Doc

bp = Blueprint("stripe", __name__, url_prefix="/stripe")

_TRANSFER, _KEY = "stripe_transfer", "stripe_idempotency_key"
_KEPT_SECONDS = 24 * 3600


@bp.get("/v1/balance")
def balance() -> Response:
    if refused := suffer("stripe") or _refuse_key():
        return refused
    funds = [{"amount": 100_000_000, "currency": "usd", "source_types": {"card": 100_000_000}}]
    return answer({"object": "balance", "available": funds, "pending": [], "livemode": False}, 200)


@bp.get("/v1/accounts/<account>")
def show_account(account: str) -> Response:
    if refused := suffer("stripe") or _refuse_key():
        return refused
    if not _is_connected(account):
        return _no_such("account", account, "account")
    return answer({"id": account, "object": "account", "payouts_enabled": True, "charges_enabled": True}, 200)


@bp.post("/v1/transfers")
def create_transfer() -> Response:
    """The same Idempotency-Key again gets the first answer for a day; with other parameters it is refused."""
    if refused := suffer("stripe") or _refuse_key():
        return refused
    store, key = get_store(), request.headers.get("Idempotency-Key") or secrets.token_hex(16)
    digest = hashlib.sha256(repr(sorted(request.form.items())).encode()).hexdigest()
    with store.transaction():
        kept = store.find("", _KEY, key=key, owner=_owner())
        if kept and store.clock.now().timestamp() - kept["at"] < _KEPT_SECONDS:
            if kept["digest"] != digest:
                said = "Keys for idempotent requests can only be used with the same parameters."
                return _refuse(400, "idempotency_error", said)
            body, status = kept["body"], kept["status"]
        else:
            body, status = _transfer(dict(request.form.items()))
            at = store.clock.now().timestamp()
            fresh = {"key": key, "owner": _owner(), "digest": digest, "body": body, "status": status, "at": at}
            store.put("", _KEY, {**(kept or {}), **fresh})
    return suffer_after("stripe") or answer(body, status)


@bp.get("/v1/transfers")
def list_transfers() -> Response:
    if refused := suffer("stripe") or _refuse_key():
        return refused
    wanted = {key: request.args[key] for key in ("transfer_group", "destination") if key in request.args}
    found = [_shown(one) for one in get_store().select("", _TRANSFER, owner=_owner(), **wanted)]
    newest = list(reversed(found))[: request.args.get("limit", 10, int)]
    return answer({"object": "list", "url": "/v1/transfers", "has_more": len(found) > len(newest), "data": newest}, 200)


@bp.get("/v1/transfers/<number>")
def show_transfer(number: str) -> Response:
    if refused := suffer("stripe") or _refuse_key():
        return refused
    found = get_store().find("", _TRANSFER, number=number, owner=_owner())
    return answer(_shown(found), 200) if found else _no_such("transfer", number, "transfer")


@bp.get("/v1/payouts")
def list_payouts() -> Response:
    """Of the connected account named by the header Stripe-Account: what Stripe paid to its bank."""
    if refused := suffer("stripe") or _refuse_key():
        return refused
    account = request.headers.get("Stripe-Account", "")
    if not _is_connected(account):
        said = f"The provided key does not have access to account '{account}'."
        return _refuse(403, "invalid_request_error", said, code="account_invalid")
    data = []
    if find_fate("stripe", account) == "payout.failed":
        why = {"failure_code": "account_closed", "failure_message": "The bank account has been closed."}
        data = [{"id": f"po_{account[-14:]}", "object": "payout", "status": "failed", **why}]
    return answer({"object": "list", "url": "/v1/payouts", "has_more": False, "data": data}, 200)


def _transfer(sent: dict[str, str]) -> tuple[Doc, int]:
    """The transfer that was made, or the refusal, as Stripe keeps either under the key."""
    destination = sent.get("destination", "")
    if not sent.get("amount", "").isdigit() or int(sent["amount"]) < 1:
        return _error("invalid_request_error", "Invalid positive integer", code="parameter_invalid_integer"), 400
    if not _is_connected(destination):
        said = f"No such destination: '{destination}'"
        return _error("invalid_request_error", said, code="resource_missing", param="destination"), 400
    if find_fate("stripe", "*") == "balance_insufficient":
        said = "You have insufficient available funds in your Stripe account."
        return _error("invalid_request_error", said, code="balance_insufficient"), 400
    number = f"tr_{secrets.token_hex(12)}"
    made = get_store().put(
        "",
        _TRANSFER,
        {
            "owner": _owner(),
            "number": number,
            "amount": int(sent["amount"]),
            "currency": sent.get("currency", "usd"),
            "destination": destination,
            "transfer_group": sent.get("transfer_group"),
            "description": sent.get("description"),
            "metadata": {key[9:-1]: value for key, value in sent.items() if key.startswith("metadata[")},
            "created": int(get_store().clock.now().timestamp()),
        },
    )
    return _shown(made), 200


def _shown(transfer: Doc) -> Doc:
    is_reversed = find_fate("stripe", transfer["destination"]) == "reversed"
    back = transfer["amount"] if is_reversed else 0
    kept = {key: value for key, value in transfer.items() if key not in {"id", "owner", "number"}}
    number = transfer["number"]
    extra = {"destination_payment": f"py_{number[3:]}", "livemode": False, "source_type": "card"}
    return {
        "id": number,
        "object": "transfer",
        **kept,
        **extra,
        "reversed": is_reversed,
        "amount_reversed": back,
        "reversals": {"object": "list", "data": [], "has_more": False},
    }


def _is_connected(account: str) -> bool:
    return account.startswith("acct_") and find_fate("stripe", account) != "disconnected"


def _owner() -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _refuse_key() -> Response | None:
    if _owner().startswith(("sk_test_", "sk_live_", "rk_")) and "_wrong" not in _owner():
        return None
    return _refuse(401, "invalid_request_error", "Invalid API Key provided.")


def _no_such(kind: str, number: str, param: str) -> Response:
    said = f"No such {kind}: '{number}'"
    return _refuse(404, "invalid_request_error", said, code="resource_missing", param=param)


def _refuse(status: int, kind: str, message: str, **extra: Any) -> Response:
    return answer(_error(kind, message, **extra), status)


def _error(kind: str, message: str, **extra: Any) -> Doc:
    return {"error": {"type": kind, "message": message, **extra}}

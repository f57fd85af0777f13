"""What the payment providers' simulators share: how the next payments end, told by a switch and kept in the store."""

from flask import Response, jsonify

from devstore.current import get_store
from devstore.store import Doc

_KIND = "provider_fate"


def set_fate(provider: str, receiver: str, fate: str) -> Doc:
    """From now on payments to `receiver` ("*": to everybody) end with `fate`, in the provider's own word."""
    store = get_store()
    with store.transaction():
        known = store.find("", _KIND, provider=provider, receiver=receiver) or {}
        return store.put("", _KIND, {**known, "provider": provider, "receiver": receiver, "fate": fate})


def find_fate(provider: str, receiver: str) -> str | None:
    store = get_store()
    told = (store.find("", _KIND, provider=provider, receiver=who) for who in (receiver, "*"))
    return next((str(one["fate"]) for one in told if one and one["fate"]), None)


def answer(body: Doc, status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response

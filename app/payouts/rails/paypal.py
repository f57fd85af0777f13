"""PayPal Payouts (api-m.paypal.com/v1/payments/payouts): one batch of one item for each payout.

PayPal has no search by key. It remembers every sender_batch_id for 30 days, and answers a second batch under the same
id with the address of the first: sending again is how to ask. After that time it would pay twice, so we do not ask.
"""

import re
import time
from datetime import timedelta
from decimal import Decimal
from threading import Lock
from typing import Any, Final

import httpx

from app import clock
from app.config import get_config
from app.languages import noted
from app.payouts.rails.payments import Answer, Fate, Keys, Payment, RailRefusedError, RailSilentError, ask, look_for

CURRENCIES: Final = frozenset(
    "AUD BRL CAD CHF CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD".split()  # noqa: SIM905
)
_WHOLE: Final = frozenset({"HUF", "JPY", "TWD"})
"""PayPal takes these without decimals, whatever ISO 4217 says."""
_REMEMBERED: Final = timedelta(days=25)
"""Less than PayPal's 30 days: clocks differ, and the first attempt may have taken its time."""
_SOON, _LATER, _DAILY = timedelta(minutes=2), timedelta(hours=6), timedelta(days=1)
_BATCH: Final = re.compile(r"/v1/payments/payouts/([A-Za-z0-9_-]+)$")
_LOST: Final = frozenset({"RETURNED", "FAILED", "BLOCKED", "REFUNDED", "REVERSED", "DENIED", "CANCELED"})
_WORDS: Final = {
    "UNCLAIMED": "PayPal knows no account with this address yet and has written to it. Unclaimed money comes back "
    "after 30 days.",
    "ONHOLD": "PayPal is reviewing this payment.",
    "RETURNED": noted("Nobody claimed it at PayPal within 30 days."),
    "BLOCKED": noted("PayPal blocked the payment."),
    "REFUNDED": noted("The receiver gave it back."),
    "REVERSED": noted("PayPal took it back from the receiver."),
}
_FAILED: Final = noted("PayPal could not carry out the payment.")
_tokens: dict[tuple[str, str], tuple[str, float]] = {}
"""By client id and secret: whoever knows a client id alone gets nobody's token."""
_lock = Lock()


def check(keys: Keys) -> None:
    _token(keys, fresh=True)


def send(keys: Keys, payment: Payment) -> Answer:
    if payment.amount.currency not in CURRENCIES:
        return Answer(Fate.REFUSED, words=f"PayPal does not pay out in {payment.amount.currency}.")
    try:
        value = _value(payment)
        status, body = _call(keys, "POST", "/v1/payments/payouts", json=_batch(payment, value))
    except (RailRefusedError, ValueError) as refused:
        return Answer(Fate.REFUSED, words=str(refused))
    if status == httpx.codes.CREATED:
        return Answer(Fate.SENT, body["batch_header"]["payout_batch_id"], look_again=_SOON)
    if earlier := _earlier_batch(body):
        return _verified(keys, payment, earlier)
    if _is_about(body, "receiver"):
        return Answer(Fate.CAME_BACK, words=noted("PayPal says that this is no address it can pay to."))
    if _is_about(body, "sender_batch_id"):
        # A duplicate whose original it does not name: it may have been paid.
        raise RailSilentError("PayPal has a payment under this key but does not say which.")
    return Answer(Fate.REFUSED, words=f"PayPal refused: {_said(body, status)}")


def find(keys: Keys, payment: Payment) -> Answer | None:
    if payment.first_tried_at and clock.now() - payment.first_tried_at > _REMEMBERED:
        return Answer(
            Fate.UNKNOWN, words="PayPal never said what became of it and has forgotten the key. " + look_for(payment)
        )
    return send(keys, payment)


def follow(keys: Keys, payment: Payment, rail_reference: str) -> Answer:
    _, answer = _look(keys, payment, rail_reference)
    return answer


def _look(keys: Keys, payment: Payment, batch_id: str) -> tuple[dict[str, Any], Answer]:
    """The batch's one item as PayPal describes it, and what that means."""
    try:
        status, body = _call(keys, "GET", f"/v1/payments/payouts/{batch_id}")
    except RailRefusedError as refused:
        raise RailSilentError(str(refused)) from refused
    if status != httpx.codes.OK:
        raise RailSilentError(f"PayPal answered {status} to what became of {batch_id}.")
    item: dict[str, Any] = next(iter(body.get("items") or []), {})
    said = str(item.get("transaction_status") or body["batch_header"]["batch_status"]).upper()
    problem = (item.get("errors") or {}).get("message")
    if said in _LOST:
        return item, Answer(Fate.CAME_BACK, batch_id, _WORDS.get(said) or f"{_FAILED}\n{problem or said.lower()}")
    if said == "SUCCESS" and item:
        return item, Answer(Fate.SETTLED, batch_id, look_again=_DAILY if _is_young(payment) else None)
    return item, Answer(Fate.SENT, batch_id, _WORDS.get(said), look_again=_LATER if said in _WORDS else _SOON)


def _is_young(payment: Payment) -> bool:
    """PayPal reverses within weeks; after two months there is nothing more to hear."""
    return payment.first_tried_at is None or clock.now() - payment.first_tried_at < timedelta(days=60)


def _verified(keys: Keys, payment: Payment, batch_id: str) -> Answer:
    """The earlier batch under this key, if it is the payment that we mean."""
    item, answer = _look(keys, payment, batch_id)
    paid = (item.get("payout_item") or {}).get("amount") or {}
    if item and (Decimal(paid.get("value", "0")), paid.get("currency")) != (
        payment.amount.decimal,
        payment.amount.currency,
    ):
        return Answer(Fate.REFUSED, words=f"PayPal has another payment under the key {payment.key}: {batch_id}.")
    return answer


def _batch(payment: Payment, value: str) -> dict[str, Any]:
    return {
        "sender_batch_header": {"sender_batch_id": payment.key, "email_subject": payment.note[:255]},
        "items": [
            {
                "recipient_type": "EMAIL",
                "receiver": payment.account,
                "amount": {"value": value, "currency": payment.amount.currency},
                "note": payment.note[:1000],
                "sender_item_id": payment.reference,
            }
        ],
    }


def _value(payment: Payment) -> str:
    amount = payment.amount.decimal
    if payment.amount.currency not in _WHOLE:
        return str(amount)
    if amount != amount.to_integral_value():
        raise ValueError(f"PayPal pays {payment.amount.currency} in whole amounts only.")
    return str(int(amount))


def _call(keys: Keys, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """With a token, renewed once when PayPal no longer takes it. Raises RailRefusedError, RailSilentError."""
    for fresh in (False, True):
        headers = {"Authorization": f"Bearer {_token(keys, fresh=fresh)}"}
        status, body = ask("PayPal", method, get_config().paypal_api_url + path, headers=headers, **options)
        if status != httpx.codes.UNAUTHORIZED:
            return status, body
    raise RailRefusedError("PayPal does not take the keys any more. Enter them again.")


def _token(keys: Keys, *, fresh: bool = False) -> str:
    owner = keys["client_id"], keys["client_secret"]
    with _lock:
        token, until = _tokens.get(owner, ("", 0.0))
    if token and not fresh and time.monotonic() < until:
        return token
    status, body = ask(
        "PayPal",
        "POST",
        get_config().paypal_api_url + "/v1/oauth2/token",
        auth=owner,
        data={"grant_type": "client_credentials"},
    )
    if status != httpx.codes.OK:
        raise RailRefusedError(f"PayPal does not take these keys: {body.get('error_description') or status}")
    with _lock:
        _tokens[owner] = (body["access_token"], time.monotonic() + int(body["expires_in"]) - 60)
    found: str = body["access_token"]
    return found


def _details(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [detail for detail in body.get("details") or [] if isinstance(detail, dict)]


def _is_about(body: dict[str, Any], field: str) -> bool:
    return any(field in str(detail.get("field", "")).lower() for detail in _details(body))


def _earlier_batch(body: dict[str, Any]) -> str | None:
    """The batch that has the key already, out of PayPal's refusal of a second one."""
    for detail in _details(body):
        if str(detail.get("field", "")).upper() == "SENDER_BATCH_ID":
            for link in detail.get("link") or detail.get("links") or []:
                if found := _BATCH.search(str(link.get("href", ""))):
                    return found[1]
    return None


def _said(body: dict[str, Any], status: int) -> str:
    issues = "; ".join(str(detail["issue"]) for detail in _details(body) if detail.get("issue"))
    return issues or str(body.get("message") or body.get("name") or f"it answered {status}")

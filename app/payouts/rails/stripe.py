"""Stripe Connect: a transfer from the shop's Stripe balance to the vendor's connected account (api.stripe.com/v1).

Stripe keeps an Idempotency-Key for 24 hours at least; for later there is the transfer_group, by which a transfer is
found. Stripe pays the connected account's bank by itself; when that fails the money waits in their Stripe balance.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import httpx

from app import clock
from app.config import get_config
from app.languages import noted
from app.payouts.rails.payments import Answer, Fate, Keys, Payment, RailRefusedError, RailSilentError, ask

VERSION: Final = "2024-06-20"
"""Pinned: an account's own version may be any."""
_ZERO: Final = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())  # noqa: SIM905
_THREE: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_DAILY: Final = timedelta(days=1)
_FOLLOWED: Final = timedelta(days=60)
_DESTINATION: Final = frozenset({"destination", "account"})
_CANNOT_PAY: Final = noted("Stripe cannot pay this account.")


def check(keys: Keys) -> None:
    status, body = _call(keys, "GET", "/v1/balance")
    if status != httpx.codes.OK:
        raise RailRefusedError(f"Stripe does not take this key: {_said(body, status)}")


def send(keys: Keys, payment: Payment) -> Answer:
    try:
        amount = _amount(payment)
    except ValueError as refused:
        return Answer(Fate.REFUSED, words=str(refused))
    fields = {
        "amount": str(amount),
        "currency": payment.amount.currency.lower(),
        "destination": payment.account,
        "transfer_group": payment.key,
        "description": payment.note,
        "metadata[payout]": payment.reference,
    }
    status, body = _call(keys, "POST", "/v1/transfers", data=fields, idempotency_key=payment.key)
    if status == httpx.codes.OK:
        return _read(payment, body)
    problem = body.get("error") or {}
    if status == httpx.codes.CONFLICT:
        raise RailSilentError("Stripe is still working on the first request.")
    if problem.get("type") == "idempotency_error":
        return Answer(Fate.REFUSED, words=f"Stripe has another payment under the key {payment.key}.")
    if problem.get("param") in _DESTINATION:
        return Answer(Fate.CAME_BACK, words=f"{_CANNOT_PAY}\n{_said(body, status)}")
    return Answer(Fate.REFUSED, words=f"Stripe refused: {_said(body, status)}")


def find(keys: Keys, payment: Payment) -> Answer | None:
    status, body = _call(keys, "GET", "/v1/transfers", params={"transfer_group": payment.key, "limit": "2"})
    if status != httpx.codes.OK:
        raise RailSilentError(f"Stripe did not say whether it has this payment: {_said(body, status)}")
    found = next(iter(body.get("data") or []), None)
    return _read(payment, found) if found else None


def follow(keys: Keys, payment: Payment, rail_reference: str) -> Answer:
    status, body = _call(keys, "GET", f"/v1/transfers/{rail_reference}")
    if status != httpx.codes.OK:
        raise RailSilentError(f"Stripe did not say what became of {rail_reference}: {_said(body, status)}")
    answer = _read(payment, body, settled=True)
    if answer.fate is not Fate.SETTLED or answer.words:
        return answer
    return Answer(Fate.SETTLED, answer.rail_reference, _bank_trouble(keys, payment), answer.look_again)


def _read(payment: Payment, transfer: dict[str, Any], *, settled: bool = False) -> Answer:
    """Transfers are carried out while we wait; a second look makes sure that it still stands."""
    number, back = transfer["id"], int(transfer.get("amount_reversed") or 0)
    if int(transfer["amount"]) != _amount(payment) or transfer["currency"] != payment.amount.currency.lower():
        return Answer(Fate.REFUSED, words=f"Stripe has another payment under the key {payment.key}: {number}.")
    if transfer.get("reversed"):
        return Answer(Fate.CAME_BACK, number, noted("The transfer was reversed in Stripe."))
    words = "A part of the transfer was reversed in Stripe. Book it as an adjustment." if back else None
    tried = payment.first_tried_at
    if tried and clock.now() - tried > _FOLLOWED:
        return Answer(Fate.SETTLED, number, words)
    return Answer(
        Fate.SETTLED if settled else Fate.SENT,
        number,
        words,
        look_again=_DAILY if settled else timedelta(minutes=2),
    )


def _bank_trouble(keys: Keys, payment: Payment) -> str | None:
    """Whether Stripe's last payout to the vendor's own bank failed."""
    status, body = _call(keys, "GET", "/v1/payouts", params={"limit": "1"}, account=payment.account)
    newest: dict[str, Any] = next(iter(body.get("data") or []), {}) if status == httpx.codes.OK else {}
    if newest.get("status") != "failed":
        return None
    why = newest.get("failure_message") or newest.get("failure_code") or "no reason given"
    return f"Stripe could not pay the vendor's bank ({why}). The money waits in the vendor's Stripe balance."


def _amount(payment: Payment) -> int:
    """In Stripe's smallest unit, which is not always ISO's. Raises ValueError for what Stripe cannot express."""
    currency = payment.amount.currency
    exponent = 0 if currency in _ZERO else 3 if currency in _THREE else 2
    amount = payment.amount.decimal * Decimal(10) ** exponent
    if currency in _THREE and amount % 10:
        raise ValueError(f"Stripe pays {currency} in steps of 0.010 only.")
    return int(amount)


def _call(
    keys: Keys,
    method: str,
    path: str,
    *,
    idempotency_key: str | None = None,
    account: str | None = None,
    **options: Any,
) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {keys['secret_key']}", "Stripe-Version": VERSION}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    if account:
        headers["Stripe-Account"] = account
    return ask("Stripe", method, get_config().stripe_api_url + path, headers=headers, **options)


def _said(body: dict[str, Any], status: int) -> str:
    problem = body.get("error") or {}
    return str(problem.get("message") or problem.get("code") or f"it answered {status}")

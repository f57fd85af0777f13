"""What goes to a rail and what comes back from it, in our own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

import httpx

from app import db
from app.money import Money

TIMEOUT: Final = httpx.Timeout(connect=5, read=30, write=10, pool=5)
"""A provider that has not answered after this long is asked again later, by key."""
Keys = Mapping[str, str]


class Fate(StrEnum):
    SENT = "sent"
    """The rail has it; whether it arrived is not known yet."""
    SETTLED = "settled"
    CAME_BACK = "came_back"
    """The vendor does not have the money and will not get it: it is the shop's again."""
    REFUSED = "refused"
    """Nothing has left, and nothing can before the merchant mends something: keys, funds, permissions."""
    UNKNOWN = "unknown"
    """It may have left, and asking again could pay twice: a person has to look."""


@dataclass(frozen=True, slots=True)
class Payment:
    key: str
    reference: str
    account: str = field(repr=False)
    amount: Money
    note: str
    """One line that the vendor reads."""
    first_tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    fate: Fate
    rail_reference: str | None = None
    words: str | None = None
    """Why, or what the people concerned should know. Of money that came back the vendor reads the first line, so it is
    ours and translated; what the provider said stands under it, for the merchant.
    """
    look_again: timedelta | None = None
    """When to ask next; None: there is nothing more to hear."""


class RailSilentError(Exception):
    """No answer, or "later": the payment may or may not have been carried out. Ask again by key."""


class RailRefusedError(Exception):
    """The provider does not take the keys, or forbids what they ask for. Nothing was carried out."""


def look_for(payment: Payment) -> str:
    """What a person does about a payment of unknown fate."""
    return (
        f"Look for {payment.reference} at the provider. If it was paid, mark this payout as paid; if not, release or "
        "cancel it."
    )


@cache
def get_http() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)


def ask(who: str, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """One request to a provider: its status and JSON. Raises RailSilentError for everything that may pass."""
    db.assert_no_transaction()
    try:
        response = get_http().request(method, url, **options)
    except httpx.TransportError as error:
        raise RailSilentError(f"{who} did not answer ({type(error).__name__}).") from error
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
        raise RailSilentError(f"{who} is busy (it answered {response.status_code}).")
    try:
        body = response.json()
    except ValueError as error:
        raise RailSilentError(f"{who}'s answer was cut short.") from error
    return response.status_code, body if isinstance(body, dict) else {}

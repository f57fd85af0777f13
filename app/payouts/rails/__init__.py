"""The rails that can be asked over the network: each module has the four functions of `Rail`.

The bank is none of them: its file is carried there by a person (app/payouts/bank_files.py).
"""

from typing import Final, Protocol

from app.models.payouts import RailName
from app.payouts.rails import paypal, stripe
from app.payouts.rails.payments import Answer, Keys, Payment


class Rail(Protocol):
    """What a provider must be able to do. All of it raises RailSilentError when the answer is lost or postponed."""

    def check(self, keys: Keys) -> None:
        """Ask the provider whether it takes the keys. Raises RailRefusedError with its words."""

    def send(self, keys: Keys, payment: Payment) -> Answer:
        """Send, for the first time under this key."""

    def find(self, keys: Keys, payment: Payment) -> Answer | None:
        """What became of an earlier `send`, by key. None: the provider surely has no such payment."""

    def follow(self, keys: Keys, payment: Payment, rail_reference: str) -> Answer:
        """What has become of a payment that the provider took."""


RAILS: Final[dict[RailName, Rail]] = {RailName.PAYPAL: paypal, RailName.STRIPE: stripe}

"""How pages name the money settings and what they are set to."""

from decimal import Decimal
from typing import Any, Final

from app.commissions.forms import write_percent
from app.commissions.schedules import say_schedule
from app.money import Money

SETTING_WORDS: Final[dict[str, str]] = {
    "shipping_to": "Shipping goes to",
    "shipping_share": "Shipping is shared",
    "shipping_tax_to": "Tax on shipping goes to",
    "sales_tax_to": "Sales tax goes to",
    "payment_fees_to": "Payment fees are borne by",
    "keep_payment_fee": "Vendors bear the payment fee on refunds",
    "keep_commission": "Keep the commission on refunds",
    "refund_bearer": "A refund or dispute without items",
    "fee_tax_bps": "Tax on commission",
    "discount_bps": "The vendors' part of discounts",
    "discount_bearers": "Discounts shared in another way",
    "dispute_fee_minor": "Fee for a chargeback",
    "dispute_fee_to": "The fee for a lost one is borne by",
    "reserve_bps": "Kept in reserve",
    "reserve_days": "Days in reserve",
    "hold_days": "Days to hold money",
    "payout_minimum_minor": "Smallest payout",
    "payout_schedule": "Payouts are prepared",
    "shipping_names": "Shipping of this vendor alone",
}
SHARES: Final = {"value": "by value of the goods", "weight": "by weight", "equal": "equally"}
_CHOICES: Final = SHARES | {
    "vendor": "the vendors", "marketplace": "you", "shared": "both", "spread": "shared by the lines",
}  # fmt: skip


def say(name: str, value: Any, currency: str) -> str:
    """A stored value in words; None is what holds for everybody."""
    if value is None:
        return "as for everybody"
    if isinstance(value, bool):
        words = "yes" if value else "no"
    elif name.endswith("_bps"):
        words = _percent(value)
    elif name.endswith("_minor"):
        words = str(Money(value, currency))
    elif name == "payout_schedule":
        words = say_schedule(value["schedule"], value["day"])
    elif isinstance(value, dict):
        words = ", ".join(f"{code} {_percent(bps)}" for code, bps in value.items())
    elif isinstance(value, list):
        words = ", ".join(map(str, value))
    else:
        words = _CHOICES.get(str(value), str(value))
    return words or "none"


def _percent(bps: Any) -> str:
    return f"{write_percent(Decimal(str(bps)))} %"

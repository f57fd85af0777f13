"""What is agreed about a vendor's money besides commission: the shop's terms, and one vendor's own. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Final

from app.commissions.rules import FULL_BPS

EVERY_DISCOUNT: Final = ""
"""Under this name the bearers of a line's discounts say what holds for codes and titles that are not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that may be agreed with one vendor alone; the values of a shop that has chosen nothing."""

    shipping_to: str = "vendor"
    shipping_share: str = "value"
    """How the vendor's part of a shared shipping line is reckoned: by "value", by "weight", or "equal"."""
    shipping_tax_to: str = "marketplace"
    sales_tax_to: str = "marketplace"
    payment_fees_to: str = "marketplace"
    keep_payment_fee: bool = False
    keep_commission: bool = False
    refund_bearer: str = "spread"
    """Who bears what a refund or a lost dispute returns without naming lines: "spread" over them, or "marketplace"."""
    dispute_fee_to: str = "marketplace"
    fee_tax_bps: Decimal = Decimal(0)
    discount_bps: Decimal = FULL_BPS
    """The vendor's part of discounts that are not named."""
    hold_days: int = 14
    payout_minimum_minor: int = 0
    reserve_bps: Decimal = Decimal(0)
    reserve_days: int = 0
    discount_bearers: Mapping[str, str] = field(default_factory=dict)
    """The vendor's part of discounts by code or title, before what the shop says of them. Never for all vendors."""
    payout_schedule: Mapping[str, Any] | None = None
    """When a vendor is not paid with the others: `schedule`, `day` and, as a date, `since`. Never for all vendors."""
    shipping_names: tuple[str, ...] = ()
    """Shipping lines with one of these names or codes (lower case) are the vendor's own. Never for all vendors."""


_NAMES: Final = {one.name: one.type for one in fields(Terms)}


def merge_terms(shared: Terms, overrides: Mapping[str, Any]) -> Terms:
    """The shop's terms with what was agreed with one vendor. Unknown names are left out."""
    return replace(shared, **{name: _read(name, value) for name, value in overrides.items() if name in _NAMES})


def write_overrides(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """As they are stored; None and what is empty mean: as for everybody."""
    return {
        name: str(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value
        for name, value in chosen.items()
        if value is not None and value not in ((), {})
    }


def bearers_of(named: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """The vendor's part of each discount, by code or title, and of all others."""
    return {**named, **terms.discount_bearers, EVERY_DISCOUNT: str(terms.discount_bps)}


def own_shipping(names: Mapping[int, Terms], title: str, code: str) -> int | None:
    """The one vendor whose own a shipping line of this title and code is; None when nobody's, or two claim it."""
    said = {title.strip().lower(), code.strip().lower()} - {""}
    owners = [vendor for vendor, terms in names.items() if said & set(terms.shipping_names)]
    return owners[0] if len(owners) == 1 else None


def _read(name: str, value: Any) -> Any:
    if name in {"fee_tax_bps", "discount_bps", "reserve_bps"}:
        return Decimal(value)
    return tuple(value) if name == "shipping_names" else value

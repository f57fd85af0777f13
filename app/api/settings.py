"""/money-settings"""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from flask import g
from msgspec import UNSET, Meta, UnsetType

from app.api.operations import check_version, operation
from app.api.shapes import Bps, check_bps
from app.auth.scopes import Scope
from app.commissions.agreements import save_settings
from app.commissions.queries import get_settings
from app.errors import ValidationErrors
from app.models.commissions import MoneySettings as Row

Party = Literal["vendor", "marketplace"]
FeeParty = Literal["marketplace", "vendor", "shared"]
Share = Literal["value", "weight", "equal"]
Bearer = Literal["spread", "marketplace"]
Minor = Annotated[int, Meta(ge=0, le=10**14)]
Days = Annotated[int, Meta(ge=0, le=365)]


class MoneySettings(msgspec.Struct, frozen=True):
    """Who gets and bears what besides commission. Counts for orders first seen from now on."""

    shipping_to: Party
    shipping_share: Annotated[Share, Meta(description="How vendors share the shipping of an order.")]
    shipping_tax_to: Party
    sales_tax_to: Party
    payment_fees_to: FeeParty
    keep_payment_fee: Annotated[bool, Meta(description="Vendors bear the payment fee on refunds too.")]
    keep_commission: Annotated[bool, Meta(description="Commission is kept when something is refunded.")]
    refund_bearer: Annotated[Bearer, Meta(description="Who bears refunds without items.")]
    fee_tax_bps: Annotated[Decimal, Meta(description="Tax on commission, in basis points.")]
    discount_bps: Annotated[Decimal, Meta(description="The vendors' part of discounts, in basis points.")]
    discount_bearers: Annotated[
        dict[str, Decimal], Meta(description="The vendors' part by code or title in upper case, in basis points.")
    ]
    dispute_fee_minor: Minor
    dispute_fee_to: Party
    reserve_bps: Decimal
    reserve_days: Days


class MoneySettingsChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whatever is left out stays as it is. `discount_bearers` is replaced as a whole."""

    shipping_to: Party | UnsetType = UNSET
    shipping_share: Share | UnsetType = UNSET
    shipping_tax_to: Party | UnsetType = UNSET
    sales_tax_to: Party | UnsetType = UNSET
    payment_fees_to: FeeParty | UnsetType = UNSET
    keep_payment_fee: bool | UnsetType = UNSET
    keep_commission: bool | UnsetType = UNSET
    refund_bearer: Bearer | UnsetType = UNSET
    fee_tax_bps: Bps | UnsetType = UNSET
    discount_bps: Bps | UnsetType = UNSET
    discount_bearers: dict[str, Bps] | UnsetType = UNSET
    dispute_fee_minor: Minor | UnsetType = UNSET
    dispute_fee_to: Party | UnsetType = UNSET
    reserve_bps: Bps | UnsetType = UNSET
    reserve_days: Days | UnsetType = UNSET


@operation("GET", "/money-settings", tag="Commission", scope=Scope.COMMISSIONS_READ)
def get_money_settings() -> MoneySettings:
    """Get the money settings."""
    return _write(get_settings(g.session, g.shop.id))


@operation("PATCH", "/money-settings", tag="Commission", scope=Scope.COMMISSIONS_WRITE, has_version=True)
def change_money_settings(body: MoneySettingsChange) -> MoneySettings:
    """Change money settings.

    Orders that were seen before keep what held then.
    """
    g.session.get(Row, g.shop.id, with_for_update=True)
    now = get_money_settings()
    check_version(now)
    wanted = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    for name in ("fee_tax_bps", "discount_bps", "reserve_bps"):
        if name in wanted:
            check_bps(wanted[name], name)
    for code, part in (wanted.get("discount_bearers") or {}).items():
        check_bps(part, f"#/discount_bearers/{code}")
    chosen = msgspec.structs.asdict(now) | wanted
    if chosen["reserve_bps"] and not chosen["reserve_days"]:
        raise ValidationErrors({"reserve_days": "Say for how many days, or keep no reserve."})
    bearers = chosen["discount_bearers"].items()
    chosen["discount_bearers"] = {code.strip().upper(): str(part) for code, part in bearers}
    save_settings(g.session, g.shop, chosen, f"api:{g.token.id}")
    return get_money_settings()


def _write(row: Row) -> MoneySettings:
    names = [field.name for field in msgspec.structs.fields(MoneySettings)]
    values = {name: getattr(row, name) for name in names}
    values["discount_bearers"] = {code: Decimal(part) for code, part in row.discount_bearers.items()}
    for name in ("fee_tax_bps", "discount_bps", "reserve_bps"):
        values[name] = Decimal(values[name]).quantize(Decimal("0.01"))
    return MoneySettings(**values)

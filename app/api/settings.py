"""/money-settings"""

from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec
from flask import g
from msgspec import UNSET, Meta, UnsetType

from app import clock
from app.api.operations import check_version, operation
from app.api.shapes import Bps, check_bps
from app.auth import api
from app.auth.scopes import Scope
from app.commissions.agreements import lock, save_settings
from app.commissions.queries import get_settings
from app.errors import ValidationErrors
from app.models.commissions import MoneySettings as Row
from app.models.shops import ShopSettings
from app.payouts.queries import find_settings
from app.payouts.settings import save_schedule
from app.shops.service import change_waits

Party = Literal["vendor", "marketplace"]
FeeParty = Literal["marketplace", "vendor", "shared"]
Share = Literal["value", "weight", "equal"]
Bearer = Literal["spread", "marketplace"]
Minor = Annotated[int, Meta(ge=0, le=10**14)]
Days = Annotated[int, Meta(ge=0, le=365)]
_OF_SHOP: Final = frozenset({"hold_days", "payout_minimum_minor"})
Hold = Annotated[int, Meta(ge=0, le=180, description="For how many days after the parcel money waits.")]


class PayoutDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On which day a batch is prepared by itself; manual: on none."""

    schedule: Literal["manual", "weekly", "fortnightly", "monthly"]
    day: Annotated[int, Meta(ge=1, le=28, description="Weekday from 1, Monday, to 7; for monthly the day.")] = 1


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
    hold_days: Hold
    payout_minimum_minor: Annotated[Minor, Meta(description="Smallest payout, in the shop's currency.")]
    payout_schedule: PayoutDay


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
    hold_days: Hold | UnsetType = UNSET
    payout_minimum_minor: Minor | UnsetType = UNSET
    payout_schedule: PayoutDay | UnsetType = UNSET


@operation("GET", "/money-settings", tag="Commission", scope=Scope.COMMISSIONS_READ)
def get_money_settings() -> MoneySettings:
    """Get the money settings."""
    payouts = find_settings(g.session, g.shop.id)
    return _write(
        get_settings(g.session, g.shop.id),
        g.session.get_one(ShopSettings, g.shop.id),
        PayoutDay(payouts.schedule, 1 if payouts.schedule == "manual" else payouts.schedule_day),  # type: ignore[arg-type]
    )


@operation("PATCH", "/money-settings", tag="Commission", scope=Scope.TERMS_WRITE, has_version=True)
def change_money_settings(body: MoneySettingsChange) -> MoneySettings:
    """Change money settings.

    Orders that were seen before keep what held then.
    """
    lock(g.session, g.shop.id)
    now = get_money_settings()
    check_version(now)
    wanted = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    for name in ("fee_tax_bps", "discount_bps", "reserve_bps"):
        if name in wanted:
            check_bps(wanted[name], name)
    for code, part in (wanted.get("discount_bearers") or {}).items():
        check_bps(part, f"#/discount_bearers/{code}")
    chosen = msgspec.structs.asdict(now) | wanted
    bearers = chosen["discount_bearers"].items()
    chosen["discount_bearers"] = {code.strip().upper(): str(part) for code, part in bearers}
    actor = api.actor()
    save_settings(g.session, g.shop, chosen, actor)
    change_waits(
        g.session,
        g.shop,
        hold_days=chosen["hold_days"],
        payout_minimum_minor=chosen["payout_minimum_minor"],
        actor=actor,
    )
    day = chosen["payout_schedule"]
    check_day(day)
    if day != now.payout_schedule:
        save_schedule(
            g.session, g.shop, schedule=day.schedule, day=day.day, today=clock.today(g.shop.timezone), actor=actor
        )
    return get_money_settings()


def check_day(day: PayoutDay) -> None:
    """Raises ValidationErrors for a weekday that there is not."""
    if day.schedule in {"weekly", "fortnightly"} and day.day > 7:
        raise ValidationErrors({"#/payout_schedule/day": "Choose a weekday from 1, Monday, to 7."})


def _write(row: Row, shop: ShopSettings, payout_schedule: PayoutDay) -> MoneySettings:
    names = {field.name for field in msgspec.structs.fields(MoneySettings)} - {"payout_schedule"}
    values = {name: getattr(shop if name in _OF_SHOP else row, name) for name in names}
    values["discount_bearers"] = {code: Decimal(part) for code, part in row.discount_bearers.items()}
    for name in ("fee_tax_bps", "discount_bps", "reserve_bps"):
        values[name] = Decimal(values[name]).quantize(Decimal("0.01"))
    return MoneySettings(**values, payout_schedule=payout_schedule)

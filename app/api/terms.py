"""/vendors/{id}/money-terms"""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from flask import g
from msgspec import Meta

from app.api.operations import check_version, operation
from app.api.settings import Bearer, Days, FeeParty, Minor, Party, PayoutDay, Share, check_day
from app.api.shapes import Bps, check_bps
from app.auth import api
from app.auth.scopes import Scope
from app.commissions.agreements import get_overrides, lock, save_overrides
from app.errors import NotFound
from app.models.vendors import Vendor

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class MoneyTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What you agreed with one vendor alone. Null, or left out: as for everybody."""

    shipping_to: Party | None = None
    shipping_share: Annotated[
        Share | None, Meta(description="How the vendor's part of shared shipping is reckoned.")
    ] = None
    shipping_tax_to: Party | None = None
    sales_tax_to: Party | None = None
    payment_fees_to: FeeParty | None = None
    keep_payment_fee: bool | None = None
    keep_commission: bool | None = None
    refund_bearer: Annotated[
        Bearer | None, Meta(description="Who bears the vendor's part of refunds and lost disputes without items.")
    ] = None
    dispute_fee_to: Annotated[
        Party | None, Meta(description="Who bears the vendor's part of the fee for a lost chargeback.")
    ] = None
    fee_tax_bps: Bps | None = None
    discount_bps: Bps | None = None
    discount_bearers: Annotated[
        dict[str, Bps], Meta(description="The vendor's part by code or title in upper case, in basis points.")
    ] = {}
    hold_days: Days | None = None
    payout_minimum_minor: Minor | None = None
    reserve_bps: Bps | None = None
    reserve_days: Days | None = None
    payout_schedule: PayoutDay | None = None
    shipping_names: Annotated[
        list[Name], Meta(max_length=50, description="Names or codes of shipping rates that are this vendor's alone.")
    ] = []


@operation("GET", "/vendors/<int:vendor_id>/money-terms", tag="Commission", scope=Scope.COMMISSIONS_READ)
def get_money_terms(vendor_id: int) -> MoneyTerms:
    """Get what you agreed with one vendor alone."""
    _check_vendor(vendor_id)
    held = get_overrides(g.session, vendor_id)
    if own := held.get("payout_schedule"):
        held["payout_schedule"] = {"schedule": own["schedule"], "day": own["day"]}
    known = {field.name for field in msgspec.structs.fields(MoneyTerms)}
    return msgspec.convert({name: value for name, value in held.items() if name in known}, MoneyTerms, strict=False)


@operation(
    "PUT",
    "/vendors/<int:vendor_id>/money-terms",
    tag="Commission",
    scope=Scope.TERMS_WRITE,
    has_version=True,
)
def replace_money_terms(vendor_id: int, body: MoneyTerms) -> MoneyTerms:
    """Replace what you agreed with one vendor alone.

    Orders that were seen before keep what held then.
    """
    _check_vendor(vendor_id)
    lock(g.session, g.shop.id)
    check_version(get_money_terms(vendor_id))
    save_overrides(g.session, g.shop, vendor_id, _checked(body), api.actor())
    return get_money_terms(vendor_id)


def _checked(body: MoneyTerms) -> dict[str, Any]:
    """As `save_overrides` wants it. Raises ValidationErrors."""
    for name in ("fee_tax_bps", "discount_bps", "reserve_bps"):
        if (rate := getattr(body, name)) is not None:
            check_bps(rate, name)
    for code, part in body.discount_bearers.items():
        check_bps(part, f"#/discount_bearers/{code}")
    when = body.payout_schedule
    if when:
        check_day(when)
    chosen = msgspec.structs.asdict(body)
    names = {name.strip().lower() for name in body.shipping_names} - {""}
    bearers = body.discount_bearers.items()
    return chosen | {
        "payout_schedule": msgspec.structs.asdict(when) if when else None,
        "discount_bearers": {code.strip().upper(): str(Decimal(part)) for code, part in bearers},
        "shipping_names": tuple(sorted(names)),
    }


def _check_vendor(vendor_id: int) -> None:
    found = g.session.get(Vendor, vendor_id)
    if found is None or found.shop_id != g.shop.id:
        raise NotFound("There is no such vendor.")

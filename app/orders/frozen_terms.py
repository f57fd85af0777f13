"""The merchant's terms as orders, refunds and disputes keep them from their first sight on: written, and read again."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from app.commissions.agreements import Agreed
from app.commissions.terms import Terms, own_shipping
from app.orders import facts
from app.shopify import payloads_orders as payloads

_SHIPPING: Final = ("shipping_to", "shipping_tax_to", "shipping_share")
_CHOICES: Final = (*_SHIPPING, "payment_fees_to")


def order_terms(agreed: Agreed) -> dict[str, Any]:
    """What the order itself keeps when it is first seen."""
    return {**{name: getattr(agreed.settings, name) for name in _SHIPPING}, "shipping_owners": {}}


def with_vendors(
    terms: Mapping[str, Any], agreed: Agreed, vendor_ids: Iterable[int], shipping: Iterable[payloads.ShippingLine]
) -> dict[str, Any]:
    """The order's terms with those of vendors and shipping lines that are new to it. What was there stays."""
    held = terms.get("vendors", {})
    alone = {v: agreed.of(v) for v in vendor_ids if str(v) not in held and _differs(agreed.of(v), terms)}
    added = {str(v): _of_vendor(one) for v, one in alone.items()} | held
    frozen = {**terms, **({"vendors": added} if added else {})}
    if any(one["payment_fees_to"] != facts.FeesTo.MARKETPLACE for one in added.values()):
        frozen["reads_fees"] = True
    if "shipping_owners" in terms:
        known = terms["shipping_owners"]
        owners = {
            str(line.id): own_shipping(agreed.alone, line.title or "", line.code or "")
            for line in shipping
            if str(line.id) not in known
        }
        frozen["shipping_owners"] = {**known, **owners}
    return frozen


def read_order_terms(terms: Mapping[str, Any]) -> facts.OrderTerms:
    return facts.OrderTerms(
        shipping_to=facts.Recipient(terms["shipping_to"]),
        shipping_tax_to=facts.Recipient(terms["shipping_tax_to"]),
        shipping_share=facts.ShippingShare(terms["shipping_share"]),
        vendors={int(vendor): read_vendor(one) for vendor, one in terms.get("vendors", {}).items()},
        shipping_owners={int(line): owner for line, owner in terms.get("shipping_owners", {}).items() if owner},
    )


def read_vendor(terms: Mapping[str, Any]) -> facts.VendorTerms:
    return facts.VendorTerms(
        shipping_to=facts.Recipient(terms["shipping_to"]),
        shipping_tax_to=facts.Recipient(terms["shipping_tax_to"]),
        shipping_share=facts.ShippingShare(terms["shipping_share"]) if "shipping_share" in terms else None,
        payment_fees_to=facts.FeesTo(terms["payment_fees_to"]),
        reserve_bps=Decimal(terms["reserve_bps"]),
        reserve_days=terms["reserve_days"],
    )


def return_terms(agreed: Agreed) -> dict[str, Any]:
    """What a refund or a dispute keeps of how its vendors' commission and payment fee are treated."""
    shared = (agreed.shared.keep_commission, agreed.shared.keep_payment_fee)
    alone = {str(v): [t.keep_commission, t.keep_payment_fee] for v, t in agreed.alone.items()}
    others = {vendor: keeps for vendor, keeps in alone.items() if tuple(keeps) != shared}
    bearers = {
        str(v): t.refund_bearer for v, t in agreed.alone.items() if t.refund_bearer != agreed.shared.refund_bearer
    }
    return {
        "keep_payment_fee": shared[1],
        **({"alone": others} if others else {}),
        **({"bearers": bearers} if bearers else {}),
    }


def dispute_terms(agreed: Agreed) -> dict[str, Any]:
    shared = agreed.shared
    fees = {str(v): t.dispute_fee_to for v, t in agreed.alone.items() if t.dispute_fee_to != shared.dispute_fee_to}
    return {
        **return_terms(agreed),
        "keep_commission": shared.keep_commission,
        "bearer": shared.refund_bearer,
        "fee_minor": agreed.settings.dispute_fee_minor,
        "fee_currency": agreed.currency,
        "fee_to": shared.dispute_fee_to,
        **({"fee_to_alone": fees} if fees else {}),
    }


def with_return_terms(refund: facts.Refund, terms: Mapping[str, Any]) -> facts.Refund:
    """The refund with what was frozen for it, and with the vendor a person has put it on since."""
    named = terms.get("put_on")
    return replace(
        refund,
        keep_payment_fee=terms.get("keep_payment_fee", False),
        alone=read_alone(terms),
        bearers=read_bearers(terms),
        bearer=facts.RefundBearer.VENDOR if named else refund.bearer,
        bearer_vendor_id=named,
    )


def read_alone(terms: Mapping[str, Any]) -> dict[int, facts.Keeps]:
    return {int(vendor): facts.Keeps(*keeps) for vendor, keeps in terms.get("alone", {}).items()}


def read_bearers(terms: Mapping[str, Any]) -> dict[int, facts.RefundBearer]:
    return {int(vendor): facts.RefundBearer(bearer) for vendor, bearer in terms.get("bearers", {}).items()}


def _of_vendor(terms: Terms) -> dict[str, Any]:
    names = {name: getattr(terms, name) for name in _CHOICES}
    return {**names, "reserve_bps": str(terms.reserve_bps), "reserve_days": terms.reserve_days}


def _differs(terms: Terms, order: Mapping[str, Any]) -> bool:
    """Whether a vendor's terms are others than `facts.OrderTerms.of` gives to whom the order does not name."""
    reserve, fees = terms.reserve_bps or terms.reserve_days, terms.payment_fees_to != facts.FeesTo.MARKETPLACE
    return bool(reserve) or fees or any(getattr(terms, name) != order[name] for name in _SHIPPING)

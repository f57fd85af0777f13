"""From Shopify's spelling of an order to the facts that the money rules work with. Pure reading, nothing is stored."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

import msgspec
from msgspec.structs import replace

from app.commissions import queries as commissions
from app.commissions.rules import FULL_BPS
from app.commissions.terms import EVERY_DISCOUNT
from app.money import parse_minor
from app.orders import facts
from app.orders.additions import asked_until, in_turn
from app.orders.bank_news import ended_at
from app.orders.cells import round_fraction
from app.orders.frozen_terms import read_alone, read_bearers, read_order_terms, with_return_terms
from app.orders.held import DisputeRow, Held, LineRow, ParcelRow, PaymentRow, RefundRow
from app.shopify import payloads_orders as payloads

_EVEN = Fraction(1)
_CHARGES = frozenset({"sale", "capture"})
_GONE_FULFILMENTS = frozenset({"cancelled", "error", "failure"})


class Frozen(msgspec.Struct, frozen=True):
    """What was frozen for a line when it was first seen."""

    terms: facts.LineTerms = facts.LineTerms()
    discount_bearers: Mapping[str, str] = {}


_NOTHING_FROZEN: Final = Frozen()


def read_known(one: Held) -> facts.Order:
    """Everything known of an order: the snapshot, what was told beside it, what was frozen and what a person said."""
    assert one.order is not None
    assert one.body is not None
    order, body = one.order, one.body
    rate = shop_rate(body)
    known = read_order(
        body,
        {number: _thaw(line) for number, line in one.lines.items()},
        read_order_terms(order.terms),
        [_read_kept(refund, order.currency, rate) for refund in one.refunds.values()],
        [_read_parcel(parcel) for parcel in one.live_parcels if parcel.shopify_id is not None],
    )
    if not (one.disputes or one.payments or order.additions.edits or order.lifted or order.unknown_since):
        return known
    edits = in_turn(order.additions, body.updated_at)
    paid_in, paid_within = _paid_in(one.payments.values(), body, rate)
    return replace(
        known,
        edits=tuple(facts.Edit(edit.units, edit.removed, edit.off) for edit in edits),
        asked_until=asked_until(order.additions),
        disputes=tuple(read_dispute(dispute, body, rate) for dispute in one.disputes.values()),
        payment_fees=tuple(
            facts.PaymentFee(payment.shopify_id, payment.processed_at, payment.fee_minor)
            for payment in one.payments.values()
            if payment.fee_minor
        ),
        paid_in=paid_in,
        paid_within=paid_within,
        is_unknown=order.unknown_since is not None,
        lifted=frozenset(entry["flag"] for entry in order.lifted),
    )


def read_order(
    order: payloads.Order,
    lines: Mapping[int, Frozen],
    terms: facts.OrderTerms,
    refunds: Iterable[facts.Refund],
    fulfilments: Iterable[facts.Fulfilment],
) -> facts.Order:
    """The order with what was frozen for its lines. `refunds` and `fulfilments` may know more than the snapshot."""
    currency = order.currency
    items = tuple(_line(item, order, lines.get(item.id, _NOTHING_FROZEN)) for item in order.line_items)
    total = _minor(order.total_price_set)
    within = [read_refund(refund, currency, rate=shop_rate(order)) for refund in order.refunds]
    duties = _minor(order.original_total_duties_set) or sum(line.duties for line in items)
    outstanding = _outstanding(order)
    returned = _known_returned(within, outstanding)
    return facts.Order(
        id=order.id,
        currency=currency,
        ordered_at=order.processed_at or order.created_at,
        updated_at=order.updated_at,
        payment=_payment(order),
        total=total,
        current_total=_minor(order.current_total_price_set) if order.current_total_price_set else total - returned,
        outstanding=outstanding,
        outstanding_within=outstanding_within(order),
        known_returned=returned,
        lines=items,
        shipping=tuple(_shipping(line) for line in order.shipping_lines),
        tips=_tips(order),
        duties=duties,
        additional_fees=_minor(order.original_total_additional_fees_set),
        cash_rounding=_minor(order.total_cash_rounding_payment_adjustment_set),
        cash_rounding_back=_minor(order.total_cash_rounding_refund_adjustment_set),
        taxes_included=order.taxes_included,
        cancelled_at=order.cancelled_at,
        test=order.test,
        refunds=tuple(refunds),
        fulfilments=tuple(fulfilments),
        terms=terms,
    )


def read_refund(
    refund: payloads.Refund,
    currency: str,
    *,
    rate: Fraction,
    keep_commission: bool = False,
    bearer: facts.RefundBearer = facts.RefundBearer.SPREAD,
) -> facts.Refund:
    """A refund with the merchant's choices for it. `currency` is the shop's, `rate` the order's (see `shop_rate`)."""
    lines = tuple(_refund_line(line) for line in refund.refund_line_items)
    shipping = tuple(_shipping_refund(line) for line in refund.refund_shipping_lines)
    others = [a for a in refund.order_adjustments if a.kind != "shipping_refund"]
    if not shipping:  # the older spelling, as a negative adjustment
        shipping = tuple(
            facts.ShippingRefund(shipping_id=None, amount=-_minor(a.amount_set), tax=-_minor(a.tax_amount_set))
            for a in refund.order_adjustments
            if a.kind == "shipping_refund"
        )
    adjustments = sum(_minor(a.amount_set) + _minor(a.tax_amount_set) for a in others)
    duties = _minor(refund.total_duties_set)
    taxes = sum(line.tax for line in lines) + sum(part.tax for part in shipping)
    named = duties + sum(line.subtotal for line in lines) + sum(part.amount for part in shipping) - adjustments
    return facts.Refund(
        id=refund.id,
        at=refund.processed_at or refund.created_at,
        returned=_returned(refund, currency, (named + taxes, named), rate),
        has_transactions=any(t.kind == "refund" for t in refund.transactions),
        lines=lines,
        shipping=shipping,
        duties=duties,
        adjustments=adjustments,
        keep_commission=keep_commission,
        bearer=bearer,
    )


def read_dispute(row: DisputeRow, order: payloads.Order, rate: Fraction) -> facts.Dispute:
    """A dispute with the merchant's choices for it. `rate` is the order's (see `shop_rate`)."""
    body, terms = msgspec.convert(row.snapshot, type=payloads.Dispute), row.terms
    amount = parse_minor(body.amount, body.currency)
    named = terms.get("put_on")
    return facts.Dispute(
        id=body.id,
        opened_at=body.initiated_at,
        ended_at=ended_at(body),
        amount=amount if body.currency == order.currency else round_fraction(amount * rate),
        in_another_currency=body.currency not in (order.currency, order.presentment_currency),
        state=facts.DisputeState(row.state),
        is_chargeback=body.type == "chargeback",
        # Of an order from before the shop's currency changed nobody said what a chargeback costs.
        fee=terms["fee_minor"] if terms.get("fee_currency", order.currency) == order.currency else 0,
        fee_to_vendors=terms["fee_to"] == "vendor",
        keep_commission=terms["keep_commission"],
        keep_payment_fee=terms["keep_payment_fee"],
        alone=read_alone(terms),
        fee_to_alone={int(v): to == "vendor" for v, to in terms.get("fee_to_alone", {}).items()},
        bearers=read_bearers(terms),
        bearer=facts.RefundBearer.VENDOR if named else facts.RefundBearer(terms["bearer"]),
        bearer_vendor_id=named,
    )


def shop_rate(order: payloads.Order) -> Fraction:
    """How much shop money one of the customer's minor units was worth at the sale."""
    total = order.total_price_set
    if total.presentment_money is None or total.presentment_money.currency_code == order.currency:  # as nearly always
        return _EVEN
    sold: tuple[payloads.LineItem | payloads.ShippingLine, ...] = (*order.line_items, *order.shipping_lines)
    # Of what a discount has left, however little, the quotient is too coarse: both are rounded.
    told = [total, *(part.amount_set for line in sold for part in line.discount_allocations)]
    theirs = sum(parse_minor(part.amount, part.currency_code) for one in told if (part := one.presentment_money))
    return Fraction(sum(map(_minor, told)), theirs) if theirs else _EVEN


def is_live(fulfilment: payloads.Fulfillment) -> bool:
    """Whether the parcel is really on its way."""
    return fulfilment.status not in _GONE_FULFILMENTS


def address_lines(order: payloads.Order) -> list[str]:
    """The address on the parcel, top to bottom. No e-mail and no telephone: those stay with the shop."""
    to = order.shipping_address
    if to is None:
        return []
    town = " ".join(part for part in (to.zip, to.city, to.province_code) if part)
    lines = (customer_name(order), to.company, to.address1, to.address2, town, to.country)
    return [line for line in lines if line]


def customer_name(order: payloads.Order) -> str:
    to = order.shipping_address
    if to and to.name:
        return to.name
    person = order.customer
    return " ".join(part for part in (person.first_name, person.last_name) if part) if person else ""


def _thaw(line: LineRow) -> Frozen:
    terms = facts.LineTerms(
        vendor_id=line.vendor_id,
        rule=commissions.thaw_rule(line.rule) if line.rule else None,
        fee_tax_bps=line.fee_tax_bps,
        tax_to=facts.Recipient(line.tax_to),
        hold_days=line.hold_days,
    )
    return Frozen(terms, line.discount_bearers)


def _read_kept(row: RefundRow, currency: str, rate: Fraction) -> facts.Refund:
    bearer = facts.RefundBearer(row.bearer)
    refund = read_refund(row.body, currency, rate=rate, keep_commission=row.keep_commission, bearer=bearer)
    return with_return_terms(refund, row.terms)


def _read_parcel(parcel: ParcelRow) -> facts.Fulfilment:
    assert parcel.shopify_id is not None
    quantities = {int(line_id): units for line_id, units in parcel.quantities.items()}
    return facts.Fulfilment(id=parcel.shopify_id, at=parcel.fulfilled_at, quantities=quantities)


def _line(item: payloads.LineItem, order: payloads.Order, frozen: Frozen) -> facts.Line:
    refunded = sum(
        part.quantity for refund in order.refunds for part in refund.refund_line_items if part.line_item_id == item.id
    )
    duties = sum(parse_minor(d.shop_money.amount, order.currency) for d in item.duties if d.shop_money)
    return facts.Line(
        id=item.id,
        title=item.title,
        quantity=item.quantity,
        current_quantity=item.quantity - refunded if item.current_quantity is None else item.current_quantity,
        unit_price=_minor(item.price_set),
        discounts=tuple(_discount(part, order, frozen) for part in item.discount_allocations),
        taxes=_taxes(item.tax_lines),
        duties=duties,
        grams=item.grams or 0,
        gift_card=item.gift_card,
        tip=item.tip is not None,
        terms=frozen.terms,
    )


def _discount(part: payloads.DiscountAllocation, order: payloads.Order, frozen: Frozen) -> facts.Discount:
    at = part.discount_application_index
    named = order.discount_applications[at] if 0 <= at < len(order.discount_applications) else None
    name = ((named.code or named.title or named.description or "") if named else "").strip().upper()
    return facts.Discount(_minor(part.amount_set), Decimal(_part_of(frozen.discount_bearers, name)))


def _part_of(bearers: Mapping[str, str], name: str) -> str | Decimal:
    return bearers.get(name) or bearers.get(EVERY_DISCOUNT) or FULL_BPS


def _shipping(line: payloads.ShippingLine) -> facts.ShippingLine:
    return facts.ShippingLine(
        id=line.id,
        title=line.title or "",
        price=_minor(line.price_set),
        discount=sum(_minor(part.amount_set) for part in line.discount_allocations),
        taxes=_taxes(line.tax_lines),
        removed=line.is_removed,
    )


def _refund_line(line: payloads.RefundLineItem) -> facts.RefundLine:
    return facts.RefundLine(
        line_id=line.line_item_id,
        quantity=line.quantity,
        subtotal=_minor(line.subtotal_set),
        tax=_minor(line.total_tax_set),
        cancelled=line.restock_type == "cancel",
        came_back=line.restock_type == "return",
    )


def _shipping_refund(line: payloads.RefundShippingLine) -> facts.ShippingRefund:
    inside = line.shipping_line.get("id") if line.shipping_line else None
    return facts.ShippingRefund(
        shipping_id=line.shipping_line_id or inside,
        amount=_minor(line.subtotal_amount_set),
        tax=_minor(line.tax_amount_set),
    )


def _known_returned(refunds: Iterable[facts.Refund], outstanding: int) -> int:
    """Refunded money plus order adjustments. What was taken off and not given back yet is an adjustment, and may be in
    what is outstanding as well: it must not count twice.
    """
    returned, pending = 0, 0
    for refund in refunds:
        returned += refund.returned + refund.adjustments
        pending += 0 if refund.has_transactions else refund.adjustments
    return returned - max(0, min(pending, -outstanding))


def _paid_in(payments: Iterable[PaymentRow], order: payloads.Order, rate: Fraction) -> tuple[int | None, int]:
    """What was charged successfully, in shop money, and by how much that may be off: by one of the customer's minor
    units for each payment and refund in them. None when nothing was charged, or in a third currency.
    """
    charged = [one for one in payments if one.kind in _CHARGES and one.status == "success"]
    if not charged or any(one.currency not in (order.currency, order.presentment_currency) for one in charged):
        return None, 0
    theirs = [parse_minor(one.amount, one.currency) for one in charged if one.currency != order.currency]
    ours = sum(parse_minor(one.amount, one.currency) for one in charged if one.currency == order.currency)
    within = ceil(rate * (len(theirs) + len(order.refunds))) if theirs else 0
    return ours + round_fraction(sum(theirs) * rate), within


def _returned(refund: payloads.Refund, currency: str, named: tuple[int, int], rate: Fraction) -> int:
    """Money that went back, in shop money.

    Charged in another currency, Shopify's own shop-money parts say how much; without any, the rate of the sale does.
    `named` are these parts with the tax beside them, and with the tax in them: what comes nearest to the rate is meant.
    """
    done = [t for t in refund.transactions if t.kind == "refund" and t.status == "success"]
    if all(t.currency in (None, currency) for t in done):
        return sum(parse_minor(t.amount, currency) for t in done)
    converted = round_fraction(sum(parse_minor(t.amount, t.currency or currency) for t in done) * rate)
    said = [amount for amount in named if amount > 0]
    return min(said, key=lambda amount: abs(amount - converted)) if said else converted


def _tips(order: payloads.Order) -> int:
    """By the total, or by the lines where that does not say all of it."""
    lines = sum(_minor(item.price_set) * item.quantity for item in order.line_items if item.tip is not None)
    return max(parse_minor(order.total_tip_received, order.currency), lines)


def _payment(order: payloads.Order) -> facts.Payment:
    if order.financial_status is None or order.financial_status in payloads.UNPAID:
        return facts.Payment.NOTHING
    return facts.Payment.PARTLY if order.is_partly_paid else facts.Payment.SETTLED


def _outstanding(order: payloads.Order) -> int:
    """In shop money; Shopify writes it in the customer's currency."""
    written = order.presentment_currency or order.currency
    amount = parse_minor(order.total_outstanding, written)
    return amount if written == order.currency else round_fraction(amount * shop_rate(order))


def outstanding_within(order: payloads.Order) -> int:
    """By how much what is outstanding, or was paid beyond the order, may be off in shop money: a half of either
    currency's smallest unit, and as much again because the rate is read off rounded amounts.
    """
    if (order.presentment_currency or order.currency) == order.currency:
        return 0
    return ceil(1 + shop_rate(order))


def _taxes(lines: Iterable[payloads.TaxLine]) -> tuple[facts.Tax, ...]:
    return tuple(facts.Tax(_minor(line.price_set), bool(line.channel_liable)) for line in lines)


def _minor(amount: payloads.MoneySet | None) -> int:
    return parse_minor(amount.shop_money.amount, amount.shop_money.currency_code) if amount else 0

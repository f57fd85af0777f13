"""Random lives of orders: what Shopify may tell in the course of time, and what it never should."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from msgspec.structs import replace

from app.orders.facts import (
    Discount,
    Dispute,
    DisputeState,
    FeesTo,
    Line,
    Order,
    OrderTerms,
    Payment,
    PaymentFee,
    Recipient,
    Refund,
    RefundBearer,
    ShippingRefund,
    ShippingShare,
    Tax,
    VendorTerms,
)
from tests.orders.make import ADA, BEA, DAY_0, line, order, refund, returns, sent, shipping, terms

_AGREED = st.sampled_from([RefundBearer.SPREAD, RefundBearer.MARKETPLACE])
_BEARERS = st.dictionaries(st.sampled_from([ADA, BEA]), _AGREED, max_size=2)


@st.composite
def lines(draw: st.DrawFn, line_id: int, currency: str) -> Line:
    quantity, price = draw(st.integers(1, 5)), draw(st.integers(0, 20000))
    discount = draw(st.integers(0, quantity * price))
    tax = draw(st.integers(0, (quantity * price - discount) // 4))
    return line(
        line_id,
        quantity,
        price,
        discounts=(Discount(discount, Decimal(draw(st.sampled_from([0, 3333, 5000, 10000])))),) if discount else (),
        taxes=(Tax(tax, draw(st.booleans())),) if tax else (),
        terms=terms(
            draw(st.sampled_from([ADA, BEA, None])),
            draw(st.sampled_from(["0", "759", "1000", "1234.56", "10000"])),
            flat=draw(st.sampled_from([{}, {currency: 50}])),
            net_of_tax=draw(st.booleans()),
            with_shipping=draw(st.booleans()),
            fee_tax_bps=Decimal(draw(st.sampled_from([0, 1900]))),
            tax_to=draw(st.sampled_from(Recipient)),
            hold_days=draw(st.sampled_from([0, 14, 30])),
        ),
    )


@st.composite
def vendor_terms(draw: st.DrawFn) -> VendorTerms:
    return VendorTerms(
        shipping_to=draw(st.sampled_from(Recipient)),
        shipping_tax_to=draw(st.sampled_from(Recipient)),
        shipping_share=draw(st.sampled_from([None, *ShippingShare])),
        payment_fees_to=draw(st.sampled_from(FeesTo)),
        reserve_bps=Decimal(draw(st.sampled_from([0, 500, 10000]))),
        reserve_days=draw(st.sampled_from([0, 30, 400])),
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """A settled order without refunds, whose parts add up."""
    count = draw(st.integers(1, 4))
    price = draw(st.integers(0, 3000))
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    order_terms = OrderTerms(
        shipping_to=draw(st.sampled_from(Recipient)),
        shipping_tax_to=draw(st.sampled_from(Recipient)),
        shipping_share=draw(st.sampled_from(ShippingShare)),
        vendors={vendor: draw(vendor_terms()) for vendor in (ADA, BEA) if draw(st.booleans())},
        shipping_owners={369: ADA} if draw(st.integers(0, 4)) == 0 else {},
    )
    return order(
        *(draw(lines(line_id, currency)) for line_id in range(1, count + 1)),
        shipping=(shipping(price, taxes=(Tax(draw(st.integers(0, price // 4))),)),),
        currency=currency,
        tips=draw(st.sampled_from([0, 250])),
        duties=draw(st.sampled_from([0, 99])),
        taxes_included=draw(st.booleans()),
        terms=order_terms,
    )


@st.composite
def refunds(draw: st.DrawFn, of: Order) -> tuple[Refund, ...]:
    """Up to four refunds of any shape; together never more than was paid."""
    made, room = [], of.total
    for refund_id in range(1, draw(st.integers(0, 4)) + 1):
        returned = draw(st.integers(0, room))
        part = draw(st.sampled_from(of.lines))
        named = draw(st.booleans())
        goods = draw(st.integers(0, returned))
        made.append(
            refund(
                refund_id,
                returned,
                *([returns(part.id, 1, goods, min(part.tax, returned - goods))] if named else []),
                day=draw(st.integers(1, 9)),
                keep_commission=draw(st.booleans()),
                keep_payment_fee=draw(st.booleans()),
                bearer=draw(st.sampled_from(RefundBearer)),
                bearer_vendor_id=draw(st.sampled_from([None, ADA, BEA])),
                bearers=draw(_BEARERS),
            )
        )
        room -= returned
    return tuple(made)


@st.composite
def disputes(draw: st.DrawFn, room: int) -> tuple[Dispute, ...]:
    """Up to two, together over no more than `room`."""
    made = []
    for dispute_id in range(1, draw(st.integers(0, 2)) + 1):
        amount = draw(st.integers(0, room))
        opened = DAY_0 + timedelta(days=draw(st.integers(0, 9)))
        made.append(
            Dispute(
                id=dispute_id,
                opened_at=opened,
                ended_at=opened + timedelta(days=20),
                amount=amount,
                state=draw(st.sampled_from(DisputeState)),
                is_chargeback=draw(st.integers(0, 4)) > 0,
                fee=draw(st.sampled_from([0, 1500])),
                fee_to_vendors=draw(st.booleans()),
                keep_commission=draw(st.booleans()),
                keep_payment_fee=draw(st.booleans()),
                fee_to_alone=draw(st.sampled_from([{}, {ADA: True}, {BEA: False}])),
                bearer=draw(st.sampled_from(RefundBearer)),
                bearer_vendor_id=draw(st.sampled_from([None, ADA, BEA])),
                bearers=draw(_BEARERS),
            )
        )
        room -= amount
    return tuple(made)


@st.composite
def payment_fees(draw: st.DrawFn) -> tuple[PaymentFee, ...]:
    return tuple(PaymentFee(i, DAY_0, draw(st.integers(0, 900))) for i in range(1, draw(st.integers(0, 2)) + 1))


@st.composite
def stories(draw: st.DrawFn) -> Order:
    sold = draw(orders())
    made = draw(refunds(sold))
    shipped = tuple(sent(i, {part.id: part.quantity}, i) for i, part in enumerate(sold.lines, 1) if draw(st.booleans()))
    back = sum(each.returned for each in made)
    return replace(
        sold,
        refunds=made,
        fulfilments=shipped,
        disputes=draw(disputes(sold.total - back)),
        payment_fees=draw(payment_fees()),
        current_total=sold.total - back,
        known_returned=back,
        cancelled_at=DAY_0 if draw(st.integers(0, 9)) == 0 else None,
    )


@st.composite
def nonsense(draw: st.DrawFn) -> Order:
    """Refunds, parcels, totals and edits that contradict each other: what the network and other apps can send."""
    sold = draw(orders())
    parts = tuple(
        replace(part, current_quantity=draw(st.integers(0, part.quantity)), gift_card=draw(st.booleans()))
        for part in sold.lines
    )
    line_ids = st.integers(1, len(parts) + 1)
    made = tuple(
        refund(
            number,
            draw(st.integers(0, 30000)),
            *(
                returns(draw(line_ids), draw(st.integers(0, 6)), draw(st.integers(0, 20000)), draw(st.integers(0, 900)),
                        cancelled=draw(st.booleans()), came_back=draw(st.booleans()))
                for _ in range(draw(st.integers(0, 2)))
            ),
            shipping=(ShippingRefund(shipping_id=draw(st.sampled_from([None, 1])), amount=draw(st.integers(0, 900))),),
            duties=draw(st.sampled_from([0, 99])),
            adjustments=draw(st.sampled_from([0, -500, 500])),
            has_transactions=draw(st.booleans()),
            keep_commission=draw(st.booleans()),
            keep_payment_fee=draw(st.booleans()),
            bearer=draw(st.sampled_from(RefundBearer)),
            bearer_vendor_id=draw(st.sampled_from([None, ADA, BEA, 77])),
            bearers=draw(_BEARERS),
        )
        for number in range(draw(st.integers(0, 3)))
    )  # fmt: skip
    return replace(
        sold,
        lines=parts,
        shipping=tuple(replace(one, removed=draw(st.booleans())) for one in sold.shipping),
        refunds=made,
        fulfilments=tuple(
            sent(i, {draw(line_ids): draw(st.integers(0, 5))}, i) for i in range(draw(st.integers(0, 3)))
        ),
        total=draw(st.sampled_from([sold.total, sold.total + 7, 0])),
        current_total=draw(st.integers(0, 60000)),
        disputes=draw(disputes(90000)),
        payment_fees=draw(payment_fees()),
        outstanding=draw(st.sampled_from([0, 100, -500])),
        payment=draw(st.sampled_from(Payment)),
        cancelled_at=draw(st.sampled_from([None, DAY_0])),
        test=draw(st.booleans()),
    )

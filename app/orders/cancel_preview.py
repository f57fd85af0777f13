"""What cancelling items would do to everybody's money, by the very rules that will book it."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from msgspec.structs import replace

from app import clock
from app.commissions.agreements import get_agreed
from app.db import scoped
from app.ledger.rules import VENDOR_BALANCES, Balance
from app.models.orders import VendorOrder
from app.money import Money
from app.orders import facts
from app.orders.cells import round_fraction
from app.orders.frozen_terms import return_terms, with_return_terms
from app.orders.held import read_held
from app.orders.intake import read_known
from app.orders.rules import balances, book_to_date


@dataclass(frozen=True, slots=True)
class Effect:
    """`returned`: what the customer gets back, in shop money. `vendor`: what the vendor has less of it (minus)."""

    returned: Money
    vendor: Money


def preview(part: VendorOrder, units: Mapping[int, int]) -> Effect:
    """What it would do. Only the shop sees the whole order, so it is read as the shop; the vendor gets two amounts."""
    with scoped(part.shop_id) as session:
        known = read_known(read_held(session, part.shop_id, [part.order_shopify_id])[part.order_shopify_id])
        agreed = get_agreed(session, part.shop_id)
    now = clock.now()
    refund = facts.Refund(
        id=2**63 - 1,
        at=now,
        returned=0,
        lines=tuple(_lines(known, units)),
        keep_commission=agreed.shared.keep_commission,
        bearer=facts.RefundBearer(agreed.shared.refund_bearer),
    )
    refund = with_return_terms(refund, return_terms(agreed))
    due = sum(line.subtotal + (0 if known.taxes_included else line.tax) for line in refund.lines)
    returned = 0 if known.payment is facts.Payment.NOTHING else max(0, due - max(0, known.outstanding))
    refund = replace(refund, returned=returned, has_transactions=returned > 0)
    after = replace(
        known,
        refunds=(*known.refunds, refund),
        current_total=known.current_total - due,
        known_returned=known.known_returned + returned,
    )
    before = balances(book_to_date(known, now).postings)
    difference = _of(balances(book_to_date(after, now).postings), part.vendor_id) - _of(before, part.vendor_id)
    return Effect(Money(returned, part.currency), Money(difference, part.currency))


def _lines(known: facts.Order, units: Mapping[int, int]) -> list[facts.RefundLine]:
    found = []
    for line in known.lines:
        count = units.get(line.id, 0)
        if count:
            part = Fraction(count, line.quantity)
            net = round_fraction((line.gross - line.discount) * part)
            tax = round_fraction(line.tax * part)
            found.append(facts.RefundLine(line_id=line.id, quantity=count, subtotal=net, tax=tax, cancelled=True))
    return found


def _of(balance: Balance, vendor_id: int) -> int:
    return sum(
        amount for (account, owner), amount in balance.items() if owner == vendor_id and account in VENDOR_BALANCES
    )

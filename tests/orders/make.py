"""Orders for tests, in the words of money.md's cast: Ada's Ceramics is vendor 1, Bea's Bakery vendor 2."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from app.commissions.rules import Rule
from app.ledger.rules import Account, Balance
from app.orders.cells import cells_of
from app.orders.facts import (
    Edit,
    Fulfilment,
    Line,
    LineTerms,
    Order,
    OrderTerms,
    Payment,
    Recipient,
    Refund,
    RefundLine,
    ShippingLine,
)
from app.orders.rules import balances, book_to_date
from app.orders.shipped_goods import shipped_goods

ADA, BEA = 1, 2
DAY_0 = datetime(2026, 10, 1, 12, tzinfo=UTC)
TO_MARKETPLACE = OrderTerms(shipping_to=Recipient.MARKETPLACE)


def rule(bps: int | str = 1000, **amounts: Any) -> Rule:
    return Rule(id=1, version=1, name="Default", rate_bps=Decimal(bps), is_default=True, **amounts)


def terms(vendor_id: int | None = ADA, bps: int | str = 1000, **more: Any) -> LineTerms:
    amounts = {name: more.pop(name) for name in ("flat", "floor", "cap", "net_of_tax", "with_shipping") if name in more}
    return LineTerms(vendor_id=vendor_id, rule=rule(bps, **amounts) if vendor_id else None, **more)


def line(line_id: int, quantity: int, unit_price: int, **more: Any) -> Line:
    more.setdefault("terms", terms())
    return Line(id=line_id, quantity=quantity, **{"current_quantity": quantity, "unit_price": unit_price, **more})


def order(*lines: Line, **more: Any) -> Order:
    """A paid order whose total is what its parts come to, unless `total` says otherwise."""
    facts: dict[str, Any] = {
        "id": 450,
        "currency": "USD",
        "ordered_at": DAY_0,
        "updated_at": DAY_0,
        "payment": Payment.SETTLED,
        "lines": lines,
        "total": 0,
        "current_total": 0,
        **more,
    }
    bare = Order(**facts)
    total = more.get("total", sum(cell.owed for cell in cells_of(bare, shipped_goods(bare))))
    returned = sum(refund.returned for refund in bare.refunds)
    current = more.get("current_total", total - returned)
    return replace(bare, total=total, current_total=current, known_returned=more.get("known_returned", returned))


def shipping(price: int, **more: Any) -> ShippingLine:
    return ShippingLine(id=369, price=price, **more)


def adding(*units: dict[str, int]) -> tuple[Edit, ...]:
    """Edits that only added something, the oldest first."""
    return tuple(map(Edit, units))


def refund(refund_id: int, returned: int, *lines: RefundLine, day: int = 3, **more: Any) -> Refund:
    return Refund(id=refund_id, at=DAY_0 + timedelta(days=day), returned=returned, lines=lines, **more)


def returns(line_id: int, quantity: int, subtotal: int, tax: int = 0, **more: Any) -> RefundLine:
    return RefundLine(line_id=line_id, quantity=quantity, subtotal=subtotal, tax=tax, **more)


def sent(day: int, quantities: dict[int, int], fulfilment_id: int = 1) -> Fulfilment:
    return Fulfilment(id=fulfilment_id, at=DAY_0 + timedelta(days=day), quantities=quantities)


def balance(of: Order, day: int = 1) -> Balance:
    return balances(book_to_date(of, DAY_0 + timedelta(days=day)).postings)


def vendor_total(of: Order, vendor_id: int, day: int = 1) -> int:
    return sum(amount for (_, vendor), amount in balance(of, day).items() if vendor == vendor_id)


def account(of: Order, name: Account, day: int = 1) -> int:
    return sum(amount for (account_, _), amount in balance(of, day).items() if account_ is name)

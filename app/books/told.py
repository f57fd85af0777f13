"""An order's money in plain lines, for the command line: what the pages of its amounts say, out of the same look."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.books.explain import Explanation, Step, explain, list_discounts
from app.ledger import listing
from app.models.ledger import LedgerTransaction
from app.models.orders import Order, VendorOrder
from app.money import Money
from app.orders.reasons import say_way
from app.orders.words import ACCOUNT_WORDS, HOLD_WORDS, KIND_WORDS, STAGE_WORDS, name_component
from app.payouts.queries import STATE_WORDS


def tell_order(session: Session, order: Order) -> Iterator[str]:
    """Each vendor's amounts from the price to the payout, then what is the marketplace's alone."""
    yield f"Order {order.name} of {order.ordered_at:%Y-%m-%d %H:%M}, {order.financial_status or 'not paid'}"
    yield from (f"  Look at it: {flag}" for flag in order.flags)
    parts = select(VendorOrder).where(VendorOrder.order_id == order.id).order_by(VendorOrder.vendor_id)
    for part in session.scalars(parts).all():
        for component in _list_components(session, part):
            found = explain(session, part.shop_id, part.order_id, component, part.vendor_id)
            yield ""
            yield from _tell_amount(order, found)
    own = select(LedgerTransaction).where(LedgerTransaction.order_id == order.id, LedgerTransaction.vendor_id.is_(None))
    rows = listing.describe(session, session.scalars(own.order_by(LedgerTransaction.id)).all())
    if rows:
        yield ""
        yield "Marketplace alone"
    for row in rows:
        sides = ", ".join(
            f"{_side(entry.account)} {Money(entry.amount_minor, entry.currency)}" for entry in row.entries
        )
        yield f"  {row.transaction.happened_at:%Y-%m-%d %H:%M}  {_kind(row.transaction.kind)}: {sides}"


def _list_components(session: Session, part: VendorOrder) -> list[str]:
    """In the order in which they were booked first."""
    booked = select(LedgerTransaction.component).where(
        LedgerTransaction.order_id == part.order_id, LedgerTransaction.vendor_id == part.vendor_id
    )
    return list(dict.fromkeys(session.scalars(booked.order_by(LedgerTransaction.happened_at, LedgerTransaction.id))))


def _tell_amount(order: Order, found: Explanation) -> Iterator[str]:
    line = found.line
    what = f"{line.quantity} x {line.title}" if line else str(name_component(found.component))
    yield f"{found.vendor.name}: {what}"
    if line:
        yield _row("Price", found.money(line.gross_minor))
        for discount in list_discounts(order, line):
            yield _row(f"Discount {discount.name}", -discount.amount)
        for label, minor in (
            ("Of the discounts, borne by you", line.market_discount_minor),
            ("Tax in the price", -line.included_tax_minor),
            (f"Commission on {found.money(line.base_minor)}", -line.fee_minor if line.rule else 0),
            ("Tax on the commission", -line.fee_tax_minor),
            (f"{found.vendor.name} gets", line.vendor_minor),
            ("And the tax", line.tax_minor if line.tax_to == "vendor" else 0),
        ):
            if minor:
                yield _row(label, found.money(minor))
        version = f"{line.rule['name']}, version {line.rule['version']}. " if line.rule else ""
        yield f"  {version}{line.reason}"
    if how := found.reckoned:
        yield f"  {say_way(how, str(found.money(how['whole_minor'])))}"
    for step in found.steps:
        yield from _tell_step(found, step)
    yield _row("Earned with it now", found.total)
    yield from _tell_place(found)


def _tell_step(found: Explanation, step: Step) -> Iterator[str]:
    when, kind = f"{step.at:%Y-%m-%d %H:%M}", _kind(step.transaction.kind)
    if step.moves_only:
        yield f"    {when}  {kind}: {step.moved}, now {STAGE_WORDS.get(step.to, '')}"
        return
    others = ", ".join(f"{_side(entry.account)} {found.money(entry.amount_minor)}" for entry in step.others)
    yield f"    {when}  {kind}: {step.amount}" + (f" ({others})" if others else "")


def _tell_place(found: Explanation) -> Iterator[str]:
    for account, amount in found.stages.items():
        if account != "vendor_available":
            yield _row(str(STAGE_WORDS[account]).capitalize(), amount)
    if found.unpaid:
        yield _row("Available, in no payout yet", found.unpaid)
    for paid in found.paid:
        yield _row(f"Payout {paid.payout.reference}, {str(STATE_WORDS[paid.payout.state]).lower()}", paid.amount)
    if not found.part.is_checked:
        yield f"  {HOLD_WORDS['check']}"
    if found.part.is_test:
        yield f"  {HOLD_WORDS['test_order']}"


def _row(label: str, amount: object) -> str:
    return f"  {label}: {amount}"


def _kind(kind: str) -> str:
    return str(KIND_WORDS.get(kind, kind))


def _side(account: str) -> str:
    return str(ACCOUNT_WORDS.get(account, account))

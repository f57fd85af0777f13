"""What must always hold of edited orders: what they add is at nobody's cost, and shipping stays with whoever sends."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.ledger.rules import Account, Balance, add_entries
from app.orders.cells import cells_of
from app.orders.facts import (
    Discount,
    Edit,
    Line,
    Order,
    OrderTerms,
    Payment,
    ShippingLine,
    ShippingShare,
    Tax,
)
from app.orders.part_payments import pay_partly
from app.orders.rules import balances, book_to_date
from app.orders.shipped_goods import shipped_goods
from app.orders.shipping import value_of
from app.orders.stages import Bucket, Stage
from tests.orders.histories import lines, orders, stories
from tests.orders.make import adding, sent
from tests.orders.test_properties import LATE, WANTED, WITH_THE_BANK, quick

_BY_GOODS = (ShippingShare.BY_VALUE, ShippingShare.BY_WEIGHT)


@quick
@given(orders(), st.integers(1, 3), st.integers(0, 2), st.data())
def test_what_edits_add_takes_nothing_from_anybody_until_it_is_paid(
    sold: Order, edits: int, paid: int, data: st.DataObject
) -> None:
    """What was added and paid before counts like the rest."""
    added = [_draw_edit(data, number, sold) for number in range(edits)]
    steps = _enlarge_in_steps(sold, added)
    whole, known = steps[-1], steps[min(paid, edits - 1)]
    # What is then added for nothing waits for no payment.
    known = next(step for step in reversed(steps) if step.total == known.total)
    lacking = whole.total - known.total
    assume(lacking)
    edited = replace(whole, payment=Payment.PARTLY, outstanding=lacking)
    booked = book_to_date(edited, LATE)
    assert booked.flags == ()
    assert balances(booked.postings) == balances(book_to_date(known, LATE).postings)


@quick
@given(orders(), st.integers(1, 3), st.data())
def test_shipping_stays_with_the_goods_it_came_with(sold: Order, edits: int, data: st.DataObject) -> None:
    steps = _enlarge_in_steps(sold, [_draw_edit(data, number, sold) for number in range(edits)])
    for before, after in pairwise(map(_shares_of_shipping, steps)):
        assert before.items() <= after.items()


@quick
@given(orders(), st.data())
def test_goods_that_become_cheaper_keep_their_part_of_the_shipping(sold: Order, data: st.DataObject) -> None:
    """Also if more units come then, at the lower price."""
    off = {each.id: data.draw(st.integers(0, each.gross - each.discount)) for each in sold.lines}
    cheaper = [replace(each, discounts=(*each.discounts, Discount(off[each.id]))) for each in sold.lines]
    times = data.draw(st.integers(1, 3))
    more = {f"line:{each.id}": each.quantity * (times - 1) for each in sold.lines}
    told = {f"line:{number}": amount for number, amount in off.items()}
    whole = _enlarge(replace(sold, lines=tuple(_multiply(each, times) for each in cheaper)), ())
    later = replace(whole, edits=(Edit(off=told), Edit(more)))
    assert _shares_of_shipping(later) == _shares_of_shipping(sold)


@quick
@given(orders(), st.data())
def test_what_comes_in_exchange_is_sent_as_if_it_had_been_ordered_at_first(sold: Order, data: st.DataObject) -> None:
    """At the worth of what it replaces, whatever it costs itself."""
    gone, comes = data.draw(st.sampled_from(sold.lines)), data.draw(lines(70, sold.currency))
    others = [each for each in sold.lines if each is not gone]
    edit = Edit({"line:70": comes.quantity}, {f"line:{gone.id}": gone.quantity})
    exchanged = replace(sold, lines=(*others, replace(gone, current_quantity=0), comes), edits=(edit,))
    at_first = replace(sold, lines=(*others, replace(gone, id=70, terms=comes.terms)))
    assert _shares_of_shipping(exchanged) == _shares_of_shipping(at_first)


@quick
@given(orders(), st.data())
def test_an_exchange_takes_no_shipping_from_whose_goods_did_not_go(sold: Order, data: st.DataObject) -> None:
    """But for a cent, by rounding; where nobody's part depends on how many vendors send."""
    weighed = tuple(replace(each, grams=100 * each.id) for each in sold.lines)
    sold = replace(sold, lines=weighed, terms=OrderTerms(shipping_share=data.draw(st.sampled_from(_BY_GOODS))))
    assume(any(map(value_of, weighed)))
    gone, comes = data.draw(st.sampled_from(sold.lines)), data.draw(lines(70, sold.currency))
    edit = Edit({"line:70": comes.quantity}, {f"line:{gone.id}": data.draw(st.integers(1, gone.quantity))})
    left = replace(gone, current_quantity=gone.quantity - edit.removed[f"line:{gone.id}"])
    exchanged = replace(
        sold, lines=(*(each if each is not gone else left for each in sold.lines), comes), edits=(edit,)
    )
    before, after = _parts_of_shipping(sold), _parts_of_shipping(exchanged)
    assert sum(before.values()) == sum(after.values())
    for party in before.keys() - {gone.terms.vendor_id}:
        assert after.get(party, 0) >= before[party] - 1


@quick
@given(orders(), st.data(), st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_no_part_is_paid_less_when_more_is_received(sold: Order, data: st.DataObject, parts: list[float]) -> None:
    """But for a cent, by rounding."""
    bare, whole = _enlarge_in_steps(sold, [_draw_edit(data, 1, sold)])
    cells = cells_of(whole, shipped_goods(whole))
    before: dict[str, int] = {}
    for received in sorted({bare.total, whole.total, *(round(part * whole.total) for part in parts)}):
        paid = pay_partly(replace(whole, payment=Payment.PARTLY), cells, received)
        now = {cell.key: round(cell.owed * paid[cell.key]) for cell in cells}
        assert sum(now.values()) == received
        assert all(now[key] >= amount - 1 for key, amount in before.items()), received
        before = now


@quick
@given(stories(), st.data())
def test_a_part_payment_is_whole_whatever_edits_are_said_to_have_added(story: Order, data: st.DataObject) -> None:
    names = [f"line:{part.id}" for part in story.lines] + ["shipping:369", "line:99"]
    units = st.dictionaries(st.sampled_from(names), st.integers(1, 7))
    owes = data.draw(st.integers(0, story.current_total))
    off = st.dictionaries(st.sampled_from(names), st.integers(-500, 500))
    known = replace(
        story,
        payment=Payment.PARTLY,
        cancelled_at=None,
        outstanding=owes,
        edits=tuple(data.draw(st.lists(st.builds(Edit, units, units, off), max_size=3))),
    )
    booked = balances(book_to_date(known, LATE).postings)
    taken = sum(each.amount for each in story.disputes if each.is_chargeback and each.state in WITH_THE_BANK)
    back = sum(each.returned for each in story.refunds)
    assert -booked.get((Account.CUSTOMER_RECEIPTS, None), 0) == max(back, story.total - owes) - back
    assert booked.get((Account.CHARGEBACKS, None), 0) == taken
    assert sum(booked.values()) == 0


@settings(quick, max_examples=int(WANTED or 400))  # in few of them anything moves
@given(orders() | stories(), st.booleans(), st.data())
def test_what_is_available_while_shopify_is_asked_stays_so_whatever_it_answers(
    story: Order, partly: object, data: st.DataObject
) -> None:
    names = [f"line:{part.id}" for part in story.lines]
    units = st.dictionaries(st.sampled_from(names), st.integers(1, 5))
    story = replace(story, fulfilments=(sent(1, {part.id: part.quantity for part in story.lines}),))
    told = tuple(data.draw(st.lists(st.builds(Edit, units, units), max_size=2)))
    if partly:
        outstanding = data.draw(st.integers(0, story.current_total))
        story = replace(story, payment=Payment.PARTLY, cancelled_at=None, outstanding=outstanding)
    asked = book_to_date(replace(story, edits=told, asked_until=LATE + timedelta(days=1)), LATE)
    off = {f"line:{part.id}": data.draw(st.integers(0, part.discount)) for part in story.lines}
    answered = book_to_date(replace(story, edits=(*told, Edit(off=off))), LATE)
    for key, parts in asked.buckets.items():
        assert max(0, _available(parts)) <= max(0, _available(answered.buckets.get(key, [])))


class _Addition(NamedTuple):
    line: Line
    shipping: tuple[ShippingLine, ...]


def _draw_edit(data: st.DataObject, number: int, sold: Order) -> _Addition:
    """A line that comes on, and often shipping for it."""
    price = data.draw(st.none() | st.integers(0, 3000))
    more = () if price is None else (ShippingLine(id=370 + number, price=price, taxes=(Tax(price // 5),)),)
    return _Addition(data.draw(lines(70 + number, sold.currency)), more)


def _units(edit: _Addition) -> dict[str, int]:
    return {f"line:{edit.line.id}": edit.line.quantity} | {f"shipping:{one.id}": 1 for one in edit.shipping}


def _enlarge(sold: Order, added: Sequence[_Addition]) -> Order:
    """The order with these edits as well, and its total."""
    shipping = [*sold.shipping, *(one for edit in added for one in edit.shipping)]
    bare = replace(sold, lines=(*sold.lines, *(edit.line for edit in added)), shipping=tuple(shipping))
    total = sum(cell.owed for cell in cells_of(bare, shipped_goods(bare)))
    return replace(bare, total=total, current_total=total)


def _enlarge_in_steps(sold: Order, edits: Sequence[_Addition]) -> list[Order]:
    """The order before them, and after each."""
    parts = [edits[:number] for number in range(len(edits) + 1)]
    return [replace(_enlarge(sold, some), edits=adding(*map(_units, some))) for some in parts]


def _multiply(part: Line, times: int) -> Line:
    discounts = tuple(replace(each, amount=each.amount * times) for each in part.discounts)
    return replace(part, quantity=part.quantity * times, current_quantity=part.quantity * times, discounts=discounts)


def _shares_of_shipping(paid: Order) -> dict[str, Balance]:
    """By the source key of what was booked."""
    booked = [posting for posting in book_to_date(paid, LATE).postings if posting.component.startswith("shipping:")]
    return {posting.key: add_entries(posting.entries) for posting in booked if posting.kind == "sale"}


def _parts_of_shipping(sold: Order) -> dict[int | None, int]:
    parts: dict[int | None, int] = {}
    for cell in cells_of(sold, shipped_goods(sold)):
        if cell.shipping_id and cell.key.endswith(":sale"):
            parts[cell.vendor_id] = parts.get(cell.vendor_id, 0) + cell.owed
    return parts


def _available(parts: Sequence[Bucket]) -> int:
    return sum(part.amount for part in parts if part.stage is Stage.AVAILABLE)

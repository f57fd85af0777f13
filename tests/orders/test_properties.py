"""What must always hold, whatever the order looks like and in whichever order its news arrives."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.ledger.rules import Account, Balance, Entry, add_entries, missing_entries
from app.orders.cells import cells_of
from app.orders.facts import (
    Discount,
    Line,
    Order,
    OrderTerms,
    Payment,
    Recipient,
    Refund,
    RefundBearer,
    ShippingRefund,
    ShippingShare,
    Tax,
)
from app.orders.rules import balances, book_to_date
from tests.orders.make import ADA, BEA, DAY_0, line, order, refund, returns, sent, shipping, terms

quick = settings(max_examples=80, deadline=None, derandomize=True)
LATE = DAY_0.replace(year=2027)


@st.composite
def lines(draw: st.DrawFn, line_id: int) -> Line:
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
            flat=draw(st.sampled_from([{}, {"USD": 50}])),
            net_of_tax=draw(st.booleans()),
            fee_tax_bps=Decimal(draw(st.sampled_from([0, 1900]))),
            tax_to=draw(st.sampled_from(Recipient)),
        ),
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """A settled order without refunds, whose parts add up."""
    count = draw(st.integers(1, 4))
    price = draw(st.integers(0, 3000))
    order_terms = OrderTerms(
        shipping_to=draw(st.sampled_from(Recipient)),
        shipping_tax_to=draw(st.sampled_from(Recipient)),
        shipping_share=draw(st.sampled_from(ShippingShare)),
    )
    return order(
        *(draw(lines(line_id)) for line_id in range(1, count + 1)),
        shipping=(shipping(price, taxes=(Tax(draw(st.integers(0, price // 4))),)),),
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
                bearer=draw(st.sampled_from(RefundBearer)),
            )
        )
        room -= returned
    return tuple(made)


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
        current_total=sold.total - back,
        known_returned=back,
        cancelled_at=DAY_0 if draw(st.integers(0, 9)) == 0 else None,
    )


@quick
@given(stories())
def test_all_parties_together_have_what_customers_paid_and_did_not_get_back(story: Order) -> None:
    books = balances(book_to_date(story, LATE).postings)
    assert sum(books.values()) == 0
    back = sum(each.returned for each in story.refunds)
    assert -books.get((Account.CUSTOMER_RECEIPTS, None), 0) == story.total - back


@quick
@given(orders())
def test_what_the_customer_owes_is_what_the_lines_shipping_and_tax_come_to(sold: Order) -> None:
    goods = sum(part.gross - part.discount for part in sold.lines) + sum(part.price for part in sold.shipping)
    tax = sum(part.tax for part in sold.lines) + sum(part.tax for part in sold.shipping)
    extras = sold.tips + sold.duties
    assert sum(cell.owed for cell in cells_of(sold)) == goods + extras + (0 if sold.taxes_included else tax)


@quick
@given(stories())
def test_every_posting_balances_and_stands_for_one_vendor_at_most(story: Order) -> None:
    postings = book_to_date(story, LATE).postings
    assert len({posting.key for posting in postings}) == len(postings)
    for posting in postings:
        assert sum(entry.amount for entry in posting.entries) == 0
        assert {entry.vendor_id for entry in posting.entries} <= {None, posting.vendor_id}


@quick
@given(stories(), st.randoms(use_true_random=False), st.data())
def test_any_order_of_arrival_with_replays_ends_in_the_same_balances(
    story: Order, chance: object, data: st.DataObject
) -> None:
    news = [*story.refunds, *story.fulfilments]
    arrivals = data.draw(st.permutations([*news, *news]))
    known: set[int] = set()
    ledger: dict[str, Balance] = {}
    for arrived in arrivals:
        known.add(id(arrived))
        partial = replace(
            story,
            refunds=tuple(r for r in story.refunds if id(r) in known),
            fulfilments=tuple(f for f in story.fulfilments if id(f) in known),
        )
        _post(ledger, partial)
    _post(ledger, story)
    ended = add_entries(Entry(a, amount, v) for booked in ledger.values() for (a, v), amount in booked.items())
    assert ended == balances(book_to_date(story, LATE).postings)
    assert not _post(ledger, story), "a replay must find nothing to post"


@quick
@given(orders(), st.booleans(), st.data())
def test_a_full_refund_in_any_parts_leaves_every_party_at_zero(
    sold: Order, by_amount: object, data: st.DataObject
) -> None:
    if by_amount:
        cuts = sorted(data.draw(st.lists(st.integers(0, sold.total), max_size=3)))
        parts = [b - a for a, b in zip([0, *cuts], [*cuts, sold.total], strict=True)]
        made = tuple(refund(i, part) for i, part in enumerate(parts, 1))
    else:
        made = (*(_refund_line(part, sold) for part in data.draw(st.permutations(sold.lines))),)
        rest = sold.total - sum(each.returned for each in made)
        made = (*made, refund(99, rest, day=9))
    done = replace(sold, refunds=made, current_total=0, known_returned=sold.total)
    books = book_to_date(done, LATE)
    assert balances(books.postings) == {}
    assert not books.flags


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
        outstanding=draw(st.sampled_from([0, 100, -500])),
        payment=draw(st.sampled_from(Payment)),
        cancelled_at=draw(st.sampled_from([None, DAY_0])),
        test=draw(st.booleans()),
    )


@quick
@given(nonsense())
def test_nonsense_never_crashes_and_nothing_of_it_is_paid_out_unseen(story: Order) -> None:
    books = book_to_date(story, LATE)
    booked = balances(books.postings)
    for posting in books.postings:
        assert sum(entry.amount for entry in posting.entries) == 0
        assert {entry.vendor_id for entry in posting.entries} <= {None, posting.vendor_id}
    if not books.flags:
        assert (Account.UNEXPLAINED, None) not in booked
    if books.flags or story.test:
        assert not any(account is Account.VENDOR_AVAILABLE for account, _ in booked)
    for vendor in (ADA, BEA):
        staged = sum(b.amount for (_, owner), group in books.buckets.items() if owner == vendor for b in group)
        assert staged == sum(amount for (_, owner), amount in booked.items() if owner == vendor)


def _refund_line(part: Line, sold: Order) -> Refund:
    paid = part.gross - part.discount
    back = paid if sold.taxes_included else paid + part.tax
    return refund(part.id, back, returns(part.id, part.quantity, paid, part.tax), day=part.id)


def _post(ledger: dict[str, Balance], known: Order) -> int:
    """What the service does: post, key by key, what is missing. Returns how many postings that took."""
    target = {posting.key: posting.entries for posting in book_to_date(known, LATE).postings}
    posted = 0
    for key in target.keys() | ledger.keys():
        booked = [Entry(account, amount, vendor) for (account, vendor), amount in ledger.get(key, {}).items()]
        if missing := missing_entries(target.get(key, ()), booked):
            ledger[key] = add_entries([*booked, *missing])
            posted += 1
    return posted

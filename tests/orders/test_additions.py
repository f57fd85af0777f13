"""What edits added to an order: told by orders/edited and listed by Shopify, in any order, doubled or never."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import msgspec
import pytest

from app.ledger.rules import Account
from app.orders.additions import Addition, Additions, in_turn, with_read, with_told
from app.orders.cells import cells_of
from app.orders.facts import Discount, Edit, Order, Payment, ShippingRefund
from app.orders.part_payments import pay_partly
from app.orders.rules import book_to_date
from app.orders.shipped_goods import shipped_goods
from app.shopify import payloads_orders as payloads
from tests.orders.make import (
    ADA,
    BEA,
    DAY_0,
    TO_MARKETPLACE,
    account,
    adding,
    line,
    order,
    refund,
    shipping,
    terms,
    vendor_total,
)

News = payloads.OrderEdit | payloads.Order


def told(number: int, line_id: int, units: int = 1) -> payloads.OrderEdit:
    """An edit of minute `number`."""
    at = (DAY_0 + timedelta(minutes=number)).isoformat()
    body = {"id": number, "order_id": 450, "created_at": DAY_0.isoformat(), "committed_at": at,
            "line_items": {"additions": [{"id": line_id, "delta": units}], "removals": [{"id": 3}]}}  # fmt: skip
    return msgspec.convert(body, payloads.OrderEdit)


def read(minute: int, *edits: tuple[int, int]) -> payloads.Order:
    """The order of that minute, with Shopify's list of edits: minute and line."""
    at = DAY_0 + timedelta(minutes=minute)
    price = {"shop_money": {"amount": "1.00", "currency_code": "USD"}}
    added = [{"at": (DAY_0 + timedelta(minutes=m)).isoformat(), "units": {f"line:{n}": 1}} for m, n in edits]
    body = {"id": 450, "name": "#1", "currency": "USD", "created_at": DAY_0.isoformat(), "updated_at": at.isoformat(),
            "total_price_set": price, "app_read_afterwards": True, "app_additions": added}  # fmt: skip
    return msgspec.convert(body, payloads.Order)


def hear(news: Sequence[News]) -> Additions:
    known = Additions()
    for one in news:
        known = with_read(known, one) if isinstance(one, payloads.Order) else with_told(known, one)
    return known


def test_whatever_is_told_and_read_ends_alike_in_any_order_of_arrival() -> None:
    """The edit of line 9 was made between the reading of the order and that of the list."""
    news: list[News] = [told(1, 7), told(2, 8), read(2, (1, 7), (2, 8), (5, 9)), told(5, 9), told(1, 7), told(6, 4, 2)]
    ends = {in_turn_of(some) for some in permutations(news)}
    assert ends == {(("line:7", 1), ("line:8", 1), ("line:9", 1), ("line:4", 2))}


def in_turn_of(news: Sequence[News]) -> tuple[tuple[str, int], ...]:
    return tuple(item for edit in in_turn(hear(news), DAY_0 + timedelta(days=1)) for item in edit.units.items())


def test_what_was_never_told_comes_with_the_list() -> None:
    assert in_turn_of([told(1, 7), read(9, (1, 7), (8, 9))]) == (("line:7", 1), ("line:9", 1))
    assert in_turn_of([read(9, (1, 7), (8, 9)), read(2, (1, 7))]) == (("line:7", 1), ("line:9", 1))


def test_an_edit_that_is_not_in_the_order_yet_adds_nothing() -> None:
    known = hear([told(1, 7), told(5, 8)])
    assert [edit.units for edit in in_turn(known, DAY_0 + timedelta(minutes=4))] == [{"line:7": 1}]


def test_an_order_that_came_without_the_list_says_nothing_of_it() -> None:
    plain = msgspec.structs.replace(read(9), app_additions=None)
    assert hear([told(1, 7), plain]) == hear([told(1, 7)])


def test_shipping_and_lines_without_a_number_do_no_harm() -> None:
    odd = {"id": 1, "order_id": 450, "created_at": DAY_0.isoformat(),
           "line_items": {"additions": [{"delta": 1}, {"id": 7, "delta": 0}]},
           "shipping_lines": {"additions": [{"id": 369}]}}  # fmt: skip
    assert in_turn_of([msgspec.convert(odd, payloads.OrderEdit)]) == (("shipping:369", 1),)


def test_an_edit_told_twice_counts_once_and_one_without_a_time_not_at_all() -> None:
    timeless = msgspec.structs.replace(told(3, 8), created_at=None, committed_at=None)
    known = hear([told(1, 7), timeless, told(1, 7)])
    assert known == Additions((Addition(DAY_0 + timedelta(minutes=1), {"line:7": 1}, {"line:3": 1}, edit=1),))


def test_one_edit_may_name_a_line_twice() -> None:
    change = {"additions": [{"id": 7, "delta": 1}, {"id": 7, "delta": 2}]}
    body = {"id": 1, "order_id": 450, "created_at": DAY_0.isoformat(), "line_items": change}
    assert in_turn_of([msgspec.convert(body, payloads.OrderEdit)]) == (("line:7", 3),)


def test_edits_of_one_moment_stand_in_the_turn_of_their_numbers() -> None:
    later = msgspec.structs.replace(told(2, 8), committed_at=told(1, 7).committed_at)
    assert in_turn_of([later, told(1, 7)]) == in_turn_of([told(1, 7), later]) == (("line:7", 1), ("line:8", 1))


def test_moments_that_touch_are_counted_once() -> None:
    """The list ends before its moment: an edit of just then is not on it. An order has the edits of its own moment."""
    end = DAY_0 + timedelta(minutes=2) + payloads.READ_AFTER
    then = msgspec.structs.replace(told(1, 7), committed_at=end)
    known = Additions((Addition(end, {"line:7": 1}, {"line:3": 1}, edit=1),), end)
    assert hear([read(2), then]) == hear([then, read(2)]) == known
    assert in_turn(known, end) == [*known.edits]


def partly(received: int, *units: dict[str, int], **more: object) -> Order:
    """Ada's two at 10.00 and shipping of 5.00, then Bea's line of 30.00 added; so much was paid."""
    sold = order(
        line(1, 2, 1000), line(2, 1, 3000, terms=terms(BEA)), shipping=(shipping(500),), edits=adding(*units), **more
    )
    return msgspec.structs.replace(sold, payment=Payment.PARTLY, outstanding=sold.total - received)


@pytest.mark.parametrize(
    ("received", "ada", "bea"),
    # Nothing of the added line is paid; a part of what was there first; then a part of what came later.
    [(2500, 1800 + 500, 0), (1000, 720 + 200, 0), (4000, 1800 + 500, 1350)],
)
def test_what_had_been_ordered_first_is_paid_first(received: int, ada: int, bea: int) -> None:
    known = partly(received, {"line:2": 1})
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (ada, bea)
    assert account(known, Account.CUSTOMER_RECEIPTS) == -received


def test_without_an_edit_a_part_payment_is_everybodys() -> None:
    """2,750 of 5,500: the half of Ada's 18.00 and of Bea's 27.00, and of the shipping, 2.00 and 3.00 by value."""
    known = partly(2750)
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (900 + 100, 1350 + 150)


def test_of_a_line_that_was_enlarged_the_units_that_were_there_are_paid() -> None:
    """One of Ada's two units came later; 15.00 and the shipping are not enough for it and for nothing of Bea's."""
    known = partly(3000 + 1000 + 500 + 400, {"line:1": 1}, terms=TO_MARKETPLACE)
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (900 + 360, 2700)


def test_edits_are_paid_in_their_turn() -> None:
    known = partly(500 + 3000 + 1000, {"line:2": 1}, {"line:1": 2}, terms=TO_MARKETPLACE)
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (900, 2700)


@pytest.mark.parametrize(("received", "within"), [(5500, 0), (5501, 2), (5498, 2)])
def test_shipping_stays_with_the_goods_it_came_with(received: int, within: int) -> None:
    """Of two edits the first is paid: all of the shipping is still Ada's, whose goods were there first."""
    goods = line(1, 2, 1000), line(2, 1, 3000, terms=terms(BEA)), line(3, 1, 4000)
    sold = order(*goods, shipping=(shipping(500),), edits=adding({"line:2": 1}, {"line:3": 1}))
    known = msgspec.structs.replace(
        sold, payment=Payment.PARTLY, outstanding=sold.total - received, outstanding_within=within
    )
    total = sum((vendor_total(known, ADA), vendor_total(known, BEA)))
    assert vendor_total(known, BEA) == 2700
    assert total == 1800 + 2700 + 500
    settled = msgspec.structs.replace(sold, payment=Payment.SETTLED)
    assert (vendor_total(settled, ADA), vendor_total(settled, BEA)) == (1800 + 500 + 3600, 2700)


@pytest.mark.parametrize(
    ("edits", "ada"),
    [
        ((({}, {"line:1": 1500}),), 200),
        ((({}, {"line:1": 500}), ({}, {"line:1": 1000})), 200),
        # Nobody heard that more was off once, or it was heard.
        ((({}, {"line:1": 2000}),), 200),
        ((({}, {"line:1": 2000}), ({}, {"line:1": -500})), 200),
        ((({"line:1": 1}, {}), ({}, {"line:1": 1500})), 125),
        ((({}, {}), ({"line:1": 2}, {"line:1": 1500})), 0),
        ((({}, {"line:1": 750}), ({"line:1": 1}, {})), 125),
        ((({}, {"line:1": 500}), ({"line:1": 1}, {"line:1": 500})), 125),
        ((({"shipping:369": 1}, {"line:1": 1500}),), 71),
        ((({}, {"line:1": 1000}), ({"shipping:369": 1}, {"line:1": 500})), 71),
        ((({"shipping:369": 1}, {"line:1": 1000}), ({}, {"line:1": 500})), 125),
    ],
)
def test_a_later_discount_takes_no_shipping_from_whoever_sells_the_goods(
    edits: Sequence[tuple[dict[str, int], dict[str, int]]], ada: int
) -> None:
    """Ada's two at 10.00 and Bea's at 30.00 share 5.00 of shipping; by now 15.00 are off Ada's, and paid is 50.00."""
    goods = line(1, 2, 1000, discounts=(Discount(1500),)), line(2, 1, 3000, terms=terms(BEA))
    sold = order(*goods, shipping=(shipping(500),), edits=tuple(Edit(units, off=off) for units, off in edits))
    assert vendor_total(sold, ADA) == 450 + ada
    assert vendor_total(sold, BEA) == 2700 + 500 - ada


@pytest.mark.parametrize("edits", [({},), ({}, {"line:1": -1500})])
def test_a_discount_that_is_gone_again_moves_no_shipping(edits: Sequence[dict[str, int]]) -> None:
    """15.00 were off Ada's two; Bea keeps what her 30.00 had of the shipping."""
    off = ({"line:1": 1500}, *edits)
    goods = line(1, 2, 1000), line(2, 1, 3000, terms=terms(BEA))
    sold = order(*goods, shipping=(shipping(500),), edits=tuple(Edit(off=each) for each in off))
    assert (vendor_total(sold, ADA), vendor_total(sold, BEA)) == (1800 + 200, 2700 + 300)


def test_nine_more_at_a_great_discount_move_no_shipping() -> None:
    """Of Ada's one at 10.00 nine tenths were taken off; then nine came at that price."""
    goods = line(1, 10, 1000, discounts=(Discount(9000),)), line(2, 1, 3000, terms=terms(BEA))
    edits = Edit(off={"line:1": 900}), Edit({"line:1": 9})
    sold = order(*goods, shipping=(shipping(500),), edits=edits)
    assert (vendor_total(sold, ADA), vendor_total(sold, BEA)) == (900 + 125, 2700 + 375)


def test_an_edit_that_only_gives_a_discount_is_no_part_payment() -> None:
    """Within a cent of everything is not everything."""
    goods = line(1, 2, 1000, discounts=(Discount(500),)), line(2, 1, 3000, terms=terms(BEA))
    sold = order(*goods, edits=(Edit(off={"line:1": 500}),))
    known = msgspec.structs.replace(sold, payment=Payment.PARTLY, outstanding=1, outstanding_within=2)
    assert account(known, Account.CUSTOMER_RECEIPTS) == -4499


def test_goods_that_are_taken_off_keep_their_part_of_the_shipping() -> None:
    """More of Bea's came, and later all of Ada's went: 2.00 of the shipping stay Ada's until they are refunded."""
    goods = line(1, 2, 1000, current_quantity=0), line(2, 1, 1000, terms=terms(BEA)), line(3, 3, 1000, terms=terms(BEA))
    edits = Edit({"line:3": 3}), Edit(removed={"line:1": 2})
    edited: dict[str, Any] = {"edits": edits, "current_total": 4300}
    sold = order(*goods, shipping=(shipping(300),), **edited)
    assert (vendor_total(sold, ADA), vendor_total(sold, BEA)) == (200, 900 + 2700 + 100)
    back = refund(9, 300, shipping=(ShippingRefund(shipping_id=369, amount=300),))
    refunded = order(*goods, shipping=(shipping(300),), refunds=(back,), **edited | {"current_total": 4000})
    assert (vendor_total(refunded, ADA), vendor_total(refunded, BEA)) == (0, 900 + 2700)


def test_gifts_are_given_with_what_they_came_with() -> None:
    """Three at 10.00 less 1.00 each; one of them, and one of two free cards, came later. A free bow was there first."""
    mugs = line(1, 3, 1000, discounts=(Discount(300, Decimal(2500)),))
    gifts = line(4, 1, 0), line(5, 2, 0)
    sold = order(mugs, *gifts, shipping=(shipping(0),), edits=adding({"line:1": 1, "line:5": 1}))
    goods = shipped_goods(sold)
    cells = cells_of(sold, goods)
    two = msgspec.structs.replace(mugs, quantity=2, discounts=(Discount(200, Decimal(2500)),))
    one = msgspec.structs.replace(sold.lines[2], quantity=1)
    assert goods == {369: msgspec.structs.replace(sold, lines=(two, sold.lines[1], one))}
    free = "shipping:369:vendor:1:sale"
    assert pay_partly(sold, cells, 1800) == {
        "line:1:sale": Fraction(2, 3),
        "line:4:sale": 1,
        "line:5:sale": Fraction(1, 2),
        free: 1,
    }
    little = {"line:1:sale": Fraction(1, 10), "line:4:sale": 0, "line:5:sale": 0, free: 0}
    assert pay_partly(sold, cells, 270) == little


def test_shipping_that_came_on_is_paid_after_the_goods() -> None:
    known = partly(5000, {"shipping:369": 1})
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (1800, 2700)


@pytest.mark.parametrize(
    ("units", "bea"), [(({"line:2": 1}, {"line:3": 1}), 2700), (({"line:3": 1}, {"line:2": 1}), 0)]
)
def test_what_is_added_for_nothing_waits_only_for_what_came_before_it(
    units: tuple[dict[str, int], ...], bea: int
) -> None:
    """The marketplace gives Bea's line away; Ada's second, the other edit's, is not paid."""
    gift = line(2, 1, 3000, discounts=(Discount(3000, Decimal(0)),), terms=terms(BEA))
    sold = order(line(1, 1, 1000), gift, line(3, 1, 2000), edits=adding(*units))
    known = msgspec.structs.replace(sold, payment=Payment.PARTLY, outstanding=2000)
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (900, bea)


def test_units_that_came_and_went_again_are_owed_by_nobody() -> None:
    """Ada's line grew from one unit to two, and shrank again before anybody paid for it."""
    shrunk = line(1, 2, 1000, current_quantity=1)
    sold = order(
        shrunk, line(2, 1, 3000, terms=terms(BEA)), edits=adding({"line:1": 1, "line:2": 1}), current_total=4000
    )
    known = msgspec.structs.replace(sold, payment=Payment.PARTLY, outstanding=3000)
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (900, 0)


@pytest.mark.parametrize(("off", "ada", "bea"), [(-3, 2297, 0), (-2, 2300, 0), (2, 2300, 0), (3, 2300, 3)])
def test_what_is_off_by_a_cent_in_another_currency_was_for_what_there_was(off: int, ada: int, bea: int) -> None:
    known = msgspec.structs.replace(partly(2500 + off, {"line:2": 1}), outstanding_within=2)
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (ada, bea)


@pytest.mark.parametrize(
    ("received", "ada", "bea"),
    [(2000, 1800, 0), (2500, 1800 + 28, 386 + 43), (5499, 1800 + 200, 2699 + 300), (5500, 1800 + 200, 2700 + 300)],
)
def test_shipping_that_came_with_goods_is_theirs_as_well_before_they_are_paid(
    received: int, ada: int, bea: int
) -> None:
    """Of 35.00 that came on, 5.00 are shipping: 2.00 of it are Ada's and 3.00 Bea's."""
    known = partly(received, {"line:2": 1, "shipping:369": 1})
    assert (vendor_total(known, ADA), vendor_total(known, BEA)) == (ada, bea)


def test_a_part_of_the_shipping_is_told_once_it_is_paid_whole() -> None:
    before, later = (partly(received, {"line:2": 1}) for received in (2400, 2500))
    assert book_to_date(before, DAY_0).shipping_goods == {}
    [[number, goods]] = book_to_date(later, DAY_0).shipping_goods.items()
    assert (number, [line.id for line in goods.lines]) == (369, [1])
    with_goods = partly(5400, {"line:2": 1, "shipping:369": 1})
    assert book_to_date(with_goods, DAY_0).shipping_goods == {}

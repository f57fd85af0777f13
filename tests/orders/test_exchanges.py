"""Goods that an edit puts in the place of others: they are sent instead, and have their part of the shipping."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from msgspec.structs import replace

from app.orders.facts import Discount, Edit, Line, Order, OrderTerms, Payment, ShippingLine, ShippingShare
from app.orders.rules import book_to_date
from app.orders.shipping import reckon_part
from tests.orders.make import ADA, BEA, DAY_0, line, order, shipping, terms, vendor_total

CY = 3
BY_WEIGHT, EQUALLY = (OrderTerms(shipping_share=way) for way in (ShippingShare.BY_WEIGHT, ShippingShare.EQUALLY))


def parts(known: Order) -> tuple[int, int, int]:
    """Of the shipping, without the goods."""
    goods = dict.fromkeys((ADA, BEA, CY), 0)
    for one in known.lines:
        if one.terms.vendor_id:
            goods[one.terms.vendor_id] += (one.gross - one.discount) * one.current_quantity // one.quantity * 9 // 10
    ada, bea, cy = (vendor_total(known, vendor) - worth for vendor, worth in goods.items())
    return ada, bea, cy


def edited(*more: Line, edits: Sequence[Edit], left: int = 0, agreed: OrderTerms | None = None) -> Order:
    """Ada's two at 10.00 and Bea's one at 30.00 share 5.00 of shipping; of Ada's, so many are left."""
    lines = line(1, 2, 1000, current_quantity=left, grams=300), line(2, 1, 3000, grams=400, terms=terms(BEA))
    known = order(*lines, *more, shipping=(shipping(500),), edits=tuple(edits), terms=agreed or OrderTerms())
    now = sum((one.gross - one.discount) * one.current_quantity // one.quantity for one in known.lines) + 500
    return order(*lines, *more, shipping=known.shipping, edits=known.edits, terms=known.terms, current_total=now)


def cys(number: int, units: int, price: int, **more: object) -> Line:
    return line(number, units, price, grams=900, terms=terms(CY), **more)


@pytest.mark.parametrize("price", [100, 2000, 9000])
def test_what_comes_in_exchange_has_the_shipping_of_what_went_whatever_it_costs(price: int) -> None:
    known = edited(cys(3, 1, price), edits=[Edit({"line:3": 1}, {"line:1": 2})])
    assert parts(known) == (0, 300, 200)
    assert book_to_date(known, DAY_0).flags == ()


def test_what_is_dearer_and_not_paid_yet_has_it_too_and_costs_nobody_else_anything() -> None:
    """Cy's at 60.00 for Ada's 20.00: of the 55.00 that were paid, 20.00 are for it."""
    whole = edited(cys(3, 1, 6000), edits=[Edit({"line:3": 1}, {"line:1": 2})])
    known = replace(whole, payment=Payment.PARTLY, outstanding=4000)
    earned = [vendor_total(known, vendor) for vendor in (ADA, BEA, CY)]
    assert earned == [0, 2700 + 300, 1800 + 200]


@pytest.mark.parametrize(("agreed", "both"), [(BY_WEIGHT, (200, 300)), (EQUALLY, (250, 250))])
def test_so_it_is_by_weight_and_in_equal_parts(agreed: OrderTerms, both: tuple[int, int]) -> None:
    """Ada's weighed 600 of 1,000 grams; Cy's, heavier, takes their place."""
    assert parts(edited(cys(3, 1, 100), edits=[Edit({"line:3": 1}, {"line:1": 2})], agreed=agreed)) == (0, *both)


def test_a_part_that_goes_takes_its_part_along() -> None:
    assert parts(edited(cys(3, 1, 500), edits=[Edit({"line:3": 1}, {"line:1": 1})], left=1)) == (100, 300, 100)


def test_several_that_come_share_by_what_they_cost() -> None:
    comers = cys(3, 1, 1000), line(4, 3, 1000, terms=terms(BEA))
    assert parts(edited(*comers, edits=[Edit({"line:3": 1, "line:4": 3}, {"line:1": 2})])) == (0, 300 + 150, 50)


@pytest.mark.parametrize(
    "later", [Edit(off={"line:3": 900}), Edit({"line:3": 3}), Edit({"line:3": 1}, off={"line:3": 400})]
)
def test_they_share_it_by_what_they_cost_when_they_came(later: Edit) -> None:
    """Whatever comes on or becomes cheaper later, of what came, takes no shipping from anybody either."""
    off = later.off.get("line:3", 0)
    units = 1 + later.added.get("line:3", 0)
    cheaper = cys(3, units, 1000, discounts=(Discount(off),))
    edits = [Edit({"line:3": 1, "line:4": 3}, {"line:1": 2}), later]
    assert parts(edited(cheaper, line(4, 3, 1000, terms=terms(BEA)), edits=edits)) == (0, 300 + 150, 50)


def test_what_came_in_exchange_may_be_exchanged_in_its_turn() -> None:
    gone = cys(3, 2, 700, current_quantity=0)
    edits = [Edit({"line:3": 2}, {"line:1": 2}), Edit({"line:4": 1}, {"line:3": 2})]
    assert parts(edited(gone, line(4, 1, 900), edits=edits)) == (200, 300, 0)


def test_it_counts_what_the_goods_were_worth_when_the_shipping_came() -> None:
    """15.00 were taken off Ada's two before they went."""
    cheaper = line(1, 2, 1000, current_quantity=0, discounts=(Discount(1500),))
    edits = Edit(off={"line:1": 1500}), Edit({"line:3": 1}, {"line:1": 2})
    lines = cheaper, line(2, 1, 3000, terms=terms(BEA)), cys(3, 1, 800)
    assert parts(order(*lines, shipping=(shipping(500),), edits=edits, current_total=4300)) == (0, 300, 200)


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(removed={"line:1": 2}), Edit({"line:3": 1})],
        [Edit({"line:3": 1}), Edit(removed={"line:1": 2})],
        [Edit({"line:3": 1})],
    ],
)
def test_what_two_edits_do_is_no_exchange(edits: Sequence[Edit]) -> None:
    """Nor what nobody told of."""
    assert parts(edited(cys(3, 1, 2000), edits=edits)) == (200, 300, 0)


@pytest.mark.parametrize(("units", "ada"), [(1, 200), (2, 200), (3, 100), (4, 0)])
def test_of_a_line_that_grew_the_youngest_units_go_first(units: int, ada: int) -> None:
    """Two more of Ada's came and had no part of the shipping; these are exchanged first."""
    lines = line(1, 4, 1000, current_quantity=4 - units), line(2, 1, 3000, terms=terms(BEA)), cys(3, 1, 100)
    edits = Edit({"line:1": 2}), Edit({"line:3": 1}, {"line:1": units})
    now = 1000 * (4 - units) + 3000 + 100 + 500
    sold = order(*lines, shipping=(shipping(500),), edits=edits, current_total=now)
    assert parts(sold) == (ada, 300, 200 - ada)


def test_shipping_that_comes_with_the_exchange_is_not_of_what_goes() -> None:
    """Nor is shipping that comes later. By then Ada's one, Bea's at 30.00 and Cy's at 20.00 are in the order."""
    added = {"line:3": 1, "shipping:370": 1}
    for edits in ((Edit(added, {"line:1": 1}),), (Edit({"line:3": 1}, {"line:1": 1}), Edit({"shipping:370": 1}))):
        lines = line(1, 2, 1000, current_quantity=1), line(2, 1, 3000, terms=terms(BEA)), cys(3, 1, 2000)
        more = shipping(500), ShippingLine(id=370, price=600)
        sold = order(*lines, shipping=more, edits=edits, current_total=7100)
        assert parts(sold) == (100 + 100, 300 + 300, 100 + 200)


def test_neither_gift_cards_nor_tips_are_sent_in_the_place_of_anything() -> None:
    edits = [Edit({"line:3": 1, "line:4": 1}, {"line:1": 2})]
    paper = line(3, 1, 2000, gift_card=True, terms=terms(None)), line(4, 1, 100, tip=True, terms=terms(None))
    assert parts(edited(*paper, edits=edits)) == (200, 300, 0)


def test_commission_on_shipping_is_taken_by_the_rule_of_what_is_sent() -> None:
    fair, dear = (
        line(3, 1, 2000, terms=terms(CY, with_shipping=each, fee_tax_bps=Decimal(0))) for each in (False, True)
    )
    edits = [Edit({"line:3": 1}, {"line:1": 2})]
    assert parts(edited(fair, edits=edits)) == (0, 300, 200)
    assert parts(edited(dear, edits=edits)) == (0, 300, 180)


def test_the_vendor_is_told_how_the_part_is_reckoned() -> None:
    known = edited(cys(3, 1, 100), edits=[Edit({"line:3": 1}, {"line:1": 2})])
    goods = book_to_date(known, DAY_0).shipping_goods[369]
    assert reckon_part(known.shipping[0], goods, CY) == ("value", 4000, 500)
    assert reckon_part(known.shipping[0], goods, ADA) == ("value", 0, 500)

"""Whose the shipping is, and the commission on it."""

from decimal import Decimal
from typing import Any

from app.ledger.rules import Account
from app.orders.facts import Order, OrderTerms, Recipient, ShippingShare, Tax, VendorTerms
from app.orders.shipping import reckon_part
from tests.orders.make import ADA, BEA, TO_MARKETPLACE, account, line, order, shipping, terms, vendor_total

MARKET = VendorTerms(shipping_to=Recipient.MARKETPLACE)


def sold(terms_of_order: OrderTerms | None = None, **ada: Any) -> Order:
    """Ada's goods for 20.00 and Bea's for 10.00 at 10 %, shipping of 9.00 with 0.90 of tax on top."""
    return order(
        line(1, 1, 2000, terms=terms(ADA, **ada)),
        line(2, 1, 1000, terms=terms(BEA)),
        shipping=(shipping(900, taxes=(Tax(90),)),),
        terms=terms_of_order or OrderTerms(),
    )


def both(known: Order) -> tuple[int, int]:
    return vendor_total(known, ADA), vendor_total(known, BEA)


def test_shipping_is_shared_by_value_and_its_tax_stays_with_the_marketplace() -> None:
    assert both(sold()) == (1800 + 600, 900 + 300)
    assert account(sold(), Account.SHIPPING_TAX) == 90


def test_a_line_that_is_one_vendors_own_goes_to_that_vendor_whatever_else_holds() -> None:
    own = OrderTerms(shipping_to=Recipient.MARKETPLACE, shipping_owners={369: BEA})
    assert both(sold(own)) == (1800, 900 + 900)
    assert account(sold(own), Account.SHIPPING_REVENUE) == 0


def test_a_line_that_is_the_own_of_a_vendor_who_sold_nothing_here_is_shared() -> None:
    assert both(sold(OrderTerms(shipping_owners={369: 77}))) == both(sold())


def test_one_vendors_part_goes_to_the_marketplace_when_that_was_agreed_with_this_vendor_alone() -> None:
    alone = OrderTerms(vendors={ADA: MARKET})
    assert both(sold(alone)) == (1800, 900 + 300)
    assert account(sold(alone), Account.SHIPPING_REVENUE) == 600


def test_one_vendor_gets_shipping_and_its_tax_where_the_others_get_neither() -> None:
    terms_of_ada = VendorTerms(shipping_tax_to=Recipient.VENDOR)
    alone = OrderTerms(shipping_to=Recipient.MARKETPLACE, vendors={ADA: terms_of_ada})
    assert both(sold(alone)) == (1800 + 600 + 60, 900)
    assert account(sold(alone), Account.SHIPPING_TAX) == 30


def by(ada: ShippingShare | None, bea: ShippingShare | None, grams: tuple[int, int] = (100, 300)) -> tuple[int, int]:
    """The vendors' parts of 9.00; shared by value where nothing else is agreed, two thirds of it are Ada's."""
    agreed = {ADA: VendorTerms(shipping_share=ada), BEA: VendorTerms(shipping_share=bea)}
    known = order(
        line(1, 1, 2000, terms=terms(ADA), grams=grams[0]),
        line(2, 1, 1000, terms=terms(BEA), grams=grams[1]),
        shipping=(shipping(900),),
        terms=OrderTerms(vendors=agreed),
    )
    return both(known)[0] - 1800, both(known)[1] - 900


def test_the_part_of_a_vendor_with_whom_it_was_agreed_is_reckoned_in_another_way() -> None:
    assert by(None, None) == (600, 300)
    assert by(ShippingShare.EQUALLY, ShippingShare.EQUALLY) == (450, 450)
    assert by(ShippingShare.BY_WEIGHT, ShippingShare.BY_WEIGHT) == (225, 675)
    # 1/4 by weight and 1/3 by value: three to four.
    assert by(ShippingShare.BY_WEIGHT, None) == (386, 514)
    # 2/3 by value and 1/2 equally: four to three.
    assert by(None, ShippingShare.EQUALLY) == (514, 386)


def test_a_vendor_by_weight_has_an_equal_part_where_nothing_weighs_anything() -> None:
    assert by(ShippingShare.BY_WEIGHT, None, grams=(0, 0)) == by(ShippingShare.EQUALLY, None)
    assert sum(by(ShippingShare.BY_WEIGHT, None, grams=(0, 70))) == 900


def test_commission_is_taken_of_the_shipping_only_where_the_rule_says_so() -> None:
    taken = sold(with_shipping=True, fee_tax_bps=Decimal(1900))
    assert vendor_total(taken, ADA) == 1800 - 38 + 600 - 60 - 11
    assert vendor_total(taken, BEA) == 900 + 300
    assert account(taken, Account.COMMISSION) == 200 + 100 + 60
    assert account(taken, Account.FEE_TAX) == 38 + 11


def test_fixed_parts_of_a_rule_are_for_goods_only() -> None:
    taken = sold(with_shipping=True, flat={"USD": 50}, floor={"USD": 900})
    assert account(taken, Account.COMMISSION) == 900 + 100 + 60


def test_the_marketplaces_shipping_bears_no_commission() -> None:
    assert account(sold(TO_MARKETPLACE, with_shipping=True), Account.COMMISSION) == 300


def test_a_vendor_is_told_the_own_part_of_the_whole() -> None:
    by_weight = OrderTerms(vendors={BEA: VendorTerms(shipping_share=ShippingShare.EQUALLY)})
    own = OrderTerms(shipping_owners={369: BEA})
    for agreed, vendor, told in (
        (OrderTerms(), ADA, ("value", 6667, 900)),
        (OrderTerms(shipping_share=ShippingShare.EQUALLY), ADA, ("equal", 5000, 900)),
        # Two thirds by value and a half in equal parts are cut until they add up: four and three of seven.
        (by_weight, BEA, ("equal", 4286, 900)),
        (own, BEA, ("own", 10000, 900)),
        (own, ADA, ("own", 0, 900)),
    ):
        known = sold(agreed)
        assert reckon_part(known.shipping[0], known, vendor) == told

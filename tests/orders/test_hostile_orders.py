"""Orders and refunds that somebody would have to think up: nobody pays for what is not theirs, nothing is invented."""

from datetime import timedelta
from decimal import Decimal

from app.ledger.rules import Account
from app.orders.facts import Discount, ShippingRefund
from app.orders.rules import book_to_date
from tests.orders.make import (
    ADA,
    BEA,
    DAY_0,
    account,
    balance,
    line,
    order,
    refund,
    returns,
    sent,
    shipping,
    terms,
    vendor_total,
)

BY_MARKET = Decimal(0)


def test_a_returned_tip_comes_out_of_the_tips() -> None:
    sold = order(
        line(1, 1, 5000),
        line(2, 1, 300, tip=True, terms=terms(None)),
        tips=300,
        refunds=(refund(9, 300, returns(2, 1, 300)),),
    )
    assert vendor_total(sold, ADA) == 4500
    assert account(sold, Account.TIPS) == 0
    assert not book_to_date(sold, DAY_0).flags


def test_one_of_three_units_given_away_comes_back_and_two_stay_paid_for() -> None:
    sold = order(
        line(1, 3, 1000, discounts=(Discount(3000, BY_MARKET),)),
        refunds=(refund(9, 0, returns(1, 1, 0)),),
    )
    assert vendor_total(sold, ADA) == 1800


def test_a_line_given_away_stays_paid_for_when_only_the_other_vendors_goods_come_back() -> None:
    sold = order(
        line(1, 1, 1000, discounts=(Discount(1000, BY_MARKET),)),
        line(2, 1, 500, terms=terms(BEA)),
        refunds=(refund(9, 500, returns(2, 1, 500)),),
    )
    assert (vendor_total(sold, ADA), vendor_total(sold, BEA)) == (900, 0)
    assert account(sold, Account.DISCOUNTS_BORNE) == -1000


def test_a_unit_returned_after_it_was_sent_leaves_the_others_to_send() -> None:
    sold = order(
        line(1, 3, 1000),
        fulfilments=(sent(1, {1: 1}),),
        refunds=(refund(9, 1000, returns(1, 1, 1000, came_back=True)),),
    )
    assert balance(sold, day=60) == {
        (Account.VENDOR_PENDING, ADA): 1800,
        (Account.COMMISSION, None): 200,
        (Account.CUSTOMER_RECEIPTS, None): -2000,
    }


def test_of_two_parcels_the_return_is_taken_from_the_one_still_on_hold() -> None:
    sold = order(
        line(1, 2, 1000),
        fulfilments=(sent(1, {1: 1}, 1), sent(10, {1: 1}, 2)),
        refunds=(refund(9, 1000, returns(1, 1, 1000, came_back=True), day=20),),
    )
    assert balance(sold, day=20)[Account.VENDOR_AVAILABLE, ADA] == 900
    assert (Account.VENDOR_HELD, ADA) not in balance(sold, day=20)


def test_returned_duties_come_out_of_the_duties() -> None:
    sold = order(line(1, 1, 5000), duties=700, refunds=(refund(9, 700, duties=700),))
    assert vendor_total(sold, ADA) == 4500
    assert account(sold, Account.DUTIES) == 0
    assert not book_to_date(sold, DAY_0).flags


def test_shipping_taken_off_a_paid_order_is_the_customers_credit_and_then_returned() -> None:
    removed = shipping(2000, removed=True)
    edited = order(line(1, 1, 5000), shipping=(removed,), current_total=5000, outstanding=-2000)
    assert vendor_total(edited, ADA) == 4500
    assert account(edited, Account.CUSTOMER_CREDIT) == 2000
    repaid = order(line(1, 1, 5000), shipping=(removed,), current_total=5000, refunds=(refund(9, 2000),))
    assert vendor_total(repaid, ADA) == 4500
    assert account(repaid, Account.CUSTOMER_CREDIT) == 0
    for each in (edited, repaid):
        assert not book_to_date(each, DAY_0).flags


def test_free_shipping_leaves_nothing_to_share_and_nothing_to_give_back() -> None:
    free = shipping(2000, discount=2000)
    given = ShippingRefund(shipping_id=369, amount=0)
    sold = order(line(1, 1, 5000), shipping=(free,), refunds=(refund(9, 5000, returns(1, 1, 5000), shipping=(given,)),))
    assert balance(sold) == {}


def test_a_line_of_a_million_units_is_exact() -> None:
    sold = order(line(1, 10**6, 99999999, terms=terms(bps="759.01")))
    assert vendor_total(sold, ADA) + account(sold, Account.COMMISSION) == 10**6 * 99999999


def test_the_same_money_refunded_by_line_and_then_by_amount_ends_at_zero() -> None:
    sold = order(
        line(1, 3, 333, terms=terms(bps="1234.56")),
        line(2, 1, 1000, discounts=(Discount(1000, BY_MARKET),), terms=terms(BEA)),
        shipping=(shipping(101),),
        refunds=(refund(8, 333, returns(1, 1, 333)), refund(9, 767, day=4)),
    )
    assert balance(sold) == {}
    assert not book_to_date(sold, DAY_0 + timedelta(days=9)).flags

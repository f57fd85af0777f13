"""The worked examples of the money rules as literal tables, then every shape an order can take."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.ledger.rules import Account
from app.orders.cells import share_line
from app.orders.facts import Discount, OrderTerms, Payment, Recipient, RefundBearer, ShippingRefund, ShippingShare, Tax
from app.orders.rules import book_to_date
from app.orders.stages import next_release_at
from tests.orders.make import (
    ADA,
    BEA,
    DAY_0,
    TO_MARKETPLACE,
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


def test_a_coupon_on_one_line_borne_by_the_vendor() -> None:
    a = line(1, 3, 500, discounts=(Discount(300),))
    b = line(2, 2, 1000)
    sold = order(a, b, shipping=(shipping(2000),), terms=TO_MARKETPLACE)

    share_a, share_b = share_line(a, sold), share_line(b, sold)
    assert (share_a.base, share_a.fee, share_a.vendor) == (1200, 120, 1080)
    assert (share_b.base, share_b.fee, share_b.vendor) == (2000, 200, 1800)
    assert balance(sold) == {
        (Account.VENDOR_PENDING, ADA): 2880,
        (Account.COMMISSION, None): 320,
        (Account.SHIPPING_REVENUE, None): 2000,
        (Account.CUSTOMER_RECEIPTS, None): -5200,
    }


def test_a_partial_refund_takes_back_commission_and_vendor_in_their_proportion() -> None:
    sold = order(
        line(1, 3, 500),
        line(2, 2, 1000),
        shipping=(shipping(2000),),
        terms=TO_MARKETPLACE,
        refunds=(refund(9, 500, returns(1, 1, 500)),),
    )
    assert balance(sold) == {
        (Account.VENDOR_PENDING, ADA): 2700,
        (Account.COMMISSION, None): 300,
        (Account.SHIPPING_REVENUE, None): 2000,
        (Account.CUSTOMER_RECEIPTS, None): -5000,
    }


@pytest.mark.parametrize(
    ("price", "bps", "flat", "fee", "vendor"), [(200, 500, 500, 200, 0), (30000, 1000, 500, 3500, 26500)]
)
def test_percent_and_flat_never_take_more_than_the_base(price: int, bps: int, flat: int, fee: int, vendor: int) -> None:
    sold = line(1, 1, price, terms=terms(bps=bps, flat={"USD": flat}))
    share = share_line(sold, order(sold))
    assert (share.fee, share.vendor) == (fee, vendor)


def test_an_order_discount_follows_shopifys_allocations() -> None:
    sold = order(
        line(1, 1, 10000, discounts=(Discount(667),), terms=terms(ADA, 0)),
        line(2, 1, 5000, discounts=(Discount(333),), terms=terms(BEA, 0)),
    )
    assert (vendor_total(sold, ADA), vendor_total(sold, BEA)) == (9333, 4667)


def test_a_discount_borne_by_the_marketplace_costs_it_its_commission_and_more() -> None:
    sold = order(line(1, 1, 10000, discounts=(Discount(2000, Decimal(0)),)))
    assert vendor_total(sold, ADA) == 9000
    assert account(sold, Account.COMMISSION) == 1000
    assert account(sold, Account.DISCOUNTS_BORNE) == -2000
    assert account(sold, Account.CUSTOMER_RECEIPTS) == -8000


def test_a_shared_discount_is_borne_by_both() -> None:
    sold = line(1, 1, 10000, discounts=(Discount(1001, Decimal(5000)),))
    share = share_line(sold, order(sold))
    assert (share.vendor_discount, share.market_discount, share.base) == (501, 500, 9499)


def test_a_line_given_away_by_the_marketplace_still_pays_the_vendor() -> None:
    free = line(1, 1, 1000, discounts=(Discount(1000, Decimal(0)),))
    sold = order(free)
    assert vendor_total(sold, ADA) == 900
    assert account(sold, Account.DISCOUNTS_BORNE) == -1000
    assert account(sold, Account.CUSTOMER_RECEIPTS) == 0
    given_back = order(free, line(2, 1, 500), refunds=(refund(9, 500, returns(1, 1, 0), returns(2, 1, 500)),))
    assert vendor_total(given_back, ADA) == 0


def test_tax_on_top_goes_to_the_marketplace_unless_it_is_the_vendors() -> None:
    taxed = line(1, 1, 10000, taxes=(Tax(1000),))
    assert account(order(taxed), Account.SALES_TAX) == 1000
    assert vendor_total(order(taxed), ADA) == 9000
    own = line(1, 1, 10000, taxes=(Tax(1000),), terms=terms(tax_to=Recipient.VENDOR))
    assert vendor_total(order(own), ADA) == 10000


def test_included_tax_is_taken_out_before_it_is_given_to_its_recipient() -> None:
    sold = order(line(1, 1, 12000, taxes=(Tax(2000),)), taxes_included=True)
    assert sold.total == 12000
    assert (vendor_total(sold, ADA), account(sold, Account.COMMISSION), account(sold, Account.SALES_TAX)) == (
        8800,
        1200,
        2000,
    )
    net = order(line(1, 1, 12000, taxes=(Tax(2000),), terms=terms(net_of_tax=True)), taxes_included=True)
    assert (vendor_total(net, ADA), account(net, Account.COMMISSION)) == (9000, 1000)


def test_tax_that_the_channel_remits_belongs_to_neither() -> None:
    sold = order(line(1, 1, 10000, taxes=(Tax(600, channel_liable=True), Tax(400))))
    assert (account(sold, Account.CHANNEL_TAX), account(sold, Account.SALES_TAX)) == (600, 400)


def test_shipping_is_shared_over_the_vendors_by_value() -> None:
    sold = order(line(1, 1, 6000, terms=terms(ADA)), line(2, 1, 3000, terms=terms(BEA)), shipping=(shipping(1000),))
    assert (vendor_total(sold, ADA), vendor_total(sold, BEA)) == (5400 + 667, 2700 + 333)


def test_shipping_can_be_shared_equally_and_the_stores_own_goods_count() -> None:
    sold = order(
        line(1, 1, 6000, terms=terms(ADA)),
        line(2, 1, 3000, terms=terms(None)),
        shipping=(shipping(1000, discount=1),),
        terms=OrderTerms(shipping_share=ShippingShare.EQUALLY),
    )
    assert vendor_total(sold, ADA) == 5400 + 500
    assert account(sold, Account.SHIPPING_REVENUE) == 499
    assert account(sold, Account.GOODS_REVENUE) == 3000


def test_gift_cards_tips_duties_and_fees_have_accounts_of_their_own() -> None:
    card = line(1, 1, 5000, gift_card=True, terms=terms(None))
    sold = order(card, tips=300, duties=200, additional_fees=100, total=5605, cash_rounding=5, current_total=5600)
    sold_exact = order(card, tips=300, duties=200, additional_fees=100)
    assert account(sold_exact, Account.GIFT_CARDS) == 5000
    assert account(sold_exact, Account.TIPS) == 300
    assert account(sold_exact, Account.DUTIES) == 200
    assert account(sold_exact, Account.ADDITIONAL_FEES) == 100
    assert account(sold, Account.CASH_ROUNDING) == 5


def test_coins_rounded_on_the_way_in_and_out_leave_nothing_once_all_is_returned() -> None:
    """10.02 and 10.02 back, both in cash: the till took 10.00 and gave 10.05, as its coins allow."""
    sold = order(
        line(1, 1, 1002), refunds=(refund(9, 1002, returns(1, 1, 1002)),), cash_rounding=-2, cash_rounding_back=3
    )
    assert balance(sold) == {(Account.CASH_ROUNDING, None): -5, (Account.CUSTOMER_RECEIPTS, None): 5}
    even = order(
        line(1, 1, 1002), refunds=(refund(9, 1002, returns(1, 1, 1002)),), cash_rounding=-2, cash_rounding_back=-2
    )
    assert balance(even) == {}


def test_tax_on_the_commission_is_rounded_on_its_own_and_taken_from_the_vendor() -> None:
    sold = order(line(1, 1, 999, terms=terms(fee_tax_bps=Decimal(1900))))
    assert account(sold, Account.COMMISSION) == 100
    assert account(sold, Account.FEE_TAX) == 19
    assert vendor_total(sold, ADA) == 880


def test_a_rate_with_hundredths_is_exact() -> None:
    sold = line(1, 1, 1000000, terms=terms(bps="759"))
    assert share_line(sold, order(sold)).fee == 75900
    finer = line(1, 1, 10000000, terms=terms(bps="759.25"))
    assert share_line(finer, order(finer)).fee == 759250


@pytest.mark.parametrize("payment", [Payment.NOTHING])
def test_an_unpaid_or_voided_order_earns_nobody_anything(payment: Payment) -> None:
    assert balance(order(line(1, 1, 1000), payment=payment)) == {}
    assert balance(order(line(1, 1, 1000), payment=payment, cancelled_at=DAY_0)) == {}


def test_a_part_payment_is_shared_over_everything_it_pays_for() -> None:
    sold = order(line(1, 1, 1000), line(2, 1, 500, terms=terms(BEA)), payment=Payment.PARTLY, outstanding=500)
    assert account(sold, Account.CUSTOMER_RECEIPTS) == -1000
    assert (vendor_total(sold, ADA), vendor_total(sold, BEA)) == (600, 300)
    assert account(sold, Account.COMMISSION) == 100


def test_ten_partial_refunds_of_everything_leave_exactly_zero() -> None:
    tenths = tuple(refund(i, 333 if i < 9 else 336, returns(1, 0, 333 if i < 9 else 336)) for i in range(10))
    sold = order(line(1, 1, 3333, terms=terms(bps="1234.56")), refunds=tenths)
    assert balance(sold) == {}


def test_a_refund_without_lines_is_spread_by_what_is_left() -> None:
    sold = order(
        line(1, 1, 6000, terms=terms(ADA)),
        line(2, 1, 3000, terms=terms(BEA)),
        refunds=(refund(9, 3000),),
    )
    assert (vendor_total(sold, ADA), vendor_total(sold, BEA)) == (3600, 1800)
    assert account(sold, Account.COMMISSION) == 600


def test_a_refund_without_lines_can_be_borne_by_the_marketplace() -> None:
    sold = order(line(1, 1, 6000), refunds=(refund(9, 1000, bearer=RefundBearer.MARKETPLACE),))
    assert vendor_total(sold, ADA) == 5400
    assert account(sold, Account.REFUNDS_BORNE) == -1000


def test_a_full_refund_as_an_amount_leaves_everybody_at_zero() -> None:
    sold = order(
        line(1, 1, 6000, taxes=(Tax(600),)),
        line(2, 1, 3000, terms=terms(BEA)),
        shipping=(shipping(1000, taxes=(Tax(100),)),),
        tips=77,
        refunds=(refund(9, 10777),),
    )
    assert balance(sold) == {}


def test_commission_can_be_kept_on_a_refund() -> None:
    sold = order(line(1, 1, 1000), refunds=(refund(9, 1000, returns(1, 1, 1000), keep_commission=True),))
    assert vendor_total(sold, ADA) == -100
    assert account(sold, Account.COMMISSION) == 100
    assert account(sold, Account.CUSTOMER_RECEIPTS) == 0


def test_a_shipping_refund_comes_from_shippings_recipients() -> None:
    sold = order(
        line(1, 1, 6000, terms=terms(ADA)),
        line(2, 1, 3000, terms=terms(BEA)),
        shipping=(shipping(1000, taxes=(Tax(100),)),),
        refunds=(refund(9, 550, shipping=(ShippingRefund(shipping_id=369, amount=500, tax=50),)),),
    )
    assert vendor_total(sold, ADA) + vendor_total(sold, BEA) == 8100 + 500
    assert account(sold, Account.SHIPPING_TAX) == 50
    assert account(sold, Account.UNEXPLAINED) == 0


@pytest.mark.parametrize(("subtotal", "tax", "returned"), [(12000, 2000, 12000), (10000, 2000, 12000)])
def test_refunds_on_prices_with_tax_work_whether_or_not_the_subtotal_contains_it(
    subtotal: int, tax: int, returned: int
) -> None:
    sold = order(
        line(1, 2, 12000, taxes=(Tax(4000),)),
        taxes_included=True,
        refunds=(refund(9, returned, returns(1, 1, subtotal, tax)),),
    )
    assert account(sold, Account.SALES_TAX) == 2000
    assert vendor_total(sold, ADA) == 8800
    assert not book_to_date(sold, DAY_0).flags


def test_a_refund_smaller_than_its_lines_never_takes_more_than_was_returned() -> None:
    sold = order(line(1, 2, 1000), refunds=(refund(9, 700, returns(1, 1, 1000)),))
    books = book_to_date(sold, DAY_0)
    assert account(sold, Account.CUSTOMER_RECEIPTS) == -1300
    assert vendor_total(sold, ADA) == 1800 - 630
    assert books.flags
    explained = order(line(1, 2, 1000), refunds=(refund(9, 700, returns(1, 1, 1000), adjustments=300),))
    assert not book_to_date(explained, DAY_0).flags


def test_a_refund_larger_than_the_order_is_flagged_and_not_invented() -> None:
    sold = order(line(1, 1, 1000), refunds=(refund(9, 1500),))
    assert vendor_total(sold, ADA) == 0
    assert account(sold, Account.UNEXPLAINED) == -500
    assert book_to_date(sold, DAY_0).flags


def test_totals_that_do_not_add_up_are_unexplained_and_hold_the_money() -> None:
    sold = order(line(1, 1, 1000), total=900, current_total=900, fulfilments=(sent(1, {1: 1}),))
    books = book_to_date(sold, DAY_0 + timedelta(days=60))
    assert account(sold, Account.UNEXPLAINED) == -100
    assert books.flags
    assert account(sold, Account.VENDOR_HELD, day=60) == 900
    assert account(sold, Account.VENDOR_AVAILABLE, day=60) == 0


def test_a_cancelled_and_refunded_order_leaves_nothing() -> None:
    sold = order(
        line(1, 1, 1000, current_quantity=0), cancelled_at=DAY_0, refunds=(refund(9, 1000, returns(1, 1, 1000)),)
    )
    assert balance(sold) == {}


def test_a_cancelled_order_that_kept_the_money_owes_it_to_the_customer() -> None:
    sold = order(line(1, 1, 1000, current_quantity=0), cancelled_at=DAY_0, shipping=(shipping(200),))
    assert balance(sold) == {(Account.CUSTOMER_CREDIT, None): 1200, (Account.CUSTOMER_RECEIPTS, None): -1200}


def test_units_taken_off_a_paid_order_become_the_customers_credit_until_returned() -> None:
    edited = order(line(1, 3, 500, current_quantity=2), total=1500, current_total=1000, outstanding=-500)
    assert vendor_total(edited, ADA) == 900
    assert account(edited, Account.CUSTOMER_CREDIT) == 500
    repaid = order(line(1, 3, 500, current_quantity=2), total=1500, current_total=1000, refunds=(refund(9, 500),))
    assert vendor_total(repaid, ADA) == 900
    assert account(repaid, Account.CUSTOMER_CREDIT) == 0
    assert account(repaid, Account.CUSTOMER_RECEIPTS) == -1000


def test_a_discount_after_the_payment_is_the_customers_credit_and_then_returned() -> None:
    """100.00 were paid, then 10.00 taken off: Shopify's totals say 90.00, and that 10.00 are owed to the customer."""
    now = line(1, 1, 10000, discounts=(Discount(1000),))
    waits = order(now, outstanding=-1000)
    back = (refund(5, 1000),)
    returned = order(now, current_total=9000, refunds=back, paid_in=10000)
    for known, credit in ((waits, 1000), (returned, 0)):
        assert book_to_date(known, DAY_0).flags == ()
        assert vendor_total(known, ADA) == 8100
        assert account(known, Account.COMMISSION) == 900
        assert account(known, Account.CUSTOMER_CREDIT) == credit
        assert account(known, Account.CUSTOMER_RECEIPTS) == -9000 - credit
    # Nobody told of the payment, or not of all: then the refund may as well be of 90.00 that were paid.
    for paid_in in (None, 9500):
        unsure = order(now, current_total=9000, refunds=back, paid_in=paid_in)
        assert vendor_total(unsure, ADA) == 7200
        assert [*book_to_date(unsure, DAY_0).flags] == [
            "Whether 10.00 USD that went back was paid for the order or beyond it is not known."
        ]
    assert book_to_date(order(now, current_total=9000, refunds=back, paid_in=9000), DAY_0).flags == ()


def test_payments_beyond_totals_that_do_not_fit_their_parts_stay_unexplained() -> None:
    known = order(line(1, 1, 1000), total=1100, current_total=1100, paid_in=1100)
    assert account(known, Account.UNEXPLAINED) == 100
    assert book_to_date(known, DAY_0).flags


def test_units_taken_off_before_the_payment_were_never_owed() -> None:
    edited = order(line(1, 3, 500, current_quantity=2), total=1000, current_total=1000)
    assert vendor_total(edited, ADA) == 900
    assert account(edited, Account.CUSTOMER_CREDIT) == 0
    assert not book_to_date(edited, DAY_0).flags


def test_an_added_line_is_booked_like_any_other() -> None:
    before = order(line(1, 1, 1000))
    after = order(line(1, 1, 1000), line(2, 1, 500))
    assert vendor_total(after, ADA) - vendor_total(before, ADA) == 450


def test_money_is_pending_then_held_then_available() -> None:
    sold = order(line(1, 1, 1000), fulfilments=(sent(2, {1: 1}),))
    unsent = order(line(1, 1, 1000))
    assert balance(unsent, day=99)[Account.VENDOR_PENDING, ADA] == 900
    assert balance(sold, day=15)[Account.VENDOR_HELD, ADA] == 900
    assert balance(sold, day=16)[Account.VENDOR_AVAILABLE, ADA] == 900
    assert next_release_at(book_to_date(sold, DAY_0 + timedelta(days=3)).of_vendor(ADA)) == DAY_0 + timedelta(days=16)


def test_each_parcel_has_its_own_release_date() -> None:
    sold = order(
        line(1, 3, 333, terms=terms(bps=0)),
        fulfilments=(sent(1, {1: 1}, 1), sent(5, {1: 1}, 2)),
        shipping=(shipping(90),),
    )
    day_15 = balance(sold, day=15)
    assert day_15[Account.VENDOR_AVAILABLE, ADA] == 333
    assert day_15[Account.VENDOR_HELD, ADA] == 333
    assert day_15[Account.VENDOR_PENDING, ADA] == 333 + 90


def test_a_refund_after_the_release_comes_out_of_the_available_balance() -> None:
    sold = order(
        line(1, 2, 1000), fulfilments=(sent(1, {1: 2}),), refunds=(refund(9, 1000, returns(1, 1, 1000), day=20),)
    )
    assert balance(sold, day=30)[Account.VENDOR_AVAILABLE, ADA] == 900


def test_a_test_order_is_shown_and_never_becomes_payable() -> None:
    sold = order(line(1, 1, 1000), test=True, fulfilments=(sent(1, {1: 1}),))
    assert balance(sold, day=99)[Account.VENDOR_PENDING, ADA] == 900


@pytest.mark.parametrize(("currency", "price", "fee"), [("JPY", 1005, 101), ("KWD", 10005, 1001)])
def test_other_exponents_round_to_their_own_minor_unit(currency: str, price: int, fee: int) -> None:
    sold = line(1, 1, price)
    assert share_line(sold, order(sold, currency=currency)).fee == fee

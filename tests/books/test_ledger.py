"""The ledger as a list, adjustments by hand, and every vendor's amount explained, by their real doors."""

import csv
import io
import re
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from app import clock, db
from app.books.explain import explain
from app.books.service import run_proof
from app.errors import Conflict, NotFound, ValidationErrors
from app.keyset import BEGINNING, Place, walk_parts
from app.ledger import adjustments, listing
from app.ledger.queries import sum_unpaid, vendor_balances
from app.models.events import AuditEntry
from app.models.ledger import Adjustment, LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.orders.queries import get_part
from devstore.orders.disputes import move_dispute, open_dispute
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Store
from tests.architecture.polaris import lint_polaris
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_shapes import choose, later

FIVE = Money(500, "USD")


@pytest.fixture
def merchant(acme: Shop, merchant: FlaskClient) -> FlaskClient:
    return merchant


@dataclass
class Sold:
    """An order of two mugs of Ada's and a loaf of Bea's."""

    order: Order
    mug: OrderLine
    part: VendorOrder


@pytest.fixture
def sold(goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor) -> Sold:
    buy(store, (goods.mug, 2), (goods.loaf, 1))
    post.deliver()
    with db.scoped(acme.id) as session:
        return Sold(
            session.scalars(select(Order)).one(),
            session.scalars(select(OrderLine).where(OrderLine.vendor_id == ada.id)).one(),
            session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == ada.id)).one(),
        )


def adjust(shop: Shop, vendor: Vendor, amount: Money = FIVE, reason: str = "Thank you", key: str = "k") -> int:
    with db.scoped(shop.id) as session:
        here = session.get_one(Shop, shop.id)
        return adjustments.adjust(session, here, vendor.id, amount, reason, form_key=key, actor="staff:1").id


# -- adjustments -------------------------------------------------------------------------------------------------------


def test_an_adjustment_is_booked_on_both_sides_audited_and_paid_with_the_next_payout(acme: Shop, ada: Vendor) -> None:
    number = adjust(acme, ada)
    with db.scoped(acme.id) as session:
        assert vendor_balances(session, acme.id, "USD", ada.id).available == FIVE
        assert sum_unpaid(session, acme.id, "USD") == {ada.id: 500}
        (row,) = listing.list_postings(session, acme.id, listing.Filter(vendor_id=ada.id)).rows
        assert {(e.account, e.vendor_id, e.amount_minor) for e in row.entries} == {
            ("vendor_available", ada.id, 500), ("adjustments", None, -500),
        }  # fmt: skip
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "vendor.adjust")).one()
        assert (noted.subject_id, noted.vendor_id, noted.reason) == (number, ada.id, "Thank you")
    assert run_proof(acme.id).open == 0


def test_the_same_form_sent_twice_adjusts_once(acme: Shop, ada: Vendor) -> None:
    assert adjust(acme, ada) == adjust(acme, ada)
    with db.scoped(acme.id) as session:
        assert vendor_balances(session, acme.id, "USD", ada.id).available == FIVE


def test_an_adjustment_is_taken_back_once_by_its_opposite(acme: Shop, ada: Vendor) -> None:
    number = adjust(acme, ada, -FIVE)
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        adjustments.take_back(session, shop, number, "Wrong vendor", actor="staff:1")
        assert not vendor_balances(session, acme.id, "USD", ada.id).available
        assert session.scalar(select(func.count()).select_from(LedgerTransaction)) == 2
        with pytest.raises(Conflict):
            adjustments.take_back(session, shop, number, "Again", actor="staff:1")


@pytest.mark.parametrize(("amount", "reason"), [(Money(0, "USD"), "Why"), (FIVE, "  "), (FIVE, "x" * 301)])
def test_nothing_is_adjusted_without_an_amount_and_a_reason(
    acme: Shop, ada: Vendor, amount: Money, reason: str
) -> None:
    with pytest.raises(ValidationErrors):
        adjust(acme, ada, amount, reason)
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Adjustment)).all() == []


def test_another_shops_vendor_cannot_be_adjusted(acme: Shop, cy: Vendor) -> None:
    with pytest.raises(NotFound):
        adjust(acme, cy)


def test_a_vendor_reads_the_own_adjustments_only(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    adjust(acme, ada)
    with db.scoped(acme.id, bea.id) as session:
        assert session.scalars(select(Adjustment)).all() == []
    with db.scoped(acme.id, ada.id) as session:
        assert session.scalars(select(Adjustment.reason)).all() == ["Thank you"]


def test_what_is_taken_from_a_vendor_is_a_number_in_the_file(merchant: FlaskClient, acme: Shop, ada: Vendor) -> None:
    adjust(acme, ada, -FIVE, reason="-1+1")
    (row,) = csv.DictReader(io.StringIO(merchant.get("/app/books/adjustments/export.csv").text.lstrip("\ufeff")))
    assert (row["amount"], row["reason"]) == ("-5.00", "'-1+1")


# -- the list ----------------------------------------------------------------------------------------------------------


def keys(shop: Shop, wanted: listing.Filter, place: Place = BEGINNING, limit: int = 50) -> list[int]:
    with db.scoped(shop.id) as session:
        page = listing.list_postings(session, shop.id, wanted, place=place, limit=limit)
        return [row.transaction.id for row in page.rows]


def test_the_list_is_paged_in_both_directions_without_gaps_or_repeats(sold: Sold, acme: Shop) -> None:
    everything = keys(acme, listing.Filter())
    assert len(everything) > 3
    with db.scoped(acme.id) as session:
        find = partial(listing.list_postings, session, acme.id, listing.Filter(), limit=2)
        parts = list(walk_parts(lambda place: find(place=place)))
        before = find(place=Place(before=parts[-1].before or ""))
    seen = [row.transaction.id for part in parts for row in part.rows]
    assert seen == everything == sorted(everything, reverse=True)
    rest = len(everything) % 2 or 2
    assert [row.transaction.id for row in before.rows] == everything[-rest - 2 : -rest]


@pytest.mark.parametrize("place", [Place(after="x"), Place(before="newer:"), Place("2026-01-01T00:00:00+00:00_7")])
def test_a_cursor_that_says_nothing_shows_the_newest(sold: Sold, acme: Shop, place: Place) -> None:
    assert keys(acme, listing.Filter(), place) == keys(acme, listing.Filter())


def test_a_file_has_as_many_postings_as_are_wanted(sold: Sold, acme: Shop) -> None:
    everything = keys(acme, listing.Filter())
    for most in (3, len(everything) + 1):
        with db.scoped(acme.id) as session:
            walked = [row.transaction.id for row in listing.walk(session, acme.id, listing.Filter(), most=most)]
        assert walked == everything[:most]


def test_the_list_is_found_by_order_vendor_kind_and_period(sold: Sold, acme: Shop, ada: Vendor, bea: Vendor) -> None:
    everything = set(keys(acme, listing.Filter()))
    assert set(keys(acme, listing.Filter(text="1001"))) == everything
    assert set(keys(acme, listing.Filter(text="#1001"))) == everything
    assert keys(acme, listing.Filter(text="1002")) == []
    mine, theirs = keys(acme, listing.Filter(vendor_id=ada.id)), keys(acme, listing.Filter(text="bea's"))
    assert mine
    assert theirs
    assert not set(mine) & set(theirs)
    assert set(keys(acme, listing.Filter(kind="sale"))) == everything
    assert keys(acme, listing.Filter(kind="refund")) == []
    with db.scoped(acme.id) as session:
        at = session.scalars(select(func.min(LedgerTransaction.booked_at))).one()
    assert set(keys(acme, listing.Filter(since=at))) == everything
    assert keys(acme, listing.Filter(until=at)) == []
    assert keys(acme, listing.Filter(currency="EUR")) == []


def test_the_list_costs_the_same_queries_whatever_is_on_it(sold: Sold, acme: Shop) -> None:
    def count(limit: int) -> int:
        asked: list[str] = []
        note = lambda *args: asked.append(args[2])  # noqa: E731
        event.listen(db.get_engine(), "before_cursor_execute", note)
        keys(acme, listing.Filter(), limit=limit)
        event.remove(db.get_engine(), "before_cursor_execute", note)
        return len(asked)

    assert count(1) == count(50) <= 7


# -- explained ---------------------------------------------------------------------------------------------------------


def test_an_explanation_adds_up_from_the_sale_over_the_refund_to_where_it_stands(
    sold: Sold, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    line_id = sold.mug.shopify_id
    refund_order(store, ACME, sold.order.shopify_id, RefundRequest([LineRefund(line_id, 1, "cancel")]))
    post.deliver()
    with db.scoped(acme.id) as session:
        found = explain(session, acme.id, sold.order.id, f"line:{line_id}", ada.id)
        assert found.line
        assert found.sold.minor == found.line.vendor_minor == 900
        assert found.total.minor == sum(amount.minor for amount in found.stages.values()) == 450
        assert [step.transaction.kind for step in found.changes] == ["sale", "refund"]
        for step in found.steps:
            assert step.amount.minor + sum(entry.amount_minor for entry in step.others) == 0
    with db.scoped(acme.id, ada.id) as session:
        mine = explain(session, acme.id, sold.order.id, f"line:{line_id}", ada.id)
        assert mine.total == found.total
        assert all(not step.others for step in mine.steps)


def test_a_dispute_is_told_when_it_came_and_by_how_much_it_waits(
    sold: Sold, store: Store, post: Post, acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long after the sale became available."""
    choose(acme, dispute_fee_minor=1500, dispute_fee_to="vendor")
    line_id = sold.mug.shopify_id
    fulfil_lines(store, ACME, sold.order.shopify_id, None)
    post.deliver()
    later(monkeypatch, acme, 40)
    dispute = open_dispute(store, ACME, sold.order.shopify_id)
    post.deliver()
    with db.scoped(acme.id, ada.id) as session:
        last = explain(session, acme.id, sold.order.id, f"line:{line_id}", ada.id).moves[-1]
        assert (last.to, last.moved.minor, last.at.date()) == ("vendor_held", 900, clock.now().date())
    move_dispute(store, ACME, sold.order.shopify_id, dispute["id"], "lost")
    post.deliver()
    with db.scoped(acme.id, ada.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        found = get_part(session, ada.id, part.id)
        [(name, fee)] = found.fees
        assert (str(name), fee.minor) == ("Fee for a dispute", found.standing.total.minor)
        assert fee.minor < 0


def test_nobody_is_told_how_anothers_amount_came_about(sold: Sold, acme: Shop, ada: Vendor, bea: Vendor) -> None:
    component = f"line:{sold.mug.shopify_id}"
    with db.scoped(acme.id, bea.id) as session, pytest.raises(NotFound):
        explain(session, acme.id, sold.order.id, component, ada.id)
    with db.scoped(acme.id) as session, pytest.raises(NotFound):
        explain(session, acme.id, sold.order.id, component, bea.id)


def test_every_amount_on_the_pages_opens_an_explanation(
    merchant: FlaskClient, sold: Sold, acme: Shop, ada: Vendor
) -> None:
    adjust(acme, ada)
    pages = ["/app/books", f"/app/orders/{sold.order.id}", "/app/books/accounts", "/app/books/adjustments"]
    answers = {path: merchant.get(path).text for path in [*pages, f"/app/books/adjustments?vendor={ada.id}"]}
    for path, html in answers.items():
        assert lint_polaris(html) == [], path
    with db.scoped(acme.id) as session:
        entries = session.scalars(select(LedgerEntry.id).where(LedgerEntry.vendor_id == ada.id)).all()
    assert set(re.findall(r"/app/books/entries/(\d+)", answers["/app/books"])) >= {str(one) for one in entries}
    for one in entries:
        answer = merchant.get(f"/app/books/entries/{one}")
        assert answer.status_code == 200
        assert lint_polaris(answer.text) == []
    (link,) = set(re.findall(rf"/app/books/orders/\d+/vendors/{ada.id}/line:\d+", answers[pages[1]]))
    html = merchant.get(link).text
    assert "Why this commission" in html
    assert "Default commission" in html
    assert "version 1" in html
    assert "As agreed when the order came in" in html
    assert merchant.get("/app/books/entries/999999").status_code == 404


def test_the_ledger_leaves_as_a_table_with_a_line_for_each_entry(merchant: FlaskClient, sold: Sold, acme: Shop) -> None:
    rows = list(csv.DictReader(io.StringIO(merchant.get("/app/books/export.csv?kind=all").text.lstrip("\ufeff"))))
    with db.scoped(acme.id) as session:
        assert len(rows) == session.scalar(select(func.count()).select_from(LedgerEntry))
    assert {row["order"] for row in rows} == {sold.order.name}
    assert sum(float(row["amount"]) for row in rows) == pytest.approx(0)


def test_a_merchant_adjusts_and_takes_back_and_mistakes_stand_beside_their_field(
    merchant: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    asked = {"form_key": "f1", "vendor": str(ada.id), "direction": "debit", "amount": "5", "reason": "Broken cup"}
    for wrong, words in (
        ({"amount": "-5"}, "more than zero"), ({"amount": "five"}, "in digits"), ({"reason": " "}, "Say why"),
    ):  # fmt: skip
        answer = merchant.post("/app/books/adjustments", data=asked | wrong)
        assert answer.status_code == 422
        assert words in answer.text
    assert "Broken cup" in merchant.post("/app/books/adjustments", data=asked).text
    with db.scoped(acme.id) as session:
        assert vendor_balances(session, acme.id, "USD", ada.id).available == -FIVE
    other = merchant.post("/app/books/adjustments", data=asked | {"amount": "50"})
    assert other.status_code == 409, "the same form with another amount is not taken for the first"
    with db.scoped(acme.id) as session:
        assert vendor_balances(session, acme.id, "USD", ada.id).available == -FIVE
        number = session.scalars(select(Adjustment.id)).one()
    take_back = f"/app/books/adjustments/{number}/take-back"
    assert merchant.post(take_back, data={"reason": ""}).status_code == 422
    assert "Taken back" in merchant.post(take_back, data={"reason": "It was whole"}).text
    assert merchant.post(take_back, data={"reason": "It was whole"}).status_code == 409

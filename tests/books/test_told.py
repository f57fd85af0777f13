"""`books explain` and the pages of an order's amounts say the same."""

import re

from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.books import service
from app.cli import group
from app.models.ledger import LedgerTransaction
from app.models.shops import Shop
from app.orders.words import KIND_WORDS
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Store
from tests.books.test_ledger import Sold
from tests.books.test_ledger import merchant as merchant  # noqa: PLC0414 - the fixture
from tests.books.test_ledger import sold as sold  # noqa: PLC0414 - the fixture
from tests.devstore.orders.cast import ACME
from tests.orders.conftest import Post


def amounts(html: str) -> set[str]:
    """As the command line writes them."""
    found = re.findall(r"(-?)\$([\d,]+\.\d\d)", html)
    return {f"{'-' if sign else ''}{number.replace(',', '')} USD" for sign, number in found}


def test_every_amount_and_every_booking_of_the_pages_is_told_on_the_command_line(
    merchant: FlaskClient, sold: Sold, store: Store, post: Post, acme: Shop
) -> None:
    fulfil_lines(store, ACME, sold.order.shopify_id, {sold.mug.shopify_id: 2})
    refund = RefundRequest([LineRefund(sold.mug.shopify_id, 1, "return")], shipping="1.00")
    refund_order(store, ACME, sold.order.shopify_id, refund)
    post.deliver()
    answer = CliRunner().invoke(group, ["books", "explain", ACME, sold.order.name])
    assert answer.exit_code == 0, answer.output
    with db.scoped(acme.id) as session:
        query = select(LedgerTransaction.vendor_id, LedgerTransaction.component, LedgerTransaction.kind)
        booked = session.execute(query.where(LedgerTransaction.vendor_id.is_not(None))).all()
    assert {kind for _, _, kind in booked} >= {"sale", "refund", "fulfilled"}
    for vendor_id, component, kind in booked:
        page = merchant.get(f"/app/books/orders/{sold.order.id}/vendors/{vendor_id}/{component}").text
        assert amounts(page)
        told = set(re.findall(r"-?[\d]+\.\d\d USD", answer.output))
        assert amounts(page) <= told, component
        assert str(KIND_WORDS[kind]) in answer.output
        assert str(KIND_WORDS[kind]) in page
    assert "Default commission, version 1." in answer.output


def test_what_is_not_there_is_said(acme: Shop) -> None:
    answer = CliRunner().invoke(group, ["books", "explain", ACME, "1999"])
    assert answer.exit_code != 0


def test_a_page_that_looks_again_stays_at_its_place(merchant: FlaskClient, acme: Shop) -> None:
    """While the books are being proven it comes every two seconds."""
    with db.scoped(acme.id) as session:
        service.ask(session, acme.id, "staff:1")
    page = merchant.get("/app/reconciliation?open_after=WzFd").text
    assert 'hx-get="/app/reconciliation?open_after=WzFd"' in page

"""`books explain` and the pages of an order's amounts say the same."""

import html
import re
from contextvars import Context
from types import SimpleNamespace

from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.books import service
from app.cli import group
from app.models.ledger import LedgerTransaction
from app.models.orders import VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.words import KIND_WORDS
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.payments import capture
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Store
from tests.apps import get_app
from tests.books.test_ledger import Sold
from tests.books.test_ledger import merchant as merchant  # noqa: PLC0414 - the fixture
from tests.books.test_ledger import sold as sold  # noqa: PLC0414 - the fixture
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.portal.conftest import signed_in


def tell(name: str) -> Result:
    """As an operator's shell does it: nobody's page is being answered around the command."""
    return Context().run(CliRunner().invoke, group, ["books", "explain", ACME, name])


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
    answer = tell(sold.order.name)
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
    answer = tell("1999")
    assert answer.exit_code != 0


def test_a_page_that_looks_again_stays_at_its_place(merchant: FlaskClient, acme: Shop) -> None:
    """While the books are being proven it comes every two seconds."""
    with db.scoped(acme.id) as session:
        service.ask(session, acme.id, "staff:1")
    page = merchant.get("/app/reconciliation?open_after=WzFd").text
    assert 'hx-get="/app/reconciliation?open_after=WzFd"' in page


def test_how_the_shipping_is_reckoned_is_said_once_it_is_paid_whole(
    merchant: FlaskClient, goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    number = buy(store, (goods.mug, 2), (goods.loaf, 1), capture=False)["id"]
    capture(store, ACME, number, "10.00")
    post.deliver()
    with db.scoped(acme.id) as session:
        part = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == ada.id)).one()
        query = select(LedgerTransaction.component).where(LedgerTransaction.component.startswith("shipping:"))
        component = session.scalars(query.limit(1)).one()
    portal = signed_in(get_app(), ada)

    def read() -> list[str]:
        """The portal's page, the merchant's, and the command line."""
        mine = portal.get(f"/portal/money/orders/{part.id}/{component}").text
        theirs = merchant.get(f"/app/books/orders/{part.order_id}/vendors/{ada.id}/{component}").text
        return [mine, theirs, tell(part.name).output]

    for said, words in zip(read(), ["Why this amount", "by value of the goods.", "Shipping"], strict=True):
        assert words in said
        assert " % of" not in html.unescape(said).replace("\N{NO-BREAK SPACE}", " ")
    capture(store, ACME, number)
    post.deliver()
    mine, theirs, told = (html.unescape(one).replace("\N{NO-BREAK SPACE}", " ") for one in read())
    assert "By the value of the goods: 50 % of $6.90." in mine
    assert "By the value of the goods: 50 % of $6.90." in theirs
    assert "By the value of the goods: 50 % of 6.90 USD." in told

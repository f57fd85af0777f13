"""A page about money that is read while an order is booked shows what was so before, or after: never half of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app import db
from app.models.vendors import Vendor
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Store
from tests.books.test_ledger import Sold
from tests.books.test_ledger import merchant as merchant  # noqa: PLC0414 - the fixture
from tests.books.test_ledger import sold as sold  # noqa: PLC0414 - the fixture
from tests.books.test_told import amounts
from tests.devstore.orders.cast import ACME
from tests.orders.conftest import Post
from tests.portal.conftest import adas_browser as adas_browser  # noqa: PLC0414 - the fixture
from tests.portal.conftest import app as app  # noqa: PLC0414 - the fixture


@contextmanager
def refunded_before_reading(table: str, sold: Sold, store: Store, post: Post) -> Iterator[list[str]]:
    """A mug is refunded just before the next statement that reads the table; then what is yielded is empty."""
    waiting = [table]

    def book(_: Any, __: Any, statement: str, *___: Any) -> None:
        if waiting and table in statement:
            waiting.clear()
            refund_order(store, ACME, sold.order.shopify_id, RefundRequest([LineRefund(sold.mug.shopify_id, 1)]))
            post.deliver()

    event.listen(db.get_engine(), "before_cursor_execute", book)
    try:
        yield waiting
    finally:
        event.remove(db.get_engine(), "before_cursor_execute", book)


@pytest.mark.parametrize("table", ["order_lines", "ledger_entries"])
@pytest.mark.parametrize("page", ["order", "amount", "vendors_order", "vendors_amount"])
def test_a_booking_in_the_middle_of_a_page_is_not_half_on_it(
    merchant: FlaskClient,
    adas_browser: FlaskClient,
    ada: Vendor,
    sold: Sold,
    store: Store,
    post: Post,
    page: str,
    table: str,
) -> None:
    line = f"line:{sold.mug.shopify_id}"
    browser, address = {
        "order": (merchant, f"/app/orders/{sold.order.id}?every=1"),
        "amount": (merchant, f"/app/books/orders/{sold.order.id}/vendors/{ada.id}/{line}"),
        "vendors_order": (adas_browser, f"/portal/orders/{sold.part.id}"),
        "vendors_amount": (adas_browser, f"/portal/money/orders/{sold.part.id}/{line}"),
    }[page]
    before = amounts(browser.get(address).text)
    with refunded_before_reading(table, sold, store, post) as waiting:
        meanwhile = browser.get(address)
    assert not waiting
    assert meanwhile.status_code == 200
    assert amounts(meanwhile.text) == before
    assert amounts(browser.get(address).text) != before

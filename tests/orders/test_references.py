"""What the books refer to exists and stays: triggers see to it, once a statement."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app import db
from app.ledger.rules import Account
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.shops import Shop
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post

POSTING = """
    INSERT INTO ledger_transactions (shop_id, vendor_id, order_id, payout_id, key, source_key, kind, currency,
                                     happened_at)
    VALUES (:shop_id, :vendor_id, :order_id, :payout_id, 'k', 'k', 'sale', 'USD', now())
"""
ENTRIES = """
    INSERT INTO ledger_entries (shop_id, transaction_id, account, amount_minor, currency)
    VALUES (:shop_id, :id, 'tips', 1, 'USD'), (:shop_id, :id, 'customer_receipts', -1, 'USD')
"""
CLAIM = """
    INSERT INTO payout_entries (shop_id, vendor_id, payout_id, entry_id)
    SELECT shop_id, vendor_id, 1, id FROM ledger_entries WHERE account = :account
"""


def run(statement: str, **values: Any) -> None:
    with db.system() as session:
        session.execute(text(statement), values)


@pytest.fixture
def booked(goods: SimpleNamespace, store: Store, post: Post) -> None:
    """One paid order of two vendors."""
    buy(store, (goods.mug, 1), (goods.loaf, 1))
    post.deliver()


@pytest.mark.parametrize("column", ["shop_id", "vendor_id", "order_id", "payout_id"])
def test_a_posting_refers_to_nothing_that_is_not_there(acme: Shop, column: str) -> None:
    whole = {"shop_id": acme.id, "vendor_id": None, "order_id": None, "payout_id": None}
    with pytest.raises(IntegrityError, match=column):
        run(POSTING, **{**whole, column: 10**9})
    run(POSTING, **whole)


def test_an_entry_belongs_to_a_posting(acme: Shop) -> None:
    with pytest.raises(IntegrityError, match="transaction_id"):
        run(ENTRIES, shop_id=acme.id, id=10**9)


@pytest.mark.usefixtures("booked")
@pytest.mark.parametrize("table", ["shops", "vendors", "orders"])
def test_what_is_booked_is_not_deleted(table: str) -> None:
    with pytest.raises(IntegrityError):
        run(f"DELETE FROM {table}")
    with db.system() as session:
        assert session.scalar(select(func.count()).select_from(LedgerTransaction))


@pytest.mark.usefixtures("booked")
def test_only_what_is_open_can_be_claimed() -> None:
    with db.system() as session:
        pending = select(func.count()).where(LedgerEntry.account == Account.VENDOR_PENDING)
        assert session.scalar(pending)
    with pytest.raises(IntegrityError, match="not open"):
        run(CLAIM, account=Account.VENDOR_PENDING.value)

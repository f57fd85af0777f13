"""Balances that are added up in advance: whatever is closed when, each is the sum of its entries."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import db
from app.books import queries, service
from app.ledger import closing
from app.ledger.queries import list_accounts, list_balances, list_movements, sum_available, sum_unpaid
from app.models.ledger import ClosedBalance, Closing, LedgerEntry
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from tests.books.test_ledger import adjust
from tests.books.test_proof import spoil


def dollars(minor: int) -> Money:
    return Money(minor, "USD")


def assert_sums(shop: Shop, *vendors: Vendor) -> None:
    with db.scoped(shop.id) as session:
        by_account = select(LedgerEntry.account, func.sum(LedgerEntry.amount_minor)).group_by(LedgerEntry.account)
        accounts = {account: int(amount) for account, amount in session.execute(by_account)}
        assert {account: amount.minor for account, amount in list_accounts(session, shop.id)} == accounts
        assert sum_available(session, shop.id).get("USD", {}) == sum_unpaid(session, shop.id, "USD")
    for vendor in vendors:
        with db.scoped(shop.id, vendor.id) as session:
            mine = select(func.sum(LedgerEntry.amount_minor)).where(LedgerEntry.vendor_id == vendor.id)
            held = list_balances(session, shop.id, "USD", [vendor.id])[vendor.id]
            assert held.total.minor == (session.scalar(mine) or 0)


def close() -> int:
    """A closing that goes further. It also waits for whoever writes to another database of the server."""
    return next((until for _ in range(1000) if (until := closing.close())), 0)


def closed(shop: Shop) -> int:
    with db.scoped(shop.id) as session:
        return len(session.scalars(select(ClosedBalance)).all())


def test_a_balance_is_the_sum_of_its_entries_before_between_and_after_closings(
    acme: Shop, ada: Vendor, bea: Vendor, zenith: Shop, cy: Vendor
) -> None:
    assert closing.close() == 0, "the first only prepares"
    for step, vendor in enumerate((ada, bea, ada, ada)):
        adjust(acme, vendor, dollars(100 + step), key=str(step))
        adjust(zenith, cy, dollars(-7), key=str(step))
        assert_sums(acme, ada, bea)
        closing.close()
        assert_sums(acme, ada, bea)
    assert closed(acme) == 3
    with db.scoped(acme.id, bea.id) as session:
        assert [row.amount_minor for row in session.scalars(select(ClosedBalance))] == [101], "hers alone"
        assert list_balances(session, acme.id, "USD", [ada.id])[ada.id].total == dollars(0)
    assert service.run_proof(acme.id).open == 0


def write(session: Session, shop: Shop, vendor: Vendor, minor: int, key: str) -> None:
    """A posting and its two entries, in a transaction that stays open."""
    booked = "INSERT INTO ledger_transactions (shop_id, vendor_id, key, source_key, kind, currency, happened_at)"
    said = {"shop": shop.id, "vendor": vendor.id, "key": key, "minor": minor}
    number = session.scalar(
        text(f"{booked} VALUES (:shop, :vendor, :key, :key, 'sale', 'USD', now()) RETURNING id"), said
    )
    session.execute(
        text("""
            INSERT INTO ledger_entries (shop_id, vendor_id, transaction_id, account, amount_minor, currency)
            VALUES (:shop, :vendor, :number, 'vendor_available', :minor, 'USD'),
                   (:shop, NULL, :number, 'adjustments', -:minor, 'USD')
        """),
        {**said, "number": number},
    )


def test_what_is_written_while_a_closing_is_prepared_is_neither_lost_nor_counted_twice(
    acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    late = db.open_session(db.Scope(acme.id))
    with db.watch(late):
        write(late, acme, ada, 40, "late")
        adjust(acme, bea, dollars(2))
        assert [closing.close() for _ in range(3)] == [0, 0, 0], "an entry below the newest may still come"
        assert_sums(acme, bea)
        db.commit(late)
    assert_sums(acme, ada, bea)
    assert close() > 0
    assert closed(acme) == 3
    assert_sums(acme, ada, bea)


def test_who_began_last_and_writes_first_is_waited_for_too(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    early, late = (db.open_session(db.Scope(acme.id)) for _ in range(2))
    with db.watch(early), db.watch(late):
        early.execute(text("SELECT pg_current_xact_id()"))
        write(late, acme, ada, 40, "late")
        write(early, acme, bea, 2, "early")
        db.commit(early)
        assert [closing.close() for _ in range(3)] == [0, 0, 0]
        db.commit(late)
    assert close() > 0
    assert_sums(acme, ada, bea)


def test_on_another_server_the_numbers_of_transactions_begin_anew(acme: Shop, ada: Vendor) -> None:
    adjust(acme, ada)
    closing.close()
    with db.system() as session:
        session.get_one(Closing, 1).next_xid = 2**40
    assert closing.close() == 0
    assert close() > 0
    assert_sums(acme, ada)


def test_a_sum_that_was_changed_past_the_program_is_found_and_made_anew(acme: Shop, ada: Vendor) -> None:
    adjust(acme, ada)
    assert close() > 0
    spoil("UPDATE closed_balances SET amount_minor = amount_minor + 1 WHERE vendor_id IS NOT NULL")
    assert service.run_proof(acme.id).open == 1
    assert_sums(acme, ada)
    assert service.run_proof(acme.id).open == 0
    with db.scoped(acme.id) as session:
        assert len(queries.list_cleared(session, acme.id)) == 1


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_statement_names_the_balance_after_each_booking_and_its_pages_follow_one_another(
    acme: Shop, ada: Vendor, bea: Vendor, limit: int
) -> None:
    amounts = [500, -700, 30, 9, 1]
    for step, amount in enumerate(amounts):
        adjust(acme, ada, dollars(amount), key=str(step))
        adjust(acme, bea, dollars(1), key=f"b{step}")
    seen: list[tuple[int, int]] = []
    cursor: str | None = ""
    while cursor is not None:
        with db.scoped(acme.id, ada.id) as session:
            page = list_movements(session, acme.id, ada.id, "USD", cursor=cursor, limit=limit)
        seen += [(row.amount.minor, row.balance.minor if row.balance else 0) for row in page.rows]
        adjust(acme, ada, dollars(1), key=f"later{len(seen)}")
        closing.close()
        cursor = page.older
    assert seen == [(amount, sum(amounts[: at + 1])) for at, amount in reversed(list(enumerate(amounts)))]


@pytest.mark.parametrize(
    "cursor", ["x", "2026-01-01_1", "_", "2026-01-01T00:00:00+00:00_x_1", f"2026-01-01T00:00:00+00:00_{2**63}_1"]
)
def test_a_cursor_that_says_nothing_shows_the_newest(acme: Shop, ada: Vendor, cursor: str) -> None:
    adjust(acme, ada)
    with db.scoped(acme.id) as session:
        page = list_movements(session, acme.id, ada.id, "USD", cursor=cursor)
    assert [row.balance for row in page.rows] == [dollars(500)]

"""Adding balances up as far as nothing can change any more, so that reading one does not grow with the books.

Entries get their numbers before their transactions commit: one may appear below others that have long been there. So a
closing is prepared first, and made when every transaction that ran at that moment is over.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import system

_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('closings', 0))")
# Numbers of transactions are a server's own: on another one, from a backup, those of the preparation mean nothing.
_PREPARED: Final = text("""
SELECT through_entry_id AS since, next_entry_id AS until,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= next_xid AS is_over,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint < next_xid AS is_foreign
FROM closings
""")
_ADD: Final = text("""
INSERT INTO closed_balances AS kept (shop_id, vendor_id, account, currency, amount_minor)
SELECT shop_id, vendor_id, account, currency, sum(amount_minor) FROM ledger_entries
WHERE id > :since AND id <= :until AND shop_id = coalesce(CAST(:shop_id AS bigint), shop_id)
GROUP BY shop_id, vendor_id, account, currency
ON CONFLICT (shop_id, account, currency, coalesce(vendor_id, 0))
DO UPDATE SET amount_minor = kept.amount_minor + excluded.amount_minor
""")
_NEWEST: Final = text("SELECT coalesce(max(id), 0) FROM ledger_entries")
_NUMBER: Final = text("SELECT pg_current_xact_id()::text::bigint")
_PREPARE: Final = text("""
INSERT INTO closings (id, through_entry_id, next_entry_id, next_xid, closed_at)
VALUES (1, :until, :newest, :number, :now)
ON CONFLICT (id) DO UPDATE SET through_entry_id = excluded.through_entry_id, next_entry_id = excluded.next_entry_id,
                               next_xid = excluded.next_xid, closed_at = excluded.closed_at
""")
_FORGET: Final = text("DELETE FROM closed_balances WHERE shop_id = :shop_id")
_WRONG: Final = text("""
SELECT vendor_id FROM (
  SELECT vendor_id, account, currency, amount_minor FROM closed_balances WHERE shop_id = :shop_id
  UNION ALL
  SELECT vendor_id, account, currency, -amount_minor FROM ledger_entries
  WHERE shop_id = :shop_id AND id <= (SELECT max(through_entry_id) FROM closings)
) AS both_sides
GROUP BY vendor_id, account, currency HAVING sum(amount_minor) <> 0
""")


def close() -> int:
    """Make the closing that was prepared, if it can be made already, and prepare the next. Returns how far it goes."""
    with system() as session:
        alone(session)
        # Whoever holds an entry's number has written its posting before, so had a number of its own when the newest
        # was seen. Ours is given after that, and is larger than each of theirs; what has ended says nothing of them.
        newest, number = session.scalar(_NEWEST) or 0, session.scalar(_NUMBER)
        held = session.execute(_PREPARED).mappings().one_or_none()
        until = 0
        if held is not None:
            until = int(held["since"])
            if not held["is_over"] and not held["is_foreign"]:
                return until
            if held["is_over"]:
                until = int(held["until"])
                session.execute(_ADD, {"since": held["since"], "until": until, "shop_id": None})
        values = {"until": until, "newest": max(until, newest), "number": number, "now": clock.now()}
        session.execute(_PREPARE, values)
        return until


def alone(session: Session) -> None:
    """Nobody closes until this transaction ends: for whoever takes entries away."""
    session.execute(_ALONE)


def list_wrong(session: Session, shop_id: int) -> list[int | None]:
    """Vendors, and None for the marketplace, of whom a closed balance is not the sum of its entries."""
    return sorted(set(session.scalars(_WRONG, {"shop_id": shop_id})), key=lambda vendor_id: vendor_id or 0)


def add_up_again(session: Session, shop_id: int) -> None:
    """Make the shop's closed balances from its entries, whatever stood there."""
    alone(session)
    held = session.execute(_PREPARED).mappings().one_or_none()
    session.execute(_FORGET, {"shop_id": shop_id})
    if held is not None:
        session.execute(_ADD, {"since": 0, "until": held["since"], "shop_id": shop_id})

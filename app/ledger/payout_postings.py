"""Booking payouts: one statement, however many of them move at once."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.ledger.rules import Account

_POST = text("""
-- Back to payouts by their key: to join two lists of ten thousand would be quadratic.
WITH wanted AS (
  SELECT p.id, p.shop_id, p.vendor_id, p.amount_minor, p.currency, 'payout:' || p.id || ':' || :step AS key
  FROM payouts p WHERE p.id = ANY(:payout_ids) AND p.shop_id = :shop_id
), posted AS (
  INSERT INTO ledger_transactions
    (shop_id, vendor_id, payout_id, key, source_key, kind, currency, happened_at, booked_at)
  SELECT shop_id, vendor_id, id, key,
    -- As rules.source_key: a step that is taken again after it was undone gets its number.
    key || coalesce((SELECT '#' || count(*) + 1 FROM ledger_transactions t
                     WHERE t.payout_id = wanted.id AND t.key = wanted.key HAVING count(*) > 0), ''),
    'payout_' || :step, currency, :now, :now
  FROM wanted
  RETURNING id, shop_id, vendor_id, payout_id, currency
)
INSERT INTO ledger_entries (shop_id, vendor_id, transaction_id, account, amount_minor, currency)
SELECT posted.shop_id, posted.vendor_id, posted.id, side.account, side.sign * p.amount_minor, posted.currency
FROM posted JOIN payouts p ON p.id = posted.payout_id
CROSS JOIN (VALUES (:source, -1), (:target, 1)) AS side (account, sign)
""")


def post_payouts(
    session: Session, shop_id: int, payout_ids: Sequence[int], step: str, source: Account, target: Account
) -> None:
    """Move the payouts' amounts from one account of their vendors to another.

    Not idempotent by itself: the caller has just moved these payouts by compare-and-swap, and nobody else has.
    """
    values = {"shop_id": shop_id, "payout_ids": list(payout_ids), "step": step, "now": clock.now()}
    session.execute(_POST, {**values, "source": source.value, "target": target.value})

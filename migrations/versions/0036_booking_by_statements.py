"""Snapshots are kept as they came, and what postings refer to is checked a statement at a time"""

from collections.abc import Sequence

from alembic import op

revision: str = "0036_booking_by_statements"
down_revision: str | None = "0035_product_imports"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PARENTS = {"shop_id": "shops", "vendor_id": "vendors", "order_id": "orders", "payout_id": "payouts"}
"""By the column of a posting: what it refers to."""

# What foreign keys do row by row: the same locks, but one look and one lock for each order instead of one for each of
# its postings. The ids go by way of an array, so that no plan made while a table was small reads all of it later.
_REFERS = """
  wanted := ARRAY(SELECT DISTINCT {column} FROM fresh WHERE {column} IS NOT NULL);
  IF cardinality(wanted) > 0
     AND (SELECT count(*) FROM (SELECT FROM {table} WHERE id = ANY(wanted) FOR KEY SHARE) held) < cardinality(wanted)
  THEN
    RAISE foreign_key_violation USING MESSAGE = 'a posting''s {column} is not in {table}';
  END IF;
"""
REFERENCES = f"""
CREATE FUNCTION check_posting_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted bigint[];
BEGIN
  {"".join(_REFERS.format(column=column, table=table) for column, table in PARENTS.items())}
  RETURN NULL;
END $$;
CREATE TRIGGER refers AFTER INSERT ON ledger_transactions REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION check_posting_references();
"""
KEPT = """
CREATE FUNCTION keep_what_is_booked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  booked boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM gone JOIN ledger_transactions t ON t.%I = gone.id)', TG_ARGV[0])
  INTO booked;
  IF booked THEN
    RAISE foreign_key_violation USING MESSAGE = format('the books refer to what would go from %s', TG_TABLE_NAME);
  END IF;
  RETURN NULL;
END $$;
"""
# A posting cannot go before its entries do: it goes with its shop only. So there is nothing to lock.
ENTRIES = """
CREATE OR REPLACE FUNCTION check_posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  off bigint;
  wanted bigint[] := ARRAY(SELECT DISTINCT transaction_id FROM fresh);
BEGIN
  IF (SELECT count(*) FROM ledger_transactions WHERE id = ANY(wanted)) < cardinality(wanted) THEN
    RAISE foreign_key_violation USING MESSAGE = 'an entry''s transaction_id is not in ledger_transactions';
  END IF;
  SELECT transaction_id INTO off FROM fresh GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the entries of ledger transaction % do not sum to zero', off;
  END IF;
  RETURN NULL;
END $$;
"""
# Only what is open can be claimed: so it exists, is this vendor's, and is in no other payout.
CLAIMS = """
CREATE OR REPLACE FUNCTION close_claimed_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  closed bigint;
BEGIN
  DELETE FROM open_entries o USING fresh f
  WHERE o.entry_id = f.entry_id AND o.shop_id = f.shop_id AND o.vendor_id = f.vendor_id AND f.released_at IS NULL;
  GET DIAGNOSTICS closed = ROW_COUNT;
  IF closed < (SELECT count(*) FROM fresh) THEN
    RAISE foreign_key_violation USING MESSAGE = 'a payout claims an entry that is not open';
  END IF;
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT payout_id, shop_id, vendor_id FROM fresh) f
    WHERE NOT EXISTS (
      SELECT FROM payouts p WHERE p.id = f.payout_id AND p.shop_id = f.shop_id AND p.vendor_id = f.vendor_id)
  ) THEN
    RAISE foreign_key_violation USING MESSAGE = 'a claim''s payout is not in payouts';
  END IF;
  RETURN NULL;
END $$;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # To take a payload apart and put it together again costs more than all the rest of a booking.
    for table in ("orders", "order_refunds"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN snapshot TYPE json USING snapshot::text::json")
        op.execute(
            f"DO $$ BEGIN ALTER TABLE {table} ALTER COLUMN snapshot SET COMPRESSION lz4;"
            " EXCEPTION WHEN feature_not_supported THEN NULL; END $$"
        )
    for column in PARENTS:
        op.drop_constraint(f"fk_ledger_transactions_{column}", "ledger_transactions", type_="foreignkey")
    op.drop_constraint("fk_ledger_entries_transaction_id", "ledger_entries", type_="foreignkey")
    op.execute(REFERENCES)
    op.execute(KEPT)
    for column, table in PARENTS.items():
        op.execute(
            f"CREATE TRIGGER booked AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone"
            f" FOR EACH STATEMENT EXECUTE FUNCTION keep_what_is_booked('{column}')"
        )
    op.execute(ENTRIES)
    for columns in ("entry_id", "payout_id_shop_id_vendor_id"):
        op.drop_constraint(f"fk_payout_entries_{columns}", "payout_entries", type_="foreignkey")
    op.execute(CLAIMS)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

"""What postings and entries refer to is looked up id by id, also while the tables are small"""

from collections.abc import Sequence

from alembic import op

revision: str = "0074_looked_up_one_by_one"
down_revision: str | None = "0073_lines_by_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PARENTS = {"shop_id": "shops", "vendor_id": "vendors", "order_id": "orders", "payout_id": "payouts"}
"""By the column of a posting: what it refers to."""

# Of a table that nobody has counted yet PostgreSQL believes that a shop has hardly any rows, so that it looked through
# all of the shop's for some ids: a third of what a batch of orders cost it. LATERAL with OFFSET 0, or with a lock,
# stays a look-up for each id.
_REFERS = """
  wanted := ARRAY(SELECT DISTINCT {column} FROM fresh WHERE {column} IS NOT NULL);
  IF cardinality(wanted) > 0 AND cardinality(wanted) > (
    SELECT count(*)
    FROM unnest(wanted) AS w(id) CROSS JOIN LATERAL (SELECT FROM {table} p WHERE p.id = w.id FOR KEY SHARE) held)
  THEN
    RAISE foreign_key_violation USING MESSAGE = 'a posting''s {column} is not in {table}';
  END IF;
"""
REFERENCES = f"""
CREATE OR REPLACE FUNCTION check_posting_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted bigint[];
BEGIN
  {"".join(_REFERS.format(column=column, table=table) for column, table in PARENTS.items())}
  RETURN NULL;
END $$;
"""
ENTRIES = """
CREATE OR REPLACE FUNCTION check_posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  off bigint;
  wanted bigint[] := ARRAY(SELECT DISTINCT transaction_id FROM fresh);
BEGIN
  IF cardinality(wanted) > (
    SELECT count(*)
    FROM unnest(wanted) AS w(id) CROSS JOIN LATERAL (
      SELECT FROM ledger_transactions t WHERE t.id = w.id OFFSET 0) held)
  THEN
    RAISE foreign_key_violation USING MESSAGE = 'an entry''s transaction_id is not in ledger_transactions';
  END IF;
  SELECT transaction_id INTO off FROM fresh GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the entries of ledger transaction % do not sum to zero', off;
  END IF;
  RETURN NULL;
END $$;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(REFERENCES)
    op.execute(ENTRIES)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

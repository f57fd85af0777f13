"""Entries are indexed by what is asked of them alone, and what postings refer to is looked up in fewer steps"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0080_fewer_entries_indexed"
down_revision: str | None = "0079_mailings"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PARENTS = {"shop_id": "shops", "vendor_id": "vendors", "order_id": "orders", "payout_id": "payouts"}
"""By the column of a posting: what it refers to."""

# In two steps: most postings have no payout, and to see that an array is empty takes no statement.
_REFERS = """
  IF cardinality({column}s) > 0 THEN
    IF cardinality({column}s) > (
      SELECT count(*)
      FROM unnest({column}s) AS w(id) CROSS JOIN LATERAL (SELECT FROM {table} p WHERE p.id = w.id FOR KEY SHARE) held)
    THEN
      RAISE foreign_key_violation USING MESSAGE = 'a posting''s {column} is not in {table}';
    END IF;
  END IF;
"""
_WANTED = ", ".join(f"array_agg(DISTINCT {column}) FILTER (WHERE {column} IS NOT NULL)" for column in PARENTS)
REFERENCES = f"""
CREATE OR REPLACE FUNCTION check_posting_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  {" ".join(f"{column}s bigint[];" for column in PARENTS)}
BEGIN
  SELECT {_WANTED} INTO {", ".join(f"{column}s" for column in PARENTS)} FROM fresh;
  {"".join(_REFERS.format(column=column, table=table) for column, table in PARENTS.items())}
  RETURN NULL;
END $$;
"""  # noqa: S608 - names of ours only


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(REFERENCES)
    # An order of three lines has 22 entries: of these two say what was earned, and what can be paid comes later.
    by_account = ["shop_id", "account", "vendor_id"]
    op.create_index("ix_ledger_entries_shop_id", "ledger_entries", ["shop_id"])
    op.create_index(
        "ix_ledger_entries_summed",
        "ledger_entries",
        by_account,
        postgresql_where=sa.text("account IN ('commission', 'vendor_available')"),
    )
    op.drop_index("ix_ledger_entries_shop_id_account_vendor_id", "ledger_entries")
    op.drop_index("ix_ledger_entries_vendor_id", "ledger_entries")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

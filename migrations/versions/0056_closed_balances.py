"""Balances are added up to a closing: what a page asks for does not grow with the books"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0056_closed_balances"
down_revision: str | None = "0055_review_desk"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# STABLE: all that it reads is of one moment, so an entry is either in the closed balance or after it, never both.
# EXECUTE: planned each time with the closing's own number, which says how few entries come after it.
BALANCES = """
CREATE FUNCTION balances(of_shop bigint, of_vendors bigint[], of_accounts text[])
RETURNS TABLE (vendor_id bigint, account text, currency text, amount_minor bigint)
LANGUAGE plpgsql STABLE AS $function$
BEGIN
  RETURN QUERY EXECUTE $$
    SELECT s.vendor_id, s.account, s.currency, sum(s.amount_minor)::bigint
    FROM (
      SELECT c.vendor_id, c.account, c.currency, c.amount_minor FROM closed_balances c
      WHERE c.shop_id = $1 AND ($2 IS NULL OR c.vendor_id = ANY($2)) AND ($3 IS NULL OR c.account = ANY($3))
      UNION ALL
      SELECT e.vendor_id, e.account, e.currency, e.amount_minor FROM ledger_entries e
      WHERE e.id > $4 AND e.shop_id = $1
        AND ($2 IS NULL OR e.vendor_id = ANY($2)) AND ($3 IS NULL OR e.account = ANY($3))
    ) AS s
    GROUP BY s.vendor_id, s.account, s.currency
  $$ USING of_shop, of_vendors, of_accounts, coalesce((SELECT max(through_entry_id) FROM closings), 0);
END $function$
"""

# Row-level security makes the planner expect a handful of rows, and sort all that a vendor ever had; told not to, it
# walks down the index from where the page before ended, and stops when the page is full.
STATEMENTS = """
CREATE FUNCTION movements(
  of_vendor bigint, in_currency text, of_accounts text[], but_kinds text[], at timestamptz, below bigint, most integer)
RETURNS SETOF bigint LANGUAGE sql STABLE SET enable_sort = off SET enable_bitmapscan = off AS $$
  SELECT t.id FROM ledger_transactions t
  WHERE t.vendor_id = of_vendor AND t.currency = in_currency AND t.kind <> ALL (but_kinds)
    AND (t.booked_at, t.id) < (at, below)
    AND (SELECT count(*) FROM ledger_entries e
         WHERE e.transaction_id = t.id AND e.vendor_id = of_vendor AND e.account = ANY (of_accounts)) > 0
  ORDER BY t.booked_at DESC, t.id DESC LIMIT most
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "closings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("through_entry_id", sa.BigInteger(), nullable=False),
        sa.Column("next_entry_id", sa.BigInteger(), nullable=False),
        sa.Column("next_xid", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closings")),
    )
    op.execute("GRANT SELECT ON closings TO stallkeeper_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON closings TO stallkeeper_system")
    op.create_table(
        "closed_balances",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_balances")),
    )
    op.create_index("ix_closed_balances_vendor_id", "closed_balances", ["vendor_id"])
    op.create_index(
        "uq_closed_balances_shop_id_account_currency_vendor",
        "closed_balances",
        ["shop_id", "account", "currency", sa.text("coalesce(vendor_id, 0)")],
        unique=True,
    )
    rls.protect_readable_by_vendor("closed_balances")
    op.execute(BALANCES)
    op.execute(STATEMENTS)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

"""What could be paid out stands in a table of its own, so that finding it does not grow with what was ever paid"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0027_open_entries"
down_revision: str | None = "0026_holidays"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OPEN = """
    SELECT e.id, e.shop_id, e.vendor_id, e.currency, e.amount_minor
    FROM {entries} e
    WHERE e.account = 'vendor_available'
      AND (SELECT t.payout_id FROM ledger_transactions t WHERE t.id = e.transaction_id) IS NULL
"""
_COLUMNS = "entry_id, shop_id, vendor_id, currency, amount_minor"
# Triggers, because entries and claims are written in more than one place, and none of them may forget it.
_KEEP = f"""
CREATE FUNCTION open_new_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Few postings make anything available, and whether this one does costs nothing to see.
  IF EXISTS (SELECT FROM fresh WHERE account = 'vendor_available') THEN
    INSERT INTO open_entries ({_COLUMNS}) {_OPEN.format(entries="fresh")};
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER opened AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION open_new_entries();

CREATE FUNCTION close_claimed_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM open_entries USING fresh WHERE open_entries.entry_id = fresh.entry_id AND fresh.released_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER claimed AFTER INSERT ON payout_entries REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION close_claimed_entries();

CREATE FUNCTION open_released_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO open_entries ({_COLUMNS}) {_OPEN.format(entries="ledger_entries")}
    AND e.id IN (SELECT entry_id FROM fresh WHERE released_at IS NOT NULL)
    AND NOT EXISTS (SELECT FROM payout_entries c WHERE c.entry_id = e.id AND c.released_at IS NULL)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER released AFTER UPDATE ON payout_entries REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION open_released_entries();
"""  # noqa: S608 - names of ours only
_FILL = f"""
INSERT INTO open_entries ({_COLUMNS}) {_OPEN.format(entries="ledger_entries")}
  AND NOT EXISTS (SELECT FROM payout_entries c WHERE c.entry_id = e.id AND c.released_at IS NULL)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "open_entries",
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name=op.f("fk_open_entries_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_open_entries")),
    )
    op.create_index("ix_open_entries_shop_id_vendor_id", "open_entries", ["shop_id", "vendor_id"])
    rls.protect_readable_by_vendor("open_entries")
    op.execute(_FILL)
    op.execute(_KEEP)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

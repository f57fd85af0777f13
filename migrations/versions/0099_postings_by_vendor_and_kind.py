"""Postings are indexed by vendor where they have one, and by kind where it is not the commonest"""

from collections.abc import Sequence

import sqlalchemy as sa

from migrations.indexes import create_index

revision: str = "0099_postings_by_vendor_and_kind"
down_revision: str | None = "0098_orders_by_day"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Of the ten postings of a new order with three lines six have no vendor, and all are sales. Sales are found among
    # all postings by time. What these two replace goes with the next migration.
    create_index(
        "ix_ledger_transactions_vendors",
        "ledger_transactions",
        ["vendor_id", "booked_at"],
        postgresql_where=sa.text("vendor_id IS NOT NULL"),
    )
    create_index(
        "ix_ledger_transactions_kinds",
        "ledger_transactions",
        ["shop_id", "kind", "booked_at", "id"],
        postgresql_where=sa.text("kind <> 'sale'"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

"""Two indexes of all postings go that those of some of them replace"""

from collections.abc import Sequence

from alembic import op

revision: str = "0100_postings_indexed_once"
down_revision: str | None = "0099_postings_by_vendor_and_kind"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_ledger_transactions_vendor_id_booked_at", "ledger_transactions")
    op.drop_index("ix_ledger_transactions_shop_id_kind_booked_at_id", "ledger_transactions")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

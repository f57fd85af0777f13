"""Two indexes of entries go that the last one replaces: apart from it, for dropping one lets nobody read meanwhile"""

from collections.abc import Sequence

from alembic import op

revision: str = "0095_two_indexes_fewer"
down_revision: str | None = "0094_entries_by_shop_and_posting"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_ledger_entries_shop_id", "ledger_entries")
    op.drop_index("ix_ledger_entries_transaction_id", "ledger_entries")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

"""A shop's entries and a posting's are found by one index; the two that it replaces go with the next migration"""

from collections.abc import Sequence

from migrations.indexes import create_index

revision: str = "0094_entries_by_shop_and_posting"
down_revision: str | None = "0093_one_content_of_a_bank_file"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index("ix_ledger_entries_shop_id_transaction_id", "ledger_entries", ["shop_id", "transaction_id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

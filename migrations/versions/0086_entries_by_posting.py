"""What was earned is found by when it was booked, what is available is added up without reading the entries"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0086_entries_by_posting"
down_revision: str | None = "0085_looks_at_products"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "ix_ledger_entries_available",
        "ledger_entries",
        ["shop_id", "vendor_id", "currency"],
        postgresql_include=["amount_minor"],
        postgresql_where=sa.text("account = 'vendor_available'"),
    )
    op.create_index(
        "ix_ledger_entries_commission",
        "ledger_entries",
        ["shop_id", "transaction_id"],
        postgresql_include=["vendor_id", "currency", "amount_minor"],
        postgresql_where=sa.text("account = 'commission'"),
    )
    op.drop_index("ix_ledger_entries_summed", "ledger_entries")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

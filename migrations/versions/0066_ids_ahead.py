"""Take ids before the rows that have them are written, so that rows that name each other travel together"""

from collections.abc import Sequence

from alembic import op

revision: str = "0066_ids_ahead"
down_revision: str | None = "0065_stock_of_vendors"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = (
    "orders",
    "order_refunds",
    "fulfilments",
    "order_disputes",
    "order_payments",
    "ledger_transactions",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    sequences = ", ".join(f"{table}_id_seq" for table in _TABLES)
    op.execute(f"GRANT USAGE ON SEQUENCE {sequences} TO stallkeeper_app, stallkeeper_system")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

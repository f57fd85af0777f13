"""The index of the log by shop alone goes: each of the two others begins with the shop"""

from collections.abc import Sequence

from alembic import op

revision: str = "0097_one_index_of_the_log_fewer"
down_revision: str | None = "0096_the_log_by_shop_and_action"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_audit_entries_shop_id", "audit_entries")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

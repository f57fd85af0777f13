"""Customers' syncs see whether their shop is still here"""

from collections.abc import Sequence

from alembic import op

revision: str = "0083_shops_that_left"
down_revision: str | None = "0082_rules_hold"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("GRANT SELECT (id, status) ON shops TO stallkeeper_customer")
    op.execute("CREATE POLICY own ON shops FOR SELECT TO stallkeeper_customer USING (id = (SELECT asking_shop()))")


def downgrade() -> None:
    op.execute("DROP POLICY own ON shops")
    op.execute("REVOKE SELECT (id, status) ON shops FROM stallkeeper_customer")

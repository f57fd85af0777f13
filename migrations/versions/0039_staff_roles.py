"""What each of the shop's staff may do"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0039_staff_roles"
down_revision: str | None = "0038_visits"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # Who was here before there were roles could do everything.
    op.add_column("staff_members", sa.Column("role", sa.Text(), server_default="everything", nullable=False))
    op.alter_column("staff_members", "role", server_default=None)
    op.add_column("shop_settings", sa.Column("newcomer_role", sa.Text(), server_default="viewer", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

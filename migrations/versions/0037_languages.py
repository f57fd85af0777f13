"""The language that a vendor's person reads, and words of e-mails in each"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0037_languages"
down_revision: str | None = "0036_booking_by_statements"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("vendor_users", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("email_wordings", sa.Column("language", sa.Text(), server_default="en", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

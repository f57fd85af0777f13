"""Questions that applicants are asked at once"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0061_asked_of_applicants"
down_revision: str | None = "0060_category_attributes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("vendor_questions", sa.Column("at_application", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

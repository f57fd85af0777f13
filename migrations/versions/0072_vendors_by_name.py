"""Every order asks for vendors by the name on its lines"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0072_vendors_by_name"
down_revision: str | None = "0071_pictures_by_address"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_vendors_shop_id_name", "vendors", ["shop_id", sa.text("lower(name)")])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

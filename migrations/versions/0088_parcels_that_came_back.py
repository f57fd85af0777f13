"""What is open of a shop's pickups is found without going through all that was ever sent"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0088_parcels_that_came_back"
down_revision: str | None = "0087_taken_down"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    came_back = sa.text("state IN ('failed', 'cancelled')")
    op.create_index("ix_fulfilments_came_back", "fulfilments", ["shop_id"], postgresql_where=came_back)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

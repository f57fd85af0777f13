"""How often one paper of many was tried; archives are found by a shop's digests, without an index of the shop alone"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0103_archives_in_turn"
down_revision: str | None = "0102_amounts_of_notices"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("paper_archives", sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_index("ix_paper_archives_shop_id", "paper_archives")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

"""Products that the shop's staff keep off sale, and only they put back"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0087_taken_down"
down_revision: str | None = "0086_entries_by_posting"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TOUCHED = (
    "asking_vendor() IS NOT NULL AND ROW(NEW.taken_down_at, NEW.taken_down_reason)"
    " IS DISTINCT FROM ROW(OLD.taken_down_at, OLD.taken_down_reason)"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("products", sa.Column("taken_down_at", sa.DateTime(timezone=True)))
    op.add_column("products", sa.Column("taken_down_reason", sa.Text()))
    op.execute(
        "CREATE TRIGGER vendors_own_rows_taken_down BEFORE UPDATE OF taken_down_at, taken_down_reason ON products"
        f" FOR EACH ROW WHEN ({_TOUCHED}) EXECUTE FUNCTION refuse_vendor()"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

"""Who put a product into the cart from a list has looked at it: of days counted before, at least so many did"""

from collections.abc import Sequence

from alembic import op

revision: str = "0112_viewers_from_lists"
down_revision: str | None = "0111_newest_on_sale"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("UPDATE activity_days SET viewers = adders WHERE viewers < adders")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

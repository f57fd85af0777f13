"""What visitors do, as the web pixel tells it, and the daily figures of it"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0048_journey"
down_revision: str | None = "0047_voices"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _create_activity()
    _create_days()
    op.create_table(
        "activity_marks",
        _shop_id(),
        sa.Column("rolled_up_at", sa.DateTime(timezone=True), nullable=False),
        *_keys("activity_marks", "shop_id"),
    )
    op.create_table(
        "web_pixels",
        _shop_id(),
        sa.Column("pixel_gid", sa.Text(), nullable=True),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *_keys("web_pixels", "shop_id"),
    )
    op.create_table(
        "product_neighbours",
        _shop_id(),
        sa.Column("product_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("neighbours", postgresql.JSONB(), nullable=False),
        sa.Column("told", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("product_neighbours", "shop_id", "product_number"),
    )
    for table in ("activity", "search_days", "product_neighbours", "activity_marks", "web_pixels"):
        rls.protect_for_shop(table)
    rls.protect_readable_by_vendor("activity_days")


def _create_activity() -> None:
    op.create_table(
        "activity",
        _shop_id(),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("product_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        *_keys("activity", "shop_id", "event_id", "product_number"),
    )
    op.create_index("ix_activity_shop_id_received_at", "activity", ["shop_id", "received_at"])
    op.create_index("ix_activity_shop_id_happened_at", "activity", ["shop_id", "happened_at"])
    op.create_index("ix_activity_received_at", "activity", ["received_at"])


def _create_days() -> None:
    counts = ("views", "visitors", "viewers", "adders", "starters")
    op.create_table(
        "activity_days",
        _shop_id(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendors.id"], name=op.f("fk_activity_days_vendor_id"), ondelete="CASCADE"
        ),
        *_keys("activity_days", "shop_id", "day", "product_number"),
    )
    op.create_index("ix_activity_days_vendor_id_day", "activity_days", ["vendor_id", "day"])
    op.create_table(
        "search_days",
        _shop_id(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("searches", sa.BigInteger(), nullable=False),
        sa.Column("in_vain", sa.BigInteger(), nullable=False),
        *_keys("search_days", "shop_id", "day", "words"),
    )


def _shop_id() -> sa.Column[int]:
    return sa.Column("shop_id", sa.BigInteger(), nullable=False)


def _keys(table: str, *names: str) -> tuple[sa.Constraint, sa.Constraint]:
    shop = sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f(f"fk_{table}_shop_id"), ondelete="CASCADE")
    return shop, sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}"))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

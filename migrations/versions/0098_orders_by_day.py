"""What was ordered by day, and the days that are to be counted: at first all that have orders"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0098_orders_by_day"
down_revision: str | None = "0097_one_index_of_the_log_fewer"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "order_days",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("product_number", "orders", "units")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_days_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendors.id"], name=op.f("fk_order_days_vendor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_days")),
    )
    op.create_index(
        "uq_order_days_shop_id_day_product_number_vendor",
        "order_days",
        ["shop_id", "day", "product_number", sa.text("coalesce(vendor_id, 0)")],
        unique=True,
    )
    op.create_index("ix_order_days_vendor_id_day", "order_days", ["vendor_id", "day"])
    op.create_table(
        "days_to_count",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_days_to_count_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_days_to_count")),
    )
    op.create_index(op.f("ix_days_to_count_shop_id"), "days_to_count", ["shop_id"])
    rls.protect_readable_by_vendor("order_days")
    rls.protect_for_shop("days_to_count")
    op.execute(
        "INSERT INTO days_to_count (shop_id, day)"
        " SELECT DISTINCT shops.id, cast(timezone(shops.timezone, orders.ordered_at) AS date)"
        " FROM orders JOIN shops ON shops.id = orders.shop_id"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

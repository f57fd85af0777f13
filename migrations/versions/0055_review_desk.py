"""Reviewing products: rules that approve by themselves, saved replies, a promised time"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0055_review_desk"
down_revision: str | None = "0054_pictures_in_edits"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A vendor's edit is judged in the vendor's own transaction, which has to know the vendor's groups, and no others.
OWN_GROUPS = """
CREATE POLICY own_groups ON vendor_group_members FOR SELECT TO stallkeeper_app
  USING (shop_id = (SELECT asking_shop()) AND vendor_id = (SELECT asking_vendor()))
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("shop_settings", sa.Column("review_days", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "approval_rules",
        *_of_shop("approval_rules"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("conditions", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_table(
        "saved_replies",
        *_of_shop("saved_replies"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_index("ix_approval_rules_shop_id", "approval_rules", ["shop_id"])
    op.create_index("ix_approval_rules_shop_id_position", "approval_rules", ["shop_id", "position"])
    op.create_index("ix_saved_replies_shop_id", "saved_replies", ["shop_id"])
    op.create_index("ix_saved_replies_shop_id_title", "saved_replies", ["shop_id", "title"])
    rls.protect_shared("approval_rules")
    rls.protect_for_shop("saved_replies")
    op.execute(OWN_GROUPS)


def _of_shop(table: str) -> list[sa.Column[int] | sa.Constraint]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    ]


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

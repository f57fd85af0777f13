"""Social links, an announcement, a cover picture and translations on a vendor's public page"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0059_public_face"
down_revision: str | None = "0058_deliveries_claimed"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("vendors", sa.Column("announcement", sa.Text(), server_default="", nullable=False))
    op.add_column("vendors", sa.Column("social", JSONB(), server_default="{}", nullable=False))
    op.add_column("vendors", sa.Column("translations", JSONB(), server_default="{}", nullable=False))
    op.add_column("vendors", sa.Column("cover_url", sa.Text(), nullable=True))
    op.add_column("vendors", sa.Column("cover_file_gid", sa.Text(), nullable=True))
    op.add_column("vendor_pictures", sa.Column("kind", sa.Text(), server_default="logo", nullable=False))
    op.drop_constraint("pk_vendor_pictures", "vendor_pictures", type_="primary")
    op.create_primary_key("pk_vendor_pictures", "vendor_pictures", ["vendor_id", "kind"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

"""What a batch's first bank file says of the account that pays, so that later ones say the same"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0093_one_content_of_a_bank_file"
down_revision: str | None = "0092_websites_of_vendor_pages"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("payout_batches", sa.Column("file_head", sa.LargeBinary()))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

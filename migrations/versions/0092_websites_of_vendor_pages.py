"""Whether a vendor's page names a website that the vendor has emptied here was assumed, not seen: have it looked at"""

from collections.abc import Sequence

from alembic import op

revision: str = "0092_websites_of_vendor_pages"
down_revision: str | None = "0091_what_was_told_of_products"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Pages were never told of an emptied website. The hourly comparison finds those that still name one.
    empty = "website = '' AND page_words ->> 'website' = ''"
    op.execute(f"UPDATE vendors SET page_words = page_words - 'website' WHERE {empty}")  # noqa: S608


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

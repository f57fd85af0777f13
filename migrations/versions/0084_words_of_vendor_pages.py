"""What a vendor's public page said when it was last seen: an edit of staff's is told from our own, field by field"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0084_words_of_vendor_pages"
down_revision: str | None = "0083_shops_that_left"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FIELDS = ("name", "tagline", "announcement", "about", "location", "website", "policies")
_WORDS = ", ".join(f"'{field}', {field}" for field in _FIELDS)
# What staff wrote is not a vendor's to say.
_OWN = """
CREATE TRIGGER vendors_page_words BEFORE UPDATE OF page_words, page_sent ON vendors FOR EACH ROW
WHEN (asking_vendor() IS NOT NULL AND (NEW.page_words, NEW.page_sent) IS DISTINCT FROM (OLD.page_words, OLD.page_sent))
EXECUTE FUNCTION refuse_vendor()
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in ("page_words", "page_sent"):
        op.add_column("vendors", sa.Column(column, postgresql.JSONB(), nullable=True))
    # A page that follows its row says what the row says.
    followed = "profile_synced_at IS NOT NULL AND metaobject_gid IS NOT NULL"
    op.execute(f"UPDATE vendors SET page_words = jsonb_build_object({_WORDS}) WHERE {followed}")  # noqa: S608
    op.execute(_OWN)


def downgrade() -> None:
    op.execute("DROP TRIGGER vendors_page_words ON vendors")
    for column in ("page_words", "page_sent"):
        op.drop_column("vendors", column)

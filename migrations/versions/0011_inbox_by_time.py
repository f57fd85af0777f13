"""Find the inbox's last minutes without reading all of it"""

from collections.abc import Sequence

from alembic import op

revision: str = "0011_inbox_by_time"
down_revision: str | None = "0010_events"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # Rows come in the order of their time, so a few bytes per megabyte tell where a time begins.
    op.create_index("ix_inbox_events_received_at", "inbox_events", ["received_at"], postgresql_using="brin")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

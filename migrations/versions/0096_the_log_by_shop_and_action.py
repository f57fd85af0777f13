"""The newest entry of the log about a form is found without a walk through the shop's whole log"""

from collections.abc import Sequence

from migrations.indexes import create_index

revision: str = "0096_the_log_by_shop_and_action"
down_revision: str | None = "0095_two_indexes_fewer"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index("ix_audit_entries_shop_id_action_id", "audit_entries", ["shop_id", "action", "id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

"""Who may change commission rules need not set holds and payout days"""

from collections.abc import Sequence

from alembic import op

revision: str = "0068_terms_scope"
down_revision: str | None = "0067_stock_calls"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # What a token was given it keeps.
    op.execute("""
        UPDATE api_tokens SET scopes = scopes || '["terms:write"]'::jsonb
        WHERE scopes ? 'commissions:write' AND NOT scopes ? 'terms:write'
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

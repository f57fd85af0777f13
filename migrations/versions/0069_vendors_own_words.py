"""Of reviews, questions and cancellations a vendor's session writes what is the vendor's to say, and nothing else"""

from collections.abc import Sequence

from alembic import op

revision: str = "0069_vendors_own_words"
down_revision: str | None = "0068_terms_scope"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SHOP = "shop_id = (SELECT asking_shop())"
_STAFF = "(SELECT asking_vendor()) IS NULL"
_TABLES = ("vendor_reviews", "questions", "cancellations")
_LEFT_OUT = "to_jsonb(NEW) - '{{{0}}}'::text[] <> to_jsonb(OLD) - '{{{0}}}'::text[]"
# What vendors may not write, by table. Reviews: all but the answer and the report, of what is published. Questions:
# all but the answer, of what they can read. Cancellations: all but taking back what nobody has answered.
_WRONG = {
    "vendor_reviews": f"""OLD.state <> 'published'
        OR (NEW.settled_at IS NOT NULL AND NEW.settled_at IS DISTINCT FROM OLD.settled_at)
        OR {_LEFT_OUT.format("answer,answered_at,report,reported_at,settled_at")}""",
    "questions": f"""OLD.state NOT IN ('open', 'answered') OR NEW.state <> 'answered'
        OR {_LEFT_OUT.format("answer,answered_at,state")}""",
    "cancellations": f"""OLD.state <> 'asked' OR NEW.state <> 'withdrawn' OR {_LEFT_OUT.format("state")}""",
}
_REFUSE = """
CREATE FUNCTION refuse_vendor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = format('a vendor may not write this into %s', TG_TABLE_NAME);
END $$;
"""
# Vendors cancel without asking only where the merchant lets them.
_ALONE = "EXISTS (SELECT FROM shop_settings s WHERE s.shop_id = (SELECT asking_shop()) AND s.vendors_may_cancel)"
_UNDECIDED = "decided_by IS NULL AND decided_at IS NULL AND refund_shopify_id IS NULL"
_ASKED = f"{_UNDECIDED} AND (state = 'asked' OR (state = 'approved' AND {_ALONE}))"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_REFUSE)
    for table in _TABLES:
        op.execute(f"ALTER POLICY adding ON {table} WITH CHECK ({_SHOP} AND {_STAFF})")
        op.execute(f"ALTER POLICY removing ON {table} USING ({_SHOP} AND {_STAFF})")
        op.execute(
            f"CREATE TRIGGER vendors_own_words BEFORE UPDATE ON {table} FOR EACH ROW"
            f" WHEN (asking_vendor() IS NOT NULL AND ({_WRONG[table]})) EXECUTE FUNCTION refuse_vendor()"
        )
    theirs = f"vendor_id = (SELECT asking_vendor()) AND {_ASKED}"
    op.execute(f"ALTER POLICY adding ON cancellations WITH CHECK ({_SHOP} AND ({_STAFF} OR ({theirs})))")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")

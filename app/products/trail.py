"""A product's history: what was done to it, or to an edit of it, and by whom."""

from typing import Any

from sqlalchemy.orm import Session

from app import audit
from app.models.products import Product, ProductProposal


def record(
    session: Session,
    row: Product | ProductProposal,
    action: str,
    actor: str,
    *,
    reason: str | None = None,
    changes: dict[str, Any] | None = None,
) -> None:
    """Write that `actor` did `action` ("archive", "edit_accept") to a product or to an edit of it."""
    audit.record(
        session,
        row.shop_id,
        f"product.{action}",
        ("product", row.product_id if isinstance(row, ProductProposal) else row.id),
        actor=actor,
        vendor_id=row.vendor_id,
        reason=reason,
        changes=changes,
    )

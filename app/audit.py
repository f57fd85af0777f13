"""Who did what, and why: one row for every named action, in the action's own transaction."""

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.models.events import AuditEntry


def record(
    session: Session,
    shop_id: int,
    action: str,
    subject: tuple[str, int],
    *,
    actor: str,
    vendor_id: int | None = None,
    reason: str | None = None,
    changes: dict[str, Any] | None = None,
) -> None:
    """Write that `actor` ("staff:42", "vendor_user:7", "system") did `action` ("vendor.approve") to `subject`."""
    subject_type, subject_id = subject
    session.add(
        AuditEntry(
            shop_id=shop_id,
            vendor_id=vendor_id,
            actor=actor,
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            reason=reason,
            changes=changes or {},
            at=clock.now(),
        )
    )

"""Who did what, and why: one row for every named action, in the action's own transaction."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.models.events import AuditEntry
from app.rows import Row, insert_rows


class _EntryRow(Row, kw_only=True):
    vendor_id: int
    subject_id: int


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


def record_for_vendors(
    session: Session,
    shop_id: int,
    action: str,
    subject_type: str,
    subjects: Iterable[tuple[int, int]],
    *,
    actor: str,
    reason: str | None = None,
) -> None:
    """The same for many subjects by one statement: each with the vendor that it belongs to."""
    rows = [_EntryRow(vendor_id=vendor_id, subject_id=subject_id) for subject_id, vendor_id in subjects]
    insert_rows(
        session,
        "audit_entries",
        rows,
        shop_id=shop_id,
        actor=actor,
        action=action,
        subject_type=subject_type,
        reason=reason,
        at=clock.now(),
    )

"""Changing vendor groups. Who is in one counts for orders from then on; lines already sold keep theirs."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit
from app.commissions.queries import list_planned, list_versions
from app.errors import Conflict, NotFound, ValidationErrors
from app.models.commissions import VendorGroup, VendorGroupMember
from app.models.vendors import Vendor


def save_group(
    session: Session, shop_id: int, group_id: int | None, name: str, vendor_ids: Sequence[int], *, actor: str
) -> VendorGroup:
    """A new group for None. Raises NotFound, ValidationErrors when the name is missing or taken."""
    name = name.strip()
    taken = select(VendorGroup.id).where(VendorGroup.shop_id == shop_id, func.lower(VendorGroup.name) == name.lower())
    if not name or len(name) > 80:
        raise ValidationErrors({"name": "Give the group a name of at most 80 characters."})
    if session.scalar(taken) not in (None, group_id):
        raise ValidationErrors({"name": "There is a group of this name. Choose another."})
    group = _get(session, shop_id, group_id) if group_id else VendorGroup(shop_id=shop_id)
    group.name = name
    session.add(group)
    session.flush()
    ours = select(Vendor.id).where(Vendor.shop_id == shop_id, Vendor.id.in_(vendor_ids))
    chosen = session.scalars(ours).all()
    session.execute(delete(VendorGroupMember).where(VendorGroupMember.group_id == group.id))
    rows = [{"group_id": group.id, "vendor_id": number, "shop_id": shop_id} for number in chosen]
    if rows:
        session.execute(insert(VendorGroupMember).values(rows))
    changes = {"vendors": [None, sorted(chosen)]}
    audit.record(session, shop_id, "vendor_group.save", ("vendor_group", group.id), actor=actor, changes=changes)
    return group


def remove_group(session: Session, shop_id: int, group_id: int, *, actor: str) -> None:
    """Raises NotFound, and Conflict while a rule names it."""
    group = _get(session, shop_id, group_id)
    if names := list_used(session, shop_id).get(group_id):
        raise Conflict(f"“{names[0]}” names this group. Change that rule first.")
    session.delete(group)
    audit.record(session, shop_id, "vendor_group.remove", ("vendor_group", group_id), actor=actor)


def list_used(session: Session, shop_id: int) -> dict[int, list[str]]:
    """The names of the rules, in force or planned, that name each group."""
    used: dict[int, list[str]] = {}
    for version in [*list_versions(session, shop_id), *list_planned(session, shop_id)]:
        for group_id in version.conditions.get("group_ids", ()):
            used.setdefault(group_id, []).append(version.name)
    return used


def _get(session: Session, shop_id: int, group_id: int) -> VendorGroup:
    group = session.get(VendorGroup, group_id)
    if group is None or group.shop_id != shop_id:
        raise NotFound("There is no such group.")
    return group

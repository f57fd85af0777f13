"""Who works for a vendor: inviting, changing a role, taking somebody's way in away. There is always an owner left."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.auth import magic_links
from app.auth.api import revoke_tokens_of
from app.auth.roles import ROLE_WORDS, Role
from app.emails.service import queue_email
from app.errors import Conflict, NotFound, ValidationErrors
from app.languages import _, spoken
from app.models.vendors import Vendor, VendorUser
from app.portal.service import connect_customer

INVITATION_LIFETIME: Final = timedelta(days=7)


def list_people(session: Session, vendor_id: int) -> Sequence[VendorUser]:
    """Everybody who may open the vendor's portal, the longest there first."""
    query = select(VendorUser).where(VendorUser.vendor_id == vendor_id).order_by(VendorUser.id)
    return session.scalars(query).all()


def get_person(session: Session, vendor_id: int, user_id: int) -> VendorUser:
    """Raises NotFound for anybody who does not work for this vendor."""
    found = session.scalar(select(VendorUser).where(VendorUser.vendor_id == vendor_id, VendorUser.id == user_id))
    if found is None:
        raise NotFound(_("Nobody like that works here any more."))
    return found


def invite(session: Session, vendor: Vendor, by: VendorUser, *, email: str, name: str, role: Role) -> VendorUser:
    """Let `email` in with `role`, and write them an invitation. The session must see the whole shop: links are its own.

    Raises ValidationErrors when the address works here already.
    """
    _lock(session, vendor.id)
    if any(person.email.lower() == email.lower() for person in list_people(session, vendor.id)):
        raise ValidationErrors(
            {"email": _("This person works here already. Open them in the list to change their role.")}
        )
    person = VendorUser(
        shop_id=vendor.shop_id, vendor_id=vendor.id, email=email, name=name, role=role, language=spoken()
    )
    session.add(person)
    session.flush()
    send_invitation(session, vendor, by, person)
    _record(session, vendor, "staff.invite", by, {"email": [None, email], "role": [None, str(role)]})
    return person


def send_invitation(session: Session, vendor: Vendor, by: VendorUser, person: VendorUser) -> None:
    """A link that opens the portal once within a week; afterwards the person asks for one like everybody."""
    link = magic_links.issue_link(session, vendor.shop_id, person.email, lifetime=INVITATION_LIFETIME)
    context = {
        "vendor_name": vendor.name,
        "inviter": by.name or by.email,
        "role": ROLE_WORDS[Role(person.role)][0],
        "link": link,
        "link_lasts": INVITATION_LIFETIME,
    }
    key = f"vendor_staff_invited:{person.id}:{clock.now().isoformat()}"
    queue_email(
        session, vendor.shop_id, "vendor_staff_invited", person.email, context, vendor_id=vendor.id, dedupe_key=key
    )


def change_role(session: Session, vendor: Vendor, by: VendorUser, person: VendorUser, role: Role) -> None:
    """It counts from the person's next click. Raises Conflict when no owner would be left."""
    before = Role(person.role)
    if before is role:
        return
    if before is Role.OWNER:
        _keep_an_owner(session, vendor.id, person)
        _take_keys(session, vendor, by, person)
    person.role = role
    _record(session, vendor, "staff.change_role", by, {"email": [person.email] * 2, "role": [before, role]})


def remove(session: Session, vendor: Vendor, by: VendorUser, person: VendorUser) -> None:
    """Sign the person out everywhere and let them in no more. Raises Conflict when no owner would be left."""
    if person.role == Role.OWNER:
        _keep_an_owner(session, vendor.id, person)
        _take_keys(session, vendor, by, person)
    _record(session, vendor, "staff.remove", by, {"email": [person.email, None], "role": [person.role, None]})
    session.delete(person)  # their sessions go with the row


def _keep_an_owner(session: Session, vendor_id: int, leaving: VendorUser) -> None:
    _lock(session, vendor_id)
    others = select(func.count()).where(
        VendorUser.vendor_id == vendor_id, VendorUser.role == Role.OWNER, VendorUser.id != leaving.id
    )
    if not session.scalar(others):
        raise Conflict(_("Somebody has to be the owner. Make another person an owner first."))


def _take_keys(session: Session, vendor: Vendor, by: VendorUser, leaving: VendorUser) -> None:
    """What an owner set up opens more than their new place does: the customer account that comes in as an owner (any
    owner may have connected theirs), and the tokens that they made for programs.
    """
    if vendor.shopify_customer_id is not None:
        connect_customer(session, vendor, by, None)
    revoke_tokens_of(session, f"vendor_user:{leaving.id}", vendor.id, actor=f"vendor_user:{by.id}")


def _lock(session: Session, vendor_id: int) -> None:
    """One change of staff at a time: two owners who demote each other at once must not both succeed."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("stallkeeper:staff"), vendor_id)))


def _record(
    session: Session, vendor: Vendor, action: str, by: VendorUser, changes: dict[str, list[str | None]]
) -> None:
    subject, actor = ("vendor", vendor.id), f"vendor_user:{by.id}"
    audit.record(session, vendor.shop_id, action, subject, actor=actor, vendor_id=vendor.id, changes=changes)

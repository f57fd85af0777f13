"""The verbs that change vendors: applying, and what the merchant decides. Every one is written to the audit trail.

The row decides; the `$app:vendor` metaobject follows (app/vendors/sync.py). A change of anything that customers see
clears `profile_synced_at` and rings the job that copies it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit, clock, events, languages
from app.config import get_config
from app.emails.service import queue_email
from app.errors import Conflict, NotFound, ValidationErrors
from app.languages import lazy
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus, VendorUser
from app.queue import enqueue_after_commit
from app.vendors import rules

_PAST: Final = {
    "approve": "VendorApproved",
    "reject": "VendorRejected",
    "suspend": "VendorSuspended",
    "reinstate": "VendorReinstated",
    "close": "VendorClosed",
}
_MAILS: Final = {
    "reject": "vendor_rejected",
    "suspend": "vendor_suspended",
    "reinstate": "vendor_reinstated",
    "close": "vendor_closed",
}
_NOW: Final = {
    VendorStatus.PENDING: "waiting for a decision",
    VendorStatus.APPROVED: "approved",
    VendorStatus.REJECTED: "declined",
    VendorStatus.SUSPENDED: "paused",
    VendorStatus.CLOSED: "closed",
}
LONGEST_QUESTION: Final = 2000
_NO_MAILBOX: Final = "your store has no e-mail address. Enter one in Shopify under Settings > General, then ask again."
_NAME_TAKEN: Final = lazy("A vendor with this name, or one that looks the same, is already here. Choose another name.")


@dataclass(frozen=True, slots=True)
class Application:
    """What an applicant tells us; already checked field by field."""

    name: str
    email: str
    contact_name: str = ""
    tagline: str = ""
    about: str = ""
    location: str = ""
    country: str = ""
    website: str = ""
    phone: str = ""
    what_they_sell: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A vendor page that Shopify already holds: perhaps ours, perhaps made by hand in the admin."""

    handle: str
    name: str


def apply(
    session: Session,
    shop: Shop,
    application: Application,
    entries: Collection[Entry] = (),
    *,
    approved_by: str | None = None,
) -> Vendor | None:
    """Take an application in. `entries`: pages in Shopify with names that come close; `approved_by`: who invited.

    Returns the vendor, or None when the address already has one: its owner is told by e-mail, and nobody else learns
    of it, so the answer to the applicant must not differ. Raises ValidationErrors when the name is taken.
    """
    # Two applications at once must not both find their name free.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"vendors.apply:{shop.id}", 0))))
    known = session.scalar(
        select(Vendor).where(Vendor.shop_id == shop.id, func.lower(Vendor.email) == application.email.lower())
    )
    if known is not None and rules.state_after("reapply", known.status) is None:
        _tell_known(session, shop, known)
        return None
    _check_name(session, shop.id, application.name, entries, known)
    vendor = known or _new_vendor(session, shop, application, entries)
    _fill(session, vendor, application)
    _give_access(session, vendor)
    settings = session.get(ShopSettings, shop.id)
    if settings is not None and settings.terms_text:
        vendor.terms_version, vendor.terms_accepted_at = settings.terms_version, clock.now()
    session.flush()
    _note_application(session, vendor)
    # Whom the shop once turned away or parted with comes back by a person's decision only.
    if approved_by or (settings is not None and settings.auto_approve_vendors and known is None):
        move(session, shop.id, vendor.id, "approve", actor=approved_by or "system")
    else:
        request_profile_sync(session, vendor)
        _tell_merchant(session, shop, vendor)
    return vendor


def move(
    session: Session, shop_id: int, vendor_id: int, action: str, *, actor: str, reason: str | None = None
) -> Vendor:
    """Approve, reject, suspend, reinstate or close a vendor.

    Raises NotFound, Conflict when the vendor's state does not allow it (any more), ValidationErrors without a reason
    where one is needed.
    """
    vendor = session.scalar(select(Vendor).where(Vendor.shop_id == shop_id, Vendor.id == vendor_id).with_for_update())
    if vendor is None:
        raise NotFound("There is no such vendor.")
    before, after = vendor.status, rules.state_after(action, vendor.status)
    if after is None:
        words = f"{vendor.name} is {_NOW[before]} now, so this is no longer possible. Look at the vendor again."
        raise Conflict(words)
    reason = (reason or "").strip() or None
    if action in rules.REASON_NEEDED and reason is None:
        raise ValidationErrors({"reason": "Say why in a sentence. The vendor reads it."})
    now = clock.now()
    vendor.status, vendor.status_reason, vendor.status_changed_at = VendorStatus(after), reason, now
    if action == "approve":
        vendor.approved_at = now
    audit.record(
        session,
        shop_id,
        f"vendor.{action}",
        ("vendor", vendor.id),
        actor=actor,
        vendor_id=vendor.id,
        reason=reason,
        changes={"status": [before, after]},
    )
    events.publish(session, shop_id, _PAST[action], vendor_id=vendor.id)
    # Whose application is put away never had a shop that could be closed.
    if action != "close" or before in {VendorStatus.APPROVED, VendorStatus.SUSPENDED}:
        _tell_decision(session, vendor, action)
    request_profile_sync(session, vendor)
    return vendor


def ask(session: Session, shop_id: int, vendor_id: int, question: str, *, actor: str) -> Vendor:
    """E-mail a question of the shop's to a vendor or an applicant, who answers it by e-mail. Their state stays.

    Raises NotFound, Conflict for one that is closed, ValidationErrors without a question or without a mailbox of the
    shop's to answer to.
    """
    vendor = session.scalar(select(Vendor).where(Vendor.shop_id == shop_id, Vendor.id == vendor_id))
    if vendor is None:
        raise NotFound("There is no such vendor.")
    if vendor.status is VendorStatus.CLOSED:
        raise Conflict(f"{vendor.name} is closed now. Write to {vendor.email} yourself.")
    words = question.strip()
    if not words or len(words) > LONGEST_QUESTION:
        raise ValidationErrors({"question": f"Write what you want to know, in up to {LONGEST_QUESTION:,} characters."})
    if not session.get_one(Shop, shop_id).email:
        raise ValidationErrors({"question": f"{vendor.name} could not answer: {_NO_MAILBOX}"})
    subject = ("vendor", vendor.id)
    audit.record(session, shop_id, "vendor.ask", subject, actor=actor, vendor_id=vendor.id, reason=words)
    context = {"vendor_name": vendor.name, "message": words}
    _send(session, vendor, "vendor_asked", context, reason=clock.now().isoformat())
    return vendor


def request_profile_sync(session: Session, vendor: Vendor) -> None:
    """Have the public page and the products in Shopify follow the vendor's row.

    Call it after each change of what customers see.
    """
    vendor.updated_at = clock.now()
    vendor.profile_synced_at = None
    vendor.sync_error = None
    session.flush()
    enqueue_after_commit(session, "jobs.catalogue.sync_vendor", vendor.shop_id, vendor.id, queue="catalogue")
    enqueue_after_commit(session, "jobs.catalogue.follow_vendor", vendor.shop_id, vendor.id, queue="catalogue")


def check_name(session: Session, shop_id: int, name: str, *, vendor_id: int) -> None:
    """Raises ValidationErrors when another vendor of the shop has this name, or one that looks the same.

    The session must be the shop's: a vendor's own sees no other vendor.
    """
    _check_name(session, shop_id, name, (), session.get(Vendor, vendor_id))


def _check_name(session: Session, shop_id: int, name: str, entries: Collection[Entry], own: Vendor | None) -> None:
    wanted, own_id, own_handle = rules.normalise_name(name), own.id if own else None, own.handle if own else None
    rows = session.execute(select(Vendor.id, Vendor.name).where(Vendor.shop_id == shop_id)).all()
    taken = {rules.normalise_name(row.name) for row in rows if row.id != own_id}
    taken |= {rules.normalise_name(entry.name) for entry in entries if entry.handle != own_handle}
    if wanted in taken:
        raise ValidationErrors({"name": _NAME_TAKEN})


def _new_vendor(session: Session, shop: Shop, application: Application, entries: Collection[Entry]) -> Vendor:
    handles = set(session.scalars(select(Vendor.handle).where(Vendor.shop_id == shop.id)))
    handle = rules.handle_for(application.name, handles | {entry.handle for entry in entries})
    vendor = Vendor(shop_id=shop.id, handle=handle, name=application.name, email=application.email)
    session.add(vendor)
    return vendor


def _fill(session: Session, vendor: Vendor, application: Application) -> None:
    now = clock.now()
    for field in Application.__slots__:
        setattr(vendor, field, getattr(application, field))
    vendor.status, vendor.status_reason = VendorStatus.PENDING, None
    vendor.applied_at = vendor.status_changed_at = vendor.updated_at = now
    session.flush()


def _give_access(session: Session, vendor: Vendor) -> None:
    """The person who applied may open the portal from now on: what may be done there depends on the vendor's status."""
    found = session.scalar(
        select(VendorUser).where(
            VendorUser.vendor_id == vendor.id, func.lower(VendorUser.email) == vendor.email.lower()
        )
    )
    if found is None:
        session.add(
            VendorUser(
                shop_id=vendor.shop_id,
                vendor_id=vendor.id,
                email=vendor.email,
                name=vendor.contact_name,
                language=languages.spoken(),
            )
        )


def _note_application(session: Session, vendor: Vendor) -> None:
    subject, actor = ("vendor", vendor.id), f"applicant:{vendor.email}"
    audit.record(session, vendor.shop_id, "vendor.apply", subject, actor=actor, vendor_id=vendor.id)
    events.publish(session, vendor.shop_id, "VendorApplied", vendor_id=vendor.id)
    _send(session, vendor, "vendor_welcome", {"vendor_name": vendor.name}, reason=vendor.applied_at.isoformat())


def _tell_decision(session: Session, vendor: Vendor, action: str) -> None:
    """Whoever is approved hears of it once their page is up (app/vendors/sync.py)."""
    context = {"vendor_name": vendor.name, "reason": vendor.status_reason}
    if action == "reinstate":
        domain = session.get_one(Shop, vendor.shop_id).domain
        context = {"vendor_name": vendor.name, "link": f"{get_config().portal_url}/portal/login?shop={domain}"}
    if action in _MAILS:
        _send(session, vendor, _MAILS[action], context, reason=vendor.status_changed_at.isoformat())


def _tell_known(session: Session, shop: Shop, vendor: Vendor) -> None:
    # At most one a day: an application form must not become a way to fill somebody's inbox.
    context = {"vendor_name": vendor.name, "link": f"{get_config().portal_url}/portal/login?shop={shop.domain}"}
    _send(session, vendor, "vendor_already_known", context, reason=clock.now().date().isoformat())


def _tell_merchant(session: Session, shop: Shop, vendor: Vendor) -> None:
    if shop.email is None:
        return
    context = {
        "vendor_name": vendor.name,
        "email": vendor.email,
        "tagline": vendor.tagline,
        "link": get_config().admin_app_url(shop.domain, f"/app/vendors/{vendor.id}"),
    }
    key = f"merchant_new_application:{vendor.id}:{vendor.applied_at.isoformat()}"
    queue_email(session, shop.id, "merchant_new_application", shop.email, context, dedupe_key=key)


def _send(session: Session, vendor: Vendor, kind: str, context: Mapping[str, str | None], *, reason: str) -> None:
    key = f"{kind}:{vendor.id}:{reason}"
    queue_email(session, vendor.shop_id, kind, vendor.email, context, vendor_id=vendor.id, dedupe_key=key)

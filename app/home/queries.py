"""What the merchant's home shows: what waits, the numbers, and how far the set-up has come."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.emails import Email, EmailStatus
from app.models.events import AuditEntry, InboxEvent, InboxState
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus


@dataclass(frozen=True, slots=True)
class Counts:
    """What is there and what waits for the merchant."""

    applications: int
    vendors: int
    in_review: int
    published: int
    stuck_events: int
    failed_emails: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the set-up guide; `done` comes from what the database holds, never from a tick somebody set."""

    title: str
    words: str
    action: str
    href: str
    done: bool


def count_everything(session: Session) -> Counts:
    vendors = dict(session.execute(select(Vendor.status, func.count()).group_by(Vendor.status)).all())
    products = dict(session.execute(select(Product.status, func.count()).group_by(Product.status)).all())
    stuck = select(func.count()).select_from(InboxEvent).where(InboxEvent.state == InboxState.DEAD)
    failed = select(func.count()).select_from(Email).where(Email.status.in_((EmailStatus.FAILED, EmailStatus.BOUNCED)))
    return Counts(
        applications=vendors.get(VendorStatus.PENDING, 0),
        vendors=vendors.get(VendorStatus.APPROVED, 0),
        in_review=products.get(ProductStatus.IN_REVIEW, 0),
        published=products.get(ProductStatus.PUBLISHED, 0),
        stuck_events=session.execute(stuck).scalar_one(),
        failed_emails=session.execute(failed).scalar_one(),
    )


def list_setup_steps(session: Session, shop: Shop, counts: Counts) -> list[Step]:
    """What turns a new installation into a running marketplace, in the order in which it is done."""
    chosen = select(AuditEntry.id).where(AuditEntry.action == "settings.change").limit(1)
    anybody = select(Vendor.id).limit(1)
    return [
        Step(
            "Connect the store",
            "Vendor pages and the link from product to vendor are set up in your store.",
            "Open settings",
            "/app/settings",
            done=shop.vendor_definition_gid is not None and shop.publication_gid is not None,
        ),
        Step(
            "Choose your rules",
            "Decide who approves vendors and products, how long money is held, and the smallest payout.",
            "Choose rules",
            "/app/settings",
            done=session.execute(chosen).first() is not None,
        ),
        Step(
            "Receive the first application",
            "Add the application form to a page of your theme, then tell sellers where it is.",
            "See vendors",
            "/app/vendors",
            done=session.execute(anybody).first() is not None,
        ),
        Step(
            "Approve a vendor",
            "Their page goes live and they get a link to their portal.",
            "See applications",
            "/app/vendors?status=pending",
            done=counts.vendors > 0,
        ),
        Step(
            "Publish a vendor's product",
            "Products that vendors send in wait in the review queue.",
            "Open the review queue",
            "/app/review",
            done=counts.published > 0,
        ),
    ]

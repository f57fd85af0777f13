"""A marketplace with more of everything than fits on a page."""

from typing import Any, Final

from sqlalchemy.orm import Session

from app import audit, clock, crypto, db
from app.models.api import ApiToken
from app.models.books import Difference, Proof
from app.models.codes import QrCode
from app.models.customer_questions import Question, QuestionState
from app.models.emails import Email, EmailStatus
from app.models.events import DomainEvent, EventDelivery, InboxEvent
from app.models.hooks import CallState, Hook, HookCall
from app.models.invitations import VendorInvitation
from app.models.ledger import Adjustment
from app.models.notices import Notice
from app.models.orders import VendorOrder
from app.models.payouts import FeeInvoice, Payout, PayoutBatch
from app.models.pickups import Pickup, PickupState
from app.models.privacy import PrivacyKind, PrivacyRequest
from app.models.products import Product, ProductImport, ProductStatus, Variant
from app.models.reviews import ReviewState, VendorReview
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.conftest import make_vendor
from tests.portal.booked import add_order

MORE_THAN_A_PAGE: Final = 52


def stock(shop: Shop, seller: Vendor, numbers: range) -> None:
    """One more of everything for each number: a vendor, a product, an order with a review, and so on."""
    with db.scoped(shop.id) as session:
        hook, batch = _get_hook(session, shop), _get_batch(session, shop)
    for number in numbers:
        other = make_vendor(shop, f"Vendor {number}", f"vendor{number}@example.com")
        part_id = add_order(seller, number % 20, 1000 + number)
        with db.scoped(shop.id) as session:
            _sell(session, shop, seller, number, part_id)
            _write(session, shop, seller, number)
            _pay(session, shop, seller, number)
            _pay_in_batch(session, batch, other)
            _tell(session, shop, number, hook)


def _sell(session: Session, shop: Shop, seller: Vendor, number: int, part_id: int) -> None:
    mine: dict[str, Any] = {"shop_id": shop.id, "vendor_id": seller.id}
    status, now = list(ProductStatus)[number % len(ProductStatus)], clock.now()
    session.add(product := Product(title=f"Bowl {number}", status=status, submitted_at=now, **mine))
    session.add(Product(title=f"Jug {number}", status=ProductStatus.IN_REVIEW, submitted_at=now, **mine))
    session.flush()
    session.add(Variant(product_id=product.id, price_minor=1250, currency="USD", stock=number, **mine))
    session.add(QrCode(code=f"code{number}", name=f"Stall {number}", **mine))
    session.add(ProductImport(filename=f"{number}.csv", headings=["Product"], sent_by="vendor_user:1", **mine))
    part = session.get_one(VendorOrder, part_id)
    session.add(
        Pickup(
            part_id=part.id,
            order_shopify_id=part.order_shopify_id,
            quantities={"1": 1},
            state=PickupState.READY,
            ready_at=now,
            ready_by="vendor_user:1",
            **mine,
        )
    )
    said = {"stars": number % 5 + 1, "words": "Good", "state": ReviewState.PUBLISHED}
    session.add(VendorReview(vendor_order_id=part_id, **said, **mine))
    audit.record(session, shop.id, "product.edit", ("product", product.id), actor="vendor_user:1", vendor_id=seller.id)


def _write(session: Session, shop: Shop, seller: Vendor, number: int) -> None:
    mine: dict[str, Any] = {"shop_id": shop.id, "vendor_id": seller.id}
    now = clock.now()
    session.add(Question(key=f"k{number}", words=f"Dishwasher {number}?", state=QuestionState.OPEN, **mine))
    said = {"subject": f"News {number}", "html": "", "text_body": "", "from_name": "Acme"}
    to = {"to_address": "ada@example.com", "kind": "vendor_new_order", "status": EmailStatus.FAILED}
    session.add(Email(dedupe_key=f"mail{number}", **mine, **to, **said))
    asked = {"email": f"new{number}@example.com", "invited_by": "staff:42", "expires_at": now}
    session.add(VendorInvitation(shop_id=shop.id, token_hash=b"%d" % number, **asked))
    about = {"event_id": number, "topic": "products", "kind": "ProductSubmitted", "place": "/app/review"}
    session.add(Notice(shop_id=shop.id, about="Bowl", **about))
    token = {"token_hash": crypto.hash_token(str(number)), "last4": "1234", "created_by": "vendor_user:1"}
    session.add(ApiToken(name=f"Till {number}", **token, **mine))
    wanted = {"kind": PrivacyKind.DATA_REQUEST, "event_id": str(number), "customer_id": number}
    session.add(PrivacyRequest(shop_id=shop.id, asked_at=now, due_at=now, **wanted))


def _pay(session: Session, shop: Shop, seller: Vendor, number: int) -> None:
    mine: dict[str, Any] = {"shop_id": shop.id, "vendor_id": seller.id}
    now = clock.now()
    session.add(batch := PayoutBatch(shop_id=shop.id, number=number + 1, currency="USD", created_by="staff:42"))
    session.flush()
    _pay_in_batch(session, batch.id, seller)
    given: dict[str, Any] = {"form_key": str(number), "amount_minor": 100, "currency": "USD", "reason": "A bonus"}
    session.add(Adjustment(made_by="staff:42", made_at=now, **given, **mine))
    period: dict[str, Any] = {"period_from": now.date(), "period_to": now.date(), "issued_at": now, "parties": b"x"}
    sums: dict[str, Any] = {"kind": "invoice", "currency": "USD", "net_minor": 100, "tax_minor": 0}
    session.add(FeeInvoice(sequence=number, number=f"F-{number}", **period, **sums, **mine))
    found: dict[str, Any] = {"words": "10.00 are missing.", "cause": "An edit.", "found_at": now, "seen_at": now}
    session.add(Difference(shop_id=shop.id, key=f"shopify:order:{number}", order_number=number, **found))
    session.add(Proof(shop_id=shop.id, asked_by="system", finished_at=now))


def _pay_in_batch(session: Session, batch: int, vendor: Vendor) -> None:
    reference = f"SK-{batch}-{vendor.id}"
    bank: dict[str, Any] = {"account": b"x", "holder": b"x", "last4": "1234", "rail_key": f"payout-{reference}"}
    paid: dict[str, Any] = {"batch_id": batch, "reference": reference, "amount_minor": 1, "currency": "USD"}
    session.add(Payout(shop_id=vendor.shop_id, vendor_id=vendor.id, **paid, **bank))


def _tell(session: Session, shop: Shop, number: int, hook: int) -> None:
    of_shopify: dict[str, Any] = {"shop_domain": shop.domain, "topic": "products/update", "body": b"{}"}
    session.add(InboxEvent(shop_id=shop.id, webhook_id=f"w{number}", event_id=f"e{number}", **of_shopify))
    session.add(event := DomainEvent(shop_id=shop.id, kind="OrderCreated", subject={}))
    session.flush()
    session.add(EventDelivery(shop_id=shop.id, event_id=event.id, subscriber="hooks", done_at=clock.now()))
    call: dict[str, Any] = {"kind": "OrderCreated", "body": "{}", "state": CallState.FAILED}
    session.add(HookCall(shop_id=shop.id, hook_id=hook, message_id=f"m{number}", **call))


def _get_hook(session: Session, shop: Shop) -> int:
    hook = session.query(Hook).first() or Hook(shop_id=shop.id, url="https://erp.example", kinds=[], secret=b"x")
    session.add(hook)
    session.flush()
    return hook.id


def _get_batch(session: Session, shop: Shop) -> int:
    made = {"shop_id": shop.id, "number": 0, "currency": "USD", "created_by": "staff:42"}
    batch = session.query(PayoutBatch).filter_by(number=0).first() or PayoutBatch(**made)
    session.add(batch)
    session.flush()
    return batch.id

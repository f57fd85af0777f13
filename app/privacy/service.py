"""Privacy requests from their arrival to their receipt.

The webhook only writes the request down; a job carries it out, a sweep rings again for what was interrupted. A removal
is looked at twice: what was in flight at the first look (a webhook being handled, an e-mail being sent) is found by the
second. News of a forgotten customer's orders that come even later are cleaned before anything handles them.
"""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.auth import installation
from app.config import get_config
from app.db import scoped, system
from app.emails.service import queue_email
from app.errors import NotFound
from app.models.events import InboxEvent
from app.models.privacy import PrivacyExport, PrivacyKind, PrivacyRequest, PrivacyState
from app.models.shops import Shop, ShopStatus
from app.privacy import queries, rules
from app.privacy.bodies import clean_body, customer_id_of, order_id_of
from app.privacy.erasure import erase_shop, forget_customer
from app.privacy.export import count_export, make_export
from app.privacy.rules import Person
from app.queue import enqueue, enqueue_after_commit
from app.shopify.payloads import PersonalDataCustomer
from app.shopify.tokens import ShopCredentials

_JOB: Final = "jobs.privacy.carry_out"
_LEASE: Final = timedelta(minutes=5)
_STILL_HERE: Final = "Shopify says that the shop uses the app, so nothing was deleted."
log = structlog.get_logger()


# -- arrival -----------------------------------------------------------------------------------------------------------


def receive_customer_request(
    session: Session,
    shop: Shop,
    kind: PrivacyKind,
    event: InboxEvent,
    customer: PersonalDataCustomer,
    order_ids: Sequence[int],
) -> None:
    """Write the request down and have it carried out. The same event again has it carried out again."""
    emails = frozenset({customer.email.lower()} if customer.email else ())
    person = Person(customer.id, frozenset(order_ids), emails, frozenset(rules.words_of({"phone": customer.phone})))
    request = _open(session, shop, kind, event, person)
    if kind is PrivacyKind.CUSTOMER_REDACT:
        shop.has_redactions = True
    subject = ("customer", customer.id or 0)
    _leave_trace(session, request, subject)


def receive_shop_redact(session: Session, shop: Shop, event: InboxEvent) -> None:
    request = _open(session, shop, PrivacyKind.SHOP_REDACT, event, Person())
    _leave_trace(session, request, ("shop", shop.id))


def _open(session: Session, shop: Shop, kind: PrivacyKind, event: InboxEvent, person: Person) -> PrivacyRequest:
    new = {
        "shop_id": shop.id,
        "kind": kind,
        "event_id": event.event_id,
        "customer_id": person.customer_id,
        "asked_at": event.triggered_at or event.received_at,
        "received_at": event.received_at,
        "due_at": event.received_at + rules.ANSWER_WITHIN,
    }
    session.execute(insert(PrivacyRequest).values(new).on_conflict_do_nothing())
    mine = (
        PrivacyRequest.shop_id == shop.id,
        PrivacyRequest.kind == kind,
        PrivacyRequest.event_id == event.event_id,
    )
    request = session.scalars(select(PrivacyRequest).where(*mine).with_for_update()).one()
    _remember(request, person)
    request.state, request.next_step_at, request.done_at = PrivacyState.RECEIVED, clock.now(), None
    enqueue_after_commit(session, _JOB, shop.id, request.id, queue="catalogue")
    return request


def _leave_trace(session: Session, request: PrivacyRequest, subject: tuple[str, int]) -> None:
    changes = {"event_id": [None, request.event_id]}
    audit.record(session, request.shop_id, f"privacy.{request.kind.value}", subject, actor="shopify", changes=changes)


def clean_late_news(session: Session, shop_id: int, topic: str, raw: bytes) -> bytes:
    """The body without a customer who asked to be forgotten; any other body as it is.

    Orders that existed when the customer asked stay without them for good, in whatever order news of them arrive.
    A later order is a new relationship.
    """
    try:
        body = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(body, dict):
        return raw
    order_id, customer_id = order_id_of(topic, body), customer_id_of(body)
    request = _find_redaction(session, shop_id, order_id, customer_id, body.get("created_at"))
    if request is None:
        return raw
    person = _recall(request).knowing(body)
    if order_id is not None and order_id not in request.order_ids:
        # A first sight of it: refunds and parcels may have come before it, and are found by another look.
        _remember(request, Person(request.customer_id, frozenset({order_id}), person.emails, person.words))
        request.state, request.next_step_at = PrivacyState.CHECKING, clock.now() + rules.LOOK_AGAIN_AFTER
    return clean_body(topic, raw, person)


def _find_redaction(
    session: Session, shop_id: int, order_id: int | None, customer_id: int | None, created_at: Any
) -> PrivacyRequest | None:
    named = PrivacyRequest.order_ids.contains([order_id]) if order_id is not None else None
    theirs = None
    if customer_id is not None and isinstance(created_at, str):
        placed_before = PrivacyRequest.asked_at >= datetime.fromisoformat(created_at)
        theirs = (PrivacyRequest.customer_id == customer_id) & placed_before
    sought = [condition for condition in (named, theirs) if condition is not None]
    if not sought:
        return None
    kind = PrivacyRequest.kind == PrivacyKind.CUSTOMER_REDACT
    query = select(PrivacyRequest).where(PrivacyRequest.shop_id == shop_id, kind, or_(*sought))
    return session.scalars(query.order_by(PrivacyRequest.id.desc()).limit(1).with_for_update()).one_or_none()


# -- the job -----------------------------------------------------------------------------------------------------------


def carry_out(shop_id: int, request_id: int) -> None:
    """Do what is due for a request. Another job at the same request, or nothing due: nothing happens."""
    now = clock.now()
    due = (PrivacyRequest.id == request_id, PrivacyRequest.next_step_at <= now)
    with scoped(shop_id) as session:
        claim = update(PrivacyRequest).where(*due).values(next_step_at=now + _LEASE).returning(PrivacyRequest)
        request = session.scalars(claim).one_or_none()
    if request is None:
        return
    steps = {
        PrivacyKind.DATA_REQUEST: _export,
        PrivacyKind.CUSTOMER_REDACT: _forget,
        PrivacyKind.SHOP_REDACT: _erase,
    }
    steps[request.kind](shop_id, request_id)
    log.info("privacy_request_carried_out", kind=request.kind.value, request=request_id)


def sweep() -> int:
    """Ring for requests whose next step is due, and delete exports that have expired. Returns how many rings."""
    now = clock.now()
    with system() as session:
        session.execute(delete(PrivacyExport).where(PrivacyExport.expires_at <= now))
        query = select(PrivacyRequest.shop_id, PrivacyRequest.id).where(PrivacyRequest.next_step_at <= now)
        due = session.execute(query.order_by(PrivacyRequest.next_step_at).limit(200)).all()
    for shop_id, request_id in due:
        enqueue(_JOB, shop_id, request_id, queue="catalogue")
    return len(due)


def _export(shop_id: int, request_id: int) -> None:
    with scoped(shop_id) as session:
        request = session.get_one(PrivacyRequest, request_id, with_for_update=True)
        shop = session.get_one(Shop, shop_id)
        person = _recall(request)
        export = make_export(session, shop, request, person)
        now = clock.now()
        content = crypto.encrypt(json.dumps(export, ensure_ascii=False), get_config().secret_keys)
        made = {"content": content, "made_at": now, "expires_at": now + rules.KEEP_EXPORT}
        row = insert(PrivacyExport).values(request_id=request_id, shop_id=shop_id, **made)
        session.execute(row.on_conflict_do_update(index_elements=[PrivacyExport.request_id], set_=made))
        request.counts = count_export(export)
        _close(request, PrivacyState.DONE)
        if shop.email:
            context = {
                "customer": f"customer {request.customer_id}" if request.customer_id else "a guest",
                "days": rules.KEEP_EXPORT.days,
                "due": request.due_at.date(),
                "link": get_config().admin_app_url(shop.domain, f"/app/privacy/{request_id}"),
            }
            key = f"privacy_export_ready:{request_id}:{now.date().isoformat()}"
            queue_email(session, shop_id, "privacy_export_ready", shop.email, context, dedupe_key=key)


def _forget(shop_id: int, request_id: int) -> None:
    with scoped(shop_id) as session:
        request = session.get_one(PrivacyRequest, request_id, with_for_update=True)
        person = _recall(request)
        orders = queries.list_orders(session, shop_id, person)
        person = person.knowing(*(order.snapshot for order in orders))
        found = frozenset(order.shopify_id for order in orders)
        # Before anything is removed: afterwards nobody could tell any more whom to look for.
        _remember(request, Person(person.customer_id, found, person.emails, person.words))
        person = _recall(request)
    changed = forget_customer(shop_id, person)
    with scoped(shop_id) as session:
        _finish_look(session.get_one(PrivacyRequest, request_id, with_for_update=True), changed)


def _erase(shop_id: int, request_id: int) -> None:
    with scoped(shop_id) as session:
        shop, asked_at = session.get_one(Shop, shop_id), session.get_one(PrivacyRequest, request_id).asked_at
        missed = shop.status is ShopStatus.INSTALLED and shop.installed_at <= asked_at
        if missed:
            # The news of the uninstall never came, or it is none: Shopify says which.
            shop.uninstalled_at = shop.uninstalled_at or asked_at
    if missed:
        installation.confirm_uninstall(ShopCredentials(shop_id, shop.domain))
    with system() as session:
        # Whoever installs the app again waits for this row, and then finds an empty shop.
        shop = session.get_one(Shop, shop_id, with_for_update=True)
        request = session.get_one(PrivacyRequest, request_id, with_for_update=True)
        installed = shop.status is ShopStatus.INSTALLED
        why_not = rules.came_back(
            installed=installed,
            installed_at=shop.installed_at,
            uninstalled_at=shop.uninstalled_at,
            asked_at=asked_at,
        )
        if why_not is None and installed:
            why_not = _STILL_HERE
        if why_not is None:
            gone = erase_shop(session, shop_id, shop.domain)
            _forget_shop(shop)
            _finish_look(request, gone)
        else:
            _close(request, PrivacyState.DONE if request.state is PrivacyState.CHECKING else PrivacyState.KEPT)
            request.note = None if request.state is PrivacyState.DONE else why_not


def _forget_shop(shop: Shop) -> None:
    """What is left is a domain and when it came and went. A return finds the row and fills it anew."""
    shop.name = shop.domain.removesuffix(".myshopify.com")
    shop.email = shop.shopify_gid = shop.primary_host = None
    shop.access_token = shop.refresh_token = shop.access_token_expires_at = shop.refresh_token_expires_at = None
    shop.scopes, shop.definitions_version, shop.has_redactions = "", 0, False
    shop.vendor_definition_gid = shop.location_gid = shop.publication_gid = None


def _finish_look(request: PrivacyRequest, changed: Counter[str]) -> None:
    request.counts = dict(Counter(request.counts) + changed)
    if request.state is PrivacyState.CHECKING:
        _close(request, PrivacyState.DONE)
    else:
        request.state, request.next_step_at = PrivacyState.CHECKING, clock.now() + rules.LOOK_AGAIN_AFTER


def _close(request: PrivacyRequest, state: PrivacyState) -> None:
    request.state, request.done_at, request.next_step_at, request.person = state, clock.now(), None, None


# -- whom to look for --------------------------------------------------------------------------------------------------


def _remember(request: PrivacyRequest, person: Person) -> None:
    """Add what is known of the person to what the request knows."""
    known = _recall(request)
    request.order_ids = sorted(known.order_ids | person.order_ids)
    emails, words = known.emails | person.emails, known.words | person.words
    found = json.dumps({"emails": sorted(emails), "words": sorted(words)})
    request.person = crypto.encrypt(found, get_config().secret_keys)


def _recall(request: PrivacyRequest) -> Person:
    held: dict[str, list[str]] = {}
    if request.person is not None:
        held = json.loads(crypto.decrypt(request.person, get_config().secret_keys))
    emails = frozenset(held.get("emails", ()))
    words = frozenset(held.get("words", ())) | emails
    return Person(request.customer_id, frozenset(request.order_ids), emails, words)


# -- the merchant ------------------------------------------------------------------------------------------------------


def open_export(session: Session, shop: Shop, request_id: int, *, actor: str) -> dict[str, Any]:
    """The export in the clear; that somebody took it stands in the audit trail. Raises NotFound."""
    export = queries.find_export(session, shop.id, request_id)
    if export is None or export.expires_at <= clock.now():
        raise NotFound("This export was deleted: exports are kept for 30 days.")
    audit.record(session, shop.id, "privacy.download", ("privacy_request", request_id), actor=actor)
    content: dict[str, Any] = json.loads(crypto.decrypt(export.content, get_config().secret_keys))
    return content

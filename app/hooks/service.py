"""Telling other systems what happens: signed, tried again for a day, and every call written down."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.config import get_config
from app.db import ask_once, scoped, system
from app.errors import Conflict, NotFound
from app.hooks import calls, queries, rules
from app.hooks.kinds import KINDS, NAMED, fields_of
from app.models.events import DomainEvent
from app.models.fulfilments import Fulfilment
from app.models.hooks import CallState, Hook, HookCall
from app.models.mapping import Model
from app.models.orders import Order, OrderDispute, OrderRefund, OrderReturn
from app.models.products import Product
from app.models.reviews import VendorReview
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from app.queue import enqueue, enqueue_after_commit

_JOB: Final = "jobs.hooks.send"
_QUIET: Final = timedelta(minutes=1)
_SLOW_MS: Final = 5000
"""An address that takes so long to answer rests as well: the others wait behind it."""
_LEASE: Final = timedelta(minutes=1)
HOOKS_AT_MOST: Final = 20
KEEP_CALLS: Final = timedelta(days=30)
_AT_ONCE: Final = 1000
_ROWS: Final[Mapping[str, type[Model]]] = {
    "order_id": Order,
    "fulfilment_id": Fulfilment,
    "refund_id": OrderRefund,
    "return_id": OrderReturn,
    "dispute_id": OrderDispute,
    "product_id": Product,
    "vendor_id": Vendor,
}
"""Whose rows have the names of `NAMED`: order_name is an order's `name`."""
log = structlog.get_logger()


def add_hook(session: Session, shop: Shop, url: str, kinds: Sequence[str], *, actor: str) -> tuple[Hook, str]:
    """A new address and its secret, which is shown once. Raises Conflict when there are too many."""
    if len(queries.list_hooks(session, shop)) >= HOOKS_AT_MOST:
        raise Conflict(f"There are {HOOKS_AT_MOST} addresses already. Remove one first.")
    secret = _new_secret()
    hook = Hook(shop_id=shop.id, url=url, kinds=list(kinds), secret=_lock(secret), created_at=clock.now())
    session.add(hook)
    session.flush()
    audit.record(session, shop.id, "hook.add", ("hook", hook.id), actor=actor, changes={"url": [None, url]})
    return hook, secret


def change_hook(session: Session, hook: Hook, url: str, kinds: Sequence[str], *, actor: str) -> None:
    changes = {"url": [hook.url, url], "kinds": [hook.kinds, list(kinds)]}
    hook.url, hook.kinds = url, list(kinds)
    audit.record(session, hook.shop_id, "hook.change", ("hook", hook.id), actor=actor, changes=changes)


def renew_secret(session: Session, hook: Hook, *, actor: str) -> str:
    """From now on every call is signed with a new secret, which is shown once."""
    secret = _new_secret()
    hook.secret = _lock(secret)
    audit.record(session, hook.shop_id, "hook.renew_secret", ("hook", hook.id), actor=actor)
    return secret


def switch_hook(session: Session, hook: Hook, *, on: bool, actor: str) -> None:
    """A paused address hears nothing, and nothing of what happens meanwhile later on."""
    hook.is_active, hook.stopped_because = on, None
    audit.record(session, hook.shop_id, "hook.resume" if on else "hook.pause", ("hook", hook.id), actor=actor)


def remove_hook(session: Session, hook: Hook, *, actor: str) -> None:
    """With every call that was made to it."""
    changes = {"url": [hook.url, None]}
    audit.record(session, hook.shop_id, "hook.remove", ("hook", hook.id), actor=actor, changes=changes)
    session.delete(hook)


def tell(session: Session, event: DomainEvent) -> None:
    """Subscriber `hooks`: one call for each address that wants to hear of this. Asked twice, it is written once."""
    if event.kind not in KINDS:
        return
    wanted = select(Hook).where(Hook.shop_id == event.shop_id, Hook.is_active, Hook.kinds.contains([event.kind]))
    hooks = ask_once(session, (tell, event.shop_id, event.kind), lambda: session.scalars(wanted).all())
    if hooks:
        body = _write(event.kind, event.occurred_at.isoformat(), _describe(session, event))
        for hook in hooks:
            _queue(session, hook, f"evt_{event.id}", event.kind, body)


def send_test(session: Session, hook: Hook) -> None:
    """A call that is about nothing, to see whether it arrives."""
    body = _write(rules.TEST_KIND, clock.now().isoformat(), {})
    _queue(session, hook, f"test_{secrets.token_hex(8)}", rules.TEST_KIND, body)


def send_again(session: Session, shop: Shop, call_id: int, *, actor: str) -> HookCall:
    """One call once more, from its first attempt on. Raises NotFound, Conflict when it is still being tried."""
    call = queries.find_call(session, shop, call_id)
    if call is None:
        raise NotFound("There is no such call.")
    if not _reset(session, [call.id]):
        raise Conflict("This call is already waiting for its turn.")
    audit.record(session, shop.id, "hook.send_again", ("hook", call.hook_id), actor=actor)
    session.refresh(call)
    return call


def send_failed_again(session: Session, hook: Hook, *, actor: str) -> int:
    """Up to a thousand failed calls of an address, oldest first. Returns how many."""
    failed = select(HookCall.id).where(HookCall.hook_id == hook.id, HookCall.state == CallState.FAILED)
    count = _reset(session, session.scalars(failed.order_by(HookCall.id).limit(_AT_ONCE)).all())
    changes = {"calls": [None, count]}
    audit.record(session, hook.shop_id, "hook.send_again", ("hook", hook.id), actor=actor, changes=changes)
    return count


def send(shop_id: int, call_id: int) -> None:
    """Try one call that is due and write down what became of it. Not due, or tried by another: nothing happens."""
    due = (HookCall.id == call_id, HookCall.state == CallState.QUEUED, HookCall.next_attempt_at <= func.now())
    with scoped(shop_id) as session:
        if session.get_one(Shop, shop_id).status is not ShopStatus.INSTALLED:
            return
        quiet = (Hook.id == HookCall.hook_id, Hook.quiet_until > func.now())
        session.execute(update(HookCall).where(*due, *quiet).values(next_attempt_at=Hook.quiet_until))
        claim = update(HookCall).where(*due).values(next_attempt_at=func.now() + _LEASE, attempts=HookCall.attempts + 1)
        call = session.scalars(claim.returning(HookCall)).one_or_none()
        hook = session.get_one(Hook, call.hook_id) if call else None
    if call is None or hook is None:
        return
    if not hook.is_active and call.kind != rules.TEST_KIND:
        _write_down(shop_id, call, calls.Answer(None, "The address was paused.", 0), final=True)
        return
    body, timestamp = call.body.encode(), int(clock.now().timestamp())
    secret = crypto.decrypt(hook.secret, get_config().secret_keys)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Stallkeeper",
        "webhook-id": call.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": rules.signature(secret, call.message_id, timestamp, body),
    }
    answer = calls.post(hook.url, body, headers)
    _write_down(shop_id, call, answer, final=answer.status == rules.GONE)


def sweep() -> int:
    """Ring for calls whose ring was lost or whose next attempt is due. Returns how many."""
    due = (HookCall.state == CallState.QUEUED, HookCall.next_attempt_at <= func.now())
    with system() as session:
        here = select(HookCall.shop_id, HookCall.id).join(Shop, Shop.id == HookCall.shop_id)
        here = here.where(*due, Shop.status == ShopStatus.INSTALLED)
        found = session.execute(here.order_by(HookCall.next_attempt_at).limit(500)).all()
    for shop_id, call_id in found:
        enqueue(_JOB, shop_id, call_id, queue="calls")
    return len(found)


def clean_up() -> int:
    """Delete calls that were settled a month ago, a thousand at a time. Returns how many."""
    old = (HookCall.state != CallState.QUEUED, HookCall.created_at < clock.now() - KEEP_CALLS)
    count = 0
    while True:
        with system() as session:
            part = select(HookCall.id).where(*old).order_by(HookCall.id).limit(_AT_ONCE).scalar_subquery()
            gone = session.execute(delete(HookCall).where(HookCall.id.in_(part)).returning(HookCall.id)).all()
        count += len(gone)
        if len(gone) < _AT_ONCE:
            log.info("hook_calls_cleaned", calls=count)
            return count


def _write_down(shop_id: int, call: HookCall, answer: calls.Answer, *, final: bool) -> None:
    values: dict[str, Any] = {"status": answer.status, "error": answer.error, "took_ms": answer.took_ms}
    pause = None if final else rules.pause_after(call.attempts)
    if answer.is_good:
        values |= {"state": CallState.SENT, "sent_at": clock.now()}
    elif pause is None:
        values |= {"state": CallState.FAILED}
    else:
        values |= {"next_attempt_at": func.now() + pause}
    with scoped(shop_id) as session:
        # Only by the attempt that it belongs to: a slower one must not undo what a later one found.
        mine = (HookCall.id == call.id, HookCall.attempts == call.attempts, HookCall.state == CallState.QUEUED)
        session.execute(update(HookCall).where(*mine).values(values))
        if (answer.status is None or answer.took_ms > _SLOW_MS) and not final:
            silent = update(Hook).where(Hook.id == call.hook_id).values(quiet_until=func.now() + _QUIET)
            session.execute(silent)
        if answer.status == rules.GONE:
            gone = {"is_active": False, "stopped_because": "It answered 410: nobody listens there any more."}
            session.execute(update(Hook).where(Hook.id == call.hook_id).values(gone))


def _queue(session: Session, hook: Hook, message_id: str, kind: str, body: str) -> None:
    row = {"shop_id": hook.shop_id, "hook_id": hook.id, "message_id": message_id, "kind": kind, "body": body}
    written = insert(HookCall).values(row).on_conflict_do_nothing().returning(HookCall.id)
    call_id = session.execute(written).scalar_one_or_none()
    if call_id is not None:
        enqueue_after_commit(session, _JOB, hook.shop_id, call_id, queue="calls")


def _reset(session: Session, call_ids: Sequence[int]) -> int:
    which = (HookCall.id.in_(call_ids), HookCall.state != CallState.QUEUED)
    fresh = {"state": CallState.QUEUED, "attempts": 0, "next_attempt_at": func.now(), "error": None}
    found = session.execute(update(HookCall).where(*which).values(fresh).returning(HookCall.shop_id, HookCall.id)).all()
    for shop_id, call_id in found:
        enqueue_after_commit(session, _JOB, shop_id, call_id, queue="calls")
    return len(found)


def _describe(session: Session, event: DomainEvent) -> dict[str, Any]:
    """Our ids, and the names that Shopify and people know the same things by. Nothing of a customer."""
    said: dict[str, Any] = {"shop": session.get_one(Shop, event.shop_id).domain, **event.subject}
    if (review_id := said.get("review_id")) and (review := session.get(VendorReview, review_id)):
        said["vendor_id"] = review.vendor_id
    for subject in KINDS[event.kind].about:
        if subject in _ROWS:
            row = session.get(_ROWS[subject], said[subject]) if said.get(subject) else None
            said |= {name: getattr(row, name.removeprefix(subject.removesuffix("id")), None) for name in NAMED[subject]}
    return {name: said.get(name) for name in fields_of(event.kind)}


def _write(kind: str, at: str, data: dict[str, Any]) -> str:
    return json.dumps({"type": kind, "timestamp": at, "data": data}, separators=(",", ":"), sort_keys=True)


def _new_secret() -> str:
    return rules.encode_secret(secrets.token_bytes(rules.SECRET_BYTES))


def _lock(secret: str) -> bytes:
    return crypto.encrypt(secret, get_config().secret_keys)

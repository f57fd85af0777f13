"""/proofs, /differences and /comparisons"""

from typing import Annotated, Any, Final

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import select

from app.api.operations import operation
from app.api.paging import Order as Sorting
from app.api.paging import read_page
from app.api.shapes import Id, Listing, Moment, Page
from app.auth import api
from app.auth.scopes import Scope
from app.books import service
from app.errors import NotFound
from app.inbox.queries import list_looks
from app.models.books import Difference as DifferenceRow
from app.models.books import PayoutStop, ProofStep
from app.models.books import Proof as ProofRow
from app.models.events import Look, LookKind
from app.reconciliation import service as reconciliation

_NEWEST: Final = Sorting((ProofRow.id,), is_descending=True)
_OLDEST: Final = Sorting((DifferenceRow.id,))


class Proof(msgspec.Struct, frozen=True):
    """One run over the books: orders against the ledger, Shopify against both, payouts against entries."""

    id: Id
    asked_by: str
    asked_at: Moment
    finished_at: Annotated[Moment, Meta(description="Null while it is under way.")] | None
    step: ProofStep
    orders: Annotated[int, Meta(description="Compared with what is known of them.")]
    shopify_orders: Annotated[int, Meta(description="Of Shopify's, compared with the books.")]
    transactions: int
    payouts: int
    found: Annotated[int, Meta(description="Differences that were new.")]
    cleared: Annotated[int, Meta(description="Differences that were no longer there.")]
    open: Annotated[int, Meta(description="Differences left at the end.")]
    error: str | None


class Difference(msgspec.Struct, frozen=True):
    """Something that does not agree. The vendors it concerns are not paid before it is cleared."""

    id: Id
    words: str
    cause: str
    order_shopify_id: int | None
    order_name: str
    payout_id: int | None
    held_vendor_ids: list[int]
    found_at: Moment
    seen_at: Moment
    cleared_at: Moment | None


class ProofList(Listing, kw_only=True, frozen=True):
    pass


class DifferenceList(Listing, kw_only=True, frozen=True):
    cleared: Annotated[bool, Meta(description="Those that were cleared, instead of those that are open.")] = False


class Comparison(msgspec.Struct, frozen=True):
    """The last look for news of one kind that no webhook had told."""

    kind: LookKind
    asked_at: Moment
    finished_at: (
        Annotated[Moment, Meta(description="Null while it is under way: the rest tells of the one before.")] | None
    )
    looked_at: int
    missed: Annotated[int, Meta(description="News that had never come, and is brought in now.")]
    error: str | None


@operation("GET", "/proofs", tag="Reconciliation", scope=Scope.RECONCILIATION_READ)
def list_proofs(query: ProofList) -> Page[Proof]:
    """List the proofs of the books, newest first."""
    wanted = select(ProofRow).where(ProofRow.shop_id == g.shop.id)
    rows, cursor = read_page(g.session, wanted, _NEWEST, query)
    return Page([_write(row[0]) for row in rows], cursor)


@operation("GET", "/proofs/<int:proof_id>", tag="Reconciliation", scope=Scope.RECONCILIATION_READ)
def get_proof(proof_id: int) -> Proof:
    """Get one proof, perhaps while it is under way."""
    found = g.session.scalar(select(ProofRow).where(ProofRow.shop_id == g.shop.id, ProofRow.id == proof_id))
    if found is None:
        raise NotFound("There is no such proof.")
    return _write(found)


@operation("POST", "/proofs", tag="Reconciliation", scope=Scope.RECONCILIATION_WRITE, located="/proofs/{0.id}")
def start_proof() -> Proof:
    """Have the books proven now.

    While one is under way, that one is answered.
    """
    proof = service.ask(g.session, g.shop.id, api.actor())
    g.session.flush()
    return get_proof(proof.id)


@operation("GET", "/differences", tag="Reconciliation", scope=Scope.RECONCILIATION_READ)
def list_differences(query: DifferenceList) -> Page[Difference]:
    """List what does not agree, longest open first."""
    closed = DifferenceRow.cleared_at.is_not(None) if query.cleared else DifferenceRow.cleared_at.is_(None)
    wanted = select(DifferenceRow).where(DifferenceRow.shop_id == g.shop.id, closed)
    rows, cursor = read_page(g.session, wanted, _OLDEST, query)
    stops: dict[int, list[int]] = {}
    held = select(PayoutStop).where(PayoutStop.difference_id.in_([row[0].id for row in rows]))
    for stop in g.session.scalars(held.order_by(PayoutStop.vendor_id)):
        stops.setdefault(stop.difference_id, []).append(stop.vendor_id)
    return Page([_write_difference(row[0], stops.get(row[0].id, [])) for row in rows], cursor)


@operation("POST", "/differences/<int:difference_id>/reread", tag="Reconciliation", scope=Scope.RECONCILIATION_WRITE)
def reread_difference(difference_id: int) -> Difference:
    """Have the order of a difference read again from Shopify."""
    found = service.ask_to_reread(g.session, g.shop.id, difference_id, api.actor())
    g.session.flush()
    held = select(PayoutStop.vendor_id).where(PayoutStop.difference_id == difference_id)
    return _write_difference(found, list(g.session.scalars(held.order_by(PayoutStop.vendor_id))))


@operation("GET", "/comparisons", tag="Reconciliation", scope=Scope.RECONCILIATION_READ)
def list_comparisons() -> Page[Comparison]:
    """See what the last comparisons with Shopify found, for events that never came."""
    return Page([_write_look(look) for look in list_looks(g.session, g.shop)], None)


@operation("POST", "/comparisons", tag="Reconciliation", scope=Scope.RECONCILIATION_WRITE)
def start_comparison() -> Page[Comparison]:
    """Have the shop compared with Shopify now."""
    reconciliation.ask(g.session, g.shop)
    g.session.flush()
    return list_comparisons()


def _write(row: ProofRow) -> Proof:
    return Proof(**{field.name: getattr(row, field.name) for field in msgspec.structs.fields(Proof)})


def _write_difference(row: DifferenceRow, vendor_ids: list[int]) -> Difference:
    own: dict[str, Any] = {"order_shopify_id": row.order_number, "held_vendor_ids": vendor_ids}
    names = [field.name for field in msgspec.structs.fields(Difference) if field.name not in own]
    values: dict[str, Any] = {name: getattr(row, name) for name in names}
    return Difference(**values, **own)


def _write_look(row: Look) -> Comparison:
    finished_at = row.finished_at if row.finished_at and row.finished_at >= row.asked_at else None
    return Comparison(row.kind, row.asked_at, finished_at, row.looked_at, row.missed, row.error)

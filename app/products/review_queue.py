"""What waits for the shop's staff: new products and edits in one line, longest waiting first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app import clock
from app.errors import AppError, NotFound
from app.models.products import Product, ProductProposal
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.products import listing, proposal_queries, proposals, queries, replies, service

_SAID: Final = {
    "ask_for_changes": "The vendor is asked to change it.",
    "reject": "Rejected. The vendor gets your reason.",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing to decide. `tick` is how a form names it: "product 7", or "edit 3 2" with the edit's version."""

    tick: str
    path: str
    row: listing.Row
    what: str
    since: datetime | None
    due: datetime | None = None
    """Until when the shop promises an answer."""

    @property
    def is_overdue(self) -> bool:
        return self.due is not None and self.due < clock.now()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticked row."""

    title: str
    done: bool
    words: str


def list_waiting(
    session: Session, shop_id: int, *, vendor_id: int | None = None, search: str = "", kind: str = "", sort: str = ""
) -> list[Waiting]:
    """`search`: a part of a title, a vendor's name or an SKU. `kind`: "new", "edit" or "overdue" for one of them.

    `sort`: "newest" or "vendor", otherwise who waits longest.
    """
    promised = session.get_one(ShopSettings, shop_id).review_days
    found: list[Waiting] = []
    if kind != "edit":
        rows = queries.list_queue(session, shop_id, vendor_id=vendor_id, search=search)
        found += [
            Waiting(f"product {r.product.id}", f"/app/review/{r.product.id}", r, "New product", r.product.submitted_at)
            for r in rows
        ]
    if kind != "new":
        edits = proposal_queries.list_waiting(session, shop_id, vendor_id=vendor_id, search=search)
        by_product = {e.product_id: e for e in edits}
        for row in queries.list_by_ids(session, shop_id, list(by_product)):
            found.append(_edit(by_product[row.product.id], row))
    found = [replace(item, due=due_at(item.since, promised)) for item in found]
    found.sort(key=lambda item: (item.since is None, item.since, item.tick), reverse=sort == "newest")
    if sort == "vendor":
        found.sort(key=lambda item: item.row.vendor.name.casefold())
    return [item for item in found if item.is_overdue] if kind == "overdue" else found


def due_at(since: datetime | None, days: int) -> datetime | None:
    """Until when an answer is promised for what was sent at `since`; 0 days promise nothing."""
    return since + timedelta(days=days) if since and days else None


def count_waiting(session: Session, shop_id: int) -> int:
    return queries.count_queue(session, shop_id) + proposal_queries.count_waiting(session, shop_id)


def neighbours(items: Sequence[Waiting], path: str) -> tuple[int | None, str | None, str | None]:
    """(place, the path before, the path after) of a page; what is decided already leads to the first that waits."""
    paths = [item.path for item in items]
    if path not in paths:
        return None, None, paths[0] if paths else None
    place = paths.index(path)
    return place, paths[place - 1] if place else None, paths[place + 1] if place + 1 < len(paths) else None


def approve(session: Session, shop_id: int, tick: str, *, actor: str) -> Result:
    """Approve one ticked row. What cannot be approved from a list stays, and says why."""

    def take(edit: ProductProposal, version: int) -> str:
        proposals.accept_all(session, edit, version, actor=actor)
        return "The changes go live now."

    def publish(product: Product) -> str:
        service.approve(session, product, actor=actor)
        return "It goes on sale now."

    return _decide(session, shop_id, tick, publish, take)


def decline(session: Session, shop: Shop, tick: str, action: str, reason: str, *, actor: str) -> Result:
    """`ask_for_changes` or `reject` one ticked row; placeholders of saved replies in `reason` are filled in for it."""

    def words(product: Product) -> str:
        vendor = session.get_one(Vendor, product.vendor_id).name
        return replies.fill_for(reason, vendor=vendor, product=product.title, shop=shop.name)

    def refuse_edit(edit: ProductProposal, version: int) -> str:
        about = words(session.get_one(Product, edit.product_id))
        proposals.decline(session, edit, action, about, version, actor=actor)
        return _SAID[action]

    def refuse(product: Product) -> str:
        service.decline(session, product, action, words(product), actor=actor)
        return _SAID[action]

    return _decide(session, shop.id, tick, refuse, refuse_edit)


def _decide(
    session: Session,
    shop_id: int,
    tick: str,
    on_product: Callable[[Product], str],
    on_edit: Callable[[ProductProposal, int], str],
) -> Result:
    kind, *numbers = tick.split() or [""]
    if not numbers or not all(number.isdecimal() and len(number) < 19 for number in numbers):
        return Result(tick, done=False, words="This row is not known.")
    try:
        if kind == "edit":
            proposal = proposals.lock_proposal(session, shop_id, int(numbers[0]))
            title = proposal_queries.title_of(session, proposal)
            return Result(title, done=True, words=on_edit(proposal, int(numbers[-1])))
        product = service.lock_product(session, shop_id, int(numbers[0]))
        title = product.title
        return Result(title, done=True, words=on_product(product))
    except NotFound as error:
        return Result("Gone", done=False, words=error.message)
    except AppError as error:
        return Result(title, done=False, words=error.message)


def _edit(edit: ProductProposal, row: listing.Row) -> Waiting:
    what = f"Edit: {proposal_queries.summarise(edit)}"
    return Waiting(f"edit {edit.id} {edit.version}", f"/app/review/edits/{edit.id}", row, what, edit.sent_at)

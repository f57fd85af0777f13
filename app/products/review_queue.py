"""What waits for the shop's staff: new products and edits in one line, longest waiting first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import AppError, NotFound
from app.keyset import Page, Place, cut_page
from app.models.products import Product, ProductProposal
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.products import listing, proposal_queries, proposals, queries, replies, service

PER_PAGE: Final = 50
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
    session: Session,
    shop_id: int,
    *,
    vendor_id: int | None = None,
    search: str = "",
    kind: str = "",
    sort: str = "",
    limit: int = 200,
) -> list[Waiting]:
    """`search`: a part of a title, a vendor's name or an SKU. `kind`: "new", "edit" or "overdue" for one of them.

    `sort`: "newest" or "vendor", otherwise who waits longest. `limit`: of products, and of edits.
    """
    promised = session.get_one(ShopSettings, shop_id).review_days
    found: list[Waiting] = []
    if kind != "edit":
        rows = queries.list_queue(session, shop_id, vendor_id=vendor_id, search=search, limit=limit)
        found += [
            Waiting(f"product {r.product.id}", f"/app/review/{r.product.id}", r, "New product", r.product.submitted_at)
            for r in rows
        ]
    if kind != "new":
        edits = proposal_queries.list_waiting(session, shop_id, vendor_id=vendor_id, search=search, limit=limit)
        by_product = {e.product_id: e for e in edits}
        for row in queries.list_by_ids(session, shop_id, list(by_product)):
            found.append(_edit(by_product[row.product.id], row))
    found = [replace(item, due=due_at(item.since, promised)) for item in found]
    found.sort(key=lambda item: _key(item, sort))
    return [item for item in found if item.is_overdue] if kind == "overdue" else found


def cut(items: Sequence[Waiting], sort: str, place: Place) -> Page[Waiting]:
    """A part of what waits, in the order that `list_waiting` was asked for."""
    return cut_page(items, lambda item: _key(item, sort), place, limit=PER_PAGE)


def _key(item: Waiting, sort: str) -> list[int]:
    """Numbers that sort as `sort` wants it: a cursor holds although what it names was decided meanwhile."""
    since = int(item.since.timestamp() * 1_000_000) if item.since else 2**60
    kind, number, *_ = item.tick.split()
    key = [since, int(kind == "edit"), int(number)]
    if sort == "newest":
        return [-each for each in key]
    return [*map(ord, item.row.vendor.name.casefold()), -1, *key] if sort == "vendor" else key


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


def in_order(session: Session, shop_id: int, ticks: Sequence[str]) -> list[str]:
    """Ticks in the order in which products are locked everywhere, by id: no two people's ever wait in a circle."""
    read = {tick: _read_tick(tick) for tick in ticks}
    edits = [int(numbers[0]) for kind, *numbers in read.values() if kind == "edit" and numbers]
    mine = (ProductProposal.shop_id == shop_id, ProductProposal.id.in_(edits))
    query = select(ProductProposal.id, ProductProposal.product_id).where(*mine)
    product_of = dict(session.execute(query).all())

    def product_id(tick: str) -> int:
        kind, *numbers = read[tick]
        number = int(numbers[0]) if numbers else 0
        return product_of.get(number, 0) if kind == "edit" else number

    return sorted(read, key=lambda tick: (product_id(tick), tick))


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
    kind, *numbers = _read_tick(tick)
    if not numbers:
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


def _read_tick(tick: str) -> list[str]:
    """Its kind and numbers; no numbers where they are none that an id can be."""
    kind, *numbers = tick.split() or [""]
    return [kind, *numbers] if all(number.isdecimal() and len(number) < 19 for number in numbers) else [kind]


def _edit(edit: ProductProposal, row: listing.Row) -> Waiting:
    what = f"Edit: {proposal_queries.summarise(edit)}"
    return Waiting(f"edit {edit.id} {edit.version}", f"/app/review/edits/{edit.id}", row, what, edit.sent_at)

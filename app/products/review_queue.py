"""What waits for the shop's staff: new products and edits in one line, longest waiting first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import AppError, NotFound
from app.models.products import ProductProposal
from app.products import proposal_queries, proposals, queries, service


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing to decide. `tick` is how a form names it: "product 7", or "edit 3 2" with the edit's version."""

    tick: str
    path: str
    row: queries.Row
    what: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticked row."""

    title: str
    done: bool
    words: str


def list_waiting(session: Session, shop_id: int, *, vendor_id: int | None = None, kind: str = "") -> list[Waiting]:
    """`kind`: "new" or "edit" for one of them."""
    found: list[Waiting] = []
    if kind != "edit":
        rows = queries.list_queue(session, shop_id, vendor_id=vendor_id)
        found += [
            Waiting(f"product {r.product.id}", f"/app/review/{r.product.id}", r, "New product", r.product.submitted_at)
            for r in rows
        ]
    if kind != "new":
        edits = proposal_queries.list_waiting(session, shop_id, vendor_id=vendor_id)
        by_product = {e.product_id: e for e in edits}
        for row in queries.list_by_ids(session, shop_id, list(by_product)):
            found.append(_edit(by_product[row.product.id], row))
    return sorted(found, key=lambda item: (item.since is None, item.since, item.tick))


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
    kind, *numbers = tick.split() or [""]
    if not numbers or not all(number.isdecimal() and len(number) < 19 for number in numbers):
        return Result(tick, done=False, words="This row is not known.")
    try:
        if kind == "edit":
            proposal = proposals.lock_proposal(session, shop_id, int(numbers[0]))
            title = proposal_queries.title_of(session, proposal)
            proposals.accept_all(session, proposal, int(numbers[-1]), actor=actor)
            return Result(title, done=True, words="The changes go live now.")
        product = service.lock_product(session, shop_id, int(numbers[0]))
        title = product.title
        service.approve(session, product, actor=actor)
        return Result(title, done=True, words="It goes on sale now.")
    except NotFound as error:
        return Result("Gone", done=False, words=error.message)
    except AppError as error:
        return Result(title, done=False, words=error.message)


def _edit(edit: ProductProposal, row: queries.Row) -> Waiting:
    what = f"Edit: {proposal_queries.summarise(edit)}"
    return Waiting(f"edit {edit.id} {edit.version}", f"/app/review/edits/{edit.id}", row, what, edit.sent_at)

"""Many papers in one file: a job prints them one after the other, so that it may be killed anywhere.

Which papers it holds is fixed when somebody asks. Each is stored as it is printed; the file is put together when it is
taken, and says the same each time.
"""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import BigInteger, ColumnElement, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock, crypto
from app.config import get_config
from app.db import scoped, system
from app.errors import Conflict, NotFound
from app.models.payouts import KEPT, FeeInvoice, PaperArchive, PaperFile, PaperKind, Payout, PayoutBatch
from app.models.shops import Shop
from app.payouts import invoice_files, invoice_lists, rules, statements
from app.payouts.zips import Files, zip_files
from app.queue import enqueue_after_commit
from app.turns import LEASE, SLICE_SECONDS, Turns

ABOUT_INVOICES: Final = "invoices"
MOST: Final = 10_000
_MADE_AT_ONCE: Final = 2
"""A shop's."""
_SHOWN: Final = 5
_READ_AT_ONCE: Final = 50
_TURNS: Final = Turns("jobs.payouts.print_archive", PaperArchive, PaperArchive.asked_at)

log = structlog.get_logger()


# -- asking ------------------------------------------------------------------------------------------------------------


def ask_statements(session: Session, shop: Shop, batch: PayoutBatch, *, actor: str) -> PaperArchive:
    """Those of a batch's payouts, without what was cancelled or came back. Raises Conflict."""
    paid = (Payout.batch_id == batch.id, Payout.state.not_in(rules.GIVES_BACK))
    query = select(Payout.id, Payout.state_changed_at).where(*paid).order_by(Payout.id)
    found = [(number, changed.isoformat()) for number, changed in session.execute(query)]
    name = f"statements-{batch.number}.zip"
    return _ask(session, shop, PaperKind.STATEMENTS, about_batch(batch), name, found, actor=actor)


def ask_invoices(session: Session, shop: Shop, wanted: invoice_lists.Wanted, *, actor: str) -> PaperArchive:
    """Those that the list of invoices shows. Raises Conflict."""
    found = [(number, "") for number in invoice_lists.list_ids(session, shop, wanted)]
    name = f"{invoice_lists.name_file(session, shop, wanted)}.zip"
    return _ask(session, shop, PaperKind.INVOICES, ABOUT_INVOICES, name, found, actor=actor)


def about_batch(batch: PayoutBatch) -> str:
    return f"batch:{batch.id}"


def _ask(
    session: Session,
    shop: Shop,
    kind: PaperKind,
    about: str,
    name: str,
    found: Sequence[tuple[int, str]],
    *,
    actor: str,
) -> PaperArchive:
    """`found`: ids, each with what changes when the paper does."""
    if not found:
        raise Conflict("There is no paper to put into a file.")
    if len(found) > MOST:
        raise Conflict(f"These are {len(found):,} papers, and one file holds up to {MOST:,}. Choose fewer.")
    digest = sha256(json.dumps([kind.value, *found]).encode()).hexdigest()
    same = (PaperArchive.shop_id == shop.id, PaperArchive.digest == digest)
    _retire(session, shop, digest)
    asked = {"papers": [number for number, _ in found], "total": len(found), "asked_by": actor}
    new = {"shop_id": shop.id, "kind": kind, "about": about, "name": name, "digest": digest, "asked_at": clock.now()}
    session.execute(insert(PaperArchive).values(**new, **asked).on_conflict_do_nothing())
    archive = session.scalars(select(PaperArchive).where(*same).with_for_update()).one()
    if archive.failed_at is not None:
        archive.failed_at, archive.attempts = None, 0
        archive.asked_by, archive.asked_at = actor, clock.now()
        session.flush()
    left = select(func.count()).select_from(PaperArchive).where(PaperArchive.shop_id == shop.id, *_TURNS.is_left)
    if session.scalars(left.where(PaperArchive.id != archive.id)).one() >= _MADE_AT_ONCE:
        raise Conflict("Two files are being made already. Ask again when one of them is ready.")
    _sweep_soon(session)
    return archive


def _retire(session: Session, shop: Shop, digest: str) -> None:
    """Make a finished one anew: it may say an old name. It stays until the next, as somebody may be taking it."""
    same, before = (PaperArchive.shop_id == shop.id, PaperArchive.digest == digest), f"{digest} before"
    finished = select(PaperArchive).where(*same, PaperArchive.finished_at.is_not(None)).with_for_update()
    if found := session.scalar(finished):
        session.execute(delete(PaperArchive).where(PaperArchive.shop_id == shop.id, PaperArchive.digest == before))
        found.digest = before
        session.flush()


def list_recent(session: Session, shop_id: int, about: str) -> Sequence[PaperArchive]:
    """What was asked for lately on a page, by anybody, newest first."""
    mine = (PaperArchive.shop_id == shop_id, PaperArchive.about == about)
    return session.scalars(select(PaperArchive).where(*mine).order_by(PaperArchive.id.desc()).limit(_SHOWN)).all()


def get_archive(session: Session, shop_id: int, archive_id: int) -> PaperArchive:
    """Raises NotFound."""
    found = session.get(PaperArchive, archive_id)
    if found is None or found.shop_id != shop_id:
        raise NotFound(f"This file was stopped, or is older than {KEPT.days} days. Ask for it again.")
    return found


def stop(session: Session, archive: PaperArchive) -> bool:
    """Throw it away; False when it was finished already, and stays."""
    gone = delete(PaperArchive).where(PaperArchive.id == archive.id, PaperArchive.finished_at.is_(None))
    is_stopped = session.scalar(gone.returning(PaperArchive.id)) is not None
    _sweep_soon(session)
    return is_stopped


def _sweep_soon(session: Session) -> None:
    """It rings for whose turn it is."""
    enqueue_after_commit(session, "jobs.payouts.sweep_archives", queue="payouts")


def read_zip(session: Session, shop: Shop, archive_id: int) -> tuple[str, Iterator[bytes]]:
    """A finished archive's name, and its bytes for whoever takes them at leisure. Raises NotFound and Conflict."""
    archive = get_archive(session, shop.id, archive_id)
    if archive.finished_at is None:
        raise Conflict("The file is not finished yet.")
    asked_at = archive.asked_at.astimezone(ZoneInfo(shop.timezone))
    return archive.name, zip_files(_walk_files(shop.id, archive_id), asked_at)


def _walk_files(shop_id: int, archive_id: int) -> Files:
    """Some files a transaction, none of which waits for whoever takes them."""
    last = 0
    while True:
        with scoped(shop_id) as session:
            # If it is gone by now the file breaks off, and does not look whole.
            get_archive(session, shop_id, archive_id)
            later = (PaperFile.archive_id == archive_id, PaperFile.id > last)
            files = session.scalars(select(PaperFile).where(*later).order_by(PaperFile.id).limit(_READ_AT_ONCE)).all()
        if not files:
            return
        for file in files:
            yield file.name, crypto.decrypt_file(file.content, get_config().secret_keys)
        last = files[-1].id


# -- the job -----------------------------------------------------------------------------------------------------------


def carry_on(shop_id: int, archive_id: int, place: int, *, seconds: float = SLICE_SECONDS) -> None:
    """Go on printing from a place until it is done or the time is over; then it is the next one's turn."""
    _TURNS.carry_on(shop_id, archive_id, place, _print_next, seconds=seconds)


def _print_next(shop_id: int, archive_id: int) -> bool:
    """False when nothing is left to print, or nobody wants it any more."""
    with scoped(shop_id) as session:
        archive = session.get(PaperArchive, archive_id)
        if archive is None or archive.failed_at is not None:
            return False
        place, shop = archive.done, session.get_one(Shop, shop_id)
        number = session.scalar(select(_paper_at(place)).where(PaperArchive.id == archive_id))
        if archive.kind is PaperKind.STATEMENTS:
            print_files = statements.read_files(session, shop, session.get_one(Payout, number))
        else:
            print_files = invoice_files.read_files(session, session.get_one(FeeInvoice, number))
    try:
        files = list(print_files())  # outside of a transaction: a long statement takes a while
    except Exception:
        log.exception("paper_failed", shop=shop_id, archive=archive_id, paper=number)
        files = []
    return _store(shop_id, archive_id, place, files)


def _paper_at(place: int) -> ColumnElement[int]:
    return cast(PaperArchive.papers[place].astext, BigInteger)


def _store(shop_id: int, archive_id: int, place: int, files: Sequence[tuple[str, bytes]]) -> bool:
    """What was printed for a place; without files it could not be. Whether there is more to print."""
    with scoped(shop_id) as session:
        archive = session.get(PaperArchive, archive_id, with_for_update=True)
        if archive is None or archive.done != place:
            return False  # stopped, or a worker that was thought dead is a step ahead
        now, keys = clock.now(), get_config().secret_keys
        if not files:
            archive.failed_at, archive.lease_until = now, None
            return False
        mine = {"shop_id": shop_id, "archive_id": archive_id}
        session.add_all(PaperFile(**mine, name=name, content=crypto.encrypt_file(body, keys)) for name, body in files)
        archive.done += 1
        archive.attempts = 0
        archive.finished_at = now if archive.done == archive.total else None
        archive.lease_until = None if archive.finished_at else now + LEASE
        return archive.finished_at is None


def sweep() -> int:
    """Remove what is old, and ring for whose turn it is: a worker died, or a ring was lost. Returns how many rings."""
    with system() as session:
        session.execute(delete(PaperArchive).where(PaperArchive.asked_at < clock.now() - KEPT))
    return _TURNS.ring()

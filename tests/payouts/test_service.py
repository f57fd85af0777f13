"""Payouts in the database: what is claimed is what is paid, whoever presses which button at the same moment."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import db
from app.errors import AppError, Conflict
from app.ledger.rules import Account
from app.models.events import DomainEvent
from app.models.ledger import LedgerEntry, LedgerTransaction, OpenEntry
from app.models.payouts import Payout, PayoutBatch, PayoutEntry, PayoutMove, PayoutState, RailName
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus
from app.payouts import checks, contents, moves, queries, service
from app.payouts.statements import name_payee, write_csv, write_pdf
from app.vendors.payout_details import PayoutDetails, change_payout_details
from tests.payouts.conftest import books_hold, earn, use_account
from tests.payouts.reading import read_lines

IBAN, OTHER_IBAN = "DE89370400440532013000", "FR1420041010050500013M02606"


def open_batch(shop: Shop, *vendors: Vendor) -> PayoutBatch:
    with db.scoped(shop.id) as session:
        return service.open_batch(session, shop, [vendor.id for vendor in vendors], actor="staff:1")


def move(shop: Shop, action: str, reason: str | None = None) -> None:
    """On the newest payout."""
    with db.scoped(shop.id) as session:
        payout = session.scalars(select(Payout).order_by(Payout.id.desc()).limit(1)).one()
        moves.move(session, payout, action, actor="staff:1", reason=reason)


def payouts(shop: Shop) -> list[tuple[str, int]]:
    with db.scoped(shop.id) as session:
        rows = session.scalars(select(Payout).order_by(Payout.id))
        return [(row.state.value, row.amount_minor) for row in rows]


def available(shop: Shop, vendor: Vendor) -> int:
    with db.scoped(shop.id) as session:
        theirs = (LedgerEntry.vendor_id == vendor.id, LedgerEntry.account == Account.VENDOR_AVAILABLE)
        return int(session.scalar(select(func.sum(LedgerEntry.amount_minor)).where(*theirs)) or 0)


def obstacle(shop: Shop) -> str | None:
    with db.scoped(shop.id) as session:
        [row] = queries.preview(session, shop)
        return row.obstacle


def race(*acts: Callable[[], None]) -> list[Exception | None]:
    """Do everything at the same moment; what each of them raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], None]) -> Exception | None:
        start.wait(60)
        try:
            act()
        except (AppError, DBAPIError) as error:
            return error
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def paid(ada: Vendor) -> Vendor:
    """Ada has had her bank details for long."""
    use_account(ada, IBAN)
    return ada


def test_of_two_people_who_approve_a_batch_one_is_told_that_it_has_happened(acme: Shop, paid: Vendor) -> None:
    earn(acme, paid, "sale", 4200)
    batch = open_batch(acme, paid)

    def approve() -> None:
        with db.scoped(acme.id) as session:
            service.act_on_batch(session, acme, session.get_one(PayoutBatch, batch.id), "approve", actor="staff:1")

    errors = race(approve, approve, approve)
    assert [type(error) for error in errors if error] == [Conflict, Conflict]
    assert payouts(acme) == [("approved", 4200)]


def test_two_batches_at_once_claim_every_entry_once(acme: Shop, paid: Vendor) -> None:
    for number in range(20):
        earn(acme, paid, f"sale:{number}", 100 + number)

    def claim() -> None:
        open_batch(acme, paid)

    errors = race(*[claim] * 4)
    assert sum(error is None for error in errors) == 1
    assert all(isinstance(error, Conflict) for error in errors if error)
    assert payouts(acme) == [("pending", 2190)]
    assert available(acme, paid) == 0
    assert books_hold(acme)


@pytest.mark.parametrize("actions", [("approve", "cancel"), ("approve", "approve"), ("cancel", "cancel")])
def test_of_two_people_at_one_payout_each_is_done_or_told(acme: Shop, paid: Vendor, actions: tuple[str, str]) -> None:
    earn(acme, paid, "sale", 4200)
    open_batch(acme, paid)
    errors = race(*[lambda action=action: move(acme, action) for action in actions])
    assert all(error is None or isinstance(error, Conflict) for error in errors)
    [(state, amount)] = payouts(acme)
    with db.scoped(acme.id) as session:
        moves = [row.value for row in session.scalars(select(PayoutMove.state).order_by(PayoutMove.id))]
        claimed = session.scalars(select(PayoutEntry.id).where(PayoutEntry.released_at.is_(None))).all()
    assert moves[-1] == state
    assert len(moves) == len(set(moves)), "no state is entered twice"
    given_back = state == "cancelled"
    assert available(acme, paid) == (amount if given_back else 0)
    assert len(claimed) == (0 if given_back else 1)
    assert books_hold(acme)


def test_a_refund_booked_while_a_batch_is_claimed_is_netted_from_the_next(
    acme: Shop, paid: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    earn(acme, paid, "sale", 4200)
    look = queries.preview

    def look_and_lose(session: Session, shop: Shop, sums: Mapping[int, int], **asked: Any) -> list[queries.PreviewRow]:
        rows = look(session, shop, sums, **asked)
        earn(acme, paid, "refund", -5000)
        return rows

    monkeypatch.setattr(queries, "preview", look_and_lose)
    open_batch(acme, paid)
    monkeypatch.undo()
    assert payouts(acme) == [("pending", 4200)]
    assert available(acme, paid) == -5000
    assert books_hold(acme)
    assert str(obstacle(acme)).startswith("Owes money")


def test_a_debt_is_netted_from_the_next_payout(acme: Shop, paid: Vendor) -> None:
    earn(acme, paid, "sale", 4200)
    open_batch(acme, paid)
    for action in ("approve", "pay_by_hand"):
        move(acme, action)
    earn(acme, paid, "refund", -1200)
    words = obstacle(acme)
    assert words
    assert words.startswith("Owes money")
    with pytest.raises(Conflict):
        open_batch(acme, paid)
    earn(acme, paid, "next", 2000)
    open_batch(acme, paid)
    assert payouts(acme) == [("sent", 4200), ("pending", 800)]
    assert books_hold(acme)


def test_below_the_minimum_is_carried_forward(acme: Shop, paid: Vendor) -> None:
    with db.scoped(acme.id) as session:
        session.execute(update(ShopSettings).values(payout_minimum_minor=5000))
    earn(acme, paid, "sale", 4999)
    assert obstacle(acme) == "Below the smallest payout. It is carried forward."
    earn(acme, paid, "one more", 1)
    assert obstacle(acme) is None


def test_a_paused_vendors_money_stays_and_a_claimed_payout_is_held(acme: Shop, paid: Vendor) -> None:
    earn(acme, paid, "sale", 4200)
    open_batch(acme, paid)
    with db.scoped(acme.id) as session:
        session.execute(update(Vendor).where(Vendor.id == paid.id).values(status=VendorStatus.SUSPENDED))
    move(acme, "approve")
    assert payouts(acme) == [("on_hold", 4200)]
    move(acme, "cancel")
    assert available(acme, paid) == 4200
    assert obstacle(acme) == "The vendor is not approved at the moment."


def test_a_payout_approved_before_the_vendor_was_paused_does_not_get_into_the_bank_file(
    acme: Shop, paid: Vendor, bea: Vendor
) -> None:
    earn(acme, paid, "sale", 4200)
    batch = open_batch(acme, paid)
    move(acme, "approve")
    with db.scoped(acme.id) as session:
        session.execute(update(Vendor).where(Vendor.id == paid.id).values(status=VendorStatus.SUSPENDED))
    with pytest.raises(Conflict), db.scoped(acme.id) as session:
        service.make_file(session, acme, session.get_one(PayoutBatch, batch.id), actor="staff:1")
    with db.scoped(acme.id) as session:
        assert session.get_one(PayoutBatch, batch.id).file_made_at is None


def test_one_doubtful_payout_does_not_keep_back_the_others(acme: Shop, paid: Vendor, bea: Vendor) -> None:
    use_account(bea, OTHER_IBAN)
    earn(acme, paid, "sale", 4200)
    earn(acme, bea, "loaf", 1000)
    batch = open_batch(acme, paid, bea)
    with db.scoped(acme.id) as session:
        for payout in session.scalars(select(Payout)):
            moves.move(session, payout, "approve", actor="staff:1")
        session.execute(update(Vendor).where(Vendor.id == bea.id).values(status=VendorStatus.SUSPENDED))
    with db.scoped(acme.id) as session:
        service.make_file(session, acme, session.get_one(PayoutBatch, batch.id), actor="staff:1")
        in_file = queries.list_in_file(session, session.get_one(PayoutBatch, batch.id))
    assert [payout.vendor_id for payout in in_file] == [paid.id]
    assert sorted(payouts(acme)) == [("on_hold", 1000), ("sending", 4200)]


def test_new_bank_details_hold_what_was_claimed_for_the_old_ones(acme: Shop, paid: Vendor) -> None:
    earn(acme, paid, "sale", 4200)
    open_batch(acme, paid)
    with db.scoped(acme.id) as session:
        vendor = session.get_one(Vendor, paid.id)
        change_payout_details(session, vendor, PayoutDetails(OTHER_IBAN, "Mallory"), actor="test")
    move(acme, "approve")
    assert payouts(acme) == [("on_hold", 4200)]
    move(acme, "cancel")
    assert obstacle(acme) == "The payout details are less than 72 hours old."


def test_details_that_were_new_when_the_payout_was_claimed_are_not_paid_to(acme: Shop, paid: Vendor) -> None:
    """As they are when the vendor's change is committed between the look at the vendors and the claim."""
    earn(acme, paid, "sale", 4200)
    open_batch(acme, paid)
    with db.scoped(acme.id) as session:
        changed_at = session.scalars(select(Payout.created_at)).one() - timedelta(seconds=1)
        session.execute(update(Vendor).where(Vendor.id == paid.id).values(payout_changed_at=changed_at))
    move(acme, "approve")
    assert payouts(acme) == [("on_hold", 4200)]


def open_entries(shop: Shop) -> tuple[list[int], list[int]]:
    """Those that are kept as open, and those that are by what is booked and claimed."""
    with db.scoped(shop.id) as session:
        claimed = select(PayoutEntry.entry_id).where(PayoutEntry.released_at.is_(None))
        booked = select(LedgerEntry.id).join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        available = (LedgerEntry.account == Account.VENDOR_AVAILABLE, LedgerTransaction.payout_id.is_(None))
        computed = booked.where(*available, LedgerEntry.id.not_in(claimed)).order_by(LedgerEntry.id)
        kept = select(OpenEntry.entry_id).order_by(OpenEntry.entry_id)
        return list(session.scalars(kept)), list(session.scalars(computed))


def test_what_is_open_is_what_is_booked_and_not_claimed_through_every_state(
    acme: Shop, paid: Vendor, zenith: Shop, cy: Vendor
) -> None:
    earn(acme, paid, "first", 700)
    earn(acme, paid, "second", -200)
    earn(zenith, cy, "theirs", 900)
    seen = []
    for step in (
        lambda: None,
        lambda: open_batch(acme, paid),
        lambda: earn(acme, paid, "third", 300),
        lambda: move(acme, "cancel", "wrong account"),
        lambda: open_batch(acme, paid),
    ):
        step()
        kept, computed = open_entries(acme)
        assert kept == computed
        seen.append(len(kept))
    assert seen[0] > 0
    assert seen[1:] == [0, 1, seen[0] + 1, 0]
    assert len(open_entries(zenith)[0]) == 1


def test_a_returned_payout_gives_its_entries_to_the_next(acme: Shop, paid: Vendor) -> None:
    earn(acme, paid, "sale", 4200)
    batch = open_batch(acme, paid)
    move(acme, "approve")
    with db.scoped(acme.id) as session:
        service.make_file(session, acme, session.get_one(PayoutBatch, batch.id), actor="staff:1")
    move(acme, "mark_sent")
    move(acme, "fail", "The bank says the account is closed")
    assert available(acme, paid) == 4200
    open_batch(acme, paid)
    assert payouts(acme) == [("failed", 4200), ("pending", 4200)]
    assert books_hold(acme)


@pytest.mark.parametrize(("was_told", "news"), [(False, []), (True, ["PayoutSent", "PayoutReturned"])])
def test_a_vendor_hears_that_money_came_back_only_when_it_was_on_its_way(
    acme: Shop, paid: Vendor, *, was_told: bool, news: list[str]
) -> None:
    earn(acme, paid, "sale", 4200)
    batch = open_batch(acme, paid)
    move(acme, "approve")
    with db.scoped(acme.id) as session:
        service.make_file(session, acme, session.get_one(PayoutBatch, batch.id), actor="staff:1")
    if was_told:
        move(acme, "mark_sent")
    move(acme, "fail", "The bank refused the file")
    with db.scoped(acme.id) as session:
        told = select(DomainEvent.kind).where(DomainEvent.kind.in_(["PayoutSent", "PayoutReturned"]))
        assert session.scalars(told.order_by(DomainEvent.id)).all() == news


def test_a_statement_adds_up_to_its_payout(acme: Shop, paid: Vendor) -> None:
    for number, minor in enumerate((4200, -1, 333, -500)):
        earn(acme, paid, f"sale:{number}", minor)
    open_batch(acme, paid)
    with db.scoped(acme.id) as session:
        payout = session.scalars(select(Payout)).one()
        entries = contents.list_paid_entries(session, payout)
        assert sum(paid_entry.entry.amount_minor for paid_entry in entries) == payout.amount_minor == 4032
        assert write_csv(acme, payout, entries, ()).splitlines()[-1].split(",")[-3] == "40.32"
        assert payout.state is PayoutState.PENDING


@pytest.mark.parametrize(
    ("name", "shown", "printed"),
    [
        ("Ada", "Ada", "For Ada, paid to"),
        ("陶器", "陶器", "陶器, paid to"),
        ("مريم", "مريم", "مريم"),
        ("ქეთი", "ქეთი (Ada)", "[…] (Ada), paid to"),
    ],
)
def test_a_statement_names_the_accounts_holder_where_the_paper_lacks_letters(
    acme: Shop, paid: Vendor, name: str, shown: str, printed: str
) -> None:
    earn(acme, paid, "sale", 4200)
    open_batch(acme, paid)
    with db.scoped(acme.id) as session:
        payout, vendor = session.scalars(select(Payout)).one(), session.get_one(Vendor, paid.id)
        vendor.name = name
        assert name_payee(vendor, payout) == shown
        lines = read_lines(write_pdf(acme, vendor, payout, contents.list_paid_entries(session, payout)))
    assert any(printed in line for line in lines)


@pytest.mark.parametrize(
    ("rail", "shown", "printed"),
    [
        ("bank", "3000", "For Ada, paid to your account ending in 3000"),
        ("paypal", "a…@example.com", "For Ada, paid to your PayPal account a…@example.com"),
    ],
)
def test_a_statement_says_where_the_money_went(acme: Shop, paid: Vendor, rail: str, shown: str, printed: str) -> None:
    earn(acme, paid, "sale", 4200)
    open_batch(acme, paid)
    with db.scoped(acme.id) as session:
        payout, vendor = session.scalars(select(Payout)).one(), session.get_one(Vendor, paid.id)
        payout.rail, payout.last4, vendor.name = RailName(rail), shown, "Ada"
        assert printed in read_lines(write_pdf(acme, vendor, payout, contents.list_paid_entries(session, payout)))


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_statement_names_the_days_of_the_shops_own_calendar(acme: Shop, paid: Vendor, timezone: str) -> None:
    earn(acme, paid, "sale", 4200)
    open_batch(acme, paid)
    acme.timezone = timezone
    with db.scoped(acme.id) as session:
        entries = contents.list_paid_entries(session, session.scalars(select(Payout)).one())
        written = write_csv(acme, session.scalars(select(Payout)).one(), entries, ())
    happened = entries[0].transaction.happened_at.astimezone(ZoneInfo(timezone))
    assert written.splitlines()[1].startswith(f"{happened:%Y-%m-%d},")


def test_checking_the_books_of_many_vendors_takes_no_query_for_each(acme: Shop, paid: Vendor, bea: Vendor) -> None:
    def count() -> int:
        asked: list[str] = []
        with db.scoped(acme.id) as session:
            connection = session.connection()
            event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2]))
            checks.list_stray_balances(session, acme.id)
        return len(asked)

    earn(acme, paid, "sale", 100)
    before = count()
    earn(acme, bea, "other sale", 100)
    assert count() == before

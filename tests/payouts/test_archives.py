"""Many papers in one file: printed by a job that may be killed or stopped; taken by who may see them."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock, db, turns
from app.errors import Conflict, NotFound
from app.models.payouts import PaperArchive, PaperFile, Payout, PayoutBatch, PayoutState, RailName
from app.models.shops import Shop
from app.models.staff import StaffMember
from app.models.vendors import Vendor
from app.payouts import archives, invoice_lists, service, settings, statements
from app.vendors.payout_details import PayoutDetails, change_payout_details
from tests.architecture.polaris import lint_polaris
from tests.payouts.conftest import ACCOUNTS, earn
from tests.payouts.test_invoices import WHO, charge, issue
from tests.shopify.signing import sign_id_token

PLACE = "/app/payouts/archives"


@pytest.fixture
def merchant(acme: Shop, merchant: FlaskClient) -> FlaskClient:
    return merchant


@pytest.fixture
def batch(acme: Shop, ada: Vendor, bea: Vendor) -> PayoutBatch:
    """A payout to Ada and one to Bea."""
    for vendor in (ada, bea):
        with db.scoped(acme.id) as session:
            row = session.get_one(Vendor, vendor.id)
            change_payout_details(session, row, PayoutDetails(ACCOUNTS[RailName.BANK], vendor.name), actor="test")
            session.flush()
            row.payout_changed_at = None
        earn(acme, vendor, f"sale:{vendor.id}", 4200)
    with db.scoped(acme.id) as session:
        return service.open_batch(session, session.get_one(Shop, acme.id), None, actor="staff:1", currency="USD")


def ask(shop: Shop, batch: PayoutBatch, actor: str = "staff:1") -> int:
    with db.scoped(shop.id) as session:
        return archives.ask_statements(session, shop, batch, actor=actor).id


def look(shop: Shop, archive_id: int) -> PaperArchive:
    with db.scoped(shop.id) as session:
        return archives.get_archive(session, shop.id, archive_id)


def carry_on(shop: Shop, archive_id: int, **how: float) -> None:
    """A job that was rung for now."""
    with db.scoped(shop.id) as session:
        found = session.get(PaperArchive, archive_id)
    archives.carry_on(shop.id, archive_id, found.done if found else 0, **how)


def take(shop: Shop, archive_id: int) -> bytes:
    with db.scoped(shop.id) as session:
        _, body = archives.read_zip(session, shop, archive_id)
    return b"".join(body)


def names_in(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def expected(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        found = session.scalars(select(Payout.reference).order_by(Payout.id)).all()
    return [f"statement-{reference}.{kind}" for reference in found for kind in ("pdf", "csv")]


def test_every_paper_is_in_the_file_which_is_the_same_each_time(
    acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask(acme, batch)
    assert (look(acme, number).done, look(acme, number).total) == (0, 2)
    carry_on(acme, number)
    first = take(acme, number)
    assert names_in(first) == expected(acme)
    monkeypatch.setattr(archives, "_READ_AT_ONCE", 1)
    assert take(acme, number) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.read(expected(acme)[0]).startswith(b"%PDF")
        assert "42.00" in archive.read(expected(acme)[1]).decode()
    with db.scoped(acme.id) as session:
        stored = session.scalars(select(PaperFile.content)).all()
    assert not any(b"%PDF" in content or b"42.00" in content for content in stored), "encrypted"


def test_who_asks_twice_while_it_is_made_gets_the_same_until_a_paper_changes(acme: Shop, batch: PayoutBatch) -> None:
    number = ask(acme, batch)
    assert ask(acme, batch, "staff:2") == number
    with db.scoped(acme.id) as session:
        kept = session.get_one(PayoutBatch, batch.id)
        service.act_on_batch(session, session.get_one(Shop, acme.id), kept, "approve", actor="staff:1")
    assert ask(acme, batch) != number, "the statements say another state"
    with db.scoped(acme.id) as session:
        session.execute(update(Payout).values(state=PayoutState.CANCELLED))
    with pytest.raises(Conflict, match="no paper"):
        ask(acme, batch)


def test_a_finished_file_is_made_anew_as_it_may_say_an_old_name(acme: Shop, batch: PayoutBatch) -> None:
    number = ask(acme, batch)
    carry_on(acme, number)
    with db.scoped(acme.id) as session:
        session.execute(update(Payout).values(reference=Payout.reference + "-X"))
    with db.scoped(acme.id) as session:
        _, begun = archives.read_zip(session, acme, number)
    old = [next(begun)]
    again = ask(acme, batch)
    assert again != number
    carry_on(acme, again)
    assert names_in(take(acme, again)) == expected(acme)
    names_in(b"".join([*old, *begun]))  # whoever was taking the old one has it
    ask(acme, batch)
    with pytest.raises(NotFound):
        look(acme, number)


def test_a_killed_worker_is_gone_on_from_where_it_was(
    acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, print_one, printed = ask(acme, batch), statements.write_pdf, []

    def die_at_the_second(*args: Any) -> bytes:
        printed.append(args)
        if len(printed) == 2:
            raise SystemExit
        return print_one(*args)

    monkeypatch.setattr(statements, "write_pdf", die_at_the_second)
    with pytest.raises(SystemExit):
        carry_on(acme, number)
    assert look(acme, number).done == 1
    with db.scoped(acme.id) as session:
        before = {file.name: file.content for file in session.scalars(select(PaperFile))}
    assert archives.sweep() == 0, "it may be alive"
    carry_on(acme, number)
    assert look(acme, number).done == 1, "another worker has it"
    later(monkeypatch, minutes=2)
    assert archives.sweep() == 1
    carry_on(acme, number)
    assert names_in(take(acme, number)) == expected(acme)
    with db.scoped(acme.id) as session:
        after = {file.name: file.content for file in session.scalars(select(PaperFile))}
    assert {name: after[name] for name in before} == before, "what was printed is not printed again"


def later(monkeypatch: pytest.MonkeyPatch, **by: int) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(**by))


def test_a_worker_that_was_thought_dead_adds_no_paper_twice(
    acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, print_one = ask(acme, batch), statements.write_pdf

    def be_overtaken(*args: Any) -> bytes:
        monkeypatch.setattr(statements, "write_pdf", print_one)
        with db.scoped(acme.id) as session:
            session.execute(update(PaperArchive).values(lease_until=None))
        carry_on(acme, number)
        return print_one(*args)

    monkeypatch.setattr(statements, "write_pdf", be_overtaken)
    carry_on(acme, number)
    assert (look(acme, number).done, names_in(take(acme, number))) == (2, expected(acme))


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Every ring for a slice."""
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(turns, "enqueue", lambda *args, **_: found.append(args))
    return found


def test_a_job_gives_way_and_the_next_goes_on(acme: Shop, batch: PayoutBatch, rung: list[tuple[Any, ...]]) -> None:
    number = ask(acme, batch)
    carry_on(acme, number, seconds=0)
    assert look(acme, number).done == 1
    assert rung == [("jobs.payouts.print_archive", acme.id, number, 1)]
    carry_on(acme, number, seconds=0)
    assert look(acme, number).finished_at is not None
    assert len(rung) == 1


def test_one_slice_at_a_time_waits_in_the_queue_of_money(
    acme: Shop, batch: PayoutBatch, rung: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(acme, batch)
    with db.scoped(acme.id) as session:
        session.execute(update(Payout).values(state_changed_at=Payout.state_changed_at + timedelta(seconds=1)))
    second = ask(acme, batch)
    for _ in range(5):
        archives.sweep()
    assert set(rung) == {("jobs.payouts.print_archive", acme.id, first, 0)}, "the second waits for its turn"
    queue, ran = list(rung), []
    rung.clear()
    print_next = archives._print_next

    def note(shop_id: int, archive_id: int) -> bool:
        archives.sweep()  # while it is printed
        ran.append(archive_id)
        return print_next(shop_id, archive_id)

    monkeypatch.setattr(archives, "_print_next", note)
    while queue:
        _, *args = queue.pop(0)
        archives.carry_on(*args, seconds=0)
        queue += rung
        rung.clear()
        assert len({ring for ring in queue if ring[3] == look(acme, ring[2]).done}) <= 1, "others find nothing to do"
    assert ran == [first, second, first, second], "in turn, and no ring of the five was a slice of its own"


def test_a_shop_has_some_made_at_once(acme: Shop, batch: PayoutBatch) -> None:
    def ask_another() -> int:
        with db.scoped(acme.id) as session:
            session.execute(update(Payout).values(state_changed_at=Payout.state_changed_at + timedelta(seconds=1)))
        return ask(acme, batch)

    number, second = ask(acme, batch), ask_another()
    assert ask(acme, batch) == second, "the same is no third"
    with pytest.raises(Conflict, match="Two files"):
        ask_another()
    carry_on(acme, number)
    assert ask_another()


def test_a_paper_that_kills_its_worker_is_not_tried_for_ever(
    acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, print_one, tries = ask(acme, batch), statements.write_pdf, []

    def die(*args: Any) -> bytes:
        tries.append(args)
        raise SystemExit

    monkeypatch.setattr(statements, "write_pdf", die)
    for _ in range(3):
        with pytest.raises(SystemExit):
            carry_on(acme, number)
        later(monkeypatch, minutes=2)
        assert archives.sweep() == 1
    carry_on(acme, number)
    assert (len(tries), look(acme, number).failed_at is not None, archives.sweep()) == (3, True, 0)
    monkeypatch.setattr(statements, "write_pdf", print_one)
    assert ask(acme, batch) == number
    carry_on(acme, number, seconds=0)
    assert look(acme, number).attempts == 0, "each paper has its own"
    carry_on(acme, number)
    assert names_in(take(acme, number)) == expected(acme)


def test_a_paper_that_cannot_be_read_is_not_tried_for_ever(
    acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError

    monkeypatch.setattr(statements, "read_files", fail)
    number = ask(acme, batch)
    for _ in range(3):
        with pytest.raises(ValueError):  # noqa: PT011
            carry_on(acme, number)
        later(monkeypatch, minutes=2)
    carry_on(acme, number)
    assert look(acme, number).failed_at is not None


def test_a_paper_that_cannot_be_printed_ends_it_and_asking_again_tries_again(
    merchant: FlaskClient, acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bytes:
        raise ValueError

    number, print_one = ask(acme, batch), statements.write_pdf
    monkeypatch.setattr(statements, "write_pdf", fail)
    carry_on(acme, number)
    assert "could not be printed" in merchant.get(f"{PLACE}/{number}").text
    assert archives.sweep() == 0, "nobody tries for ever"
    monkeypatch.setattr(statements, "write_pdf", print_one)
    assert ask(acme, batch) == number
    carry_on(acme, number)
    assert names_in(take(acme, number)) == expected(acme)


def test_it_is_kept_for_some_days(acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    number = ask(acme, batch)
    carry_on(acme, number)
    later(monkeypatch, days=2)
    archives.sweep()
    assert names_in(take(acme, number)) == expected(acme)
    with db.scoped(acme.id) as session:
        _, begun = archives.read_zip(session, acme, number)
    monkeypatch.setattr(archives, "_READ_AT_ONCE", 1)
    assert next(begun)
    later(monkeypatch, days=2)
    archives.sweep()
    with pytest.raises(NotFound, match="Ask for it again"):
        look(acme, number)
    with pytest.raises(NotFound):
        list(begun)
    with db.system() as session:
        assert session.scalar(select(func.count()).select_from(PaperFile)) == 0


# -- pages -------------------------------------------------------------------------------------------------------------


def test_a_batchs_page_shows_how_far_it_is_and_hands_it_out(
    merchant: FlaskClient, acme: Shop, batch: PayoutBatch
) -> None:
    asked = merchant.post(f"{PLACE}/statements/{batch.id}")
    assert "0 of 2 statements printed" in asked.text
    number = last(acme)
    assert merchant.get(f"{PLACE}/{number}.zip").status_code == 409
    left = merchant.get(f"/app/payouts/{batch.id}").text
    assert f'hx-get="{PLACE}/{number}"' in left, "whoever comes back sees it"
    assert lint_polaris(left) == []
    carry_on(acme, number, seconds=0)
    assert "1 of 2 statements printed" in merchant.get(f"{PLACE}/{number}").text
    carry_on(acme, number)
    done = merchant.get(f"/app/payouts/{batch.id}").text
    assert lint_polaris(done) == []
    assert f'href="{PLACE}/{number}.zip"' in done
    assert f'hx-get="{PLACE}/{number}"' not in done
    taken = merchant.get(f"{PLACE}/{number}.zip")
    assert taken.headers["Content-Disposition"] == f'attachment; filename="statements-{batch.number}.zip"'
    assert names_in(taken.data) == expected(acme)
    assert f"statements-{batch.number}.zip: 2 statements, asked for by " in done
    assert "Kept until" in done
    again = merchant.post(f"{PLACE}/statements/{batch.id}")
    assert "is being made" in again.headers["HX-Trigger"]
    assert f'hx-get="{PLACE}/{last(acme)}"' in again.text


def last(shop: Shop) -> int:
    with db.scoped(shop.id) as session:
        return session.scalars(select(PaperArchive.id).order_by(PaperArchive.id.desc())).first() or 0


def test_what_is_stopped_is_gone_and_what_is_finished_stays(
    merchant: FlaskClient, acme: Shop, batch: PayoutBatch
) -> None:
    number = ask(acme, batch)
    carry_on(acme, number, seconds=0)
    stopped = merchant.post(f"{PLACE}/{number}/stop")
    assert ("printed" in stopped.text, "Stopped" in stopped.headers["HX-Trigger"]) == (False, True)
    carry_on(acme, number)
    gone = merchant.get(f"{PLACE}/{number}")
    assert (gone.status_code, "was stopped" in gone.text) == (404, True), "another person's page says it"
    number = ask(acme, batch)
    carry_on(acme, number)
    assert "finished already" in merchant.post(f"{PLACE}/{number}/stop").headers["HX-Trigger"]
    assert names_in(take(acme, number)) == expected(acme)


def test_a_stop_between_two_papers_ends_the_job(
    acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, print_one = ask(acme, batch), statements.write_pdf

    def be_stopped(*args: Any) -> bytes:
        with db.scoped(acme.id) as session:
            assert archives.stop(session, archives.get_archive(session, acme.id, number))
        return print_one(*args)

    monkeypatch.setattr(statements, "write_pdf", be_stopped)
    carry_on(acme, number)
    with db.system() as session:
        assert session.scalar(select(func.count()).select_from(PaperFile)) == 0


@pytest.fixture
def as_role(merchant: FlaskClient, acme: Shop) -> Callable[[str], FlaskClient]:
    def change(role: str) -> FlaskClient:
        with db.scoped(acme.id) as session:
            session.execute(update(StaffMember).values(role=role))
        return merchant

    return change


def test_who_may_see_payouts_may_take_them_away(
    as_role: Callable[[str], FlaskClient], acme: Shop, batch: PayoutBatch
) -> None:
    for role, may in (("viewer", True), ("vendors", True), ("orders", False)):
        browser = as_role(role)
        assert (browser.post(f"{PLACE}/statements/{batch.id}").status_code == 200) is may, role
        number = last(acme)
        carry_on(acme, number)
        assert (browser.get(f"{PLACE}/{number}.zip").status_code == 200) is may, role


def test_who_may_not_change_money_stops_their_own_alone(
    as_role: Callable[[str], FlaskClient], acme: Shop, batch: PayoutBatch
) -> None:
    browser = as_role("viewer")
    number = ask(acme, batch, "staff:999")
    shown = browser.get(f"{PLACE}/{number}").text
    assert ("asked for by Staff member 999" in shown, "/stop" in shown) == (True, False)
    refused = browser.post(f"{PLACE}/{number}/stop")
    assert (refused.status_code, "Somebody else asked" in refused.text) == (403, True)
    assert "/stop" in as_role("money").get(f"{PLACE}/{number}").text
    assert as_role("money").post(f"{PLACE}/{number}/stop").status_code == 200
    as_role("viewer").post(f"{PLACE}/statements/{batch.id}")
    assert "/stop" in browser.get(f"{PLACE}/{last(acme)}").text
    assert browser.post(f"{PLACE}/{last(acme)}/stop").status_code == 200


def test_another_shop_reaches_none_of_it(merchant: FlaskClient, acme: Shop, zenith: Shop, batch: PayoutBatch) -> None:
    number = ask(acme, batch)
    carry_on(acme, number)
    theirs = {"Authorization": f"Bearer {sign_id_token('zenith.myshopify.com')}"}
    for method, path in (("GET", ""), ("GET", ".zip"), ("POST", "/stop")):
        assert merchant.open(f"{PLACE}/{number}{path}", method=method, headers=theirs).status_code == 404
    assert merchant.post(f"{PLACE}/statements/{batch.id}", headers=theirs).status_code == 404
    with db.scoped(zenith.id) as session:
        assert session.scalars(select(PaperArchive)).all() == []
        assert session.scalars(select(PaperFile)).all() == []
    with db.scoped(acme.id, batch_vendor(acme)) as session:
        assert session.scalars(select(PaperFile)).all() == [], "nor does a vendor"


def batch_vendor(shop: Shop) -> int:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Payout.vendor_id).limit(1)).one()


def test_invoices_that_are_found_or_ticked_come_in_one_file(
    merchant: FlaskClient, acme: Shop, ada: Vendor, bea: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.scoped(acme.id) as session:
        settings.save_invoicing(session, acme, WHO, actor="test")
    charge(acme, ada, "sale:1", 432, 82)
    charge(acme, bea, "sale:2", 86)
    issue(acme)
    assert merchant.post(f"{PLACE}/invoices?ticked=yes").status_code == 409
    with db.scoped(acme.id) as session:
        newest = invoice_lists.list_ids(session, acme, invoice_lists.Wanted())[-1]
    assert "of 1 invoice printed" in merchant.post(f"{PLACE}/invoices?ticked=yes", data={"invoice": newest}).text
    ticked = last(acme)
    carry_on(acme, ticked)
    assert names_in(take(acme, ticked)) == ["F-000002.pdf", "F-000002.csv"]
    assert "invoices-ticked.zip: 1 invoice, asked for" in merchant.get(f"{PLACE}/{ticked}").text
    assert "invoices-bea.zip: 0 of 1 invoice printed" in merchant.post(f"{PLACE}/invoices?q=Bea").text
    assert last(acme) != ticked, "the same invoice, made anew"
    carry_on(acme, last(acme))
    month = clock.today(acme.timezone).isoformat()[:7]
    page = merchant.post(f"{PLACE}/invoices?month={month}&vendor={ada.id}").text
    assert f"invoices-{ada.handle}-{month}.zip: 0 of 1 invoice printed" in page
    assert "invoices.zip: 0 of 2 invoices printed" in merchant.post(f"{PLACE}/invoices?q=").text
    assert lint_polaris(merchant.get("/app/payouts/invoices").text) == []
    monkeypatch.setattr(archives, "MOST", 1)
    assert merchant.post(f"{PLACE}/invoices?q=").status_code == 409

"""Many papers in one file: printed by a job that may be killed or stopped; taken by who may see them."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock, db
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
    archives.carry_on(acme.id, number)
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


def test_who_asks_twice_gets_the_same_until_a_paper_changes(acme: Shop, batch: PayoutBatch) -> None:
    number = ask(acme, batch)
    assert ask(acme, batch, "staff:2") == number
    archives.carry_on(acme.id, number)
    assert ask(acme, batch, "staff:2") == number
    with db.scoped(acme.id) as session:
        kept = session.get_one(PayoutBatch, batch.id)
        service.act_on_batch(session, session.get_one(Shop, acme.id), kept, "approve", actor="staff:1")
    assert ask(acme, batch) != number, "the statements say another state"
    with db.scoped(acme.id) as session:
        session.execute(update(Payout).values(state=PayoutState.CANCELLED))
    with pytest.raises(Conflict, match="no paper"):
        ask(acme, batch)


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
        archives.carry_on(acme.id, number)
    assert look(acme, number).done == 1
    with db.scoped(acme.id) as session:
        before = {file.name: file.content for file in session.scalars(select(PaperFile))}
    assert archives.sweep() == 0, "it may be alive"
    archives.carry_on(acme.id, number)
    assert look(acme, number).done == 1, "another worker has it"
    later(monkeypatch, minutes=2)
    assert archives.sweep() == 1
    archives.carry_on(acme.id, number)
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
        archives.carry_on(acme.id, number)
        return print_one(*args)

    monkeypatch.setattr(statements, "write_pdf", be_overtaken)
    archives.carry_on(acme.id, number)
    assert (look(acme, number).done, names_in(take(acme, number))) == (2, expected(acme))


def test_a_job_gives_way_and_the_next_goes_on(acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(archives, "enqueue", lambda *args, **_: rung.append(args))
    number = ask(acme, batch)
    archives.carry_on(acme.id, number, seconds=0)
    assert (look(acme, number).done, look(acme, number).lease_until) == (1, None)
    assert rung == [("jobs.payouts.print_archive", acme.id, number)]
    archives.carry_on(acme.id, number, seconds=0)
    assert look(acme, number).finished_at is not None


def test_a_paper_that_cannot_be_printed_ends_it_and_asking_again_tries_again(
    merchant: FlaskClient, acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bytes:
        raise ValueError

    number, print_one = ask(acme, batch), statements.write_pdf
    monkeypatch.setattr(statements, "write_pdf", fail)
    archives.carry_on(acme.id, number)
    assert "could not be printed" in merchant.get(f"{PLACE}/{number}").text
    assert archives.sweep() == 0, "nobody tries for ever"
    monkeypatch.setattr(statements, "write_pdf", print_one)
    assert ask(acme, batch) == number
    archives.carry_on(acme.id, number)
    assert names_in(take(acme, number)) == expected(acme)


def test_it_is_kept_for_some_days(acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    number = ask(acme, batch)
    archives.carry_on(acme.id, number)
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
    number = one(acme)
    assert merchant.get(f"{PLACE}/{number}.zip").status_code == 409
    left = merchant.get(f"/app/payouts/{batch.id}").text
    assert f'hx-get="{PLACE}/{number}"' in left, "whoever comes back sees it"
    assert lint_polaris(left) == []
    archives.carry_on(acme.id, number, seconds=0)
    assert "1 of 2 statements printed" in merchant.get(f"{PLACE}/{number}").text
    archives.carry_on(acme.id, number)
    done = merchant.get(f"/app/payouts/{batch.id}").text
    assert lint_polaris(done) == []
    assert f'href="{PLACE}/{number}.zip"' in done
    assert f'hx-get="{PLACE}/{number}"' not in done
    taken = merchant.get(f"{PLACE}/{number}.zip")
    assert taken.headers["Content-Disposition"] == f'attachment; filename="statements-{batch.number}.zip"'
    assert names_in(taken.data) == expected(acme)
    assert "is ready" in merchant.post(f"{PLACE}/statements/{batch.id}").headers["HX-Trigger"]


def one(shop: Shop) -> int:
    with db.scoped(shop.id) as session:
        return session.scalars(select(PaperArchive.id)).one()


def test_what_is_stopped_is_gone_and_what_is_finished_stays(
    merchant: FlaskClient, acme: Shop, batch: PayoutBatch
) -> None:
    number = ask(acme, batch)
    archives.carry_on(acme.id, number, seconds=0)
    assert "printed" not in merchant.post(f"{PLACE}/{number}/stop").text
    archives.carry_on(acme.id, number)
    gone = merchant.get(f"{PLACE}/{number}")
    assert (gone.status_code, "was stopped" in gone.text) == (404, True), "another person's page says it"
    number = ask(acme, batch)
    archives.carry_on(acme.id, number)
    merchant.post(f"{PLACE}/{number}/stop")
    assert names_in(take(acme, number)) == expected(acme)


def test_a_stop_between_two_papers_ends_the_job(
    acme: Shop, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, print_one = ask(acme, batch), statements.write_pdf

    def be_stopped(*args: Any) -> bytes:
        with db.scoped(acme.id) as session:
            archives.stop(session, acme.id, number)
        return print_one(*args)

    monkeypatch.setattr(statements, "write_pdf", be_stopped)
    archives.carry_on(acme.id, number)
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
    number = ask(acme, batch)
    archives.carry_on(acme.id, number)
    for role, may in (("viewer", True), ("vendors", True), ("orders", False)):
        browser = as_role(role)
        assert (browser.post(f"{PLACE}/statements/{batch.id}").status_code == 200) is may, role
        assert (browser.get(f"{PLACE}/{number}.zip").status_code == 200) is may, role


def test_another_shop_reaches_none_of_it(merchant: FlaskClient, acme: Shop, zenith: Shop, batch: PayoutBatch) -> None:
    number = ask(acme, batch)
    archives.carry_on(acme.id, number)
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
    ticked = one(acme)
    archives.carry_on(acme.id, ticked)
    assert names_in(take(acme, ticked)) == ["F-000002.pdf", "F-000002.csv"]
    assert "1 invoice, asked for" in merchant.post(f"{PLACE}/invoices?q=Bea").text, "the same one"
    assert one(acme) == ticked
    page = merchant.post(f"{PLACE}/invoices?q=").text
    assert "of 2 invoices printed" in page
    assert lint_polaris(merchant.get("/app/payouts/invoices").text) == []
    monkeypatch.setattr(archives, "MOST", 1)
    assert merchant.post(f"{PLACE}/invoices?q=").status_code == 409

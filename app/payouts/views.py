"""The merchant's payouts: who can be paid, batches on their way, bank files."""

from collections.abc import Iterable, Sequence
from typing import Final

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth import merchant
from app.commissions.queries import get_settings
from app.errors import Conflict, Forbidden, NotFound, ValidationErrors
from app.keyset import cut_page
from app.ledger.queries import sum_available
from app.models.payouts import Payout, PayoutBatch, PayoutState, RailName
from app.money import Money
from app.outcomes import Outcome
from app.payouts import archives, bank_batches, bank_files, contents, moves, queries, rules, service, statements
from app.payouts.calendar import next_day
from app.payouts.forms import ByHandForm

bp = Blueprint("payouts", __name__, url_prefix="/app/payouts")
merchant.protect(bp)

_DONE: Final = {
    "approve": "Approved",
    "hold": "On hold",
    "make_file": "The bank file is ready",
    "send": "Handed over. This page shows what becomes of each payout.",
    "stop": "Stopped. What was not handed over yet is approved again.",
    "release": "Waiting for approval again",
    "mark_sent": "Marked as sent. The vendor gets an e-mail with the statement.",
    "settle": "Marked as arrived",
    "fail": "The money is the vendor's available balance again",
    "cancel": "Cancelled. The money is the vendor's available balance again.",
    "undo": "Undone. The payout is approved again, and the vendor is told.",
}
_OF_BATCH: Final = rules.OF_BATCH | {"make_file", "send"}
_ON_BATCH: Final = _OF_BATCH | {"approve", "mark_sent", "cancel"}
ON_TICKED: Final = {
    "approve": "Approve",
    "hold": "Hold",
    "release": "Release the hold",
    "cancel": "Cancel",
    "fail": "Book back",
}
_COLUMNS: Final = ("reference", "vendor", "batch", "prepared_at", "state", "paid_by", "amount", "currency")
TONES: Final = {
    PayoutState.PENDING: "warning",
    PayoutState.ON_HOLD: "critical",
    PayoutState.APPROVED: "info",
    PayoutState.SENDING: "info",
    PayoutState.SENT: "success",
    PayoutState.SETTLED: "success",
    PayoutState.FAILED: "critical",
    PayoutState.CANCELLED: "neutral",
}


@bp.get("")
def list_payouts() -> ResponseReturnValue:
    return _list_page()


@bp.post("")
def open_batch() -> ResponseReturnValue:
    """Claim what the ticked vendors can be paid, or what everybody can."""
    chosen = None if "everybody" in request.form else request.form.getlist("vendor", type=int)
    try:
        batch = service.open_batch(g.session, g.shop, chosen, actor=merchant.actor(), currency=_currency())
    except Conflict as error:
        g.session.rollback()
        return web.refuse(_list_page(), error)
    answer = web.toast(_batch_page(batch), "Look at the payouts, then approve them")
    answer.headers["HX-Push-Url"] = f"/app/payouts/{batch.id}"
    return answer


@bp.get("/export.csv")
def export_payouts() -> ResponseReturnValue:
    """Every payout of the shop, or those that the search finds."""
    return _payout_sheet("payouts.csv", queries.walk_payouts(g.session, g.shop, words=_words()))


@bp.get("/<int:batch_id>/export.csv")
def export_batch(batch_id: int) -> ResponseReturnValue:
    """What the batch's page lists."""
    batch, state = queries.get_batch(g.session, g.shop.id, batch_id), request.args.get("state", "")
    rows = queries.walk_payouts(g.session, g.shop, batch=batch, words=_words(), state=state)
    return _payout_sheet(f"batch-{batch.number}.csv", rows)


@bp.get("/<int:batch_id>")
def show_batch(batch_id: int) -> ResponseReturnValue:
    return _batch_page(queries.get_batch(g.session, g.shop.id, batch_id))


@bp.post("/<int:batch_id>/<action>")
def act_on_batch(batch_id: int, action: str) -> ResponseReturnValue:
    batch = queries.get_batch(g.session, g.shop.id, batch_id)
    if action not in _ON_BATCH:
        raise NotFound("There is no such action.")
    try:
        service.act_on_batch(g.session, g.shop, batch, action, actor=merchant.actor())
    except Conflict as error:
        g.session.rollback()
        return web.refuse(_batch_page(queries.get_batch(g.session, g.shop.id, batch_id)), error)
    return web.toast(_batch_page(batch), _DONE[action])


@bp.post("/<int:batch_id>/together")
def act_on_ticked(batch_id: int) -> ResponseReturnValue:
    """Do an action on every payout that was ticked; the page says of each what became of it."""
    batch, action = queries.get_batch(g.session, g.shop.id, batch_id), request.form.get("action", "")
    if action not in ON_TICKED:
        raise NotFound("There is no such action.")
    moved = [_move_one(batch_id, number, action) for number in web.read_ticked("payout")]
    return web.answer_together(lambda results: _batch_page(batch, results=results), moved)


def _move_one(batch_id: int, payout_id: int, action: str) -> Outcome:
    try:
        payout = _get_payout(batch_id, payout_id)
    except NotFound as error:
        return Outcome(is_done=False, words=error.message)
    title = f"{payout.reference} of {queries.get_vendor(g.session, payout).name}"
    try:
        moves.move(g.session, payout, action, actor=merchant.actor(), reason=request.form.get("reason"))
    except (ValidationErrors, Conflict) as error:
        return Outcome(is_done=False, words=error.message, title=title)
    g.session.refresh(payout)
    return Outcome(is_done=True, words=f"{queries.STATE_WORDS[payout.state]}.", title=title)


@bp.get("/<int:batch_id>/payouts/<int:payout_id>")
def show_payout(batch_id: int, payout_id: int) -> ResponseReturnValue:
    return _payout_page(_get_payout(batch_id, payout_id))


@bp.post("/<int:batch_id>/payouts/<int:payout_id>/by-hand")
def pay_by_hand(batch_id: int, payout_id: int) -> ResponseReturnValue:
    """The merchant paid by other means, and says when and under which reference."""
    payout = _get_payout(batch_id, payout_id)
    form = ByHandForm(request.form, today=clock.today(g.shop.timezone))
    if not form.validate():
        return _payout_page(payout, form=form), 422
    paid = moves.Paid(form.reference.data, form.paid_on.data, by_hand=True)
    try:
        moves.move(g.session, payout, "pay_by_hand", actor=merchant.actor(), paid=paid)
    except Conflict as error:
        return web.refuse(_payout_page(payout), error)
    return web.toast(_payout_page(payout), "Marked as paid. The vendor gets an e-mail with the statement.")


@bp.post("/<int:batch_id>/payouts/<int:payout_id>/<action>")
def act_on_payout(batch_id: int, payout_id: int, action: str) -> ResponseReturnValue:
    payout = _get_payout(batch_id, payout_id)
    if action not in _DONE or action in _OF_BATCH:
        raise NotFound("There is no such action.")
    try:
        moves.move(g.session, payout, action, actor=merchant.actor(), reason=request.form.get("reason"))
    except ValidationErrors as error:
        return _payout_page(payout, errors={action: error.errors["reason"]}), 422
    except Conflict as error:
        return web.refuse(_payout_page(payout), error)
    return web.toast(_payout_page(payout), _DONE[action])


@bp.get("/<int:batch_id>/file.<kind>")
def download_file(batch_id: int, kind: str) -> ResponseReturnValue:
    """The batch's bank file, as pain.001 XML or CSV."""
    batch = queries.get_batch(g.session, g.shop.id, batch_id)
    if kind not in {"xml", "csv"}:
        raise NotFound("There is no such file.")
    if kind == "xml":
        if batch.file_head is None and not merchant.may_open(request.path, change=True):  # the first fixes what pays
            raise Forbidden("Somebody who may pay takes the first file.")
        content = bank_batches.read_for_bank(g.session, g.shop, batch, actor=merchant.actor())
        body: str | bytes = bank_files.write_pain(content)
    else:
        body = bank_files.write_csv(bank_batches.read(g.session, g.shop, batch))
    return web.download(f"payouts-{batch.number}.{kind}", body, "application/xml" if kind == "xml" else "text/csv")


@bp.get("/<int:batch_id>/payouts/<int:payout_id>/statement.<kind>")
def statement(batch_id: int, payout_id: int, kind: str) -> ResponseReturnValue:
    payout = _get_payout(batch_id, payout_id)
    body, media_type = statements.make_file(g.session, g.shop, payout, kind)
    return web.download(f"statement-{payout.reference}.{kind}", body, media_type)


def _payout_sheet(name: str, rows: Iterable[tuple[Payout, PayoutBatch, str]]) -> Response:
    return web.download_sheet(name, _COLUMNS, (_cells(*row) for row in rows))


def _cells(payout: Payout, batch: PayoutBatch, vendor: str) -> list[object]:
    what = [payout.reference, vendor, batch.number, batch.created_at, payout.state.value, payout.rail.value]
    return [*what, payout.amount.decimal, payout.currency]


def _list_page() -> str:
    batches = queries.list_batches(g.session, g.shop, words=_words(), place=web.read_place())
    currency, sums = _currency(), sum_available(g.session, g.shop.id)
    preview = queries.preview(g.session, g.shop, sums.get(currency, {}), currency=currency)
    asked = (_words(), request.args.get("show", ""))
    per_page, found = queries.PER_PAGE, queries.filter_preview(preview, *asked)
    payable = [row.amount.minor for row in preview if row.obstacle is None]
    held, today = queries.find_settings(g.session, g.shop.id), clock.today(g.shop.timezone)
    return render_template(
        "merchant/payouts/list.html",
        preview=preview,
        payees=cut_page(found, queries.place_in_preview, web.read_place("payee_"), limit=per_page),
        payable=len(payable),
        payable_sum=Money(sum(payable), currency),
        debts=Money(-sum(row.amount.minor for row in preview if row.amount.minor < 0), currency),
        currency=currency,
        other_currencies=sorted({*sums, g.shop.currency} - {currency}),
        schedule=held,
        next_day=next_day(held.schedule, held.schedule_day, held.schedule_from or today, today),
        rail_words=queries.RAIL_WORDS,
        batches=batches,
        per_page=per_page,
        state_words=queries.STATE_WORDS,
        tones=TONES,
    )


def _batch_page(batch: PayoutBatch, *, results: Sequence[Outcome] = ()) -> str:
    state = request.args.get("state", "")
    page = queries.list_payouts(g.session, batch, words=_words(), state=state, place=web.read_place())
    counts = queries.count_states(g.session, batch)
    live = sum(amount for (at, _), (_, amount) in counts.items() if at not in rules.GIVES_BACK)
    return render_template(
        "merchant/payouts/batch.html",
        batch=batch,
        page=page,
        results=results,
        on_ticked=ON_TICKED,
        sum=Money(live, batch.currency),
        payouts=sum(count for count, _ in counts.values()),
        waiting=_waiting(batch, counts),
        booked_back=queries.was_booked_back(g.session, batch),
        stoppable=queries.count_fitting(g.session, batch, "stop"),
        archives=archives.list_recent(g.session, g.shop.id, archives.about_batch(batch)),
        states={state.value: n for state in PayoutState if (n := _count(counts, state))},
        state_choices=[(s.value, queries.STATE_WORDS[s]) for s in PayoutState if _count(counts, s)],
        state_words=queries.STATE_WORDS,
        rail_words=queries.RAIL_WORDS,
        tones=TONES,
        has_payer=get_settings(g.session, g.shop.id).payer_iban is not None,
        pays_from=bank_batches.find_payer(batch),
    )


def _waiting(batch: PayoutBatch, counts: queries.StateCounts) -> dict[str, int]:
    """On how many payouts each step of a batch is possible now."""
    by_bank = (RailName.BANK,)
    by_rail = (RailName.PAYPAL, RailName.STRIPE)
    cancels = [PayoutState(state) for state in rules.MOVES["cancel"]]
    by_batch = by_rail if batch.file_made_at else tuple(RailName)  # the file was taken without the others
    return {
        "on_hold": _count(counts, PayoutState.ON_HOLD, by_batch),
        "approve": _count(counts, PayoutState.PENDING, by_batch),
        "make_file": 0 if batch.file_made_at else _count(counts, PayoutState.APPROVED, by_bank),
        "not_in_file": sum(_count(counts, state, by_bank) for state in cancels) if batch.file_made_at else 0,
        "send": _count(counts, PayoutState.APPROVED, by_rail),
        "mark_sent": _count(counts, PayoutState.SENDING, by_bank),
        "asked": _count(counts, PayoutState.SENDING, by_rail),
        "cancel": sum(_count(counts, state) for state in cancels),
    }


def _count(counts: queries.StateCounts, state: PayoutState, rails: Sequence[RailName] = tuple(RailName)) -> int:
    return sum(counts.get((state, rail), (0, 0))[0] for rail in rails)


def _payout_page(payout: Payout, *, form: ByHandForm | None = None, errors: dict[str, str] | None = None) -> str:
    batch = queries.get_batch(g.session, g.shop.id, payout.batch_id)
    actions = rules.list_actions(payout.state, rail=payout.rail, by_hand=payout.by_hand)
    if batch.file_made_at and payout.rail is RailName.BANK:
        actions = [action for action in actions if action not in {"approve", "hold", "release"}]
    return render_template(
        "merchant/payouts/payout.html",
        batch=batch,
        payout=payout,
        vendor=queries.get_vendor(g.session, payout),
        moves=queries.list_moves(g.session, payout),
        entries=contents.list_paid_entries(g.session, payout, limit=queries.PER_PAGE),
        actions=actions,
        form=form or ByHandForm(today=clock.today(g.shop.timezone)),
        errors=errors or {},
        state_words=queries.STATE_WORDS,
        rail_words=queries.RAIL_WORDS,
        tones=TONES,
    )


def _get_payout(batch_id: int, payout_id: int) -> Payout:
    payout = queries.get_payout(g.session, g.shop.id, payout_id)
    if payout.batch_id != batch_id:
        raise NotFound("There is no such payout.")
    return payout


def _currency() -> str:
    """Whose payouts are looked at: the shop's, or an earlier one of the shop's."""
    asked = request.values.get("currency", "")
    return asked if asked in sum_available(g.session, g.shop.id) else str(g.shop.currency)


def _words() -> str:
    return web.read_search()

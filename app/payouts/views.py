"""The merchant's payouts: who can be paid, batches on their way, bank files."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.merchant import protect
from app.commissions.queries import get_settings
from app.config import get_config
from app.crypto import decrypt
from app.errors import AppError, Conflict, NotFound, ValidationErrors
from app.models.payouts import Payout, PayoutBatch, PayoutState
from app.money import Money
from app.payouts import bank_files, moves, queries, rules, service, settings, statements
from app.payouts.forms import PayerForm

bp = Blueprint("payouts", __name__, url_prefix="/app/payouts")
protect(bp)

_DONE: Final = {
    "approve": "Approved",
    "hold": "On hold",
    "make_file": "The bank file is ready",
    "send": "Handed over. This page shows what becomes of each payout.",
    "release": "Waiting for approval again",
    "mark_sent": "Marked as sent. The vendor gets an e-mail with the statement.",
    "settle": "Marked as arrived",
    "fail": "The money is the vendor's available balance again",
    "cancel": "Cancelled. The money is the vendor's available balance again.",
}
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
    return _list_page(_payer_form())


@bp.post("")
def open_batch() -> ResponseReturnValue:
    """Claim what the ticked vendors can be paid."""
    chosen = request.form.getlist("vendor", type=int)
    try:
        batch = service.open_batch(g.session, g.shop, chosen, actor=_actor())
    except Conflict as error:
        return web.toast(_list_page(_payer_form(), status=409), error.message, is_error=True)
    return _batch_page(batch, toast="Look at the payouts, then approve them")


@bp.post("/payer")
def save_payer() -> ResponseReturnValue:
    form = _payer_form(bound=True)
    if not form.validate():
        return _list_page(form, status=422)
    settings.save_payer(
        g.session, g.shop, name=form.name.data or "", iban=form.iban.data or "", bic=form.bic.data or "", actor=_actor()
    )
    return web.toast(_list_page(_payer_form()), "Saved")


@bp.get("/<int:batch_id>")
def show_batch(batch_id: int) -> ResponseReturnValue:
    return _batch_page(queries.get_batch(g.session, g.shop.id, batch_id))


@bp.post("/<int:batch_id>/<action>")
def act_on_batch(batch_id: int, action: str) -> ResponseReturnValue:
    """Approve, mark as sent or cancel every payout for which that is possible; or make the batch's bank file."""
    batch = queries.get_batch(g.session, g.shop.id, batch_id)
    if action not in {"approve", "mark_sent", "cancel", "make_file", "send"}:
        raise NotFound("There is no such action.")
    fitting = queries.list_fitting(g.session, batch, action)
    try:
        if action == "make_file":
            service.make_file(g.session, g.shop, batch, actor=_actor())
        elif action == "send":
            service.send(g.session, g.shop, batch, actor=_actor())
        else:
            moves.move_all(g.session, g.shop.id, fitting, action, actor=_actor())
    except Conflict as error:
        g.session.rollback()
        return _batch_page(queries.get_batch(g.session, g.shop.id, batch_id), toast=error.message, status=409)
    return _batch_page(batch, toast=_DONE[action] if fitting else "There was nothing left to do")


@bp.post("/<int:batch_id>/payouts/<int:payout_id>/<action>")
def act_on_payout(batch_id: int, payout_id: int, action: str) -> ResponseReturnValue:
    batch = queries.get_batch(g.session, g.shop.id, batch_id)
    payout = queries.get_payout(g.session, g.shop.id, payout_id)
    if action not in _DONE or action == "make_file" or payout.batch_id != batch.id:
        raise NotFound("There is no such action.")
    try:
        moves.move(g.session, payout, action, actor=_actor(), reason=request.form.get("reason"))
    except ValidationErrors as error:
        return _batch_page(batch, toast=error.errors["reason"], status=422)
    except Conflict as error:
        return _batch_page(batch, toast=error.message, status=409)
    return _batch_page(batch, toast=_DONE[action])


@bp.get("/<int:batch_id>/file.<kind>")
def download_file(batch_id: int, kind: str) -> ResponseReturnValue:
    """The batch's bank file, as pain.001 XML or CSV."""
    batch = queries.get_batch(g.session, g.shop.id, batch_id)
    if kind not in {"xml", "csv"}:
        raise NotFound("There is no such file.")
    payer = get_settings(g.session, g.shop.id)
    if kind == "xml" and not payer.payer_iban:
        raise AppError("Enter the account that pays on the payouts page first, then take the file.")
    content = _bank_batch(batch, queries.list_in_file(g.session, batch))
    body = bank_files.write_pain(content) if kind == "xml" else bank_files.write_csv(content)
    name = f"payouts-{batch.number}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype="application/xml" if kind == "xml" else "text/csv", headers=headers)


@bp.get("/<int:batch_id>/payouts/<int:payout_id>/statement.<kind>")
def statement(batch_id: int, payout_id: int, kind: str) -> ResponseReturnValue:
    payout = queries.get_payout(g.session, g.shop.id, payout_id)
    if payout.batch_id != batch_id:
        raise NotFound("There is no such statement.")
    body, media_type = statements.make_file(g.session, g.shop, payout, kind)
    headers = {"Content-Disposition": f'attachment; filename="statement-{payout.reference}.{kind}"'}
    return Response(body, mimetype=media_type, headers=headers)


def _bank_batch(batch: PayoutBatch, payouts: Sequence[Payout]) -> bank_files.Batch:
    payer, keys = get_settings(g.session, g.shop.id), get_config().secret_keys
    assert batch.file_made_at
    payer_iban = decrypt(payer.payer_iban, keys) if payer.payer_iban else ""
    return bank_files.Batch(
        message_id=f"STALLKEEPER-{g.shop.id}-{batch.number}",
        made_at=batch.file_made_at,
        currency=batch.currency,
        payer=bank_files.Payer(payer.payer_name or g.shop.name, payer_iban, payer.payer_bic),
        transfers=[
            bank_files.Transfer(
                reference=payout.reference,
                holder=decrypt(payout.holder, keys),
                iban=decrypt(payout.account, keys),
                amount=Money(payout.amount_minor, payout.currency).decimal,
                message=f"{g.shop.name} payout {payout.reference}",
            )
            for payout in payouts
        ],
    )


def _list_page(form: PayerForm, *, status: int = 200) -> Response:
    number = max(1, request.args.get("page", 1, int))
    batches, total = queries.list_batches(g.session, g.shop, page=number)
    preview = queries.preview(g.session, g.shop)
    payable = [row for row in preview if row.obstacle is None]
    html = render_template(
        "merchant/payouts/list.html",
        preview=preview,
        payable=payable,
        payable_sum=Money(sum(row.amount.minor for row in payable), g.shop.currency),
        batches=batches,
        total=total,
        number=number,
        per_page=queries.PER_PAGE,
        state_words=queries.STATE_WORDS,
        tones=TONES,
        form=form,
    )
    return Response(html, status=status, mimetype="text/html")


def _batch_page(batch: PayoutBatch, *, toast: str | None = None, status: int = 200) -> Response:
    payouts = queries.list_payouts(g.session, batch)
    names = queries.name_vendors(g.session, payouts)
    live = [p for p in payouts if p.state not in rules.GIVES_BACK]
    html = render_template(
        "merchant/payouts/batch.html",
        batch=batch,
        payouts=payouts,
        names=names,
        sum=Money(sum(p.amount_minor for p in live), batch.currency),
        actions={p.id: rules.list_actions(p.state, rail=p.rail, by_hand=p.by_hand) for p in payouts},
        amount_of=lambda p: Money(p.amount_minor, p.currency),
        state_words=queries.STATE_WORDS,
        tones=TONES,
        payer=get_settings(g.session, g.shop.id),
    )
    answer = Response(html, status=status, mimetype="text/html")
    return web.toast(answer, toast, is_error=status >= 400) if toast else answer


def _payer_form(*, bound: bool = False) -> PayerForm:
    held = get_settings(g.session, g.shop.id)
    formdata = request.form if bound else None
    return PayerForm(formdata, name=held.payer_name or "", last4=held.payer_last4 or "", bic=held.payer_bic or "")


def _actor() -> str:
    return f"staff:{g.staff}"

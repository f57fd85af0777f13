"""Many papers in one file: asked for on a batch's page or that of the invoices, looked at again, stopped, taken."""

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import Conflict, Forbidden, NotFound
from app.models.payouts import PaperArchive
from app.payouts import archives, invoice_views, queries

bp = Blueprint("paper_archives", __name__, url_prefix="/app/payouts/archives")
merchant.protect(bp)


@bp.post("/statements/<int:batch_id>")
def ask_statements(batch_id: int) -> ResponseReturnValue:
    batch = queries.get_batch(g.session, g.shop.id, batch_id)
    archive = archives.ask_statements(g.session, g.shop, batch, actor=merchant.actor())
    return _answer(archive)


@bp.post("/invoices")
def ask_invoices() -> ResponseReturnValue:
    """Every invoice that the list shows with its present search, or those that were ticked."""
    wanted = invoice_views.read_wanted()
    if "ticked" in request.args and not wanted.ids:
        raise Conflict("Tick the rows first.")
    return _answer(archives.ask_invoices(g.session, g.shop, wanted, actor=merchant.actor()))


@bp.get("/<int:archive_id>")
def show_archive(archive_id: int) -> Response:
    """How far one is; of one that somebody else has stopped, that it was."""
    try:
        archive = archives.get_archive(g.session, g.shop.id, archive_id)
    except NotFound as gone:
        return Response(gone.message, status=404)
    return make_response(render_template("merchant/payouts/_archive.html", archive=archive))


@bp.post("/<int:archive_id>/stop")
def stop(archive_id: int) -> ResponseReturnValue:
    """For who asked for it, and who may change money."""
    archive = archives.get_archive(g.session, g.shop.id, archive_id)
    if archive.asked_by != merchant.actor() and not merchant.may_open("/app/payouts", change=True):
        raise Forbidden("Somebody else asked for this file. Only they, and who may change payouts, can stop it.")
    about = archive.about
    is_stopped = archives.stop(g.session, archive)
    return _list(about, "Stopped" if is_stopped else "It was finished already. It is kept.")


@bp.get("/<int:archive_id>.zip")
def take(archive_id: int) -> ResponseReturnValue:
    name, body = archives.read_zip(g.session, g.shop, archive_id)
    return web.download(name, body, "application/zip")


def _answer(archive: PaperArchive) -> Response:
    return _list(archive.about, "The file is being made.")


def _list(about: str, words: str) -> Response:
    recent = archives.list_recent(g.session, g.shop.id, about)
    return web.toast(render_template("merchant/payouts/_archives.html", archives=recent), words)

"""A vendor's notices, and what the vendor wants to hear of."""

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import portal
from app.emails.choices import VENDOR_TOPICS, find_choice
from app.errors import NotFound
from app.languages import _, find_words
from app.notices import queries, service
from app.notices.rules import ICONS, VENDOR_WORDS

bp = Blueprint("portal_notices", __name__, url_prefix="/portal")
portal.protect(bp)


@bp.get("/notices")
def list_notices() -> ResponseReturnValue:
    topic, search = _read_wanted()
    return render_template(
        "portal/notices/list.html",
        page=queries.list_mine(g.session, topic=topic, search=search, place=web.read_place()),
        topic=topic,
        search=search,
        topics={name: VENDOR_TOPICS[name].title for name in queries.my_topics()},
        words=VENDOR_WORDS,
        icons=ICONS,
    )


@bp.get("/notices/export.csv")
def export_notices() -> ResponseReturnValue:
    """What the list shows."""
    topic, search = _read_wanted()
    rows = queries.walk_mine(g.session, topic=topic, search=search)
    return web.download_sheet("notices.csv", ("what", "topic", "at", "read"), map(_cells, rows))


def _cells(row: queries.Row) -> list[object]:
    notice = row.notice
    words = find_words(VENDOR_WORDS[notice.kind]) % {"about": row.about}
    return [words, str(VENDOR_TOPICS[notice.topic].title), notice.at, "yes" if row.is_read else "no"]


def _read_wanted() -> tuple[str, str]:
    return request.args.get("topic", ""), web.read_search()


@bp.get("/notices/<int:notice_id>")
def open_notice(notice_id: int) -> ResponseReturnValue:
    """Go where it leads; from then on it is read. Of staff on a visit nothing is kept."""
    notice = queries.find_mine(g.session, notice_id)
    if notice is None:
        raise NotFound(_("There is no such notice any more."))
    if not g.visit:
        service.mark_read(g.session, g.shop.id, g.vendor.id, queries.my_reader(), [notice.id])
    return redirect(notice.place, 303)


@bp.post("/notices")
def mark_all_read() -> ResponseReturnValue:
    service.mark_all_read(g.session, g.shop.id, g.vendor.id, queries.my_reader(), queries.my_topics())
    return redirect("/portal/notices", 303)


@bp.get("/notifications")
def show_choices() -> ResponseReturnValue:
    chosen = {topic: find_choice(g.session, g.shop.id, topic, g.vendor.id) for topic in VENDOR_TOPICS}
    return render_template("portal/notices/choices.html", topics=VENDOR_TOPICS, chosen=chosen)


@bp.post("/notifications")
def choose() -> ResponseReturnValue:
    wanted = {topic: (f"{topic}-email" in request.form, f"{topic}-app" in request.form) for topic in VENDOR_TOPICS}
    service.choose(g.session, g.shop.id, g.vendor.id, wanted, actor=portal.actor())
    flash(_("Saved."), "good")
    return redirect("/portal/notifications", 303)

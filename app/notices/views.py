"""The shop's notices, and what the shop wants to hear of."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import meanwhile, merchant
from app.emails.choices import SHOP_TOPICS, find_choice
from app.models.events import AuditEntry
from app.notices import queries, service
from app.notices.rules import SHOP_WORDS

bp = Blueprint("notices", __name__, url_prefix="/app")
merchant.protect(bp)

_SAVES = (AuditEntry.action == "notices.choose", AuditEntry.vendor_id.is_(None))


@bp.get("/notices")
def list_notices() -> ResponseReturnValue:
    return _page()


@bp.get("/notices/export.csv")
def export_notices() -> ResponseReturnValue:
    """What the list shows."""
    rows = queries.walk_mine(g.session, topic=request.args.get("topic", ""))
    return web.download_sheet("notices.csv", ("what", "topic", "at", "read"), map(_cells, rows))


def _cells(row: queries.Row) -> list[object]:
    notice = row.notice
    words = SHOP_WORDS[notice.kind] % {"about": row.about}
    return [words, SHOP_TOPICS[notice.topic].title, notice.at, "yes" if row.is_read else "no"]


@bp.post("/notices/read")
def mark_read() -> ResponseReturnValue:
    """One of them, or (without a number) all."""
    reader, number = queries.my_reader(), request.form.get("notice", None, int)
    if number is None:
        service.mark_all_read(g.session, g.shop.id, None, reader, queries.my_topics())
    elif notice := queries.find_mine(g.session, number):
        service.mark_read(g.session, g.shop.id, None, reader, [notice.id])
    return _page()


@bp.get("/settings/notifications")
def show_choices() -> ResponseReturnValue:
    return _choices_page()


@bp.post("/settings/notifications")
def choose() -> ResponseReturnValue:
    meanwhile.refuse_second(*_SAVES)
    wanted = {topic: (f"{topic}-email" in request.form, f"{topic}-app" in request.form) for topic in SHOP_TOPICS}
    for topic, what in SHOP_TOPICS.items():
        by_email, in_app = wanted[topic]
        wanted[topic] = (by_email or not what.emails, in_app or not what.is_in_app)
    is_changed = service.choose(g.session, g.shop.id, None, wanted, actor=merchant.actor())
    return web.toast(_choices_page(), "Saved" if is_changed else "Nothing had changed")


def _page() -> str:
    topic = request.args.get("topic", "")
    return render_template(
        "merchant/notices.html",
        page=queries.list_mine(g.session, topic=topic, place=web.read_place()),
        topic=topic,
        topics={name: SHOP_TOPICS[name].title for name in queries.my_topics()},
        words=SHOP_WORDS,
    )


def _choices_page() -> str:
    chosen = {topic: find_choice(g.session, g.shop.id, topic, None) for topic in SHOP_TOPICS}
    seen = meanwhile.mark(*_SAVES)
    return render_template("merchant/notifications.html", topics=SHOP_TOPICS, chosen=chosen, seen=seen)

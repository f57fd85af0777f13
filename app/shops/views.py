"""The merchant's settings, and the events that Shopify sent."""

import csv
import io
import json
from typing import Any

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import NotFound
from app.models.events import InboxEvent, InboxState
from app.money import Money
from app.sheets import plain_cell
from app.shops import queries, service
from app.shops.forms import SettingsForm
from app.shops.rules import mask_personal

bp = Blueprint("shops", __name__, url_prefix="/app")
merchant.protect(bp)

STATES = {
    InboxState.RECEIVED: ("Waiting", "info"),
    InboxState.DONE: ("Done", "success"),
    InboxState.FAILED: ("Will be tried again", "warning"),
    InboxState.DEAD: ("Stuck", "critical"),
    InboxState.REFUSED: ("Not for us", "neutral"),
}


@bp.get("/settings")
def settings() -> ResponseReturnValue:
    held = queries.get_settings(g.session, g.shop.id)
    return _settings_page(SettingsForm(shop=g.shop, settings=held))


@bp.post("/settings")
def change_settings() -> ResponseReturnValue:
    held = queries.get_settings(g.session, g.shop.id)
    form = SettingsForm(request.form, shop=g.shop, settings=held)
    if not form.validate():
        return _settings_page(form, status=422)
    changes = service.change_settings(g.session, g.shop, form, actor=f"staff:{g.staff}")
    fresh = SettingsForm(shop=g.shop, settings=queries.get_settings(g.session, g.shop.id))
    return web.toast(_settings_page(fresh), "Settings saved" if changes else "Nothing had changed")


@bp.get("/events")
def list_events() -> ResponseReturnValue:
    wanted = _read_filter()
    page = max(1, request.args.get("page", 1, type=int))
    total = queries.count_events(g.session, g.shop, wanted)
    return render_template(
        "merchant/events.html",
        events=queries.list_events(g.session, g.shop, wanted, page),
        topic_choices=[(topic, topic) for topic in queries.list_topics(g.session, g.shop)],
        state_choices=[(state.value, words) for state, (words, _) in STATES.items()],
        wanted=wanted,
        states=STATES,
        page=page,
        size=queries.PAGE,
        total=total,
        link=_link,
    )


@bp.get("/events.csv")
def export_events() -> ResponseReturnValue:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["received_at", "topic", "state", "attempts", "event_id", "handled_at", "error"])
    for event in queries.list_events_for_csv(g.session, g.shop, _read_filter()):
        handled = event.handled_at.isoformat() if event.handled_at else ""
        row = [event.received_at.isoformat(), event.topic, event.state, event.attempts, event.event_id, handled]
        writer.writerow([*row, plain_cell(event.error or "")])
    headers = {"Content-Disposition": 'attachment; filename="events.csv"'}
    return Response(sheet.getvalue(), mimetype="text/csv", headers=headers)


@bp.get("/events/<int:event_id>")
def show_event(event_id: int) -> ResponseReturnValue:
    return _event_page(event_id)


@bp.post("/events/<int:event_id>/replay")
def replay_event(event_id: int) -> ResponseReturnValue:
    service.replay_event(g.session, g.shop, event_id, actor=f"staff:{g.staff}")
    return web.toast(_event_page(event_id), "The event is worked off again")


def _settings_page(form: SettingsForm, *, status: int = 200) -> Response:
    held = queries.get_settings(g.session, g.shop.id)
    history = queries.list_settings_changes(g.session)
    rate = queries.find_default_rate(g.session, g.shop)
    html = render_template("merchant/settings.html", form=form, held=held, history=history, minor=_minor, rate=rate)
    return Response(html, status=status, mimetype="text/html")


def _minor(amount: int) -> Money:
    return Money(amount, g.shop.currency)


def _event_page(event_id: int) -> Response:
    event = queries.find_event(g.session, g.shop, event_id)
    if event is None:
        raise NotFound("There is no such event.")
    html = render_template("merchant/event.html", event=event, body=_masked_body(event), states=STATES)
    return Response(html, mimetype="text/html")


def _read_filter() -> queries.EventFilter:
    args = request.args
    return queries.EventFilter(
        text=args.get("q", "").strip()[:100],
        topic=args.get("topic", ""),
        state=args.get("state", ""),
        oldest_first=args.get("sort") == "oldest",
    )


def _link(endpoint: str, **changes: Any) -> str:
    """The address of a list with the filters in use, and `changes` on top."""
    kept = {
        name: request.args[name] for name in ("q", "topic", "state", "sort", "shop", "host") if name in request.args
    }
    return url_for(endpoint, **{**kept, **changes})


def _masked_body(event: InboxEvent) -> str:
    try:
        return json.dumps(mask_personal(json.loads(event.body)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "This body is no JSON that can be shown."


@bp.get("/<path:missing>")
def show_nothing(missing: str) -> ResponseReturnValue:
    """An address that is not there is refused behind the door, so that the admin may frame the answer."""
    raise NotFound(f"There is nothing at /app/{missing}. It may have moved, or the link may be incomplete.")

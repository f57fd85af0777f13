"""The events that Shopify sent: what became of each, and having it handled again."""

import json
from typing import Any, Final

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.errors import Conflict, NotFound
from app.inbox import deliveries, queries, retention, service
from app.models.events import InboxEvent, InboxState, LookKind
from app.reconciliation import service as reconciliation
from app.shops.rules import mask_personal

bp = Blueprint("inbox", __name__, url_prefix="/app")
merchant.protect(bp)

STATES: Final = {
    InboxState.RECEIVED: ("Waiting", "info"),
    InboxState.DONE: ("Done", "success"),
    InboxState.FAILED: ("Will be tried again", "warning"),
    InboxState.DEAD: ("Stuck", "critical"),
    InboxState.REFUSED: ("Not for us", "neutral"),
}
PERIODS: Final = [("", "All time"), ("hour", "Last hour"), ("day", "Last 24 hours"), ("week", "Last 7 days")]
_CSV_AT_MOST: Final = 5000
LOOKS: Final = {
    LookKind.ORDERS: "Orders and refunds",
    LookKind.PRODUCTS: "Products and stock",
    LookKind.VENDOR_PAGES: "Vendors' pages",
    LookKind.DELETIONS: "Deletions, and vendors' pages as they stand",
    LookKind.DISPUTES: "Disputes",
}


@bp.get("/events")
def list_events() -> ResponseReturnValue:
    return _list_page()


@bp.get("/events.csv")
def export_events() -> ResponseReturnValue:
    heading = ["received_at", "topic", "about", "state", "attempts", "event_id", "handled_at", "error"]
    events = queries.list_events(g.session, g.shop, _read_filter(), limit=_CSV_AT_MOST).rows
    return web.download_sheet("events.csv", heading, map(_cells, events))


def _cells(event: InboxEvent) -> list[object]:
    what = [event.received_at, event.topic, event.resource, event.state]
    return [*what, event.attempts, event.event_id, event.handled_at, event.error]


@bp.get("/events/<int:event_id>")
def show_event(event_id: int) -> ResponseReturnValue:
    return _event_page(event_id)


@bp.post("/events/<int:event_id>/replay")
def replay_event(event_id: int) -> ResponseReturnValue:
    service.replay_event(g.session, g.shop, event_id, actor=merchant.actor())
    return web.toast(_event_page(event_id), "The event is worked off again")


@bp.post("/events/replay")
def replay_events() -> ResponseReturnValue:
    """All that are stuck, or what the filter in the address names; never everything there is."""
    wanted = queries.EventFilter(state=InboxState.DEAD) if "stuck" in request.form else _read_filter()
    if not wanted.narrows:
        raise Conflict("Narrow the list to the events that are to be handled again.")
    count = service.replay_events(g.session, g.shop, wanted, actor=merchant.actor())
    words = "1 event is" if count == 1 else f"{count} events are"
    return web.toast(_list_page(), f"{words} handled again")


@bp.post("/events/reconcile")
def reconcile() -> ResponseReturnValue:
    reconciliation.ask(g.session, g.shop)
    return web.toast(_list_page(), "Comparing with Shopify")


def _list_page() -> Response:
    wanted = _read_filter()
    looks = queries.list_looks(g.session, g.shop)
    html = render_template(
        "merchant/events.html",
        page=queries.list_events(g.session, g.shop, wanted, web.read_place()),
        stuck=queries.list_stuck(g.session, g.shop),
        stuck_total=queries.count_events(g.session, g.shop, queries.EventFilter(state=InboxState.DEAD)),
        topic_choices=[(topic, topic) for topic in queries.list_topics(g.session, g.shop)],
        state_choices=[(state.value, words) for state, (words, _) in STATES.items()],
        period_choices=PERIODS,
        wanted=wanted,
        states=STATES,
        looks=[(LOOKS[look.kind], look) for look in looks],
        stuck_deliveries=deliveries.count_stuck(g.session, g.shop),
        cleaned=queries.find_last_clean_up(g.session, g.shop),
        keep_body_days=retention.KEEP_BODY.days,
        keep_row_days=retention.KEEP_ROW.days,
        keep_stuck_days=retention.KEEP_STUCK.days,
        keep_told_days=retention.KEEP_TOLD.days,
        comparing=any(look.finished_at is None or look.finished_at < look.asked_at for look in looks),
        took=_took,
        link=_link,
    )
    return Response(html)


def _event_page(event_id: int) -> Response:
    event = queries.find_event(g.session, g.shop, event_id)
    if event is None:
        raise NotFound("There is no such event.")
    html = render_template("merchant/event.html", event=event, body=_masked_body(event), states=STATES, took=_took)
    return Response(html)


def _read_filter() -> queries.EventFilter:
    args = request.args
    return queries.EventFilter(
        text=web.read_search(),
        topic=args.get("topic", ""),
        state=args.get("state", ""),
        period=args.get("period", ""),
        oldest_first=args.get("sort") == "oldest",
    )


def _link(endpoint: str, **changes: Any) -> str:
    """The address of a list with the filters in use, and `changes` on top."""
    names = ("q", "topic", "state", "period", "sort", "shop", "host")
    kept = {name: request.args[name] for name in names if name in request.args}
    return url_for(endpoint, **{**kept, **changes})


def _took(event: InboxEvent) -> str:
    """From its arrival to its effect, in words; of one that was tried again, from when its last attempt was due."""
    if event.handled_at is None:
        return ""
    seconds = (event.handled_at - (event.next_attempt_at or event.received_at)).total_seconds()
    if seconds < 1:
        return f"{max(1, round(seconds * 1000))} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{round(seconds / 60)} min"


def _masked_body(event: InboxEvent) -> str:
    if event.is_emptied:
        return f"What Shopify sent is kept for {retention.KEEP_BODY.days} days."
    try:
        return json.dumps(mask_personal(json.loads(event.body)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "This body is no JSON that can be shown."

"""What the marketplace itself told on: each event with everybody who was to hear of it."""

from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.inbox import deliveries
from app.inbox.deliveries import DeliveryFilter, DeliveryState
from app.inbox.told_words import EVENTS, LISTENERS
from app.models.events import DomainEvent, EventDelivery
from app.typed import read_day

bp = Blueprint("deliveries", __name__, url_prefix="/app/events/told")
merchant.protect(bp)

STATES: Final = {
    DeliveryState.STUCK: ("Stuck", "critical"),
    DeliveryState.WAITING: ("Waiting", "info"),
    DeliveryState.DONE: ("Done", "success"),
}


@bp.get("")
def list_deliveries() -> ResponseReturnValue:
    return _page()


@bp.get("/export.csv")
def export_deliveries() -> ResponseReturnValue:
    """What the list shows, up to 5,000 deliveries."""
    heading = ["event", "who_was_told", "state", "happened_at", "told_at", "attempts", "error"]
    rows = web.every_row(lambda place: deliveries.list_deliveries(g.session, g.shop, _read_wanted(), place))
    return web.download_sheet("deliveries.csv", heading, (_cells(*row) for row in rows))


def _cells(delivery: EventDelivery, event: DomainEvent) -> list[object]:
    moments = [event.occurred_at, delivery.done_at, delivery.attempts, delivery.error]
    return [event.kind, delivery.subscriber, STATES[deliveries.state_of(delivery)][0], *moments]


@bp.post("/<int:delivery_id>/again")
def tell_again(delivery_id: int) -> ResponseReturnValue:
    deliveries.tell_again(g.session, g.shop, delivery_id, actor=merchant.actor())
    return web.toast(_page(), "It is told again")


@bp.post("/again")
def tell_stuck_again() -> ResponseReturnValue:
    count = deliveries.tell_stuck_again(g.session, g.shop, actor=merchant.actor())
    return web.toast(_page(), f"{count} are tried again" if count != 1 else "1 is tried again")


@bp.post("/replay")
def replay() -> ResponseReturnValue:
    """Everything since a moment, in the shop's own time."""
    day = read_day(request.form.get("since"))
    if day is None:
        return _page(since_error="Choose the day from which on everything is to be told again."), 422
    since = datetime.combine(day, time(), ZoneInfo(g.shop.timezone))
    deliveries.ask_for_replay(g.session, g.shop, request.form.get("subscriber", ""), since, actor=merchant.actor())
    return web.toast(_page(), "Everything since then is told again")


def _page(since_error: str = "") -> Response:
    wanted = _read_wanted()
    kinds, subscribers = deliveries.list_names(g.session, g.shop)
    html = render_template(
        "merchant/deliveries.html",
        page=deliveries.list_deliveries(g.session, g.shop, wanted, web.read_place()),
        stuck=deliveries.count_stuck(g.session, g.shop),
        kinds=kinds,
        subscribers=subscribers,
        wanted=wanted,
        states=STATES,
        listeners=LISTENERS,
        happened=EVENTS,
        about=_about,
        state_of=deliveries.state_of,
        since_error=since_error,
    )
    return Response(html)


def _read_wanted() -> DeliveryFilter:
    args = request.args
    return DeliveryFilter(args.get("kind", ""), args.get("subscriber", ""), args.get("state", ""))


def _about(event: DomainEvent) -> tuple[str, str] | None:
    """What an event is about, in a word, and where to look at it."""
    for name, words, path in (
        ("order_id", "Order", "orders"),
        ("vendor_id", "Vendor", "vendors"),
    ):
        if name in event.subject:
            return words, f"/app/{path}/{event.subject[name]}"
    return None

"""/events and /domain-events"""

from typing import Annotated, Any, Final, Literal

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import or_, select
from sqlalchemy.orm import defer

from app.api.operations import operation
from app.api.paging import Order as Sorting
from app.api.paging import read_page
from app.api.shapes import Id, Listing, Moment, Page
from app.auth import api
from app.auth.scopes import Scope
from app.errors import NotFound, ValidationErrors
from app.inbox import queries, service
from app.models.events import DomainEvent as DomainRow
from app.models.events import InboxEvent, InboxState

_SORTS: Final = {"id": Sorting((InboxEvent.id,)), "-id": Sorting((InboxEvent.id,), is_descending=True)}
_TOLD: Final = {"id": Sorting((DomainRow.id,)), "-id": Sorting((DomainRow.id,), is_descending=True)}
Period = Literal["", "hour", "day", "week"]


class Event(msgspec.Struct, frozen=True):
    """A webhook that Shopify sent, and what became of it. Its body is on the events page only."""

    id: Id
    topic: str
    resource: Annotated[str, Meta(description="What it is about.", examples=["order 5001 #1001"])] | None
    event_id: str
    state: InboxState
    attempts: int
    error: str | None
    triggered_at: Moment | None
    received_at: Moment
    handled_at: Moment | None


class EventList(Listing, kw_only=True, frozen=True):
    topic: Annotated[str, Meta(max_length=100)] = ""
    state: InboxState | None = None
    search: Annotated[str, Meta(max_length=100, description="In resource, event id and error.")] = ""
    received_after: Moment | None = None
    received_before: Moment | None = None
    sort: Literal["id", "-id"] = "-id"


class ReplayWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events; at least one filter, so that nobody replays everything by accident."""

    topic: Annotated[str, Meta(max_length=100)] = ""
    state: InboxState | None = None
    search: Annotated[str, Meta(max_length=100)] = ""
    period: Annotated[Period, Meta(description="Received in the last hour, day or week.")] = ""


class ReplayResult(msgspec.Struct, frozen=True):
    count: Annotated[int, Meta(description="How many wait to be handled again: at most 1,000 at once.")]


class DomainEvent(msgspec.Struct, frozen=True):
    """Something that happened to the business."""

    id: Id
    kind: Annotated[
        str,
        Meta(
            description="What happened: one of the kinds under `webhooks`, or one that stays inside.",
            examples=["OrderCreated", "VendorApproved", "PayoutSent"],
        ),
    ]
    vendor_id: int | None
    subject: Annotated[dict[str, Any], Meta(description="Ids of what it is about.")]
    occurred_at: Moment


class DomainEventList(Listing, kw_only=True, frozen=True):
    kind: Annotated[str, Meta(max_length=100)] = ""
    vendor_id: Id | None = None
    sort: Annotated[
        Literal["id", "-id"],
        Meta(
            description="`id` with the cursor of a minute ago follows what happens: of changes that end at the same"
            " time, one with a lower id may show a moment later."
        ),
    ] = "-id"


@operation("GET", "/events", tag="Events", scope=Scope.EVENTS_READ)
def list_events(query: EventList) -> Page[Event]:
    """List the events that Shopify sent."""
    wanted = select(InboxEvent).where(InboxEvent.shop_id == g.shop.id, InboxEvent.shop_domain == g.shop.domain)
    if query.topic:
        wanted = wanted.where(InboxEvent.topic == query.topic)
    if query.state:
        wanted = wanted.where(InboxEvent.state == query.state)
    if query.search:
        columns = (InboxEvent.resource, InboxEvent.event_id, InboxEvent.error)
        wanted = wanted.where(or_(*(column.icontains(query.search, autoescape=True) for column in columns)))
    if query.received_after:
        wanted = wanted.where(InboxEvent.received_at >= query.received_after)
    if query.received_before:
        wanted = wanted.where(InboxEvent.received_at < query.received_before)
    rows, cursor = read_page(g.session, wanted.options(defer(InboxEvent.body)), _SORTS[query.sort], query)
    return Page([_write(row[0]) for row in rows], cursor)


@operation("GET", "/events/<int:event_id>", tag="Events", scope=Scope.EVENTS_READ)
def get_event(event_id: int) -> Event:
    """Get one event."""
    found = queries.find_event(g.session, g.shop, event_id)
    if found is None:
        raise NotFound("There is no such event.")
    return _write(found)


@operation("POST", "/events/<int:event_id>/replay", tag="Events", scope=Scope.EVENTS_WRITE)
def replay_event(event_id: int) -> Event:
    """Have one event handled again from the start.

    What it did already is not done twice.
    """
    return _write(service.replay_event(g.session, g.shop, event_id, actor=api.actor()))


@operation("POST", "/events/replay", tag="Events", scope=Scope.EVENTS_WRITE)
def replay_events(body: ReplayWanted) -> ReplayResult:
    """Have many events handled again, oldest first."""
    wanted = queries.EventFilter(text=body.search, topic=body.topic, state=body.state or "", period=body.period)
    if not wanted.narrows:
        raise ValidationErrors({"#": "Give at least one filter."})
    return ReplayResult(service.replay_events(g.session, g.shop, wanted, actor=api.actor()))


@operation("GET", "/domain-events", tag="Events", scope=Scope.EVENTS_READ)
def list_domain_events(query: DomainEventList) -> Page[DomainEvent]:
    """List what happened in the marketplace."""
    wanted = select(DomainRow).where(DomainRow.shop_id == g.shop.id)
    if query.kind:
        wanted = wanted.where(DomainRow.kind == query.kind)
    if query.vendor_id:
        wanted = wanted.where(DomainRow.vendor_id == query.vendor_id)
    rows, cursor = read_page(g.session, wanted, _TOLD[query.sort], query)
    told = [row[0] for row in rows]
    return Page([DomainEvent(e.id, e.kind, e.vendor_id, e.subject, e.occurred_at) for e in told], cursor)


def _write(row: InboxEvent) -> Event:
    return Event(**{field.name: getattr(row, field.name) for field in msgspec.structs.fields(Event)})

"""/clock: a demo's clock can be moved, so that four weeks pass in a minute. Nowhere else."""

from datetime import timedelta
from typing import Annotated

import msgspec
from flask import g
from msgspec import Meta

from app import audit, clock
from app.api.operations import operation
from app.api.shapes import Moment
from app.auth import api
from app.auth.scopes import Scope
from app.errors import Forbidden

_YEAR = int(timedelta(days=366).total_seconds())


class Clock(msgspec.Struct, frozen=True):
    now: Moment
    can_be_moved: Annotated[bool, Meta(description="In a demo only.")]


class ClockMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    offset_seconds: Annotated[int, Meta(ge=-_YEAR, le=_YEAR, description="Ahead of the machine's clock; 0 is now.")]


@operation("GET", "/clock", tag="Clock", scope=None, for_vendors=True)
def get_clock() -> Clock:
    """See what time it is here."""
    return Clock(clock.now(), clock.can_be_moved())


@operation("PUT", "/clock", tag="Clock", scope=Scope.CLOCK_WRITE)
def move_clock(body: ClockMove) -> Clock:
    """Move the clock of a demo.

    Refused everywhere else. The development store has a clock of its own, at its `/_control/clock`.
    """
    if not clock.can_be_moved():
        raise Forbidden("This is no demo: its clock tells the time and nothing else.")
    changes = {"offset_seconds": [None, body.offset_seconds]}
    audit.record(g.session, g.shop.id, "clock.move", ("shop", g.shop.id), actor=api.actor(), changes=changes)
    clock.move(body.offset_seconds)
    return get_clock()

"""What is written by the hundred reads back as it was, however it is spelt."""

from typing import Any

import pytest
from psycopg import DataError
from sqlalchemy import select

from app import clock, db, events
from app.events import Event, publish_all
from app.models.events import DomainEvent
from app.models.shops import Shop
from app.rows import update_rows

KINDS = (
    "plain",
    "",
    "null",
    'she said "no"',
    r"back\slash",
    "two\nlines\tand a tab",
    "{braces, commas}",
    "Ünïcode 名",
    "\x01\x7f",
)
"""Each is spelt otherwise in JSON, in an array, or in both."""


def read(shop: Shop) -> list[tuple[str, Any]]:
    with db.scoped(shop.id) as session:
        return [(row.kind, row.subject) for row in session.scalars(select(DomainEvent).order_by(DomainEvent.id))]


@pytest.mark.parametrize("at_once", [1, len(KINDS)], ids=["each alone", "all together"])
def test_texts_and_documents_come_back_as_they_were(acme: Shop, at_once: int) -> None:
    told = [Event(kind, {"vendor_ids": [1, 2], kind: 2**60}) for kind in KINDS]
    with db.scoped(acme.id) as session:
        for at in range(0, len(told), at_once):
            publish_all(session, acme.id, told[at : at + at_once], clock.now())
    assert read(acme) == [(one.kind, one.subject) for one in told]


def test_an_update_writes_each_row_its_own(acme: Shop) -> None:
    with db.scoped(acme.id) as session:
        publish_all(session, acme.id, [Event("before", {"n": n}) for n in range(len(KINDS))], clock.now())
        ids = session.scalars(select(DomainEvent.id).order_by(DomainEvent.id)).all()
        rows = [events._EventRow(id=id_, kind=kind, subject={}) for id_, kind in zip(ids, KINDS, strict=True)]
        update_rows(session, "domain_events", rows)
    assert read(acme) == [(kind, {}) for kind in KINDS]


@pytest.mark.parametrize("others", [0, 2], ids=["alone", "with others"])
def test_a_nul_is_refused_and_cuts_nothing_off(acme: Shop, others: int) -> None:
    told = [Event("half\0a kind", {}), *[Event("whole", {})] * others]
    with pytest.raises(DataError), db.scoped(acme.id) as session:
        publish_all(session, acme.id, told, clock.now())
    assert read(acme) == []

"""A shop with a customer's order in it, brought by real webhooks, and the hands to ask and to search."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select, text, update

from app import clock, db
from app.models.events import InboxEvent
from app.models.privacy import PrivacyExport, PrivacyRequest
from app.models.shops import Shop
from devstore.store import Doc, Store
from jobs import events, outbox, privacy
from tests.devstore.orders.cast import ACME
from tests.orders.conftest import goods, post, store
from webhooks.router import HANDLERS

__all__ = ["goods", "post", "store"]

CLEO = "cleo@example.com"
TRACES = (CLEO, "Cleo Customer", "1 Harbour Road")


@dataclass
class Office:
    """Where webhooks arrive and jobs are run."""

    shop: Shop
    store: Store
    seen: set[int] = field(default_factory=set)

    def receive(self, topic: str, body: bytes, event_id: str, *, triggered_at: Any = None) -> int:
        with db.system() as session:
            row = InboxEvent(
                shop_domain=self.shop.domain,
                topic=topic,
                webhook_id=event_id,
                event_id=event_id,
                body=body,
                triggered_at=triggered_at,
            )
            session.add(row)
            session.flush()
            return row.id

    def bring(self, wanted: Callable[[Doc], bool] = lambda _: True) -> None:
        """The store's webhooks through the inbox, and what subscribers make of them."""
        for sent in sorted(self.store.all(ACME, "webhook_delivery"), key=lambda one: one["id"]):
            if sent["id"] not in self.seen and sent["topic"] in HANDLERS and wanted(sent):
                self.seen.add(sent["id"])
                self.receive(sent["topic"], sent["body"].encode(), sent["event_id"])
        self.settle()

    def settle(self) -> None:
        events.drain()
        outbox.deliver(self.shop.id)

    def ask(self, topic: str, event_id: str = "ask", *, triggered_at: Any = None, **body: Any) -> int:
        """Shopify asks; the request is written down, not yet carried out. Returns the inbox row's id."""
        whole = {"shop_id": 1, "shop_domain": self.shop.domain, **body}
        inbox_id = self.receive(topic, json.dumps(whole).encode(), event_id, triggered_at=triggered_at)
        events.drain()
        return inbox_id

    def carry_out(self, looks: int = 2) -> None:
        """Run what is due; the second look comes ten minutes later."""
        for _ in range(looks):
            with db.system() as session:
                waiting = (PrivacyRequest.next_step_at.is_not(None),)
                session.execute(update(PrivacyRequest).where(*waiting).values(next_step_at=clock.now()))
                due = session.execute(select(PrivacyRequest.shop_id, PrivacyRequest.id).where(*waiting)).all()
            for shop_id, request_id in due:
                privacy.carry_out(shop_id, request_id)

    def requests(self) -> list[PrivacyRequest]:
        with db.system() as session:
            return list(session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id)))

    def the_request(self) -> PrivacyRequest:
        (request,) = self.requests()
        return request

    def exports(self) -> list[PrivacyExport]:
        with db.system() as session:
            return list(session.scalars(select(PrivacyExport)))


@pytest.fixture
def office(acme: Shop, store: Store) -> Office:
    return Office(acme, store)


def where_found(*needles: str) -> set[str]:
    """Every text, JSON and binary column of every table in which one of the needles stands, as "table.column"."""
    found = set()
    with db.get_engine().connect() as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = 'public'"
                " AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea')"
            )
        ).all()
        assert len(columns) > 100
        for table, column, kind in columns:
            words = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            for needle in needles:
                query = text(f'SELECT count(*) FROM "{table}" WHERE {words} ILIKE :needle')
                if connection.execute(query, {"needle": f"%{needle}%"}).scalar_one():
                    found.add(f"{table}.{column}")
    return found


def dump(*tables: str) -> dict[str, list[Any]]:
    """Tables row by row, to be compared."""
    with db.get_engine().connect() as connection:
        return {name: list(connection.execute(text(f"SELECT * FROM {name} ORDER BY id"))) for name in tables}

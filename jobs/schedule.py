"""Everything that happens by the clock, in one table. Each entry only rings; what is to be done stands in PostgreSQL.

Several cron processes may run: a doubled ring finds nothing left to do.
"""

import signal
import threading
import time
from dataclasses import dataclass
from typing import Final

import structlog

from app import metrics
from app.queue import enqueue

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job by dotted name, its queue, and how often it is rung for."""

    job: str
    queue: str
    every_seconds: float


SCHEDULE: Final = (
    # The sweeps: whatever Redis lost or a killed worker left is found again within seconds.
    Periodic("jobs.events.drain", "events", 5),
    Periodic("jobs.outbox.sweep", "events", 10),
    Periodic("jobs.emails.sweep_emails", "emails", 30),
    Periodic("jobs.messages.sweep_mails", "emails", 30),
    Periodic("jobs.messages.remove_old", "catalogue", DAY),
    Periodic("jobs.hooks.sweep", "calls", 10),
    Periodic("jobs.hooks.clean_up", "catalogue", DAY),
    Periodic("jobs.catalogue.sweep_catalogue", "catalogue", 30),
    Periodic("jobs.catalogue.remove_old_imports", "catalogue", DAY),
    Periodic("jobs.fulfilment.sweep_fulfilments", "events", 30),
    Periodic("jobs.fulfilment.sweep_holds", "events", 10),
    Periodic("jobs.fulfilment.remove_buyers", "catalogue", HOUR),
    Periodic("jobs.returns.sweep", "events", MINUTE),
    Periodic("jobs.payouts.release_holds", "payouts", 15),
    Periodic("jobs.books.ask_where_due", "payouts", HOUR),
    Periodic("jobs.books.sweep", "payouts", MINUTE),
    Periodic("jobs.books.close", "payouts", 2 * MINUTE),
    Periodic("jobs.commissions.sweep", "payouts", MINUTE),
    Periodic("jobs.payouts.ask_rails", "payouts", 15),
    Periodic("jobs.payouts.prepare_scheduled", "payouts", 10 * MINUTE),
    Periodic("jobs.payouts.issue_invoices", "payouts", HOUR),
    Periodic("jobs.payouts.sweep_invoices", "payouts", MINUTE),
    Periodic("jobs.payouts.sweep_archives", "payouts", MINUTE),
    Periodic("jobs.fees.sweep", "catalogue", HOUR),
    Periodic("jobs.shops.sweep", "catalogue", 5 * MINUTE),
    Periodic("jobs.shops.sweep_themes", "catalogue", 10 * MINUTE),
    Periodic("jobs.shops.keep_tokens_alive", "catalogue", DAY),
    Periodic("jobs.reconciliation.sweep", "catalogue", HOUR),
    Periodic("jobs.inbox.clean_up", "catalogue", DAY),
    Periodic("jobs.privacy.sweep", "catalogue", MINUTE),
    Periodic("jobs.storefront.remove_expired", "catalogue", DAY),
    Periodic("jobs.questions.remove_unconfirmed", "catalogue", DAY),
    Periodic("jobs.reviews.ask_where_due", "emails", 10 * MINUTE),
    Periodic("jobs.mailings.look_where_due", "catalogue", MINUTE),
    Periodic("jobs.mailings.remove_old", "catalogue", DAY),
    Periodic("jobs.journey.sweep", "catalogue", 2 * MINUTE),
    Periodic("jobs.journey.sweep_neighbours", "catalogue", DAY),
    Periodic("jobs.journey.remove_expired", "catalogue", DAY),
    Periodic("jobs.reservations.release_expired", "events", 30),
    Periodic("jobs.reservations.remove_old", "catalogue", DAY),
    Periodic("jobs.pictures.sweep_pictures", "catalogue", MINUTE),
    Periodic("jobs.portal.end_visits", "catalogue", 5 * MINUTE),
    Periodic("jobs.portal.forget_invitations", "catalogue", DAY),
    Periodic("jobs.portal.forget_notices", "catalogue", DAY),
    Periodic("jobs.api.sweep", "catalogue", HOUR),
)


def run() -> None:
    """Ring until told to stop. The first round comes at once, so a restart catches up."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    due = dict.fromkeys(SCHEDULE, 0.0)
    metrics.publish_forever("cron")
    log.info("schedule_started", jobs=len(SCHEDULE))
    while not stopping.wait(0.5):
        ring_due(due, time.monotonic())


def ring_due(due: dict[Periodic, float], now: float) -> list[Periodic]:
    """Ring for what is due at `now` (monotonic seconds) and set its next time. Returns what was rung for."""
    rung = [periodic for periodic, at in due.items() if at <= now]
    for periodic in rung:
        enqueue(periodic.job, queue=periodic.queue)
        due[periodic] = now + periodic.every_seconds
    return rung

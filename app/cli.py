"""`stallkeeper`: what an operator types."""

import pkgutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import db, doctor, embedded, logs, processes, rotation
from app.books.queries import list_open
from app.books.service import run_proof
from app.books.told import tell_order
from app.config import get_config
from app.errors import AppError, ConfigError, NotFound
from app.models.orders import Order
from app.models.shops import Shop, ShopStatus
from app.queue import QUEUES

_PORT: Final = click.IntRange(1, 65535)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """Stallkeeper: a multi-vendor marketplace in one Shopify store."""
    logs.configure()


def main() -> None:
    """Run a command; what is wrong with the set-up is said in one sentence, not in a stack trace."""
    try:
        group()
    except AppError as error:
        click.echo(f"stallkeeper: {error.message}", err=True)
        sys.exit(1)
    except OperationalError as error:
        click.echo(f"stallkeeper: {str(error).splitlines()[0]}. Check DATABASE_URL.", err=True)
        sys.exit(1)


@group.command()
def migrate() -> None:
    """Bring the database up to date. Safe to run at any time, by several machines at once."""
    db.migrate()
    click.echo("The database is up to date.")


@group.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True, envvar="PORT", type=_PORT)
@click.option("--workers", default=1, show_default=True, help="Processes. One for each core that is left over.")
@click.option("--threads", default=32, show_default=True, help="Requests at once in each process.")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Answer requests: merchant pages, vendor portal, storefront, webhooks."""
    from granian import Granian  # noqa: PLC0415 - only the serving commands need a server
    from granian.constants import Interfaces  # noqa: PLC0415

    get_config()  # what is wrong with it is said here, in one sentence, and not by each process
    Granian(
        "wsgi:create_server",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        log_enabled=False,
    ).serve()


@group.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5001, show_default=True, type=_PORT)
@click.option("--pages", default=20_000, show_default=True, help="Open pages at most. Each needs a file descriptor.")
def live(host: str, port: int, pages: int) -> None:
    """Keep open pages fresh: server-sent events, fed by Redis."""
    from granian import Granian  # noqa: PLC0415
    from granian.constants import Interfaces  # noqa: PLC0415

    get_config()
    processes.allow_open_files(pages)

    Granian(
        "app.live.server:create_live",
        factory=True,
        interface=Interfaces.ASGI,
        address=host,
        port=port,
        # A stream is a request under way for an hour; granian's own limit is about a thousand of those.
        backpressure=pages,
        respawn_failed_workers=True,
        log_enabled=False,
    ).serve()


@group.command()
@click.argument("queue", type=click.Choice(QUEUES))
def worker(queue: str) -> None:
    """Work off one queue. Run one process for each: two queues in one process can lose a job to a kill."""
    # The layers forbid the app to import jobs; a program that starts them names them.
    pkgutil.resolve_name("jobs.worker:run")(queue)


@group.command()
def cron() -> None:
    """Ring for everything that happens by the clock: sweeps, releases, payouts, checks."""
    pkgutil.resolve_name("jobs.schedule:run")()


@group.command()
@click.option("--port", default=5000, show_default=True, envvar="PORT", type=_PORT)
@click.option("--live-port", default=5001, show_default=True, type=_PORT)
def dev(port: int, live_port: int) -> None:
    """Everything at once, restarted when it dies: what `shopify app dev` starts."""
    config = get_config()
    db.migrate()
    processes.run(config, port=port, live_port=live_port)
    if not config.redis_url:
        embedded.stop_redis(config.var)
    if not config.database_url:
        embedded.stop_postgres(config.var)


@group.group()
def books() -> None:
    """The ledger: check that it holds, and explain an order."""


@books.command("check")
def check_books() -> None:
    """Prove every shop's books, as the Reconciliation page does and shows. Exits 1 when something does not agree."""
    _expect_servers()
    with db.system() as session:
        installed = select(Shop).where(Shop.status == ShopStatus.INSTALLED).order_by(Shop.id)
        shops = [(shop.id, shop.domain) for shop in session.scalars(installed)]
    wrong = 0
    for shop_id, domain in shops:
        proven = run_proof(shop_id)
        wrong += proven.open
        compared = f"{proven.orders} orders, {proven.shopify_orders} with Shopify, {proven.transactions} bookings"
        verdict = "DO NOT HOLD" if proven.open else "hold"
        click.echo(f"{domain}: {compared}, {proven.payouts} payouts, the books {verdict}")
        if proven.error:
            click.echo(f"  not everybody could be asked: {proven.error}")
        with db.scoped(shop_id) as session:
            for row in list_open(session, shop_id, limit=100).rows:
                click.echo(f"  {row.difference.order_name} {row.difference.words} {row.difference.cause}".rstrip())
    if wrong:
        sys.exit(1)


@books.command("explain")
@click.argument("domain")
@click.argument("name")
def explain_order(domain: str, name: str) -> None:
    """Every amount of an order as its pages explain it, such as `books explain acme.myshopify.com 1001`."""
    _expect_servers()
    with db.system() as session:
        found = session.scalars(
            select(Order)
            .join(Shop, Shop.id == Order.shop_id)
            .where(Shop.domain == domain, Order.name.in_((name, f"#{name}")))
        ).first()
        if found is None:
            raise NotFound(f"{domain} has no order {name}.")
        shop_id, order_id = found.shop_id, found.id
    with db.scoped(shop_id) as session:
        for line in tell_order(session, session.get_one(Order, order_id)):
            click.echo(line)


@group.group()
def events() -> None:
    """What happened in the shops: have a subscriber hear it again."""


@events.command("replay")
@click.argument("domain")
@click.argument("subscriber")
@click.option("--since", type=click.DateTime(), required=True, help="In UTC, such as 2026-11-20T09:00:00.")
def replay_events(domain: str, subscriber: str, since: datetime) -> None:
    """Hand a SUBSCRIBER everything that happened in the shop DOMAIN since a moment once more."""
    _expect_servers()
    with db.system() as session:
        shop_id = session.scalars(select(Shop.id).where(Shop.domain == domain)).one_or_none()
    if shop_id is None:
        raise NotFound(f"No shop {domain} uses this installation.")
    count = pkgutil.resolve_name("jobs.outbox:replay")(shop_id, subscriber, since.replace(tzinfo=UTC))
    click.echo(f"{subscriber} will hear {count} events again.")


@group.command("rotate-keys")
def rotate_keys() -> None:
    """Put every stored secret under the first of SECRET_KEYS. Afterwards the other keys may be removed."""
    _expect_servers()
    try:
        click.echo(f"{rotation.rotate_all()} secrets are now under the first key.")
    except ValueError:
        raise click.ClickException(
            "A stored secret fits none of SECRET_KEYS. Add the key it was written with."
        ) from None


@group.command("doctor")
def examine() -> None:
    """Say what is wrong with this set-up and how to mend it. Exits 1 when something is."""
    findings = doctor.examine(Path.cwd())
    for finding in findings:
        click.echo(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.what}: {finding.words}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


def _expect_servers() -> None:
    """Those of our own are started and stopped by the app. A command would leave them running behind it."""
    for finding in doctor.list_stopped(get_config()):
        raise ConfigError(finding.words)


if __name__ == "__main__":
    main()

"""`stallkeeper`: what an operator types."""

import pkgutil
import sys
from pathlib import Path

import click

from app import db, doctor, embedded, logs, processes
from app.config import get_config
from app.errors import AppError
from app.queue import QUEUES


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


@group.command()
def migrate() -> None:
    """Bring the database up to date. Safe to run at any time, by several machines at once."""
    db.migrate()
    click.echo("The database is up to date.")


@group.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True, envvar="PORT")
@click.option("--workers", default=1, show_default=True, help="Processes. One for each core that is left over.")
@click.option("--threads", default=16, show_default=True, help="Requests at once in each process.")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Answer requests: merchant pages, vendor portal, storefront, webhooks."""
    from granian import Granian  # noqa: PLC0415 - only the serving commands need a server
    from granian.constants import Interfaces  # noqa: PLC0415

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
@click.option("--port", default=5001, show_default=True)
def live(host: str, port: int) -> None:
    """Keep open pages fresh: server-sent events, fed by Redis."""
    from granian import Granian  # noqa: PLC0415
    from granian.constants import Interfaces  # noqa: PLC0415

    Granian(
        "app.live.server:create_live",
        factory=True,
        interface=Interfaces.ASGI,
        address=host,
        port=port,
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
@click.option("--port", default=5000, show_default=True, envvar="PORT")
@click.option("--live-port", default=5001, show_default=True)
def dev(port: int, live_port: int) -> None:
    """Everything at once, restarted when it dies: what `shopify app dev` starts."""
    config = get_config()
    db.migrate()
    processes.run(config, port=port, live_port=live_port)
    if not config.redis_url:
        embedded.stop_redis(config.var)
    if not config.database_url:
        embedded.stop_postgres(config.var)


@group.command("doctor")
def examine() -> None:
    """Say what is wrong with this set-up and how to mend it. Exits 1 when something is."""
    findings = doctor.examine(Path.cwd())
    for finding in findings:
        click.echo(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.what}: {finding.words}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


if __name__ == "__main__":
    main()

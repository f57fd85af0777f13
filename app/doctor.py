"""What can be wrong with a set-up, looked at from inside: settings, database, Redis, workers, Shopify, mail."""

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import httpx
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app import db, embedded
from app.config import Config, get_config
from app.errors import AppError
from app.models.events import InboxEvent, InboxState
from app.models.shops import Shop, ShopStatus
from app.queue import QUEUES, get_redis
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials

_KEY_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is as it should be, and what to do when it is not."""

    what: str
    ok: bool
    words: str


def examine(folder: Path) -> list[Finding]:
    """Look at everything. `folder` holds shopify.app.toml. Nothing is changed, and no server is started."""
    try:
        config = get_config()
    except AppError as error:
        return [Finding("Settings", ok=False, words=error.message)]
    stopped = {finding.what: finding for finding in list_stopped(config)}
    checks: list[Callable[[], Iterable[Finding]]] = [
        lambda: _settings(config),
        (lambda: [stopped["Database"]]) if "Database" in stopped else _database,
        (lambda: [stopped["Redis"]]) if "Redis" in stopped else _redis,
        *([] if stopped else [lambda: _shops(_declared_scopes(folder))]),
        *([] if "Database" in stopped else [_inbox]),
        lambda: _mail(config),
        lambda: _portal(config),
    ]
    return [finding for check in checks for finding in check()]


def list_stopped(config: Config) -> list[Finding]:
    """The app's own servers, where it needs them and they do not run."""
    own = (
        ("Database", "PostgreSQL", bool(config.database_url) or embedded.postgres_runs(config.var)),
        ("Redis", "Redis", bool(config.redis_url) or embedded.redis_runs(config.var)),
    )
    words = "the app's own %s does not run. Start the app (`stallkeeper dev`), then ask again."
    return [Finding(what, ok=False, words=words % server) for what, server, runs in own if not runs]


def _settings(config: Config) -> Iterator[Finding]:
    yield Finding("Settings", ok=True, words=f"the app's address is {config.app_url}")
    local = config.app_url.startswith(("http://127.0.0.1", "http://localhost"))
    if not config.is_secure and not local:
        yield Finding("APP_URL", ok=False, words="Shopify frames pages over https only; give an https:// address.")
    if config.database_url and not config.redis_url:
        yield Finding("REDIS_URL", ok=False, words="set it: processes on several machines must share one Redis.")
    if config.database_url and not os.environ.get("SECRET_KEYS"):
        yield Finding("SECRET_KEYS", ok=False, words="set it, and keep it: without it stored tokens cannot be read.")
    if len(config.secret_keys[0]) < _KEY_CHARACTERS:
        words = (
            "the first can be guessed. Put one of 32 random characters before it, then run `stallkeeper rotate-keys`."
        )
        yield Finding("SECRET_KEYS", ok=False, words=words)


def _portal(config: Config) -> Iterator[Finding]:
    """A host name of the merchant's own has to lead here, with a certificate of its own."""
    if config.portal_url == config.app_url:
        return
    if config.is_secure and not config.portal_url.startswith("https://"):
        yield Finding("PORTAL_URL", ok=False, words="vendors sign in there; give an https:// address.")
        return
    try:
        answer = httpx.get(f"{config.portal_url}/healthz", timeout=5)
        ok, why = answer.is_success, f"it answers {answer.status_code}"
    except httpx.HTTPError as error:
        ok, why = False, f"it does not answer: {error}"
    lead = "Point the name at this server; its proxy needs a certificate for it and passes the Host header on."
    words = f"vendors find their pages at {config.portal_url}" if ok else f"{config.portal_url}: {why}. {lead}"
    yield Finding("PORTAL_URL", ok=ok, words=words)


def _database() -> Iterator[Finding]:
    try:
        with db.system() as session:
            session.execute(text("SELECT 1 FROM shops LIMIT 1"))
            held = session.execute(text("SELECT current_setting('server_version')")).scalar_one()
    except SQLAlchemyError as error:
        line = str(error).splitlines()[0]
        yield Finding("Database", ok=False, words=f"{line}. Check DATABASE_URL, then run `stallkeeper migrate`.")
        return
    yield Finding("Database", ok=True, words=f"PostgreSQL {held} answers")
    # The role of our transactions cannot see Alembic's table; the owner can.
    with db.get_engine().connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    newest = max(p.name for p in resources.files("migrations.versions").iterdir() if p.name[:1].isdigit())
    current = newest.removesuffix(".py")
    words = (
        f"at version {version}" if version == current else f"at {version}, not {current}: run `stallkeeper migrate`."
    )
    yield Finding("Migrations", ok=version == current, words=words)


def _redis() -> Iterator[Finding]:
    try:
        redis = get_redis()
        policy = dict(redis.config_get("maxmemory-policy")).get("maxmemory-policy")
        workers = [queue.name for worker in Worker.all(connection=redis) for queue in worker.queues]
    except RedisError as error:
        yield Finding(
            "Redis",
            ok=False,
            words=f"{str(error).rstrip('.')}. Check REDIS_URL; until then changes wait for the sweeps.",
        )
        return
    if policy not in (None, "noeviction"):
        words = f"maxmemory-policy is {policy}: set it to noeviction, or rings are dropped under pressure."
        yield Finding("Redis", ok=False, words=words)
    else:
        yield Finding("Redis", ok=True, words="it answers and drops nothing")
    idle = [queue for queue in QUEUES if queue not in workers]
    words = (
        f"nobody works on {', '.join(idle)}: run `stallkeeper worker <queue>` for each." if idle else "one per queue"
    )
    yield Finding("Workers", ok=not idle, words=words)


def _shops(scopes: set[str]) -> Iterator[Finding]:
    try:
        with db.system() as session:
            query = select(Shop.id, Shop.domain).where(Shop.status == ShopStatus.INSTALLED)
            shops = [ShopCredentials(shop_id, domain) for shop_id, domain in session.execute(query)]
    except SQLAlchemyError:
        return
    if not shops:
        yield Finding("Shops", ok=True, words="none has installed the app yet; open it in a shop's admin.")
    for shop in shops:
        try:
            held = graphql(shop, "currentAppInstallation")
        except ShopifyError as error:
            yield Finding(shop.domain, ok=False, words=error.message)
            continue
        missing = scopes - _implied({scope["handle"] for scope in held["accessScopes"]})
        words = f"lacks {', '.join(sorted(missing))}: run `shopify app deploy`, then open the app in that shop's admin."
        yield Finding(shop.domain, ok=not missing, words=words if missing else "Shopify answers, all scopes granted")


def _inbox() -> Iterator[Finding]:
    try:
        with db.system() as session:
            query = select(func.count()).select_from(InboxEvent).where(InboxEvent.state == InboxState.DEAD)
            dead = session.execute(query).scalar_one()
    except SQLAlchemyError:
        return
    words = f"{dead} could not be handled: see Events in the app, and replay them." if dead else "nothing is stuck"
    yield Finding("Webhooks", ok=not dead, words=words)


def _mail(config: Config) -> Iterator[Finding]:
    if not config.resend_api_key:
        yield Finding(
            "Mail", ok=False, words="set RESEND_API_KEY: without it e-mails wait and nobody is told anything."
        )
        return
    try:
        httpx.get(config.resend_api_url, timeout=5)
    except httpx.HTTPError as error:
        yield Finding("Mail", ok=False, words=f"{config.resend_api_url} does not answer ({type(error).__name__}).")
    else:
        yield Finding("Mail", ok=True, words=f"sent through {config.resend_api_url}")


def _declared_scopes(folder: Path) -> set[str]:
    path = folder / "shopify.app.toml"
    if not path.exists():
        return set()
    declared = tomllib.loads(path.read_text())["access_scopes"]["scopes"]
    return {scope.strip() for scope in declared.split(",") if scope.strip()}


def _implied(granted: set[str]) -> set[str]:
    """Shopify lists write_x alone where it grants read_x with it."""
    return granted | {"read_" + scope.removeprefix("write_") for scope in granted if scope.startswith("write_")}

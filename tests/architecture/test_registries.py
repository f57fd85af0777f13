"""What is named in one place exists in the other: topics, jobs, subscribers, blueprints."""

import ast
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask

from app import web
from app.audit_words import DEEDS
from app.hooks.kinds import KINDS
from app.products import service as products
from app.queue import QUEUES
from app.vendors import service as vendors
from jobs.schedule import SCHEDULE
from jobs.subscribers import SUBSCRIBERS
from webhooks.router import HANDLERS
from wsgi import BLUEPRINTS, create_app

ROOT = Path(__file__).parents[2]
PAYOUT = ("payout_id", "vendor_id")
SOURCES = [path for folder in ("app", "webhooks", "jobs") for path in sorted((ROOT / folder).rglob("*.py"))]


def declared_topics() -> set[str]:
    toml = tomllib.loads((ROOT / "shopify.app.toml").read_text())
    subscriptions = toml["webhooks"]["subscriptions"]
    return {t for s in subscriptions for t in [*s.get("topics", []), *s.get("compliance_topics", [])]}


def calls(*names: str) -> list[tuple[Path, ast.Call]]:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in names:
                    found.append((path, node))
    return found


def test_every_topic_that_shopify_sends_has_a_handler_and_the_other_way_round() -> None:
    assert declared_topics() == set(HANDLERS)


def test_the_list_of_topics_says_truly_which_file_handles_each() -> None:
    for said in (ROOT / "shopify.app.toml").read_text().split("# Handled by: ")[1:]:
        path, _, subscription = said.partition(".py")
        named = tomllib.loads(subscription.partition("\n")[2])["webhooks"]["subscriptions"][0]
        for topic in (*named.get("topics", ()), *named.get("compliance_topics", ())):
            assert HANDLERS[topic].__module__ == path.replace("/", "."), topic


def test_every_job_that_is_rung_for_exists_and_its_queue_too() -> None:
    rung: list[tuple[str, str]] = [(periodic.job, periodic.queue) for periodic in SCHEDULE]
    for _path, call in calls("enqueue", "enqueue_after_commit"):
        named = next((a.value for a in call.args if isinstance(a, ast.Constant) and "jobs." in str(a.value)), None)
        chosen = next((k.value for k in call.keywords if k.arg == "queue"), None)
        if named is not None:
            rung.append((str(named), str(chosen.value) if isinstance(chosen, ast.Constant) else "events"))
    assert len(rung) > len(SCHEDULE)
    for job, queue in rung:
        assert callable(pkgutil.resolve_name(job)), job
        assert queue in QUEUES, job


def test_nothing_that_asks_shopify_is_rung_for_where_webhooks_are_worked_off() -> None:
    """A Shopify that dawdles with one shop's parcel would hold up everybody's orders."""
    theirs = {"jobs.events.drain", "jobs.outbox.deliver", "jobs.inbox.replay_subscriber"}
    for path, call in calls("enqueue", "enqueue_after_commit"):
        named = {str(a.value) for a in call.args if isinstance(a, ast.Constant)}
        elsewhere = path.name == "queue.py" or any(
            k.arg == "queue" and getattr(k.value, "value", "") != "events" for k in call.keywords
        )
        assert elsewhere or named & theirs, f"{path}: {ast.unparse(call)}"


def test_every_event_that_somebody_waits_for_is_published_somewhere() -> None:
    kinds = {
        a.value
        for _path, call in (*calls("publish"), *calls("publish_for_vendors"))
        for a in ast.walk(call)
        if isinstance(a, ast.Constant) and isinstance(a.value, str)
    }
    kinds |= yielded(ROOT / "app/orders/announcements.py")
    named_by_table = {*vendors._PAST.values(), *products._EVENT_AFTER.values()}
    assert set(SUBSCRIBERS) <= kinds | named_by_table


def test_other_systems_may_hear_of_every_event_that_is_published() -> None:
    """With the ids that it is published with. What customers keep and choose is nobody else's."""
    tables = {"_PAST": vendors._PAST.values(), "_EVENT_AFTER": products._EVENT_AFTER.values()}
    published: dict[str, set[str]] = {}
    for path, call in (*calls("publish"), *calls("publish_for_vendors")):
        if any(word.arg == "actor" for word in call.keywords):
            continue  # a review that is shown again
        named = {part.id for part in ast.walk(call.args[2]) if isinstance(part, ast.Name)}
        kinds = {kind for name in named for kind in tables.get(name, ())}
        kinds |= {str(p.value) for p in ast.walk(call.args[2]) if isinstance(p, ast.Constant)}
        assert kinds, path
        published |= {kind: {str(word.arg) for word in call.keywords} for kind in kinds}
    of_orders = yielded(ROOT / "app/orders/announcements.py")
    assert set(KINDS) == (set(published) | of_orders) - {"GuestMerged", "ChosenEmailRefused"}
    looked_up = {"PayoutSent": set(PAYOUT), "PayoutReturned": set(PAYOUT)}
    for kind, words in published.items():
        if kind in KINDS:
            assert words | looked_up.get(kind, set()) == set(KINDS[kind].about), kind


def yielded(path: Path) -> set[str]:
    """The first words of everything that a module's generators yield."""
    pairs = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Yield)]
    first = [part for pair in pairs if isinstance(pair, ast.Tuple) for part in ast.walk(pair.elts[0])]
    return {part.value for part in first if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def test_every_change_that_the_log_keeps_has_words() -> None:
    """Of those that are written out where they are recorded."""
    given = [argument for _path, call in calls("record", "_record", "record_for_vendors") for argument in call.args]
    texts = {argument.value for argument in given if isinstance(argument, ast.Constant)}
    recorded = {str(text) for text in texts if re.fullmatch(r"[a-z_]+\.[a-z_]+", str(text))}
    assert len(recorded) > 70
    assert recorded - set(DEEDS) == set()


def test_every_blueprint_of_the_app_is_registered() -> None:
    made = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                called = node.value.func
                if isinstance(called, ast.Name) and called.id == "Blueprint":
                    first = node.value.args[0]
                    assert isinstance(first, ast.Constant), path
                    made.add(first.value)
    assert made == {bp.name for bp in BLUEPRINTS}


def test_a_blueprint_without_a_door_is_not_let_in() -> None:
    app: Flask = create_app()
    for blueprint in app.blueprints:
        assert blueprint in web._doors
    with pytest.raises(RuntimeError, match="has no door"):
        web.register(app, Blueprint("nobodys", __name__))


def test_pages_of_the_portal_ask_the_door_who_acts() -> None:
    """On a visit it is the shop's staff, who have no row among the vendor's people."""
    door = ROOT / "app/auth/portal.py"
    assert [path for path in SOURCES if path != door and 'f"vendor_user:{g.' in path.read_text()] == []


def test_migrations_follow_one_another_by_number() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert len(script.get_heads()) == 1, script.get_heads()
    numbers = [int(one.revision[:4]) for one in script.walk_revisions()]
    assert numbers == sorted(set(numbers), reverse=True)

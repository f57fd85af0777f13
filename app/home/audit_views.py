"""The log of every change by anyone."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import formats, web
from app.audit_words import name_deed, name_subject
from app.auth import merchant
from app.commissions.queries import name_rules, read_conditions
from app.commissions.sets import name_conditions
from app.home import audit_log
from app.home.audit_changes import Change, Writers, say_changes
from app.models.events import AuditEntry
from app.typed import read_day
from app.vendors.queries import offer_vendors

bp = Blueprint("audit_log", __name__, url_prefix="/app/log")
merchant.protect(bp)

_RULE: Final = "commission_rule"
_OF_RULES: Final = f"{_RULE}."
_COLUMNS: Final = ("at", "who", "action", "subject", "vendor", "reason", "changes")
_PLACES: Final = {
    "vendor": "/app/vendors/{}",
    "order": "/app/orders/{}",
    "product": "/app/review/{}",
    "import": "/app/products/imports/{}",
    "approval_rule": "/app/review/rules/{}",
    "payout_batch": "/app/payouts/{}",
    "review": "/app/reviews/{}",
    "shop": "/app/settings",
}


@bp.get("")
def list_entries() -> ResponseReturnValue:
    wanted = _read_filter()
    page = audit_log.list_entries(g.session, g.shop.id, wanted, web.read_place())
    about, changes = _describe(page.rows)
    return render_template(
        "merchant/log.html",
        page=page,
        wanted=wanted,
        actors=audit_log.ACTORS,
        actions=audit_log.list_actions(g.session, g.shop.id),
        vendors=offer_vendors(g.session, g.shop.id, wanted.vendor_id),
        place_of=_place_of,
        say_changes=changes,
        say_about=about,
        name_deed=name_deed,
    )


@bp.get("/export.csv")
def export() -> ResponseReturnValue:
    """What the filter lets through, all pages of it; times in UTC."""
    rows = audit_log.every_entry(g.session, g.shop.id, _read_filter())
    return web.download_sheet("log.csv", _COLUMNS, map(_cells, rows))


def _cells(row: audit_log.Row) -> list[object]:
    entry = row.entry
    changes = json.dumps(entry.changes, ensure_ascii=False) if entry.changes else ""
    subject = f"{entry.subject_type} {entry.subject_id}"
    return [entry.at, row.who, entry.action, subject, row.vendor or "", entry.reason or "", changes]


def _read_filter() -> audit_log.Filter:
    args, zone = request.args, ZoneInfo(g.shop.timezone)
    until = read_day(args.get("until"))
    since = read_day(args.get("since"))
    return audit_log.Filter(
        search=web.read_search(),
        actor=args.get("actor", ""),
        action=args.get("action", ""),
        vendor_id=args.get("vendor", None, int),
        since=datetime.combine(since, time(), zone) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
    )


def _place_of(subject_type: str, subject_id: int) -> str | None:
    place = _PLACES.get(subject_type)
    return place.format(subject_id) if place else None


def _describe(
    rows: Sequence[audit_log.Row],
) -> tuple[Callable[[AuditEntry], str], Callable[[AuditEntry], list[Change]]]:
    """What each row is about, and what is said of its changes. Names are looked up where commission rules are among
    them.
    """
    writers = Writers(formats.write_money, g.shop.currency, formats.write_date)
    of_rules, rules = writers, dict[int, str]()
    if any(_is_of_rules(row.entry) for row in rows):
        name, rules = name_conditions(g.session, g.shop), name_rules(g.session, g.shop.id)

        def describe(stored: Mapping[str, Any]) -> str:
            return ", ".join(name(read_conditions(stored), stored.get("labels", {})))

        of_rules = replace(writers, conditions=describe, rules=rules)

    def about(entry: AuditEntry) -> str:
        subject = name_subject(entry.subject_type)
        if entry.subject_type == "shop":
            return subject
        named = rules.get(entry.subject_id) if entry.subject_type == _RULE else None
        return f"{subject} {named or entry.subject_id}"

    def changes(entry: AuditEntry) -> list[Change]:
        chosen = of_rules if _is_of_rules(entry) else writers
        return say_changes(entry.changes, replace(chosen, currency=g.shop.currency_at(entry.at)))

    return about, changes


def _is_of_rules(entry: AuditEntry) -> bool:
    return entry.action.startswith(_OF_RULES)

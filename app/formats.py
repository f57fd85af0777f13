"""How values are written for the reader: amounts, numbers and times as their language has them, in the shop's zone."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_compact_currency, format_currency, format_decimal
from flask import g, has_app_context
from markupsafe import Markup

from app import clock
from app.languages import spoken
from app.money import Money

_PARAGRAPHS = re.compile(r"\n\s*\n")


def _locale() -> str:
    """The reader's; where no page is being answered, on the command line for instance, what is spoken."""
    return str(g.get("locale", "en") if has_app_context() else spoken()).replace("-", "_")


def _zone() -> ZoneInfo:
    shop = g.get("shop")
    return ZoneInfo(shop.timezone if shop else "UTC")


def write_money(money: Money) -> str:
    """As the reader writes it, with its currency."""
    return format_currency(money.decimal, money.currency, locale=_locale())


def write_money_short(money: Money) -> str:
    """For the axis of a chart: "$1.5K", no decimals that say nothing."""
    return format_compact_currency(money.decimal, money.currency, locale=_locale(), fraction_digits=2)


def write_percent(rate_bps: Decimal | int) -> str:
    """A rate in basis points: 1250 is "12.5 %"."""
    return f"{format_decimal(Decimal(rate_bps) / 100, locale=_locale())} %"


def write_number(number: int) -> str:
    """Such as "5,000", "5.000"."""
    return format_decimal(number, locale=_locale())


def write_day(day: date) -> str:
    """Day and month, for the axis of a chart: "Nov 3", "3. Nov."."""
    return format_skeleton("MMMd", day, locale=_locale())


def write_date(day: date | datetime | None) -> str:
    """The day; of a moment, the one that it is in the shop's time zone."""
    local = day.astimezone(_zone()) if isinstance(day, datetime) else day
    return format_date(local, "medium", locale=_locale()) if local else ""


def write_datetime(moment: datetime | None) -> str:
    """Day and time with the zone, as an element that says the exact moment."""
    if moment is None:
        return ""
    local = moment.astimezone(_zone())
    day = format_date(local, "medium", locale=_locale())
    words = f"{day}, {format_time(local, 'HH:mm', locale=_locale())} {_zone_of(local)}"
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), words)


def _zone_of(local: datetime) -> str:
    """The zone's short name, such as "MEZ"; where a language has none, how far it is: "GMT-07:00", in one piece."""
    short = format_time(local, "z", locale=_locale())
    far = format_time(local, "ZZZZ", locale=_locale()).replace("-", "\N{NON-BREAKING HYPHEN}")
    return far if short[0] in "+-" else short


def write_ago(moment: datetime | None) -> str:
    """Such as "3 hours ago", with the exact moment in its title."""
    if moment is None:
        return ""
    delta: timedelta = moment - clock.now()
    words = format_timedelta(delta, add_direction=True, locale=_locale())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), moment.isoformat(), words)


def write_paragraphs(words: Any) -> Markup:
    """Plain text with its empty lines as paragraphs, escaped."""
    parts = [part.strip() for part in _PARAGRAPHS.split(str(words or "")) if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts)


def write_account(shown: str, rail: str) -> str:
    """Of an account what may be shown of it (app/vendors/payout_details.py), kept in one line also behind "…"."""
    return shown.replace("…", "…\N{WORD JOINER}") if rail == "paypal" else f"•••• {shown}"


FILTERS = {
    "account": write_account,
    "money": write_money,
    "money_short": write_money_short,
    "percent": write_percent,
    "number": write_number,
    "day": write_day,
    "date": write_date,
    "datetime": write_datetime,
    "ago": write_ago,
    "paragraphs": write_paragraphs,
}
"""By their names in templates."""

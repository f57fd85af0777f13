"""From a kind and its context to a subject, an HTML page and its plain-text twin."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel.numbers import format_currency
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.emails.kinds import KINDS
from app.money import Money


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    html: str
    text: str


def render(kind: str, context: Mapping[str, Any], *, shop_name: str, locale: str = "en") -> Rendered:
    """Raises KeyError for an unknown kind and jinja2.UndefinedError when the context lacks something it needs."""
    environment = _environment(locale)
    values = {**context, "shop_name": shop_name}
    subject = " ".join(environment.from_string(KINDS[kind].subject).render(values).split())
    html = environment.get_template(f"emails/{kind}.html.jinja").render(values, subject=subject)
    text = environment.get_template(f"emails/{kind}.txt.jinja").render(values)
    return Rendered(subject, html, f"{text.strip()}\n")


@cache
def _environment(locale: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("app"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default_for_string=False),
        trim_blocks=True,
    )

    def in_words(amount: Money) -> str:
        return format_currency(amount.decimal, amount.currency, locale=locale)

    environment.filters["money"] = in_words
    return environment

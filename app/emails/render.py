"""From the words of a kind and its context to a subject, an HTML page and its plain-text twin."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from babel.dates import format_date, format_timedelta
from babel.numbers import format_currency
from jinja2 import Environment, PackageLoader, StrictUndefined

from app import languages
from app.emails.kinds import KINDS
from app.emails.wording import BUTTON, PLACEHOLDER, Wording, check, default_wording, paragraphs
from app.languages import _, ngettext
from app.money import Money

_BLANKS: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """What stands below an e-mail that a customer chose: where they stop it, and who sends it."""

    address: str
    sender: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph as it is sent: plain words, escaped where they are set."""

    kind: str
    """paragraph, quote, button or items."""
    words: str
    address: str = ""
    lines: Sequence[Mapping[str, Any]] = ()


def render(
    kind: str,
    context: Mapping[str, Any],
    *,
    shop_name: str,
    language: str = "en",
    locale: str | None = None,
    wording: Wording | None = None,
    leaving: Leaving | None = None,
) -> Rendered:
    """In `language`, amounts as in `locale`. Raises KeyError for an unknown kind, and when the context lacks something.

    `wording` is the merchant's. One that no longer fits, after a change of ours, must not keep an e-mail from
    leaving: then ours is used.
    """
    told = {name: context[name] for name in KINDS[kind].needs} | {"shop_name": shop_name}
    if wording is None or check(kind, wording):
        wording = default_wording(kind, language)
    locale = locale or language
    with languages.speaking(language):
        words = _in_words(told, KINDS[kind].counted, locale)
        subject, preview, heading, why = (
            _fill_line(line, words) for line in (wording.subject, wording.preview, wording.heading, wording.why)
        )
        blocks = [block for part in paragraphs(wording.body) for block in _blocks(part, told, words, locale)]
        stop = _("Stop these e-mails")
    head = {"shop_name": shop_name, "subject": subject, "preview": preview, "heading": heading, "locale": language}
    page = _environment().get_template("emails/_page.html.jinja")
    html = page.render(**head, blocks=blocks, why=why, leaving=leaving, stop=stop)
    below = [why, f"{stop}\n{leaving.address}", leaving.sender] if leaving else [why]
    text = "\n\n".join([*map(_in_plain, blocks), shop_name, *below])
    return Rendered(subject, html, f"{text}\n")


def _in_words(told: Mapping[str, Any], counted: str, locale: str) -> dict[str, str]:
    """The values that are no lists, as people write them."""
    words: dict[str, str] = {}
    for name, value in told.items():
        if isinstance(value, Money):
            words[name] = format_currency(value.decimal, value.currency, locale=locale)
        elif isinstance(value, date):
            words[name] = format_date(value, "long", locale=locale)
        elif isinstance(value, timedelta):
            words[name] = format_timedelta(value, locale=locale)
        elif isinstance(value, int):
            words[name] = _count(counted, value)
        elif value is None or isinstance(value, str) or languages.is_later(value):
            words[name] = str(value or "") or (_nameless() if name == "customer_name" else "")
    return words


def _nameless() -> str:
    """English greets somebody without a name; elsewhere the greeting, as a paragraph that says nothing, is left out."""
    return "there" if languages.spoken() == "en" else ""


def _count(noun: str, number: int) -> str:
    forms: dict[str, Callable[[int], str]] = {
        "item": lambda n: ngettext("%(num)s item", "%(num)s items", n),
        "hour": lambda n: ngettext("%(num)s hour", "%(num)s hours", n),
    }
    # Merchants read English, and nobody else is told of these.
    return forms[noun](number) if noun in forms else f"{number} {noun}{'' if number == 1 else 's'}"


def _fill(text: str, words: Mapping[str, str]) -> str:
    """One pass: what a value says is never taken for a placeholder."""
    return PLACEHOLDER.sub(lambda match: words[match[1]], text)


def _fill_line(line: str, words: Mapping[str, str]) -> str:
    return _BLANKS.sub(" ", _fill(line, words)).strip()


def _blocks(part: str, told: Mapping[str, Any], words: Mapping[str, str], locale: str) -> list[Block]:
    alone = PLACEHOLDER.fullmatch(part)
    if alone and alone[1] not in words:
        return _list_blocks(told[alone[1]], locale)
    if any(not words[name] for name in PLACEHOLDER.findall(part)):
        return []
    if button := BUTTON.fullmatch(part):
        return [Block("button", _fill(button[1], words), address=words[button[2]])]
    lines = part.splitlines()
    if all(line.startswith(">") for line in lines):
        return [Block("quote", _fill("\n".join(line[1:].strip() for line in lines), words))]
    return [Block("paragraph", _fill(part, words))]


def _list_blocks(entries: Sequence[Any], locale: str) -> list[Block]:
    """Sentences, items, or vendors with their items."""
    if not entries:
        return []
    if isinstance(entries[0], str) or languages.is_later(entries[0]):
        return [Block("quote", str(words)) for words in entries]
    if "lines" in entries[0]:
        return [
            Block("items", str(vendor["name"]), lines=[_write_line(line, locale) for line in vendor["lines"]])
            for vendor in entries
        ]
    return [Block("items", "", lines=[_write_line(line, locale) for line in entries])]


def _write_line(line: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """An item in words: {title, side, before, note, url}. At its side stands how many, or its price. `written`: what
    the customer wrote on it.
    """
    prices = {
        name: format_currency(line[name].decimal, line[name].currency, locale=locale) if line.get(name) else ""
        for name in ("price", "before")
    }
    side = f"{line['quantity']} \u00d7" if "quantity" in line else prices["price"]
    plain = f"{line['quantity']} x {line['title']}" if "quantity" in line else str(line["title"])
    return {
        "title": str(line["title"]),
        "plain": plain,
        "side": side,
        "before": prices["before"],
        "note": str(line.get("note", "")),
        "url": line.get("url", ""),
        "written": line.get("written", ()),
    }


def _in_plain(block: Block) -> str:
    if block.kind == "button":
        return f"{block.words}\n{block.address}"
    if block.kind == "items":
        return "\n".join(([block.words] if block.words else []) + [_line_in_plain(line) for line in block.lines])
    return block.words


def _line_in_plain(line: Mapping[str, Any]) -> str:
    price = line["side"] if line["plain"] == line["title"] else ""
    before = f"({line['before']})" if line["before"] else ""
    said = ", ".join(words for words in (line["plain"], f"{price} {before}".strip(), line["note"]) if words)
    below = "\n".join([line["url"], *line["written"]] if line["url"] else line["written"])
    return "\n  ".join([f"- {said}", *below.splitlines()])


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("app"), undefined=StrictUndefined, autoescape=True, trim_blocks=True)

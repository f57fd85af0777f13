"""The words of an e-mail: plain text with placeholders, and nothing that could compute. Pure but for reading our own.

    Hello {{ vendor_name }},           an empty line ends a paragraph
    > {{ reason }}                     a quotation
    {{ lines }}                        a list, alone in its paragraph
    [Open the order]({{ link }})       the button, alone in its paragraph

A paragraph that speaks of something empty is left out.
"""

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Final

from app.emails.kinds import KINDS, LISTS

PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
BUTTON: Final = re.compile(r"\[([^\[\]\n]+)\]\(\s*\{\{\s*(\w+)\s*\}\}\s*\)")
LONGEST: Final = {"subject": 200, "preview": 200, "heading": 200, "body": 10_000}
_BLANKS: Final = "\n\t\xa0\u202f"  # French sets no-break spaces before its colons and question marks
_STRAY: Final = re.compile(r"\{\{|\}\}|\{%|%\}")
_PARAGRAPHS: Final = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Wording:
    """What a merchant may choose, and `why`: the line below that says why one gets the e-mail, which stays ours."""

    subject: str
    preview: str
    heading: str
    body: str
    why: str


@cache
def default_wording(kind: str, language: str = "en") -> Wording:
    """The words we wrote, in a language. What merchants get is English. Raises KeyError for an unknown kind."""
    ours = files("app").joinpath("templates/emails")
    source = ours.joinpath(f"{kind}.txt")
    if language != "en" and KINDS[kind].reader != "merchant":
        source = ours.joinpath(f"{language}/{kind}.txt")
    head, _, body = source.read_text("utf-8").partition("\n\n")
    lines = (line.split(": ", 1) for line in head.splitlines())
    return Wording(body=body.strip(), **{name.lower(): text for name, text in lines})


def reword(kind: str, language: str, given: dict[str, str]) -> Wording:
    """The default with the words that were given, line ends and outer space tidied."""
    words = {name: given[name].replace("\r\n", "\n").strip() for name in LONGEST if name in given}
    return replace(default_wording(kind, language), **words)


def check(kind: str, wording: Wording) -> dict[str, str]:
    """What is wrong with the words, by field, in a sentence that says what to do. Empty: they can be sent."""
    found = {name: _check_field(kind, name, getattr(wording, name)) for name in LONGEST}
    found["body"] = found["body"] or _check_body(kind, wording.body)
    return {name: problem for name, problem in found.items() if problem}


def paragraphs(body: str) -> list[str]:
    return [part.strip() for part in _PARAGRAPHS.split(body) if part.strip()]


def _check_field(kind: str, name: str, text: str) -> str | None:
    if not text:
        return "Write something here."
    if len(text) > LONGEST[name]:
        return f"Use at most {LONGEST[name]:,} characters."
    if any(not (character.isprintable() or character in _BLANKS) for character in text):
        return "There is a character in it that cannot be printed. Type the words instead of pasting them."
    if name != "body" and "\n" in text:
        return "Use one line."
    return _check_placeholders(kind, name, text)


def _check_placeholders(kind: str, name: str, text: str) -> str | None:
    known = (*KINDS[kind].needs, "shop_name")
    for used in PLACEHOLDER.findall(text):
        if used not in known:
            return f"This e-mail knows no {{{{ {used} }}}}. Use one of the placeholders in the list."
        if name != "body" and used in LISTS:
            return f"{{{{ {used} }}}} is a list and belongs into the text."
    if _STRAY.search(PLACEHOLDER.sub("", text)):
        return "A placeholder is not closed, or holds more than a name. Write it as in the list: {{ shop_name }}."
    return None


def _check_body(kind: str, body: str) -> str | None:
    parts, button = paragraphs(body), KINDS[kind].button
    for part in parts:
        lists = [name for name in PLACEHOLDER.findall(part) if name in LISTS]
        if lists and not PLACEHOLDER.fullmatch(part):
            return f"Give {{{{ {lists[0]} }}}} a paragraph of its own, with an empty line above and below."
        if BUTTON.search(part) and not BUTTON.fullmatch(part):
            return "Give the button a paragraph of its own, with an empty line above and below."
    buttons = [match[2] for match in map(BUTTON.fullmatch, parts) if match]
    if button is not None and buttons != [button]:
        return f"The link is missing. Put the button into the text once: [Words on it]({{{{ {button} }}}})."
    if button is None and buttons:
        return "This e-mail has no link, so it can have no button."
    if button is not None and PLACEHOLDER.findall(body).count(button) > 1:
        return f"Use {{{{ {button} }}}} in the button only."
    return None

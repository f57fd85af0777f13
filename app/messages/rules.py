"""What of an e-mail is an answer, and which address leads to which conversation. Pure."""

import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Final

from app.languages import noted

MOST_CHARACTERS: Final = 5000
PER_HOUR: Final = 20
"""Messages of one side in one conversation."""
_ADDRESS: Final = re.compile(r"(?:^|<|\s)order-([a-z0-9]{20,40})@([^\s>]+?)>?$", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"^\s*(?:[-_*=]{3,}.*|-+\s*Original Message\s*-+.*)$", re.IGNORECASE)
_WIDE_COLON: Final = "\uff1a"
_HEADER: Final = re.compile(
    rf"^\s*\*?(?:From|Von|De|Da|Van|差出人|Sent|Gesendet|Envoyé|Enviado)\s*[:{_WIDE_COLON}]\s*\S", re.IGNORECASE
)
_GAP: Final = re.compile(r"\n{3,}")
MOST_READ: Final = 200_000
"""Characters of an e-mail that are looked at: whoever has a reply address may send any number of them."""
_TAG: Final = re.compile(r"(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_LINES: Final = frozenset({"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"})
_PASSED_OVER: Final = frozenset({"blockquote", "style", "script", "head"})
_QUOTING: Final = re.compile(r"gmail_quote|moz-cite|yahoo_quoted", re.IGNORECASE)


def address_of(token: str, domain: str) -> str:
    """Where the customer's mail program sends an answer."""
    return f"order-{token}@{domain}"


def find_token(addresses: Iterable[str], domain: str) -> str | None:
    """The conversation that a mail to these addresses belongs to; None when it is not for us."""
    for address in addresses:
        found = _ADDRESS.search(address.strip())
        if found and domain and found[2].lower() == domain.lower():
            return found[1].lower()
    return None


def trim_reply(text: str) -> str:
    """What was written anew: without the quoted history, whatever the mail program puts above it."""
    lines = text[:MOST_READ].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = lines[: _begin_of_quote(lines)]
    words = _tidy([line for line in kept if not line.lstrip().startswith(">")])
    # Some people answer below what they quote.
    return words or _tidy([line for line in lines if not line.lstrip().startswith(">")])


def read_html(html: str) -> str:
    """The words of an e-mail that has no plain text, without what it quotes."""
    # Cut at each "<" rather than matched by patterns, which some mails could keep busy for hours.
    first, *pieces = html[:MOST_READ].split("<")
    said, depth = [first], 0
    for piece in pieces:
        tag, _, words = piece.partition(">")
        found = _TAG.match(tag)
        ends, name = (found[1] == "/", found[2].lower()) if found else (False, "")
        if name == "div" and _QUOTING.search(tag):
            break  # behind the frame of a quote nothing is new any more
        if name == "body":
            depth = 0
        elif name in _PASSED_OVER:
            depth = max(0, depth + (-1 if ends else 1))
        elif name == "br" or (ends and name in _LINES):
            said.append("\n")
        if not depth:
            said.append(words.replace("\n", " "))
    return trim_reply(unescape("".join(said)))


def is_automatic(headers: Mapping[str, str]) -> bool:
    """Whether no person wrote it: answering such mails begins a conversation of machines."""
    found = {name.lower(): value.lower().strip() for name, value in headers.items()}
    automatic = found.get("auto-submitted", "no") != "no" or "x-autoreply" in found
    return automatic or found.get("precedence") in {"bulk", "junk", "list", "auto_reply"}


def shorten(text: str) -> tuple[str, bool]:
    """At most MOST_CHARACTERS, and whether something was cut off."""
    return text[:MOST_CHARACTERS], len(text) > MOST_CHARACTERS


def describe_losses(attachments: int, *, was_cut: bool) -> str:
    """What of an e-mail did not come along, in a sentence; empty when all did."""
    if attachments and was_cut:
        return noted("Attachments were left out, and so was what was too long.")
    if was_cut:
        return noted("The rest was too long and was left out.")
    return noted("Attachments were left out.") if attachments else ""


def _begin_of_quote(lines: list[str]) -> int:
    for at, line in enumerate(lines):
        rest = [other for other in lines[at + 1 : at + 4] if other.strip()]
        if line.rstrip().endswith((":", _WIDE_COLON)) and rest and rest[0].lstrip().startswith(">"):
            return at - _wrapped_above(lines, at)
        if _SEPARATOR.match(line) and rest and _HEADER.match(rest[0]):
            return at
        if _HEADER.match(line) and sum(bool(_HEADER.match(other)) for other in rest) >= 1:
            return at
    return len(lines)


def _wrapped_above(lines: list[str], at: int) -> int:
    """Whoever "wrote:" may stand a line above; that line then follows an empty one."""
    return 1 if at >= 2 and lines[at - 1].strip() and not lines[at - 2].strip() else 0


def _tidy(lines: list[str]) -> str:
    return _GAP.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip()

"""What Polaris allows, by its own manifest: tags, attributes, values, slots."""

import json
import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).parents[2] / "node_modules/@shopify/polaris-types/dist/custom-elements.json"
# App Bridge's elements, which the Polaris manifest does not list.
APP_BRIDGE = {"s-app-nav", "s-app-window"}
GLOBAL = {"id", "class", "slot", "hidden", "lang", "dir", "style", "title", "aria-live", "aria-busy"}
PREFIXES = ("data-", "hx-")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Slots that show one primary button and nothing else.
ONE_PRIMARY = {"s-page", "s-modal", "s-empty-state"}
_LITERALS = re.compile(r'^"[^"]*"(?: \| "[^"]*")*$')
_UNKNOWN = "JINJA"


@dataclass(frozen=True)
class Tag:
    """`attributes` maps a lower-case name to its allowed values, None when any text goes; `flags` are booleans."""

    attributes: dict[str, frozenset[str] | None]
    flags: frozenset[str]
    slots: frozenset[str]


@cache
def manifest() -> dict[str, Tag]:
    modules = json.loads(MANIFEST.read_text(encoding="utf-8"))["modules"]
    declared = [entry for module in modules for entry in module["declarations"] if "tagName" in entry]
    return {entry["tagName"]: _tag(entry) for entry in declared}


def _tag(entry: dict[str, Any]) -> Tag:
    types = {a["name"].lower(): a["type"]["text"] for a in entry.get("attributes", [])}
    return Tag(
        attributes={name: _values(text) for name, text in types.items()},
        flags=frozenset(name for name, text in types.items() if text == "boolean"),
        slots=frozenset(slot["name"] for slot in entry.get("slots", [])),
    )


def _values(text: str) -> frozenset[str] | None:
    return frozenset(re.findall(r'"([^"]*)"', text)) if _LITERALS.match(text) else None


def without_jinja(source: str) -> str:
    """A template as HTML: printed values become a placeholder, statements and comments vanish."""
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(
        r"\{%-?\s*(?:if|elif|else|endif|for|endfor|set|macro|endmacro)\b.*?%\}", "", source, flags=re.DOTALL
    )
    source = re.sub(r"\{%.*?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r"<(/?)\{\{.*?\}\}", r"<\1x-unknown", source, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", _UNKNOWN, source, flags=re.DOTALL)


def lint_polaris(html: str) -> list[str]:
    """Every use of an s-* element that Polaris would ignore or misread, with its line. Empty when all is well."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.faults


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith("s-"):
            self._fault(f"<{tag}/> swallows what follows: close it with </{tag}>")
        self.handle_starttag(tag, attrs)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith("s-"):
            self._check(tag, attrs)
        self._check_slot(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def _fault(self, text: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {text}")

    def _check(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in APP_BRIDGE:
            return
        known = manifest().get(tag)
        if known is None:
            self._fault(f"<{tag}> is not a Polaris element")
            return
        for name, value in attrs:
            if (name in GLOBAL and name not in known.attributes) or name.startswith(PREFIXES):
                continue
            if name not in known.attributes:
                self._fault(f"<{tag}> has no attribute {name}")
            elif name in known.flags:
                if value not in (None, "", name):
                    self._fault(f'<{tag} {name}="{value}"> is on whatever its value: leave the attribute out instead')
            else:
                self._check_value(tag, name, value, known.attributes[name])

    def _check_value(self, tag: str, name: str, value: str | None, allowed: frozenset[str] | None) -> None:
        if allowed is None or _UNKNOWN in (value or ""):
            return
        if value is None or value not in allowed:
            listed = ", ".join(sorted(allowed)) if len(allowed) < 20 else "see the manifest"
            self._fault(f'<{tag} {name}="{value}">: allowed are {listed}')

    def _check_slot(self, tag: str, attrs: dict[str, str | None]) -> None:
        parent = self.open[-1] if self.open else ""
        slot = attrs.get("slot")
        if not slot or not parent.startswith("s-") or parent not in manifest():
            return
        if slot not in manifest()[parent].slots:
            self._fault(f"<{parent}> has no slot {slot}")
        primary = attrs.get("variant") or ""
        if slot == "primary-action" and parent in ONE_PRIMARY and (tag, primary) != ("s-button", "primary"):
            self._fault(f'<{parent}> shows only <s-button variant="primary"> in its primary action')

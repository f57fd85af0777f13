"""The GraphQL documents in documents/, one operation each, named after its file. What two ask for is in fragments/."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "documents"
_SPREAD = re.compile(r"\.\.\.(\w+)")
_ROOT_FIELD = re.compile(r"^(?:query|mutation)\s+\w+[^{]*\{\s*(?:(\w+)\s*:)?\s*(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Operation:
    """One document. `repeatable` says that sending it twice does no harm: a query, a mutation that carries an
    idempotency key, or one whose file says so (and why) in a first line starting `# Repeatable:`.
    """

    name: str
    text: str
    root: str
    is_mutation: bool
    repeatable: bool


@cache
def get_operation(name: str) -> Operation:
    """Raises FileNotFoundError when there is no such document."""
    text = _read(FOLDER / f"{name}.graphql")
    found = _ROOT_FIELD.search(text)
    if found is None:
        raise ValueError(f"documents/{name}.graphql holds no named operation")
    is_mutation = re.search(r"^mutation\s", text, re.MULTILINE) is not None
    repeatable = not is_mutation or text.startswith("# Repeatable:") or "@idempotent" in text
    return Operation(name, text, found[1] or found[2], is_mutation, repeatable)


def _read(path: Path) -> str:
    """The file with each `...Name` written out in its place, for bulk operations take a part of it."""
    return _SPREAD.sub(_inline, path.read_text())


def _inline(spread: re.Match[str]) -> str:
    name = spread[1]
    return _read(FOLDER / "fragments" / f"{name}.graphql").replace(f"fragment {name}", "...").rstrip()

"""The GraphQL documents in documents/, one operation each, named after its file."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "documents"
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
    text = (FOLDER / f"{name}.graphql").read_text()
    found = _ROOT_FIELD.search(text)
    if found is None:
        raise ValueError(f"documents/{name}.graphql holds no named operation")
    is_mutation = re.search(r"^mutation\s", text, re.MULTILINE) is not None
    repeatable = not is_mutation or text.startswith("# Repeatable:") or "@idempotent" in text
    return Operation(name, text, found[1] or found[2], is_mutation, repeatable)

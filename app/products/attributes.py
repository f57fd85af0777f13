"""What a category asks of a product, as Shopify's taxonomy has it: attributes with values to choose from.

An answer is {"gid", "name", "chosen": [{"gid", "name"}]}, for example Material: Ceramic, Glass. The names are
Shopify's, are shown to reviewers and name entries in the shop, so a form's are believed only with our seal.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from app.config import get_config
from app.crypto import derive_key

Answer: TypeAlias = dict[str, Any]

MOST: Final = 250


def seal(attribute: Mapping[str, str], value: Mapping[str, str]) -> str:
    """Says that Shopify offers this value, by this name, for this attribute. It does not run out: drafts are kept."""
    return _seal(attribute, value, get_config().secret_keys[0])


def write(answers: Iterable[Answer]) -> str:
    """Answers as a form carries them: a list of one object for each value, with its seal."""
    rows = [
        {
            "of": each["gid"],
            "name": each["name"],
            "gid": value["gid"],
            "value": value["name"],
            "seal": seal(each, value),
        }
        for each in answers
        for value in each["chosen"]
    ]
    return json.dumps(rows, ensure_ascii=False)


def read(text: str) -> list[Answer]:
    """Answers from a form, by attribute in the order they came. What we did not seal is left out."""
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError):
        rows = []
    answers: dict[str, Answer] = {}
    for row in rows[:MOST] if isinstance(rows, list) else ():
        found = _read_row(row)
        if found is None:
            continue
        attribute, value = found
        held = answers.setdefault(attribute["gid"], {**attribute, "chosen": []})
        if value not in held["chosen"]:
            held["chosen"].append(value)
    return list(answers.values())


def describe(answers: Sequence[Answer]) -> str:
    """All in one line, such as "Material: Ceramic, Glass; Color: Blue"."""
    return "; ".join(f"{name}: {values}" for name, values in facts(answers))


def facts(answers: Sequence[Answer]) -> list[tuple[str, str]]:
    """Attribute and values of each answer, such as ("Material", "Ceramic, Glass")."""
    return [(each["name"], ", ".join(value["name"] for value in each["chosen"])) for each in answers]


def _read_row(row: Any) -> tuple[dict[str, str], dict[str, str]] | None:
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("of", "name", "gid", "value")):
        return None
    attribute, value = {"gid": row["of"], "name": row["name"]}, {"gid": row["gid"], "name": row["value"]}
    given = str(row.get("seal")).encode(errors="surrogatepass")
    keys = get_config().secret_keys
    fits = any(hmac.compare_digest(given, _seal(attribute, value, key).encode()) for key in keys)
    return (attribute, value) if fits else None


def _seal(attribute: Mapping[str, str], value: Mapping[str, str], key: str) -> str:
    names = "\0".join((attribute["gid"], attribute["name"], value["gid"], value["name"]))
    said = names.encode(errors="surrogatepass")  # JSON may hold half a character
    return hmac.new(derive_key(key, "category-attribute"), said, hashlib.sha256).hexdigest()[:32]

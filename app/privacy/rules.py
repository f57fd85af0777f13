"""What belongs to a person, what may be erased, and by when. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

REMOVED: Final = "[removed]"
ANSWER_WITHIN: Final = timedelta(days=30)
"""The law's, and Shopify's, month."""
KEEP_EXPORT: Final = timedelta(days=30)
LOOK_AGAIN_AFTER: Final = timedelta(minutes=10)
"""Longer than any transaction, lease or e-mail under way when the request came can last."""

# Whoever stands in these is a customer.
_PEOPLE: Final = ("customer", "billing_address", "shipping_address", "default_address", "destination")
_FULL_NAME: Final = re.compile(r"\S.*\s.*\S")
_FEWEST_DIGITS: Final = 7
_SHORTEST: Final = 5


@dataclass(frozen=True, slots=True)
class Person:
    """A customer, by everything that leads to them.

    The numbers, and the addresses that Shopify named, are theirs alone. `words` were found in their orders: names,
    streets, other addresses, telephone numbers. They may be somebody else's as well, so they are taken out of the
    person's own rows and of remarks, never of others' orders.
    """

    customer_id: int | None = None
    order_ids: frozenset[int] = frozenset()
    emails: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def knowing(self, *bodies: Mapping[str, Any]) -> "Person":
        """The same person with the addresses, names and numbers that stand in these bodies of theirs."""
        words = set(self.words | self.emails)
        for body in bodies:
            people = [body[key] for key in _PEOPLE if isinstance(body.get(key), Mapping)]
            for known in (body, *people):
                words |= {str(known[key]).lower() for key in ("email", "contact_email") if known.get(key)}
            words |= words_of({"phone": body.get("phone")}).union(*map(words_of, people))
        return replace(self, words=frozenset(words))


def words_of(person: Mapping[str, Any]) -> set[str]:
    """What in a customer or an address is theirs alone. A first name or a town is everybody's."""
    name = " ".join(str(person[key]) for key in ("first_name", "last_name") if person.get(key))
    texts = {name, *(str(person.get(key) or "") for key in ("name", "address1", "address2"))}
    phone = str(person.get("phone") or "")
    own = {text.strip() for text in texts if len(text.strip()) >= _SHORTEST and _FULL_NAME.fullmatch(text.strip())}
    if sum(character.isdigit() for character in phone) >= _FEWEST_DIGITS:
        own.add(phone.strip())
    return own


def scrub_text(text: str, words: Iterable[str]) -> str:
    """`text` without any of `words`, longest first, so that no half of one is left."""
    wanted = sorted((re.escape(word) for word in words if word), key=len, reverse=True)
    return re.sub("|".join(wanted), REMOVED, text, flags=re.IGNORECASE) if wanted else text


def scrub(value: Any, words: Iterable[str]) -> Any:
    """A copy of decoded JSON, keys included, without any of `words`."""
    wanted = tuple(words)
    if isinstance(value, str):
        return scrub_text(value, wanted)
    if isinstance(value, Mapping):
        return {scrub_text(str(key), wanted): scrub(inner, wanted) for key, inner in value.items()}
    if isinstance(value, list):
        return [scrub(inner, wanted) for inner in value]
    return value


def came_back(
    *, installed: bool, installed_at: datetime, uninstalled_at: datetime | None, asked_at: datetime
) -> str | None:
    """Why a shop must not be erased although Shopify asked at `asked_at`; None when it must, or when Shopify must say.

    Shopify asks 48 hours after an uninstall. The request is about that uninstall and no later one: a shop that has
    installed again since is kept, and one that has left again gets a request of its own for it.
    """
    if installed and installed_at > asked_at:
        return "The app was installed again after Shopify asked, so nothing was deleted."
    if not installed and uninstalled_at is not None and uninstalled_at > asked_at:
        return "The app was removed again after Shopify asked; Shopify asks anew about that, so nothing was deleted."
    return None

"""The languages that vendors and customers read: which one is spoken now, and the words in it.

English stands in the sources and is looked up in app/translations/<language>.po. Nothing is said about who is asking:
a door calls `use`, a job or an e-mail speaks for a while with `speaking`. Merchant pages and the API stay English.
"""

import gettext as standard
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any, Final, cast

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy

LANGUAGES: Final = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "ja": "日本語"}
"""Code to the name that its speakers use."""
_spoken: ContextVar[str] = ContextVar("language", default="en")


def use(language: str) -> None:
    """Speak `language` from here on in this request; one we do not have is English."""
    _spoken.set(language if language in LANGUAGES else "en")


def spoken() -> str:
    """The language that is spoken now: a key of LANGUAGES."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak `language` inside the block, whatever is spoken around it."""
    token = _spoken.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _spoken.reset(token)


def find_words(message: str) -> str:
    """`message` in the spoken language, its %(name)s still open. Also for what a job wrote down in English."""
    return _catalogue(_spoken.get()).gettext(message)


def find_form(one: str, many: str, count: int) -> str:
    """The form for `count` in the spoken language, still open."""
    return _catalogue(_spoken.get()).ngettext(one, many, count)


def gettext(message: str, /, **values: Any) -> str:
    """`message` in the spoken language, its %(name)s filled. A percent sign of its own is written %%."""
    return find_words(message) % values


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    """The form that the spoken language uses for `count`, which stands in the words as %(num)s."""
    return find_form(one, many, count) % {"num": count, **values}


def lazy(message: str, /, **values: Any) -> str:
    """For words that are written down before anybody asks, such as a form's labels: spoken when they are shown."""
    return later(gettext, message, **values)


def noted(message: str, /) -> str:
    """Itself: for words that are looked up elsewhere, and only have to be known to the catalogues."""
    return message


def later(make: Callable[..., str], /, *args: Any, **values: Any) -> str:
    """What `make` says once it is shown, in the language of that moment: an e-mail's, for one."""
    # To type checkers it is text; SQL, which would freeze one language, refuses it.
    return cast("str", LazyProxy(make, *args, enable_cache=False, **values))


def is_later(value: object) -> bool:
    return isinstance(value, LazyProxy)


_ = gettext


def find_language(wanted: Iterable[str | None]) -> str | None:
    """The first of `wanted` ("de", "de-CH", "pt_BR") that we speak; None when it is none of them."""
    known = [code.replace("-", "_") for code in wanted if code]
    return negotiate_locale(known, LANGUAGES)


def locale_for(language: str, region: str) -> str:
    """How dates and amounts are written for somebody who reads `language` and lives in `region` ("de-CH")."""
    _, _, territory = region.replace("-", "_").rpartition("_")
    try:
        return str(Locale.parse(f"{language}_{territory}")) if territory.isupper() else language
    except (UnknownLocaleError, ValueError):
        return language


@cache
def _catalogue(language: str) -> standard.NullTranslations:
    """Read once in each process: a catalogue is text, and nothing compiled lies beside it that could be out of date."""
    if language == "en":
        return standard.NullTranslations()
    compiled = BytesIO()
    with files("app").joinpath(f"translations/{language}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return standard.GNUTranslations(compiled)

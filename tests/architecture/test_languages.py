"""Whatever vendors and customers read is said in every language, and nothing is left over."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment, nodes

from app.appearance.script_words import WORDS
from app.emails.kinds import KINDS
from app.emails.wording import PLACEHOLDER, check, default_wording
from scripts import strings

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted(
    path
    for place in ("portal", "letters", "open/codes")
    for path in (ROOT / "app/templates" / place).rglob("*")
    if path.is_file()
)
SCRIPTS: Final = ("category", "draft", "orders", "passkeys", "picture-uploads", "portal", "product-list", "products")
SPEAKERS: Final = {"_", "gettext", "ngettext"}
# Names that are the same everywhere.
NAMES: Final = {"API", "SKU", "PDF", "CSV", "IBAN", "Small, Large", "OpenAPI 3.1", "PayPal", "Stripe"}
LETTERS: Final = re.compile(r"[^\W\d_]{2,}")
SENTENCE: Final = re.compile(r"[A-Z][a-z'-]+( |…|\.|$)|[a-z]+ [a-z]+ [a-z]+")
SLOTS: Final = re.compile(r"%\(\w+\)s|%%|\{\w+\}|</?\w+>")
SPOKEN_ATTRIBUTES: Final = {"aria-label", "title", "placeholder", "alt", "data-says"}


@cache
def translated(language: str) -> tuple[Message, ...]:
    return tuple(message for message in strings.read(language) if message.id)


def forms(words: object) -> tuple[str, ...]:
    return tuple(words) if isinstance(words, (tuple, list)) else (str(words or ""),)


@pytest.mark.parametrize("language", strings.TRANSLATED)
def test_a_catalogue_has_what_the_sources_say_and_nothing_else(language: str) -> None:
    """When this fails, run `make strings` and translate what is new."""
    assert (strings.CATALOGUES / f"{language}.po").read_text("utf-8") == strings.update(language)


@pytest.mark.parametrize("language", strings.TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    assert [message.id for message in translated(language) if message.fuzzy or not all(forms(message.string))] == []


@pytest.mark.parametrize("language", strings.TRANSLATED)
def test_a_translation_has_the_same_slots_and_no_markup_of_its_own(language: str) -> None:
    pairs = [(message.id, words) for message in translated(language) for words in forms(message.string)]
    assert [pair for pair in pairs if not _fits(*pair)] == []


def _fits(english: object, words: str) -> bool:
    allowed = [sorted(SLOTS.findall(form)) for form in forms(english)]
    markup = set(SLOTS.sub("", words)) & set('"<>')
    return sorted(SLOTS.findall(words)) in allowed and markup <= set("".join(forms(english)))


def test_french_has_its_own_apostrophe_and_no_break_spaces() -> None:
    said = [words for message in translated("fr") for words in forms(message.string)]
    said += [path.read_text("utf-8") for path in sorted((ROOT / "app/templates/emails/fr").glob("*.txt"))]
    assert [words for words in said if re.search("'| [:;?!»]|« ", words)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_words_of_a_page_stand_outside_a_translation(page: Path) -> None:
    source = page.read_text("utf-8")
    assert [words for words in (*_bare_words(source), *_bare_strings(source)) if words not in NAMES] == []


def _bare_words(source: str) -> Iterator[str]:
    """Text and spoken attributes that are written as they are."""
    found: list[str] = []

    class Reader(HTMLParser):
        silent = False

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.silent = tag in {"style", "script"}
            found.extend(value or "" for name, value in attributes if name in SPOKEN_ATTRIBUTES)

        def handle_endtag(self, _tag: str) -> None:
            self.silent = False

        def handle_data(self, words: str) -> None:
            if not self.silent:
                found.append(words.strip())

    Reader().feed(re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL))
    return (words for words in found if LETTERS.search(words))


def _bare_strings(source: str) -> Iterator[str]:
    """Sentences in what a page computes, such as an argument of a component."""
    tree = Environment(extensions=["jinja2.ext.do", "jinja2.ext.i18n"], autoescape=True).parse(source)
    calls = [call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") in SPEAKERS]
    spoken = {id(const) for call in calls for const in call.find_all(nodes.Const)}
    for const in tree.find_all(nodes.Const):
        is_bare = id(const) not in spoken and isinstance(const.value, str) and SENTENCE.match(const.value)
        if is_bare and not re.fullmatch(r"\w+Field|HX-Request", const.value):
            yield const.value


@cache
def _python() -> tuple[tuple[Path, ast.Call], ...]:
    trees = [(path, ast.parse(path.read_text("utf-8"))) for path in sorted((ROOT / "app").rglob("*.py"))]
    return tuple((path, node) for path, tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_only_sentences_that_stand_in_the_sources_are_looked_up() -> None:
    """What is put together or comes from outside is in no catalogue."""
    speakers = {"_": 1, "gettext": 1, "lazy": 1, "noted": 1, "ngettext": 2}
    wrong = []
    for path, call in _python():
        count = speakers.get(getattr(call.func, "id", ""), 0)
        if path.name != "languages.py" and not all(isinstance(one, ast.Constant) for one in call.args[:count]):
            wrong.append(f"{path.name}:{call.lineno}")
    assert wrong == []


def test_what_a_vendor_is_told_in_passing_is_translated() -> None:
    names = {"flash", "AppError", "Conflict", "Forbidden", "NotFound", "TooMany"}
    told = [(path, call) for path, call in _python() if getattr(call.func, "id", "") in names and call.args]
    bare = [(path, call) for path, call in told if isinstance(call.args[0], (ast.Constant, ast.JoinedStr))]
    assert [f"{path.name}:{call.lineno}" for path, call in bare if "portal" in str(path.relative_to(ROOT))] == []


def test_the_words_of_scripts_are_those_that_pages_bring() -> None:
    said = set()
    for name in SCRIPTS:
        source = (ROOT / f"app/static/{name}.js").read_text("utf-8")
        said |= set(re.findall(r'spoken\("((?:[^"\\]|\\.)*)"', source))
    assert said == set(WORDS)


@pytest.mark.parametrize("language", strings.TRANSLATED)
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.reader != "merchant"])
def test_every_email_to_vendors_and_customers_can_be_sent_in_every_language(kind: str, language: str) -> None:
    english, other = default_wording(kind), default_wording(kind, language)
    assert check(kind, other) == {}
    assert other.body != english.body
    for field in ("subject", "body"):
        slots = (set(PLACEHOLDER.findall(getattr(words, field))) for words in (english, other))
        assert next(slots) == next(slots), field


def test_no_translated_email_is_left_over() -> None:
    files = {
        path.stem for language in strings.TRANSLATED for path in (ROOT / f"app/templates/emails/{language}").iterdir()
    }
    assert files == {name for name, kind in KINDS.items() if kind.reader != "merchant"}

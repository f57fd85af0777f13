"""Finding every page of a door by following its links, one of each shape."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Frame, Page

_LINKS = """() => [...document.querySelectorAll('[href]:not(link, [download])')]
    .map((each) => each.getAttribute('href'))"""
_NO_PAGES = re.compile(r"\.(csv|pdf|xml|png|svg|zip|json)$|/logout$")


def walk(open_page: Callable[[str], Page | Frame], first: list[str], inside: str) -> Iterator[tuple[str, Page | Frame]]:
    """Path and open page, one after the other: `first`, then wherever links under the pattern `inside` lead."""
    waiting, shapes = list(first), {shape_of(path) for path in first}
    while waiting:
        path = waiting.pop(0)
        page = open_page(path)
        links = page.evaluate(_LINKS)
        yield path, page
        for link in links:
            target = urlsplit(str(link))
            known = target.netloc or target.query or not re.match(inside, target.path)
            if not known and shape_of(target.path) not in shapes and not _NO_PAGES.search(target.path):
                shapes.add(shape_of(target.path))
                waiting.append(target.path)


def shape_of(path: str) -> str:
    """Pages that differ by a number or a language alone are one page, and so are those of one reader's e-mails."""
    path = re.sub(r"/languages/\w+$", "/languages/xx", re.sub(r"(?<=[/:])\d+(?=/|$)", "0", path))
    return re.sub(r"/words/([a-z]+)_\w+", r"/words/\1", path)

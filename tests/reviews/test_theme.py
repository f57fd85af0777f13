"""What the theme's snippets make of a vendor's reviews, and what a wicked text cannot make of them."""

import json
import re
from pathlib import Path
from typing import Any

from devstore.storefront.drops import Drop
from devstore.storefront.theme import extension_environment

EXTENSION = Path(__file__).parents[2] / "extensions" / "theme"
WICKED = '</script><script>alert(1)</script>"\\\n{{ shop.name }}'


def render(template: str, locale: str = "en", **values: Any) -> str:
    page = Drop(locale=Drop(iso_code=locale), origin="https://shop.example")
    return (
        extension_environment(EXTENSION).from_string(template).render(request=page, shop=Drop(currency="USD"), **values)
    )


def vendor(count: int, *latest: dict[str, Any], name: str = "Ada's Ceramics") -> Drop:
    fields: dict[str, Any] = {
        "name": name,
        "rating": Drop(rating=4.5),
        "rating_count": count,
        "reviews": {"counts": [1, 1, 0, 0, 0], "latest": latest},
        "logo": None,
    }
    system = Drop(url="/pages/vendors/ada", handle="ada")
    return Drop(system=system, **{key: Drop(value=value) for key, value in fields.items()})


def test_search_engines_read_the_average_and_the_newest_and_no_text_ends_the_script() -> None:
    latest = ({"stars": 5, "on": "2026-11-03", "words": WICKED, "name": WICKED}, {"stars": 4, "on": "2026-11-01"})
    html = render("{% render 'vendor-data', vendor: vendor %}", vendor=vendor(2, *latest, name=WICKED))
    (body,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert html.count("<") == 2
    data = json.loads(body)
    assert data["@type"] == "Organization"
    assert (data["name"], data["review"][0]["reviewBody"]) == (WICKED, WICKED)
    assert data["aggregateRating"] | {"@type": ""} == {
        "@type": "", "ratingValue": 4.5, "reviewCount": 2, "bestRating": 5, "worstRating": 1,
    }  # fmt: skip
    assert data["review"][1]["author"]["name"] == "A customer"
    assert not {"name", "reviewBody"} & data["review"][1].keys(), "of stars alone no empty words are told"
    assert data["url"] == "https://shop.example/pages/vendors/ada"


def test_without_reviews_nothing_is_said() -> None:
    for snippet in ("vendor-data", "vendor-stars"):
        assert render(f"{{% render '{snippet}', vendor: vendor %}}", vendor=vendor(0)).strip() == ""


def test_stars_are_said_in_words_too_and_in_the_pages_language() -> None:
    html = render("{% render 'vendor-stars', vendor: vendor %}", vendor=vendor(1))
    assert 'aria-label="4.5 of 5 stars"' in html
    assert "(1 review)" in html
    assert "2 Bewertungen" in render("{% render 'vendor-stars', vendor: vendor %}", "de", vendor=vendor(2))


def test_a_review_is_escaped_and_dated_as_the_language_dates() -> None:
    review = {"stars": 5, "on": "2026-11-03", "title": WICKED, "words": WICKED, "name": WICKED, "answer": WICKED}
    html = render("{% render 'review', review: review, name: name %}", "de", review=review, name=WICKED)
    assert "<script" not in html
    assert "3. November 2026" in html

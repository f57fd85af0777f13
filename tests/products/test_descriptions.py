import pytest

from app.products.descriptions import clean_description, plain_text


def test_plain_words_become_paragraphs() -> None:
    assert clean_description("One & two.\r\nStill one.\r\n\r\nThree < four.") == (
        "<p>One &amp; two.<br>Still one.</p><p>Three &lt; four.</p>"
    )


def test_bold_words_in_plain_text_keep_their_paragraphs() -> None:
    assert clean_description("Holds <b>350 ml</b>.\n\nBlue.") == "<p>Holds <b>350 ml</b>.</p><p>Blue.</p>"


def test_simple_formatting_stays() -> None:
    html = "<p>A <strong>good</strong> mug.</p><ul><li>Blue</li></ul>"
    assert clean_description(html) == html


@pytest.mark.parametrize(
    "attack",
    [
        "<p>Hi<script>alert(1)</script></p>",
        "<p onclick=alert(1)>Hi</p>",
        '<p>Hi <a href="javascript:alert(1)">x</a></p>',
        '<p>Hi<img src=x onerror="alert(1)"></p>',
        "<p>Hi<iframe src=//evil></iframe></p>",
        '<p style="position:fixed">Hi</p>',
    ],
)
def test_nothing_harmful_comes_through(attack: str) -> None:
    cleaned = clean_description(attack)
    assert "Hi" in cleaned
    for bad in ("script", "alert", "javascript", "onclick", "onerror", "iframe", "style", "img"):
        assert bad not in cleaned


def test_links_do_not_lend_the_shops_good_name() -> None:
    assert 'rel="nofollow noopener"' in clean_description('<p><a href="https://example.com">x</a></p>')


def test_empty_formatting_is_empty() -> None:
    assert clean_description("<p><br></p>") == ""
    assert plain_text("<p>One</p><p>two&nbsp;</p>") == "One two"


def test_cleaning_twice_changes_nothing() -> None:
    once = clean_description("Mug & saucer\n\nBlue")
    assert clean_description(once) == once

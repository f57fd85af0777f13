"""What of an e-mail somebody wrote anew."""

import pytest

from app.messages import rules

ANSWER = "Yes, please.\n\nBest, Cleo\n0171 555 12 34"
QUOTES = {
    "gmail": "On Tue, Nov 3, 2026 at 10:00 AM Acme <marketplace@acme.example> wrote:\n\n> Hello\n> there",
    "gmail, broken over two lines": "On Tue, Nov 3, 2026 at 10:00 AM Acme <\nmarketplace@acme.example> wrote:\n> Hello",
    "german": "Am 3.11.2026 um 10:00 schrieb Acme:\n> Hallo",
    "french": "Le mar. 3 nov. 2026 à 10:00, Acme a écrit :\n\n> Bonjour",
    "japanese": "2026年11月3日(火) 10:00 Acme <a@acme.example>:\n> こんにちは",
    "outlook": "________________________________\nFrom: Acme <a@acme.example>\nSent: Tuesday\nTo: Cleo\n\nHello",
    "outlook on a phone": "From: Acme <a@acme.example>\nSent: Tuesday, 3 November\nTo: Cleo\n\nHello",
    "german outlook": "Von: Acme\nGesendet: Dienstag\nAn: Cleo\n\nHallo",
    "only signs": "> Hello\n>\n> there",
    "nothing": "",
}


@pytest.mark.parametrize("name", QUOTES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_what_mail_programs_quote_is_left_out(name: str, ending: str) -> None:
    assert rules.trim_reply(f"{ANSWER}\n\n{QUOTES[name]}".replace("\n", ending)) == ANSWER


def test_an_answer_below_the_quote_is_found() -> None:
    assert rules.trim_reply("On Tue, Acme wrote:\n> Is it blue?\n\nNo, green.") == "On Tue, Acme wrote:\n\nNo, green."


def test_a_line_that_only_looks_like_a_heading_stays() -> None:
    words = "From: what I see, it is broken.\nCan you help?"
    assert rules.trim_reply(words) == words


def test_an_email_without_plain_text_is_read_without_its_quote() -> None:
    html = (
        "<html><head><style>p{}</style></head><body><p>Yes &amp; no.</p><div>Cleo<br>Portland</div>"
        '<div class="gmail_quote">On Tue<blockquote>Hello</blockquote></div></body></html>'
    )
    assert rules.read_html(html) == "Yes & no.\nCleo\nPortland"


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<blockquote>", "<div class=", "<div ", "<a b='", "</", "&#", "-", "> ", "From: x\n", "x:\n"]
)
def test_no_email_keeps_the_reader_busy(piece: str) -> None:
    """A pattern that begins anew at each of so many signs would still be at it tomorrow."""
    rules.read_html(piece * 2_000_000)


def test_what_was_begun_and_never_ended_hides_no_words() -> None:
    assert rules.read_html("<head><title>x<body><p>Yes<br>no") == "Yes\nno"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("order-abcdefghij234567abcdefghij@reply.acme.example", True),
        ("Ada <Order-ABCDEFGHIJ234567abcdefghij@Reply.Acme.Example>", True),
        ("order-abcdefghij234567abcdefghij@elsewhere.example", False),
        ("order-abc@reply.acme.example", False),
        ("info@reply.acme.example", False),
        ("", False),
    ],
)
def test_an_address_leads_to_its_conversation(address: str, found: bool) -> None:  # noqa: FBT001
    token = rules.find_token(["boss@acme.example", address], "reply.acme.example")
    assert token == ("abcdefghij234567abcdefghij" if found else None)


def test_what_was_written_as_an_address_is_read_as_one() -> None:
    token = "abcdefghij234567abcdefghij"
    assert rules.find_token([rules.address_of(token, "reply.acme.example")], "reply.acme.example") == token
    assert rules.find_token([rules.address_of(token, "")], "") is None


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({}, False),
        ({"Auto-Submitted": "no"}, False),
        ({"AUTO-submitted": "auto-replied"}, True),
        ({"Precedence": "bulk"}, True),
    ],
)
def test_machines_are_not_answered(headers: dict[str, str], automatic: bool) -> None:  # noqa: FBT001
    assert rules.is_automatic(headers) == automatic


def test_what_was_lost_is_said() -> None:
    assert rules.describe_losses(0, was_cut=False) == ""
    assert rules.describe_losses(1, was_cut=False) == "Attachments were left out."
    assert rules.describe_losses(2, was_cut=True).startswith("Attachments were left out, and")
    assert rules.describe_losses(0, was_cut=True).startswith("The rest")
    assert rules.shorten("x" * (rules.MOST_CHARACTERS + 1))[1]

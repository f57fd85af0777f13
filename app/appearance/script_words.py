"""What the portal's scripts say: written there in English as spoken("…"), carried by the page in its own language."""

from typing import Final

from app.languages import find_words, noted, spoken

WORDS: Final = (
    noted("Working…"),
    noted("This takes longer than usual. You can leave this page; it carries on."),
    noted("We could not reach the server. What you typed is still here; try again in a moment."),
    noted("You are signed out. What you typed is still here: sign in in another window, then send it once more."),
    noted("Changed: %(fields)s"),
    noted("Saved as a draft at %(when)s."),
    noted("Kept in this browser."),
    noted("Kept in this browser. It is saved when the marked fields are right."),
    noted("Kept in this browser. It is saved at your next visit."),
    noted("No connection. Kept in this browser until your next visit."),
    noted("Bring it back"),
    noted("Throw it away"),
    noted("What you typed here on %(when)s was not sent."),
    noted("Nothing was done. Try again when you are ready."),
    noted("The picture could not be added. Try again in a moment."),
    noted("The picture was not accepted. Try another file."),
    noted("The connection broke. This browser keeps the picture, and sends it when you are back."),
    noted("Sending %(file)s"),
    noted("Description"),
    noted("Formatting"),
    noted("Bold"),
    noted("Italic"),
    noted("List"),
    noted("Numbered list"),
    noted("Category: %(category)s"),
)


def script_words() -> dict[str, str]:
    """English to the spoken language; empty for English itself, which the scripts know."""
    return {} if spoken() == "en" else {words: find_words(words) for words in WORDS}

"""What the log says of a change: words a merchant reads, never what the database holds."""

from dataclasses import replace

from app.home.audit_changes import Change, Writers, say_changes

WRITERS = Writers(money=str, currency="USD", moment=lambda moment: f"{moment:%d %b %Y}")


def test_values_are_said_as_people_write_them() -> None:
    changes = {
        "is_on": [False, True],
        "rate_bps": [1000, 850],
        "payout_minimum_minor": [0, 2500],
        "price 17": [2400, 2900],
        "price Large / Blue": [2000, 2100],
        "next_release_at": ["2026-11-21T09:00:00+00:00", None],
        "description": [None, "<p>Holds 350&nbsp;ml.</p><p>Blue.</p>"],
    }
    assert say_changes(changes, WRITERS) == [
        Change("In use", "off", "on"),
        Change("Rate", "10 %", "8.5 %"),
        Change("Payout minimum", "0.00 USD", "25.00 USD"),
        Change("Price", "24.00 USD", "29.00 USD"),
        Change("Price Large / Blue", "20.00 USD", "21.00 USD"),
        Change("Release", "21 Nov 2026", "empty"),
        Change("Description", None, "Holds 350 ml. Blue."),
    ]


def test_what_a_rule_takes_is_told_in_percent_and_in_the_amounts_own_currencies() -> None:
    changes = {
        "rate_bps": ["759.5", "1250"],
        "flat": [{"USD": 30}, {"USD": 30, "JPY": 50}],
        "cap": [{}, {"KWD": 1500}],
        "discount_bearers": [{"WELCOME10": "5000"}, {}],
    }
    assert say_changes(changes, WRITERS) == [
        Change("Rate", "7.595 %", "12.5 %"),
        Change("Plus per item", "0.30 USD", "0.30 USD, 50 JPY"),
        Change("At most", None, "1.500 KWD"),
        Change("Discount bearers", "WELCOME10 50 %", "empty"),
    ]


def test_variants_and_conditions_are_told_without_brackets() -> None:
    ink = {"sku": "", "price": 2750, "stock": 12, "values": ["Ink", "Large"]}
    band = {"kind": "any", "price_to": 500, "price_currency": "JPY"}
    changes = {"variants": [[{"values": ["Sea"]}], [{"values": ["Sea"]}, ink]], "conditions": [{}, band]}
    assert say_changes(changes, WRITERS) == [
        Change("Variants", "Sea", "Sea; Ink / Large, Price 27.50 USD, Stock 12"),
        Change("Conditions", None, "Kind any, Price to 500 JPY"),
    ]


def test_commission_rules_are_told_by_their_names() -> None:
    named = replace(WRITERS, rules={2: "Mugs", 3: "Vases"})
    changes = {"order": [[3, 2], [2, 9, 3]], "hold_days": [2, 3]}
    assert say_changes(changes, named) == [
        Change("Order", "Vases; Mugs", "Mugs; 9; Vases"),
        Change("Hold days", "2", "3"),
    ]
    assert say_changes({"order": [[3], [2]]}, WRITERS) == [Change("Order", "3", "2")]


def test_of_a_long_order_of_rules_what_was_changed_is_told() -> None:
    named = replace(WRITERS, rules={number: f"Pottery of vendor {number}" for number in range(1, 9)})
    swapped = {"order": [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 8, 7]]}
    assert say_changes(swapped, named) == [
        Change("Order", "Pottery of vendor 7; Pottery of vendor 8", "Pottery of vendor 8; Pottery of vendor 7")
    ]
    put_in = {"order": [[1, 2, 3], [1, 4, 2, 3]]}
    assert say_changes(put_in, named) == [
        Change("Order", "Pottery of vendor 2", "Pottery of vendor 4; Pottery of vendor 2")
    ]
    same = {"order": [[1, 2], [1, 2]]}
    assert say_changes(same, named) == [Change("Order", None, "Pottery of vendor 1; Pottery of vendor 2")]


def test_what_is_no_pair_is_said_once_and_what_stayed_the_same_too() -> None:
    changes = {"codes": ["a", "b", "c"], "reply": [["Hello"], ["Hello"]], "words": "By hand", "long": [None, "x" * 500]}
    said = say_changes(changes, WRITERS)
    assert said[:3] == [
        Change("Codes", None, "a; b; c"),
        Change("Reply", None, "Hello"),
        Change("Words", None, "By hand"),
    ]
    assert len(said[3].after) == 120

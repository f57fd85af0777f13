import pytest

from app.products import proposal_rules as rules

LIVE: rules.Snapshot = {"title": "Mug", "category": {"gid": "c1", "name": "Mugs"}, "price 7": 1800, "sku 7": "M"}


def test_only_what_differs_is_a_change_and_a_translated_category_does_not() -> None:
    wanted = {"title": "Mug", "category": {"gid": "c1", "name": "Becher"}, "price 7": 2000, "price 8": 1}
    assert rules.differences(LIVE, wanted) == {"price 7": [1800, 2000]}


def test_an_edit_in_the_shop_is_a_drift_unless_it_says_the_same() -> None:
    changes: rules.Changes = {"title": ["Mug", "Cup"], "price 7": [1800, 2000], "sku 7": ["M", "N"]}
    assert rules.drifted(changes, LIVE) == {}
    assert rules.drifted(changes, LIVE | {"title": "Cup", "price 7": 1900}) == {"price 7": 1900}


def test_a_variant_that_is_gone_is_a_drift() -> None:
    assert rules.drifted({"price 9": [1, 2]}, LIVE) == {"price 9": None}


def test_variants_that_staff_took_away_or_that_come_in_other_options_are_a_drift() -> None:
    live = {"options": [{"name": "Size", "values": ["S"]}], "variants": [{"values": ["S"]}]}
    new = {"values": ["M"], "price": 1, "sku": "", "stock": 0}
    gone, misfit = {"values": ["L"]}, {**new, "values": ["M", "Red"]}
    assert rules.still_fit([{"values": ["S"]}, gone, new, misfit], live) == [{"values": ["S"]}, new]
    for wanted, drift in (([{"values": ["S"]}, new], False), ([gone, new], True), ([misfit], True), ([], True)):
        assert bool(rules.drifted({"variants": [live["variants"], wanted]}, live)) is drift


@pytest.mark.parametrize(("price", "is_safe"), [(1980, True), (1620, True), (1981, False), (1619, False)])
def test_a_price_goes_live_at_once_within_the_band(price: int, is_safe: object) -> None:
    safe, waiting = rules.split_safe({"price 7": [1800, price]}, {7: 1800}, 1000)
    assert (bool(safe), bool(waiting)) == (is_safe, not is_safe)


def test_small_steps_do_not_climb_out_of_the_band() -> None:
    safe, waiting = rules.split_safe({"price 7": [1980, 2170]}, {7: 1800}, 1000)
    assert (safe, list(waiting)) == ({}, ["price 7"])


def test_without_a_band_words_and_prices_wait_and_skus_do_not() -> None:
    changes: rules.Changes = {"title": ["a", "b"], "price 7": [1, 2], "sku 7": ["a", "b"]}
    safe, waiting = rules.split_safe(changes, {7: 1}, 0)
    assert (list(safe), list(waiting)) == (["sku 7"], ["title", "price 7"])


def test_a_fingerprint_is_of_what_was_looked_at() -> None:
    changes = {"title": ["Mug", "Cup"]}
    seen = rules.fingerprint(1, changes, LIVE)
    assert seen == rules.fingerprint(1, changes, LIVE | {"sku 7": "other"})
    assert seen != rules.fingerprint(2, changes, LIVE)
    assert seen != rules.fingerprint(1, changes, LIVE | {"title": "Mug, renamed"})


def test_two_texts_are_compared_word_by_word() -> None:
    pieces = rules.compare_words("Holds 350 ml of tea", "Holds 400 ml of tea")
    assert pieces == [("same", "Holds "), ("gone", "350 "), ("new", "400 "), ("same", "ml of tea")]


def test_fields_are_named_in_words() -> None:
    names = {7: "Red / Small", 8: ""}
    assert [rules.label(f, names) for f in ("seo_title", "price 7", "sku 8", "price 9")] == [
        "Title in search engines",
        "Price, Red / Small",
        "SKU",
        "Price, a variant that is gone",
    ]


def test_a_sign_that_only_looks_like_a_number_names_no_variant() -> None:
    assert rules.variant_of("price ²") == ("price", None)


def test_both_sides_of_changed_pictures_say_what_becomes_of_each() -> None:
    a, b, c, d = ({"gid": gid, "alt": "", "url": gid} for gid in "abcd")
    before, after = rules.compare_pictures([a, b, c], [c, a, {**d, "alt": "New"}])
    assert [(p.url, p.mark) for p in before] == [("a", ""), ("b", "gone"), ("c", "")]
    assert [(p.url, p.mark) for p in after] == [("c", "moved"), ("a", ""), ("d", "new")]
    [_, words] = rules.compare_pictures([a], [{**a, "alt": "A vase"}])
    assert [p.mark for p in words] == ["words"]


def test_pictures_are_the_same_whatever_address_they_have() -> None:
    assert rules.same([{"gid": "a", "alt": "x", "url": "1"}], [{"gid": "a", "alt": "x", "url": "2"}])
    assert not rules.same([{"gid": "a", "alt": "x", "url": "1"}], [{"gid": "a", "alt": "y", "url": "1"}])

from hypothesis.internal.conjecture import providers


def test_nothing_in_the_code_moves_what_hypothesis_draws() -> None:
    assert len(providers._get_local_constants()) == 0

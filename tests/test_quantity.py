"""What is wrong with a quantity is said in words, with what was probably meant."""

import pytest

from etia.quantity import Kind, Number, Pool, Quantiles, Range, faults


@pytest.mark.parametrize(
    ("quantity", "kind", "message"),
    [
        (Number(1.2), Kind.PROBABILITY, "1.2 is not a probability (0 ≤ p < 1). Did you mean 0.12?"),
        (Number(12), Kind.PROBABILITY, "12 is not a probability (0 ≤ p < 1). Did you mean 0.12?"),
        (Number(5), Kind.PROBABILITY, "5 is not a probability (0 ≤ p < 1). Did you mean 0.05?"),
        (Number(1), Kind.PROBABILITY, "1 is not a probability (0 ≤ p < 1). What is sure to come has a `date` instead."),
        (Number(-0.1), Kind.PROBABILITY, "-0.1 is not a probability (0 ≤ p < 1)."),
        (Number(float("nan")), Kind.SIZE, "nan is not a finite number."),
        (
            Number(-2.0),
            Kind.RATE_RATIO,
            "-2 is not a rate ratio (> 0). Below 1 it hinders: 0.5 halves the rate, 1 leaves it.",
        ),
        (Number(-1.0), Kind.DURATION, "-1 months is not a duration (≥ 0)."),
        (Number(-100), Kind.PERCENT, "-100% leaves nothing: a change is more than -100%."),
        (Number(-1), Kind.POSITIVE, "-1 is negative; a number ≥ 0 is needed."),
        (
            Range(3, 2, 1),
            Kind.SIZE,
            "[3, 2, 1] is not in the order low ≤ best ≤ high. Did you mean [1, 2, 3]?",
        ),
        (
            Quantiles(0.1, 0.3, 0.2),
            Kind.PROBABILITY,
            "p5: 0.1, p50: 0.3, p95: 0.2 is not in the order p5 ≤ p50 ≤ p95. Did you mean p5: 0.1, p50: 0.2, p95: 0.3?",
        ),
        (
            Quantiles(0, 0.3, 0.4),
            Kind.PROBABILITY,
            "0 cannot be a quantile of a probability quantity; write a small number, or a [low, best, high].",
        ),
    ],
)
def test_a_fault_is_named_with_what_is_allowed(quantity, kind, message):
    assert faults(quantity, kind) == [message]


def test_a_level_lies_strictly_between_the_bounds_of_its_trend():
    assert faults(Number(100), Kind.SIZE, (0, 100)) == ["100 is not between the bounds 0 and 100 of the trend."]
    assert faults(Range(10, 20, 30), Kind.SIZE, (0, 100)) == []


def test_all_faults_of_a_pool_come_at_once_with_the_expert():
    pool = Pool((("ana", Number(2.0)), ("bo", Range(0.1, 0.2, 0.3))), (0.5, 0.6), "odds")
    assert faults(pool, Kind.PROBABILITY) == [
        "expert 'ana': 2 is not a probability (0 ≤ p < 1). Did you mean 0.02?",
        "weights [0.5, 0.6] sum to 1.1, not to 1.",
    ]


def test_a_pool_of_odds_is_for_probabilities_only():
    pool = Pool((("ana", Number(2.0)),), (1.0,), "odds")
    assert faults(pool, Kind.RATE_RATIO) == [
        "`pool: odds` is for probabilities only, not for a rate ratio; write `pool: linear`."
    ]


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        (Pool((), ()), "A pool needs at least one expert."),
        (Pool((("ana", Number(1.0)),), (0.5, 0.5)), "2 weights for 1 experts; each expert needs one."),
        (Pool((("a", Number(1)), ("b", Number(2))), (1.5, -0.5)), "weights [1.5, -0.5] must be numbers ≥ 0."),
    ],
)
def test_weights_fit_their_experts(pool, message):
    assert faults(pool, Kind.SIZE) == [message]


def test_a_duration_or_a_probability_may_be_nought_as_a_number_or_end_of_a_range():
    assert faults(Number(0), Kind.DURATION) == []
    assert faults(Range(0, 0, 6), Kind.DURATION) == []
    assert faults(Range(0, 0.1, 0.2), Kind.PROBABILITY) == []

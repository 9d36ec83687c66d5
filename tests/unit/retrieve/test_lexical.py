"""BM25 by an inverted index: the same figures as the formula, over one segment or several."""

import math

import numpy as np
import pytest

from orchestrator.retrieve.lexical import Segment, Words, best, words

TEXTS = [
    "customer country: the country of the head office",
    "order amount in EUR",
    "customer name",
    "ticket status (open, closed)",
    "order status",
]


def by_the_formula(texts: list[str], question: str) -> list[float]:
    """Okapi BM25 as it is written, one text after the other."""
    held = [words(text) for text in texts]
    mean = sum(map(len, held)) / len(held)
    scores = [0.0] * len(texts)
    for word in dict.fromkeys(words(question)):
        having = sum(word in one for one in held)
        weight = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
        for place, one in enumerate(held):
            count = one.count(word)
            norm = 1.2 * (0.25 + 0.75 * len(one) / mean)
            scores[place] += weight * count * 2.2 / (count + norm) if having else 0.0
    return scores


@pytest.mark.parametrize("question", ["customers by country", "the status of orders", "unicorns"])
def test_scores_are_those_of_the_formula(question: str) -> None:
    """Each text has the score that BM25 gives it, and none for no shared word."""
    found = Words.of(TEXTS)
    scores = found.scores(found.weights(question))
    assert np.allclose(scores, by_the_formula(TEXTS, question), atol=1e-5)


def test_merged_segments_are_one() -> None:
    """Texts in three segments, merged, score as they do in one."""
    merged = Segment.merged([Segment.of(TEXTS[:2]), Segment.of([]), Segment.of(TEXTS[2:])])
    parts, whole = Words([merged]), Words.of(TEXTS)
    for question in ("customers by country", "order status"):
        assert parts.weights(question) == whole.weights(question)
        assert np.array_equal(
            parts.scores(parts.weights(question)), whole.scores(whole.weights(question))
        )


def test_how_rare_a_word_is_counts_over_all_segments() -> None:
    """A word of a segment that came later is weighed by the texts of both."""
    both = Words([Segment.of(TEXTS), Segment.of(["order date", "order channel"])])
    assert both.weights("orders") == Words.of([*TEXTS, "order date", "order channel"]).weights(
        "orders"
    )
    assert both.holding("order").tolist() == [1, 4, 5, 6]


def test_equal_scores_keep_the_order_of_the_texts() -> None:
    """Of equal ones the earlier is first, also where the number is cut."""
    assert best(np.array([0.0, 2.0, 1.0, 2.0, 2.0, 0.0], dtype=np.float32), 2) == [1, 3]
    assert best(np.zeros(3, dtype=np.float32), 2) == []
    assert Words.of(["b", "b c", "b"]).ranked("b") == [0, 2, 1]

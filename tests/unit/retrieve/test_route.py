"""The router: which sources are searched, how sure that is, and what is said of the others."""

from orchestrator.retrieve.route import Evidence, choose


def of(share: float, cosine: float | None = None) -> Evidence:
    """Evidence of a source whose best thing has this part of the question's words."""
    return Evidence(share, "thing", ("word",) if share else (), cosine)


def searched(evidence: dict[str, Evidence], *named: str) -> set[str]:
    """The sources that are searched."""
    routes = choose(list(evidence), list(evidence.values()), named)
    return {route.source for route in routes if route.searched}


def test_the_surest_come_first_and_the_far_are_left_out() -> None:
    """A clear question is searched where it is clear, and the others say why they were left."""
    evidence = {"far": of(0.1, 0.2), "near": of(0.9, 0.6), "nothing": of(0.0, 0.1)}
    routes = choose(list(evidence), list(evidence.values()), ())
    assert [route.source for route in routes] == ["near", "far", "nothing"]
    assert [route.searched for route in routes] == [True, False, False]
    assert [route.confidence for route in routes] == sorted(
        (route.confidence for route in routes), reverse=True
    )
    assert "thing has “word”" in routes[0].why
    assert "other sources are nearer" in routes[1].why


def test_words_or_meaning_are_enough() -> None:
    """A source is searched for its words alone, and another for its meaning alone."""
    evidence = {"words": of(0.9, 0.1), "meaning": of(0.0, 0.6), "neither": of(0.1, 0.2)}
    assert searched(evidence) == {"words", "meaning"}


def test_doubt_widens_the_choice_but_never_to_all() -> None:
    """The same distances let more sources in when even the best is far; there is an end to it."""
    sure = {"a": of(1.0), "b": of(0.5), "c": of(0.2)}
    doubtful = {name: of(one.share / 3) for name, one in sure.items()}
    assert searched(sure) == {"a"}
    assert searched(doubtful) == {"a", "b"}
    alike = {f"s{at}": of(0.3) for at in range(40)}
    assert len(searched(alike)) == 16


def test_a_named_source_is_searched_alone() -> None:
    """ "@b" leaves out what is nearer, and the reason names it."""
    evidence = {"a": of(0.9), "b": of(0.0)}
    assert searched(evidence, "b") == {"b"}
    routes = choose(list(evidence), list(evidence.values()), ("b",))
    assert "the question names @b alone" in routes[0].why


def test_without_any_trace_nothing_is_searched() -> None:
    """A question that shares no word with any source, and has no meaning yet, finds nothing."""
    assert searched({"a": of(0.0), "b": of(0.0)}) == set()

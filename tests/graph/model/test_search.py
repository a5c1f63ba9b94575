"""Node types are found by title and alias: exact before prefix before word before substring, then recent use."""

from __future__ import annotations

from engine.nodes.catalog import CATALOG
from graph.model.search import Need, rank, search


def keys(query: str, recent: tuple[str, ...] = (), need: Need | None = None) -> list[str]:
    return [hit.spec.key for hit in search(CATALOG.values(), query, recent, need)]


def test_exact_beats_prefix_beats_word_beats_substring() -> None:
    ranks = [rank("mean", (name,)) for name in ("Mean", "Meaning", "The mean", "Demeanour", "Sum")]

    assert ranks == [0, 1, 2, 3, None]


def test_a_prefix_finds_multiply_first() -> None:
    assert keys("mul")[0] == "math.multiply"


def test_an_alias_finds_its_type() -> None:
    assert "layer.linear" in keys("dense")
    assert keys("*")[0] == "math.multiply"


def test_a_title_comes_before_another_types_alias_of_the_same_rank() -> None:
    assert keys("linear")[0] == "layer.linear"


def test_recent_use_decides_among_equal_ranks_only() -> None:
    plain = keys("s")
    later = plain[3]

    assert keys("s", (later,)).index(later) <= plain.index(later)
    assert keys("sum", ("math.subtract",))[0] == "math.sum"


def test_letters_scattered_through_a_word_are_no_hit() -> None:
    assert rank("mlt", ("Multiply",)) is None


def test_a_dragged_wire_is_offered_only_what_it_fits_and_every_port_by_name() -> None:
    hits = search(CATALOG.values(), "add", (), Need("input"))

    assert [hit.port for hit in hits if hit.spec.key == "math.add"] == ["a", "b"]
    assert "source.input" not in keys("", (), Need("input"))

"""What the scripts of the bench are made of: the same rows each time, sizes, spreads, the document."""

import pytest

from bench import document
from bench.measuring import Line, Spread, interleaved, keep, rate, ratios, read, table
from bench.sample import FIELDS, HEADER, row, values, write_file
from bench.script import size_name, sizes


def line(median: float, *, at_most: bool = False, key: str = "a") -> Line:
    return Line(key, "Some work", "other | work", "10 k", Spread(1, median, 9), " ×", 4, at_most=at_most)


def test_a_row_follows_from_its_number_alone(tmp_path):
    write_file(tmp_path / "few.csv", 3)
    write_file(tmp_path / "more.csv", 5)

    few, more = ((tmp_path / name).read_text().splitlines() for name in ("few.csv", "more.csv"))
    assert more[: len(few)] == few
    assert len(row(7)) == len(HEADER) == len(FIELDS) + 2
    assert row(7) == row(7) != row(8)


def test_no_two_rows_share_a_phone_or_an_id():
    found = [values(number) for number in range(1, 20_000)]

    for key in ("mobile", "pan"):
        assert len({each[key] for each in found}) == len(found)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", [10_000, 100_000]),
        ("200", [200]),
        ("100k,10K", [10_000, 100_000]),
        ("all", [10_000, 100_000, 10**6]),
    ],
)
def test_sizes_are_named_in_the_environment(monkeypatch, asked, found):
    monkeypatch.setenv("SIZES", asked)
    assert sizes() == found


@pytest.mark.parametrize("asked", ["big", "0", "-5"])
def test_what_is_no_size_is_told(monkeypatch, asked):
    monkeypatch.setenv("SIZES", asked)
    with pytest.raises(SystemExit, match="SIZES"):
        sizes()


def test_sizes_are_written_short():
    assert [size_name(size) for size in (200, 10_000, 1_500_000)] == ["200", "10 k", "1.5 M"]


def test_sides_take_turns_to_begin():
    order: list[str] = []

    def side(name: str):
        def work() -> dict[str, float]:
            order.append(name)
            return {"rows": 10, "seconds": 2 if name == "ours" else 1}

        return work

    found = interleaved(2, ours=side("ours"), theirs=side("theirs"))

    assert order == ["ours", "theirs", "theirs", "ours"]
    assert ratios(found["ours"], found["theirs"], rate) == Spread(0.5, 0.5, 0.5)


def test_a_line_is_judged_by_its_median():
    assert line(4).is_reached and not line(3).is_reached
    assert line(4, at_most=True).is_reached and not line(5, at_most=True).is_reached
    assert Line("a", "w", "o", "s", Spread(1, 2, 3), "", None).is_reached is None


def test_what_is_kept_stands_in_the_document(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.measuring.OUT", tmp_path)
    monkeypatch.setattr(document, "OUT", tmp_path)
    path = keep("imports", [line(5), line(3)], {"plans": {"Some work": ["Index Scan"]}})

    machine, lines, notes = read(path)
    written = document.write_document(["imports", "creates"], tmp_path / "performance.md").read_text()

    assert machine["cores"] > 0 and lines == [line(5), line(3)] and notes["plans"]
    assert "| ✓ | Some work | 10 k | other / work | 5 (1–9) × | ≥ 4 × |" in written
    assert "| ✗ |" in written and "Index Scan" in written and "Creating leads" not in written
    assert "✓ Some work [10 k]" in table(lines)

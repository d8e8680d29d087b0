"""How a file is read by a saved mapping: what is no drift, what is, and what is suggested of it."""

import pytest

from core.intake.drift import Renamed, drift_refusal, likeness, read_by, with_remembered_names
from core.intake.headers import choose_header
from core.intake.matching import Target, fingerprint
from core.intake.readers import open_table
from core.management.base import one_line

TARGETS = [
    Target("name", "Full Name", required=True),
    Target("mobile", "Mobile No", ("Phone",)),
    Target("pan", "PAN"),
    Target("application", "Application Status"),
    Target("cpv", "CPV Status"),
    Target("city", "City"),
]
KNOWN = {target.key for target in TARGETS}
PAIRS = [("Full Name", "name"), ("Handy", "mobile"), ("PAN", "pan"), ("Remarks", ""), ("City", "city")]
HEADER = [header for header, _target in PAIRS]


def read(header, pairs=PAIRS, targets=TARGETS, known=KNOWN):
    return read_by(header, pairs, targets, known)


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        HEADER[::-1],
        [" full  NAME", "HANDY ", "p a n", "\u00a0remarks", "ｃｉｔｙ"],
        [*HEADER, ""],
    ],
    ids=["the same", "reordered", "case, spaces and forms", "a column without a name"],
)
def test_what_is_no_drift(header):
    reading = read(header)

    assert not reading.is_drift
    targets = dict(zip([fingerprint([text]) for text in header], reading.mapping, strict=True))
    assert targets[fingerprint(["Handy"])] == "mobile" and targets[fingerprint(["Remarks"])] == ""
    assert fingerprint(header) == fingerprint(HEADER)


def test_a_new_column_is_told_and_matched_by_its_name_alone():
    reading = read([*HEADER, "Branch", "CPV Status"])

    assert (reading.new, reading.gone, reading.renamed) == ([5, 6], [], [])
    assert reading.mapping[5:] == reading.suggested[5:] == ["", "cpv"]


def test_a_column_that_is_gone_is_told():
    reading = read(["Full Name", "Handy", "PAN", "City"])

    assert (reading.new, reading.gone) == ([], ["Remarks"])
    assert reading.mapping == ["name", "mobile", "pan", "city"]


def test_a_renamed_column_is_suggested_and_not_taken():
    reading = read(["Full Name", "Handy No", "PAN", "Remarks", "City"])

    [renamed] = reading.renamed
    assert (renamed.column, renamed.was, renamed.header, renamed.target) == (1, "Handy", "Handy No", "mobile")
    assert (reading.mapping[1], reading.suggested[1]) == ("", "mobile")
    assert (reading.new, reading.gone) == ([], [])


def test_a_column_that_now_has_the_name_of_the_field_itself_is_renamed():
    reading = read(["Full Name", "Mobile No", "PAN", "Remarks", "City"])

    assert reading.renamed == [Renamed(1, "Mobile No", "Handy", "mobile", 100.0)]
    assert reading.mapping[1] == ""


def test_only_targets_that_no_other_column_fills_are_suggested():
    pairs = [
        ("Full Name", "name"),
        ("Application Status", "application"),
        ("CPV Status", "cpv"),
        ("City", "city"),
    ]

    [renamed] = read(["Full Name", "App. Status", "CPV Status", "City"], pairs).renamed

    # It looks more like “CPV Status”, which has its column.
    assert (renamed.header, renamed.target) == ("App. Status", "application")


def test_a_column_that_was_left_out_stays_so_though_a_field_has_its_name():
    pairs = [("Full Name", "name"), ("City", ""), ("Town", "city")]

    assert read(["City", "Town", "Full Name"], pairs).mapping == ["", "city", "name"]


def test_a_target_that_is_gone_is_told_and_never_filled():
    targets = [target for target in TARGETS if target.key != "pan"]

    reading = read(HEADER, targets=targets, known={target.key for target in targets})

    assert (reading.retired, reading.is_drift, reading.mapping[2]) == ([2], True, "")
    assert (reading.new, reading.gone, reading.closed) == ([], [], [])


def test_a_target_that_the_reader_may_not_fill_is_left_out_without_a_question():
    reading = read(HEADER, targets=[target for target in TARGETS if target.key != "pan"])

    assert (reading.closed, reading.is_drift, reading.mapping[2]) == ([2], False, "")


@pytest.mark.parametrize(
    ("header", "alike"),
    [(HEADER, 1.0), (HEADER[:4], 0.8), ([*HEADER, *"abcde"], 0.5), (["x"], 0.0), ([], 0.0)],
)
def test_headers_are_alike_by_the_columns_that_both_have(header, alike):
    assert likeness(header, PAIRS) == alike


def test_a_refusal_lists_every_difference_on_one_line():
    header = ["Full Name", "Handy No", "City", "Branch", "Old"]
    pairs = [*PAIRS, ("Old", "withdrawn")]

    error = drift_refusal("Weekly", header, read(header, pairs))

    assert [problem.code for problem in error.fields["saved_mapping"]] == [
        "new_column",
        "gone_column",
        "gone_column",
        "renamed_column",
        "retired_target",
    ]
    line = one_line(error)
    assert "\n" not in line and "“Weekly”" in line
    for told in (
        "“Branch” is new",
        "“PAN” is gone",
        "“Handy” probably is “Handy No”",
        "“Old” filled a field",
    ):
        assert told in line


def test_remembered_names_help_to_find_a_header(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("Report of the week,,\nWer,Nummer,Wo\nAsha,98450 12345,Pune\n")
    known = with_remembered_names(TARGETS, [[("Wer", "name"), ("Nummer", "mobile"), ("City", "mobile")]])

    with open_table(path, filename="odd.csv") as source:
        assert choose_header(source, known).header.row_number == 2
    # A name that a target has already stays that target's.
    assert "City" not in next(target for target in known if target.key == "mobile").aliases

"""Columns and targets: equal names match, alike ones are suggested, nothing is guessed."""

from core.intake.matching import Suggestion, Target, fingerprint, match_columns

NAME = Target("full_name", "Full Name", aliases=("Customer",), required=True)
PHONE = Target("mobile", "Mobile No", aliases=("Phone", "Contact"), required=True)
CITY = Target("city", "City")
TARGETS = [NAME, PHONE, CITY]


def test_label_key_and_alias_match_whatever_the_case_spaces_and_form():
    for header in ["Full Name", " full  NAME ", "FullName", "full_name", "customer", "Ｆｕｌｌ\u00a0Name"]:
        assert match_columns([header], TARGETS).matched == {"full_name": 0}


def test_the_order_of_columns_does_not_matter():
    match = match_columns(["City", "", "Notes", "phone", "Customer"], TARGETS)

    assert match.matched == {"city": 0, "mobile": 3, "full_name": 4}
    assert match.unmatched == [2]
    assert match.missing_required == match.suggested == []


def test_what_is_alike_is_suggested_and_not_matched():
    match = match_columns(["Full Name", "Moblie No.", "Citty"], TARGETS)

    assert match.matched == {"full_name": 0}
    assert [(found.header, found.target) for found in match.suggested] == [
        ("Moblie No.", "mobile"),
        ("Citty", "city"),
    ]
    assert match.missing_required == ["mobile"]
    assert match.unmatched == [1, 2]


def test_only_targets_that_no_other_header_matched_are_suggested():
    status = Target("application_status", "Application Status")
    check = Target("cpv_status", "CPV Status")

    match = match_columns(["App. Status", "CPV Status"], [status, check])

    assert match.matched == {"cpv_status": 1}
    assert all(found.target == "application_status" for found in match.suggested)


def test_a_header_and_a_target_are_suggested_once():
    match = match_columns(["Cityy", "Ciity"], [CITY])

    assert match.suggested == [Suggestion(0, "Cityy", "city", match.suggested[0].score)]


def test_a_label_beats_an_alias_and_two_equals_are_a_conflict():
    assert match_columns(["Phone", "Mobile No"], TARGETS).matched == {"mobile": 1}
    assert match_columns(["Phone", "Mobile No"], TARGETS).unmatched == [0]

    match = match_columns(["Phone", "Contact"], TARGETS)
    assert match.matched == {}
    assert match.conflicts == {"mobile": [0, 1]}
    assert match.unmatched == [0, 1]


def test_a_name_that_two_targets_claim_names_neither():
    first, second = Target("a", "Alpha", aliases=("Amount",)), Target("b", "Beta", aliases=("Amount",))

    assert match_columns(["Amount"], [first, second]).matched == {}
    labelled = Target("c", "Amount")
    assert match_columns(["Amount"], [first, second, labelled]).matched == {"c": 0}


def test_the_fingerprint_knows_a_header_again_in_any_order():
    assert fingerprint(["Full Name", "City", ""]) == fingerprint(["CITY", "full  name"])
    assert fingerprint(["Full Name"]) != fingerprint(["Full Name", "City"])
    assert len(fingerprint([])) == 64

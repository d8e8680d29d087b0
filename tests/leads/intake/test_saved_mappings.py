"""Saved mappings: taken by the next file with that header, asked about where it has drifted, shared with care."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.actor import Actor
from accounts.roles import Role
from core.errors import ApplicationError, Conflict, NotPermitted, NotVisible, ValidationFailed
from core.intake.planning import open_question
from core.jobs import run_job_inline
from core.models import Intake, Organization, SavedMapping
from core.queries.intakes import get_intake
from core.queries.saved_mappings import get_mapping, listed_mappings, visible_mappings
from core.scope import organization_scope
from core.services.intakes import accept_drift, check_intake, load_intake, match_intake, receive_file
from core.services.saved_mappings import delete_mapping, rename_mapping, save_mapping
from leads.intake import LeadImporter
from leads.models import BusinessLine, Field, Lead
from leads.services.lines import publish_line, retire_field, update_field
from tests.conftest import ActorFor
from tests.leads.intake.sheets import COLUMNS, LABELS, person, phone, table
from tests.leads.loans import make_loan_line, receive

pytestmark = pytest.mark.django_db
NAME = "Weekly file"
# What people have to match: the field's own names are others.
ODD = {"full_name": "Who", "mobile": "Where to call", "city": "At"}


def content(number: int, *, names: dict[str, str] = ODD, columns: Any = COLUMNS, extra: str = "") -> bytes:
    """A file of one person, some of its columns under other names, and one more."""
    header, row = table([person(number)], columns)
    header = [names.get(key, LABELS.get(key, key.title())) for key in columns]
    lines = [[*header, extra], [*row, "x"]] if extra else [header, row]
    return "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode()


def matched(intake: Intake) -> list[str]:
    """The mapping that people choose: every column by its field, the last one, if it is odd, left out."""
    targets = [f"@{key}" if key in ("source", "campaign") else key for key in COLUMNS]
    return [*targets, ""][: len(intake.header)]


@pytest.fixture
def saved(operations: Actor) -> SavedMapping:
    """The mapping of a file that somebody has matched."""
    intake = receive(operations, content(1))
    match_intake(actor=operations, intake_id=intake.pk, mapping=matched(intake), remember_as=NAME)
    return SavedMapping.objects.get()


def loaded(actor: Actor, intake: Intake) -> Intake:
    run_job_inline(load_intake(actor=actor, intake_id=intake.pk, inline=True))
    return get_intake(actor, intake.pk)


def codes(intake: Intake) -> list[str]:
    return [notice["code"] for notice in intake.notices]


def refused(service: Callable[..., Any], **arguments: Any) -> ApplicationError:
    with pytest.raises(ApplicationError) as found:
        service(**arguments)
    return found.value


def differences(actor: Actor, intake: Intake) -> list[str]:
    """The codes of what is told when the file is loaded without an answer."""
    error = refused(load_intake, actor=actor, intake_id=intake.pk)
    assert error.code == "mapping_drift" and f"“{NAME}”" in error.message
    return [problem.code for problem in error.fields["saved_mapping"]]


class TestTaking:
    def test_the_next_file_with_that_header_is_read_by_it_and_says_so(
        self, operations: Actor, saved: SavedMapping
    ) -> None:
        intake = receive(operations, content(2))

        assert (intake.saved_mapping, codes(intake)) == (saved, ["mapping_taken"])
        assert NAME in intake.notices[0]["message"]
        assert loaded(operations, intake).accepted == 1
        assert Lead.objects.get().name == "Person 2"

    @pytest.mark.parametrize(
        "again",
        [
            content(2, columns=COLUMNS[::-1]),
            content(2, names={"full_name": " WHO ", "mobile": "where  TO call", "city": "a t"}),
        ],
        ids=["reordered", "case and spaces"],
    )
    def test_order_case_and_spaces_are_no_drift(
        self, operations: Actor, saved: SavedMapping, again: bytes
    ) -> None:
        intake = receive(operations, again)

        assert intake.saved_mapping == saved and codes(intake) == ["mapping_taken"]
        assert loaded(operations, intake).accepted == 1
        assert Lead.objects.get().phone == f"+91{phone(2)}"

    def test_choices_are_left_out_as_they_were(self, operations: Actor) -> None:
        first = receive(operations, content(1, names={}))
        mapping = ["" if target == "employer" else target for target in first.mapping]
        match_intake(actor=operations, intake_id=first.pk, mapping=mapping, remember_as=NAME)

        assert receive(operations, content(2, names={})).mapping == mapping

    def test_another_line_and_another_header_are_not_read_by_it(
        self, operations: Actor, saved: SavedMapping
    ) -> None:
        SavedMapping.objects.update(target="another")
        assert receive(operations, content(2)).saved_mapping is None
        SavedMapping.objects.update(target=saved.target)
        other = receive(operations, b"Full Name,Mobile No,Loan Amt\nAsha,98450 12345,500000\n")
        assert other.saved_mapping is None

    def test_what_to_do_with_repeats_is_remembered_and_told(self, operations: Actor) -> None:
        first = receive(operations, content(1), on_duplicate="update")
        match_intake(actor=operations, intake_id=first.pk, mapping=matched(first), remember_as=NAME)

        second = receive(operations, content(2))
        assert second.options["on_duplicate"] == "update"
        assert codes(second) == ["mapping_taken", "mapping_options"]
        assert "Update the lead" in second.notices[1]["message"]
        # What is said for a file counts more.
        assert receive(operations, content(3), on_duplicate="skip").options["on_duplicate"] == "skip"

    def test_it_is_taken_by_name(self, operations: Actor, saved: SavedMapping) -> None:
        def named(name: str) -> Intake:
            return receive_file(
                actor=operations, importer="leads", target=saved.target, filename="a.csv",
                chunks=[content(2)], saved_mapping=name,
            )  # fmt: skip

        assert named(" weekly FILE").saved_mapping == saved
        with pytest.raises(ValidationFailed) as unknown:
            named("Monthly")
        assert unknown.value.code == "unknown_mapping" and NAME in unknown.value.message

    def test_matching_otherwise_takes_the_word_back(self, operations: Actor, saved: SavedMapping) -> None:
        intake = receive(operations, content(2))
        match_intake(actor=operations, intake_id=intake.pk, mapping=["", *intake.mapping[1:]])
        assert codes(get_intake(operations, intake.pk)) == []

    def test_last_use_is_that_of_the_files_it_read(self, operations: Actor, saved: SavedMapping) -> None:
        assert listed_mappings(operations).get().used_at is None
        intake = loaded(operations, receive(operations, content(2)))
        assert listed_mappings(operations).get().used_at == intake.created_at


class TestDrift:
    def test_a_new_column_asks(self, operations: Actor, saved: SavedMapping) -> None:
        intake = receive(operations, content(2, extra="Branch"))
        assert differences(operations, intake) == ["new_column"]
        assert refused(check_intake, actor=operations, intake_id=intake.pk).code == "mapping_drift"

        accepted = accept_drift(actor=operations, intake_id=intake.pk)
        assert accepted.mapping == [*intake.mapping[:-1], ""] and codes(accepted) == ["mapping_taken"]
        assert loaded(operations, intake).accepted == 1

    def test_a_column_that_is_gone_asks(self, operations: Actor, saved: SavedMapping) -> None:
        intake = receive(operations, content(2, columns=COLUMNS[:-2]))
        assert differences(operations, intake) == ["gone_column", "gone_column"]
        accept_drift(actor=operations, intake_id=intake.pk)
        assert loaded(operations, intake).accepted == 1

    def test_a_renamed_column_asks_with_a_suggestion(self, operations: Actor, saved: SavedMapping) -> None:
        intake = receive(operations, content(2, names={**ODD, "mobile": "Where to call them"}))
        place = COLUMNS.index("mobile")
        assert differences(operations, intake) == ["renamed_column"] and intake.mapping[place] == ""

        assert accept_drift(actor=operations, intake_id=intake.pk).mapping[place] == "mobile"
        assert loaded(operations, intake).accepted == 1

    def test_a_match_by_hand_is_an_answer_and_the_mapping_may_follow(
        self, operations: Actor, saved: SavedMapping
    ) -> None:
        intake = receive(operations, content(2, extra="Branch"))
        match_intake(actor=operations, intake_id=intake.pk, mapping=matched(intake), remember_as=NAME)

        assert SavedMapping.objects.get().pk == saved.pk
        assert codes(receive(operations, content(3, extra="Branch"))) == ["mapping_taken"]
        assert get_intake(operations, receive(operations, content(3)).pk).options["drift"]

    def test_or_becomes_another_mapping(self, operations: Actor, saved: SavedMapping) -> None:
        intake = receive(operations, content(2, extra="Branch"))
        match_intake(actor=operations, intake_id=intake.pk, mapping=matched(intake), remember_as="Branches")

        assert receive(operations, content(3, extra="Branch")).saved_mapping.name == "Branches"
        assert receive(operations, content(3)).saved_mapping == saved

    def test_a_refused_name_leaves_the_question_open(self, operations: Actor, saved: SavedMapping) -> None:
        intake = receive(operations, content(2, extra="Branch"))
        error = refused(
            match_intake,
            actor=operations,
            intake_id=intake.pk,
            mapping=matched(intake),
            remember_as="n" * 101,
        )
        assert error.code == "mapping_name"
        assert differences(operations, intake) == ["new_column"]

    def test_a_retired_field_is_told_and_never_filled(self, operations: Actor, saved: SavedMapping) -> None:
        retire_field(actor=operations, field=Field.objects.get(key="employer"))
        publish_line(actor=operations, line=BusinessLine.objects.get())

        intake = receive(operations, content(2))
        assert differences(operations, intake) == ["retired_target"]
        assert intake.mapping[COLUMNS.index("employer")] == ""
        accept_drift(actor=operations, intake_id=intake.pk)
        assert loaded(operations, intake).accepted == 1

    def test_a_question_about_a_deleted_mapping_is_none(self, operations: Actor, saved: SavedMapping) -> None:
        intake = receive(operations, content(2, extra="Branch"))
        delete_mapping(actor=operations, mapping_id=saved.pk)
        found = get_intake(operations, intake.pk)
        assert open_question(found, LeadImporter(found)) is None


class TestRights:
    @pytest.fixture
    def leader(self, operations: Actor, actor_for: ActorFor) -> Actor:
        return actor_for(Role.TEAM_LEADER)

    def test_a_mapping_is_no_wider_than_the_rights_of_who_uses_it(
        self, operations: Actor, saved: SavedMapping, leader: Actor
    ) -> None:
        update_field(
            actor=operations, field=Field.objects.get(key="employer"), changes={"editable_by": ["operations"]}
        )
        publish_line(actor=operations, line=BusinessLine.objects.get())

        intake = receive(leader, content(2))
        assert intake.mapping[COLUMNS.index("employer")] == ""
        assert codes(intake) == ["mapping_taken", "mapping_closed"]
        assert "“Employer”" in intake.notices[1]["message"]
        assert receive(operations, content(3)).mapping[COLUMNS.index("employer")] == "employer"

    def test_who_may_not_fill_a_field_keeps_it_in_a_mapping_that_they_change(
        self, operations: Actor, saved: SavedMapping, actor_for: ActorFor
    ) -> None:
        update_field(
            actor=operations, field=Field.objects.get(key="employer"), changes={"editable_by": ["admin"]}
        )
        publish_line(actor=operations, line=BusinessLine.objects.get())
        intake = receive(operations, content(2))
        save_mapping(actor=operations, intake_id=intake.pk, name=NAME)

        assert dict(SavedMapping.objects.get().pairs)["Employer"] == "employer"
        assert receive(actor_for(Role.ADMIN), content(3)).mapping[COLUMNS.index("employer")] == "employer"

    def test_others_use_it_and_do_not_change_it(
        self, operations: Actor, saved: SavedMapping, leader: Actor
    ) -> None:
        intake = receive(leader, content(2))
        for change in (
            lambda: save_mapping(actor=leader, intake_id=intake.pk, name=NAME),
            lambda: rename_mapping(actor=leader, mapping_id=saved.pk, name="Mine"),
            lambda: delete_mapping(actor=leader, mapping_id=saved.pk),
        ):
            with pytest.raises(NotPermitted):
                change()
        own = receive(leader, content(3, extra="Branch"))
        mapping = save_mapping_of(leader, own, "Mine")
        assert rename_mapping(actor=leader, mapping_id=mapping.pk, name="Ours").name == "Ours"

    def test_an_auditor_reads_and_an_agent_does_not(
        self, operations: Actor, saved: SavedMapping, actor_for: ActorFor
    ) -> None:
        assert list(visible_mappings(actor_for(Role.AUDITOR))) == [saved]
        for change in (rename_mapping, delete_mapping):
            arguments = {"name": "x"} if change is rename_mapping else {}
            with pytest.raises(NotPermitted):
                change(actor=actor_for(Role.AUDITOR), mapping_id=saved.pk, **arguments)
        with pytest.raises(NotPermitted):
            visible_mappings(actor_for(Role.AGENT))

    def test_another_organisation_neither_sees_it_nor_reads_by_it(
        self, operations: Actor, saved: SavedMapping, actor_for: ActorFor, other_organization: Organization
    ) -> None:
        stranger = actor_for(Role.OPERATIONS, organization=other_organization)
        with organization_scope(other_organization):
            make_loan_line(stranger)
            with pytest.raises(NotVisible):
                get_mapping(stranger, saved.pk)
            with pytest.raises(NotVisible):
                delete_mapping(actor=stranger, mapping_id=saved.pk)
            intake = receive(stranger, content(2))
            assert intake.saved_mapping is None
            # The same name and header are free there.
            match_intake(actor=stranger, intake_id=intake.pk, mapping=matched(intake), remember_as=NAME)


def save_mapping_of(actor: Actor, intake: Intake, name: str) -> SavedMapping:
    """Answer what is asked of a file by what is suggested, and save that."""
    accept_drift(actor=actor, intake_id=intake.pk)
    return save_mapping(actor=actor, intake_id=intake.pk, name=name)


class TestSaving:
    def test_one_mapping_for_a_header_and_one_for_a_name(
        self, operations: Actor, saved: SavedMapping
    ) -> None:
        same = receive(operations, content(2))
        assert (
            refused(save_mapping, actor=operations, intake_id=same.pk, name="Other").code
            == "header_remembered"
        )
        other = receive(operations, b"Full Name,Mobile No\nAsha,98450 12345\n")
        assert (
            refused(save_mapping, actor=operations, intake_id=other.pk, name="weekly  file").code
            == "mapping_exists"
        )
        second = save_mapping(actor=operations, intake_id=other.pk, name="Short")
        assert (
            refused(rename_mapping, actor=operations, mapping_id=second.pk, name=NAME).code
            == "mapping_exists"
        )

    def test_the_database_holds_what_two_at_once_would_break(
        self, operations: Actor, saved: SavedMapping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        intake = receive(operations, content(2))
        monkeypatch.setattr("core.services.saved_mappings.mappings_into", lambda *_: [])
        with pytest.raises(Conflict) as late:
            save_mapping(actor=operations, intake_id=intake.pk, name="Other")
        assert late.value.code == "mapping_exists"

    @pytest.mark.parametrize("name", ["", "  ", "n" * 101, "\x00"])
    def test_a_name_has_some_characters(self, operations: Actor, saved: SavedMapping, name: str) -> None:
        if name == "\x00":
            assert rename_mapping(actor=operations, mapping_id=saved.pk, name=name).name.isprintable()
        else:
            error = refused(rename_mapping, actor=operations, mapping_id=saved.pk, name=name)
            assert error.code == "mapping_name"

    def test_a_deleted_one_frees_its_name_and_header(self, operations: Actor, saved: SavedMapping) -> None:
        delete_mapping(actor=operations, mapping_id=saved.pk)
        intake = receive(operations, content(2))
        assert intake.saved_mapping is None
        match_intake(actor=operations, intake_id=intake.pk, mapping=matched(intake), remember_as=NAME)
        assert SavedMapping.objects.get().pk != saved.pk

    def test_history_says_who_changed_it(self, operations: Actor, saved: SavedMapping) -> None:
        rename_mapping(actor=operations, mapping_id=saved.pk, name="Renamed")
        delete_mapping(actor=operations, mapping_id=saved.pk)

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT history_type, name, deleted_at IS NULL FROM core_historicalsavedmapping"
                " WHERE id = %s ORDER BY history_id",
                [saved.pk],
            )
            assert cursor.fetchall() == [("+", NAME, True), ("~", "Renamed", True), ("~", "Renamed", False)]


class TestPages:
    @pytest.fixture
    def client(self, operations: Actor, client_for: Callable[[Actor], Client]) -> Client:
        return client_for(operations)

    def posted(self, intake: Intake, mapping: list[str], **more: str) -> dict[str, str]:
        return {**{f"column_{place}": target for place, target in enumerate(mapping)}, **more}

    def test_the_step_of_columns_offers_to_remember(self, client: Client, operations: Actor) -> None:
        intake = receive(operations, content(1), "branch_file-week 3.csv")
        address = f"/imports/{intake.pk}/match/"
        assert 'value="Branch file week 3"' in client.get(address).content.decode()

        nameless = client.post(address, self.posted(intake, matched(intake), remember="new", remember_as=""))
        assert nameless.status_code == 422 and b"Give the mapping a name." in nameless.content
        given = self.posted(intake, matched(intake), remember="new", remember_as=NAME)
        assert client.post(address, given).status_code == 302
        assert SavedMapping.objects.get().name == NAME

    def test_a_file_that_is_read_by_one_says_so(
        self, client: Client, operations: Actor, saved: SavedMapping
    ) -> None:
        intake = receive(operations, content(2))
        page = client.get(f"/imports/{intake.pk}/match/").content.decode()
        assert f"read by the saved mapping “{NAME}”" in page and "Remembered" in page
        assert "Almost the columns" not in page and "Change “Weekly file”" in page

    def test_a_drifted_file_asks_and_updates(
        self, client: Client, operations: Actor, saved: SavedMapping
    ) -> None:
        names = {**ODD, "mobile": "Where to call them"}
        intake = receive(operations, content(2, names=names, extra="Branch"))
        address = f"/imports/{intake.pk}/match/"

        page = client.get(address).content.decode()
        assert "Almost the columns of “Weekly file”" in page
        assert (
            "<b>Where to call</b> probably is <b>Where to call them</b>" in page and "<b>Branch</b>" in page
        )
        assert '<option value="mobile" selected>' in page
        given = self.posted(intake, matched(intake), remember="update")
        assert client.post(address, given).status_code == 302
        assert ("Branch", "") in SavedMapping.objects.get().pairs

    def test_loading_past_the_question_is_refused_on_pages_too(
        self, client: Client, operations: Actor, saved: SavedMapping
    ) -> None:
        intake = receive(operations, content(2, extra="Branch"))
        response = client.post(f"/imports/{intake.pk}/load/")
        assert response.status_code == 400 and b"differs from the saved mapping" in response.content

    def test_they_are_listed_renamed_and_deleted(
        self, client: Client, operations: Actor, saved: SavedMapping
    ) -> None:
        loaded(operations, receive(operations, content(2)))
        listed = client.get("/imports/mappings/").content.decode()
        assert NAME in listed and "never" not in listed
        address = f"/imports/mappings/{saved.pk}/"
        page = client.get(address).content.decode()
        assert "Where to call" in page and "Mobile No" in page

        assert client.post(address, {"remember_as": "  "}).status_code == 422
        assert client.post(address, {"remember_as": "Monthly"}).status_code == 302
        assert "Monthly" in client.get("/imports/mappings/").content.decode()
        deleted = client.post(f"{address}delete/", follow=True).content.decode()
        assert "“Monthly” was deleted." in deleted and "No mapping was saved yet" in deleted

    def test_what_a_reader_may_not_know_is_not_named(
        self,
        operations: Actor,
        saved: SavedMapping,
        actor_for: ActorFor,
        client_for: Callable[[Actor], Client],
    ) -> None:
        update_field(
            actor=operations,
            field=Field.objects.get(key="employer"),
            changes={"label": "Secret label", "visible_to": ["operations"]},
        )
        retire_field(actor=operations, field=Field.objects.get(key="city"))
        publish_line(actor=operations, line=BusinessLine.objects.get())

        page = client_for(actor_for(Role.AUDITOR)).get(f"/imports/mappings/{saved.pk}/").content.decode()

        assert "A field that you do not see" in page and "Secret label" not in page
        assert "A field that is retired or gone" in page and "Rename" not in page

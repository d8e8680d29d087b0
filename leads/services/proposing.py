"""Fields from a spreadsheet: proposing a line's fields from a file, and making the line of a proposal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.intake.matching import normalized_name
from core.intake.readers import open_table
from core.models import Organization
from core.values import DateOrder
from leads.fields.checks.reading import column_name
from leads.models import BusinessLine, Field, FieldStatus
from leads.proposals.facts import FileFacts
from leads.proposals.looking import Progress, Surroundings, look_at
from leads.proposals.proposal import Adjustment, Proposal, propose, required_columns
from leads.queries.lines import draft_definitions
from leads.services.configuring import LineResult, configure_line
from leads.services.drafts import locked_line
from leads.services.lines import CHANGEABLE

# Where dates are written month first; everywhere else the day comes first.
MONTH_FIRST_REGIONS = frozenset({"US", "PH"})


@dataclass(frozen=True, slots=True)
class AppliedProposal:
    """What became of a proposal: the line, and the keys that were added or were there and stay as they are."""

    line: BusinessLine
    is_new: bool
    added: tuple[str, ...]
    kept: tuple[str, ...]


def propose_fields(
    *,
    actor: Actor,
    path: Path,
    filename: str,
    line_code: str = "",
    progress: Progress = lambda done, total: None,
) -> Proposal:
    """Return the fields that a file speaks for; nothing is written.

    Args:
        path, filename: where the file lies, and what the person called it.
        line_code: the line that the fields are for; columns that it has fields for are marked so.
        progress: told now and then how far it is.

    Raises:
        NotPermitted: the actor may not configure lines.
        FileRefused: the file cannot be read, or has no header.
        ValidationFailed: the file is the error workbook of an import.
    """
    facts = look_at_file(actor=actor, path=path, filename=filename, progress=progress)
    return proposal_of(actor, facts, line_code=line_code)


def look_at_file(
    *, actor: Actor, path: Path, filename: str, progress: Progress = lambda done, total: None
) -> FileFacts:
    """Return what each column of a file holds, for `proposal_of`. Raises: as `propose_fields`."""
    actor.require(Area.CONFIGURATION, "write")
    organization = actor.organization
    order = usual_date_order(organization)
    with open_table(path, filename=filename) as source:
        return look_at(
            source,
            Surroundings(organization.zone, region_of(organization)),
            lambda columns: required_columns(columns, usual_order=order),
            progress,
        )


def proposal_of(
    actor: Actor,
    facts: FileFacts,
    *,
    line_code: str = "",
    adjustments: Mapping[int, Adjustment] | None = None,
) -> Proposal:
    """Return the proposal that a file's facts make for a line, as somebody has adjusted it."""
    actor.require(Area.CONFIGURATION, "write")
    line = BusinessLine.objects.filter(code=line_code).first() if line_code else None
    return propose(
        facts,
        usual_order=usual_date_order(actor.organization),
        existing=names_of_fields(line) if line else {},
        adjustments=adjustments,
    )


def apply_proposal(
    *,
    actor: Actor,
    line_code: str,
    definitions: Sequence[Mapping[str, Any]],
    duplicate_match: Sequence[str] = (),
    name: str = "",
    reason: str = "",
) -> AppliedProposal:
    """Make the line, if need be, add the proposed fields to it, and publish it.

    A field whose key or column name the line knows stays as it is: applying twice changes nothing. What tells
    a repeat is taken where the line says nothing about it yet.

    Args:
        definitions: the fields in the configuration file's form.
        name: what a new line is called; its code in words, where nothing is said.

    Raises:
        NotPermitted: the actor may not configure lines.
        ValidationFailed: everything wrong with the fields, by path.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic():
        found = BusinessLine.objects.filter(code=line_code).first()
        line = locked_line(found) if found else None
        known = known_names(line) if line else set()
        added = [written for written in definitions if not _names(written) & known]
        settings = _settings(line, name or name_of_code(line_code), duplicate_match)
        result = configure_line(
            actor=actor,
            code=line_code,
            settings=settings,
            definitions=_ordered(line, added),
            reason=reason or "fields from a spreadsheet",
        )
        return _applied(result, definitions, added)


def _applied(
    result: LineResult, definitions: Sequence[Mapping[str, Any]], added: Sequence[Mapping[str, Any]]
) -> AppliedProposal:
    keys = tuple(str(written.get("key", "")) for written in added)
    kept = tuple(str(written.get("key", "")) for written in definitions if written.get("key") not in keys)
    return AppliedProposal(result.line, result.is_new, keys, kept)


def _settings(line: BusinessLine | None, name: str, duplicate_match: Sequence[str]) -> dict[str, Any]:
    if line is None:
        return {"name": name, "duplicate_match": list(duplicate_match)}
    settings = {each: getattr(line, each) for each in CHANGEABLE}
    return {**settings, "duplicate_match": line.duplicate_match or list(duplicate_match)}


def _ordered(line: BusinessLine | None, added: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The definitions, to stand behind the fields that the line has."""
    last = 0
    if line is not None:
        last = Field.objects.filter(line=line).order_by("-order").values_list("order", flat=True).first() or 0
    return [{**written, "order": last + place} for place, written in enumerate(added, start=1)]


def _names(written: Mapping[str, Any]) -> set[str]:
    return {column_name(str(written.get(name) or "")) for name in ("key", "label")} - {""}


def known_names(line: BusinessLine) -> set[str]:
    """Return the names by which columns find fields of the line's draft, retired ones by their keys alone."""
    known = set()
    for item in draft_definitions(line):
        known.add(column_name(item.key))
        if item.status is not FieldStatus.RETIRED:
            known |= {column_name(name) for name in (item.label, *item.aliases)}
    return known


def names_of_fields(line: BusinessLine) -> dict[str, str]:
    """Return the key of the field that a column finds, by the column's normalised name."""
    found: dict[str, str] = {}
    for item in draft_definitions(line):
        if item.status is not FieldStatus.RETIRED:
            for name in (item.label, item.key, *item.aliases):
                found.setdefault(normalized_name(name), item.key)
    return found


def name_of_code(code: str) -> str:
    """Return a line's code as a name: `personal_loan` as Personal loan."""
    return code.replace("_", " ").replace("-", " ").strip().capitalize()


def region_of(organization: Organization) -> str:
    """Return the country of an organisation's locale, India where it names none."""
    return organization.locale.partition("-")[2] or "IN"


def usual_date_order(organization: Organization) -> DateOrder:
    """Return in which order people of the organisation's country write dates."""
    return "MDY" if region_of(organization) in MONTH_FIRST_REGIONS else "DMY"

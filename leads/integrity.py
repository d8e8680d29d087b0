"""What must hold of leads: index rows follow from the leads, keys are held once and rightly, imports add up."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from core.integrity import CheckResult, integrity_check
from core.models import UNFINISHED, Job, Organization
from core.rules import Moment
from leads.fields.line import LineDefinition, line_definition
from leads.fields.scoring import line_scorer
from leads.models import BusinessLine, DuplicateKey, Field, Lead, LeadToken, LeadValue
from leads.queries.scores import RENEW_SCORES
from leads.services.derived import VALUE_COLUMNS, KeyMaker, tokens_of, value_rows
from leads.services.indexing import INDEX_FIELDS, RENEW_KEYS

AT_A_TIME = 2_000

# A kept row that a correction has settled was rejected by the load itself; a row of an update made no lead.
IMPORTS = """
WITH kept AS (
    SELECT intake_id,
           count(*) FILTER (WHERE state = 'updated') AS updated,
           count(*) FILTER (WHERE state IN ('rejected', 'corrected') OR corrected_by_id IS NOT NULL) AS rejected,
           count(*) FILTER (WHERE state = 'duplicate' AND corrected_by_id IS NULL) AS duplicate,
           count(*) FILTER (WHERE state = 'held' AND corrected_by_id IS NULL) AS held,
           count(*) FILTER (WHERE state = 'corrected' AND repeats_id IS NULL) AS mended
      FROM core_intakerow WHERE organization_id = %(organization)s GROUP BY intake_id),
made AS (
    SELECT intake_id, count(*) AS leads, count(DISTINCT row_number) AS numbers
      FROM leads_lead WHERE organization_id = %(organization)s AND intake_id IS NOT NULL GROUP BY intake_id)
SELECT intake.id,
       intake.data_rows = intake.accepted + intake.rejected + intake.duplicate + intake.held,
       intake.updated = COALESCE(kept.updated, 0),
       intake.rejected = COALESCE(kept.rejected, 0),
       intake.duplicate = COALESCE(kept.duplicate, 0),
       intake.held = COALESCE(kept.held, 0),
       COALESCE(made.leads, 0) = intake.accepted - intake.updated + COALESCE(kept.mended, 0),
       COALESCE(made.leads, 0) = COALESCE(made.numbers, 0)
  FROM core_intake intake LEFT JOIN kept ON kept.intake_id = intake.id LEFT JOIN made ON made.intake_id = intake.id
 WHERE intake.organization_id = %(organization)s AND intake.importer = 'leads'
   AND intake.state = 'loaded' AND intake.corrects_id IS NULL
"""
TALLIES = """
WITH both_sides AS (
    SELECT line_id, day, source_id, status, stage, owner_id, leads AS tallied, 0 AS there
      FROM leads_leadtally WHERE organization_id = %(organization)s
    UNION ALL
    SELECT lead.line_id, (lead.created_at AT TIME ZONE organization.timezone)::date, lead.source_id, lead.status,
           lead.stage, lead.owner_id, 0, 1
      FROM leads_lead lead JOIN core_organization organization ON organization.id = lead.organization_id
     WHERE lead.organization_id = %(organization)s AND lead.deleted_at IS NULL)
SELECT line_id, day, sum(tallied), sum(there) FROM both_sides
 GROUP BY line_id, day, source_id, status, stage, owner_id
"""
IMPORT_RULES = ("data_rows", "updated", "rejected", "duplicate", "held", "leads", "a row made two leads")
# References that are plain numbers, because a constraint would cost a third of the speed of an import.
REFERENCES = {
    "leads_lead.intake_id names no import": """
        SELECT count(*) FILTER (WHERE lead.intake_id IS NOT NULL),
               count(*) FILTER (WHERE lead.intake_id IS NOT NULL
                                  AND intake.organization_id IS DISTINCT FROM lead.organization_id)
          FROM leads_lead lead
          LEFT JOIN core_intake intake ON intake.id = lead.intake_id
         WHERE lead.organization_id = %s""",
    "leads_leadvalue.field_id names no field of the lead's line": """
        SELECT count(*), count(*) FILTER (WHERE field.line_id IS DISTINCT FROM lead.line_id)
          FROM leads_leadvalue value
          JOIN leads_lead lead ON lead.id = value.lead_id
          LEFT JOIN leads_field field ON field.id = value.field_id
         WHERE value.organization_id = %s""",
    "core_intakerow.repeats_id names no lead": """
        SELECT count(kept.repeats_id),
               count(kept.repeats_id) FILTER (WHERE lead.organization_id IS DISTINCT FROM kept.organization_id)
          FROM core_intakerow kept
          JOIN core_intake intake ON intake.id = kept.intake_id AND intake.importer = 'leads'
          LEFT JOIN leads_lead lead ON lead.id = kept.repeats_id
         WHERE kept.organization_id = %s""",
    "leads_followup.done_by_id names somebody while it is open": """
        SELECT count(*), count(*) FILTER (WHERE done_at IS NULL AND done_by_id IS NOT NULL)
          FROM leads_followup WHERE organization_id = %s""",
    "leads_notification tells of the note or follow-up of another lead": """
        SELECT count(*), count(*) FILTER (WHERE note.lead_id <> told.lead_id OR follow_up.lead_id <> told.lead_id)
          FROM leads_notification told
          LEFT JOIN leads_note note ON note.id = told.note_id
          LEFT JOIN leads_followup follow_up ON follow_up.id = told.follow_up_id
         WHERE told.organization_id = %s""",
    "leads_leadmerge: a lead that was merged is live, or of another line": """
        SELECT count(*), count(*) FILTER (WHERE lose.deleted_at IS NULL OR lose.line_id <> keep.line_id)
          FROM leads_leadmerge merge
          JOIN leads_lead lose ON lose.id = merge.lose_id
          JOIN leads_lead keep ON keep.id = merge.keep_id
         WHERE merge.undone_at IS NULL AND merge.organization_id = %s""",
    "leads_formsubmission.lead_id names no lead of the form's line": """
        SELECT count(submission.lead_id),
               count(submission.lead_id) FILTER (WHERE lead.organization_id IS DISTINCT FROM submission.organization_id
                                                    OR lead.line_id IS DISTINCT FROM link.line_id)
          FROM leads_formsubmission submission
          JOIN leads_formlink link ON link.id = submission.form_link_id
          LEFT JOIN leads_lead lead ON lead.id = submission.lead_id
         WHERE submission.organization_id = %s""",
    "leads_stallclock of a lead that is not live, or by another line's rule": """
        SELECT count(*), count(*) FILTER (WHERE lead.deleted_at IS NOT NULL OR rule.line_id <> lead.line_id)
          FROM leads_stallclock clock
          JOIN leads_lead lead ON lead.id = clock.lead_id
          JOIN leads_stallrule rule ON rule.id = clock.rule_id
         WHERE clock.organization_id = %s""",
    "index rows of a lead that is not live": """
        SELECT count(*), count(*) FILTER (WHERE lead.deleted_at IS NOT NULL)
          FROM (SELECT lead_id, organization_id FROM leads_leadvalue
                UNION ALL SELECT lead_id, organization_id FROM leads_leadtoken
                UNION ALL SELECT lead_id, organization_id FROM leads_duplicatekey) AS derived
          JOIN leads_lead lead ON lead.id = derived.lead_id
         WHERE derived.organization_id = %s""",
}


@integrity_check("leads.values")
def check_values(organization: Organization) -> CheckResult:
    """The values in the index are those that the leads hold, for each indexed field that is filled."""
    ready = set(Field.objects.filter(index_ready_at__isnull=False).values_list("pk", flat=True))

    def broken(leads: list[Lead], line: BusinessLine, definition: LineDefinition) -> Iterator[str]:
        fields = {item.id for item in definition.indexed} & ready
        wanted = {row for lead in leads for row in value_rows(lead, definition) if row[1] in fields}
        held = LeadValue.objects.filter(lead_id__in=[lead.pk for lead in leads], field_id__in=fields)
        yield from _differences(wanted, set(held.values_list(*VALUE_COLUMNS)), leads, "value", at=0)

    return _over_leads(broken, unless=INDEX_FIELDS)


@integrity_check("leads.tokens")
def check_tokens(organization: Organization) -> CheckResult:
    """The words that search finds a lead by are those that the lead holds."""

    def broken(leads: list[Lead], line: BusinessLine, definition: LineDefinition) -> Iterator[str]:
        wanted = {(lead.pk, token) for lead in leads for token in tokens_of(lead, definition)}
        held = LeadToken.objects.filter(lead_id__in=[lead.pk for lead in leads])
        yield from _differences(wanted, set(held.values_list("lead_id", "token")), leads, "token", at=0)

    return _over_leads(broken, unless=RENEW_KEYS)


@integrity_check("leads.keys")
def check_keys(organization: Organization) -> CheckResult:
    """Every key of a live lead is held, by it or by another lead of its line with the same key; no other is."""

    def broken(leads: list[Lead], line: BusinessLine, definition: LineDefinition) -> Iterator[str]:
        maker = KeyMaker(definition, line.duplicate_match, line.on_duplicate)
        wanted: dict[int, set[str]] = {}
        for lead in leads:
            keys = maker.keys(lead.data)
            wanted[lead.pk] = {*keys.match, *keys.unique}
        held = set(DuplicateKey.objects.filter(lead_id__in=list(wanted)).values_list("lead_id", "key"))
        of_line = DuplicateKey.objects.filter(line_id=line.pk, key__in=set().union(*wanted.values()))
        taken = set(of_line.values_list("key", flat=True))
        missing = {(pk, key) for pk, keys in wanted.items() for key in keys if key not in taken}
        stray = {(pk, key) for pk, key in held if key not in wanted[pk]}
        yield from _differences(missing, stray, leads, "key", at=0)

    return _over_leads(broken, unless=RENEW_KEYS)


@integrity_check("leads.scores")
def check_scores(organization: Organization) -> CheckResult:
    """The score of every live lead is what the rules of its line say; without rules it has none."""
    moment = Moment(timezone.now(), organization.zone)

    def broken(leads: list[Lead], line: BusinessLine, definition: LineDefinition) -> Iterator[str]:
        scorer = line_scorer(line)
        read = scorer.reading(leads) if scorer else None
        for lead in leads:
            wanted = scorer.score(read(lead), moment) if scorer and read else None
            if lead.score != wanted:
                yield f"lead {lead.reference} has the score {lead.score} instead of {wanted}"

    return _over_leads(broken, unless=RENEW_SCORES)


@integrity_check("leads.imports")
def check_imports(organization: Organization) -> CheckResult:
    """The counts of each loaded file agree with the leads and the kept rows that it left, no row told twice."""
    breaks = []
    tried = 0
    with connection.cursor() as cursor:
        cursor.execute(IMPORTS, {"organization": organization.pk})
        for intake_id, *kept in cursor.fetchall():
            tried += 1
            broken = [name for name, holds in zip(IMPORT_RULES, kept, strict=True) if not holds]
            if broken:
                breaks.append(f"import {intake_id}: {', '.join(broken)}")
    return CheckResult(tried, breaks)


@integrity_check("leads.tallies")
def check_tallies(organization: Organization) -> CheckResult:
    """The daily tallies add up to the leads that there are, of each line, day, source, status, stage and owner."""
    with connection.cursor() as cursor:
        cursor.execute(TALLIES, {"organization": organization.pk})
        rows = cursor.fetchall()
    breaks = [
        f"line {line}, {day}: {tallied} tallied, {leads} there"
        for line, day, tallied, leads in rows
        if tallied != leads
    ]
    return CheckResult(len(rows), breaks)


@integrity_check("leads.references")
def check_references(organization: Organization) -> CheckResult:
    """References without a constraint find their row, and what is derived belongs to a live lead."""
    tried = 0
    breaks: list[str] = []
    with connection.cursor() as cursor:
        for told, statement in REFERENCES.items():
            cursor.execute(statement, [organization.pk])
            rows, lost = cursor.fetchone()
            tried += rows
            breaks += [told] * lost
    return CheckResult(tried, breaks)


def _over_leads(broken: Any, *, unless: str) -> CheckResult:
    """Run `broken` over the live leads of each line, some at a time.

    Lines that a job of the kind `unless` is still bringing up to date are left out.
    """
    tried = 0
    breaks: list[str] = []
    busy = Job.objects.filter(kind=unless, state__in=UNFINISHED).values_list("parameters__line", flat=True)
    for line in BusinessLine.everything.exclude(pk__in=list(busy)).filter(version__gt=0):
        definition = line_definition(line)
        for leads in _batches(line):
            tried += len(leads)
            breaks += broken(leads, line, definition)
    return CheckResult(tried, breaks)


def _batches(line: BusinessLine) -> Iterator[list[Lead]]:
    last = 0
    while leads := list(Lead.objects.filter(line=line, pk__gt=last).order_by("pk")[:AT_A_TIME]):
        yield leads
        last = leads[-1].pk


def _differences(
    wanted: set[Any], held: set[Any], leads: Iterable[Lead], what: str, *, at: int
) -> Iterator[str]:
    """Say what is missing and what is there without reason; `at` is where the lead's id stands in a row."""
    references = {lead.pk: lead.reference for lead in leads}
    for row in sorted(wanted - held, key=repr):
        yield f"lead {references[row[at]]} lacks a {what}"
    for row in sorted(held - wanted, key=repr):
        yield f"lead {references[row[at]]} has a {what} too many"

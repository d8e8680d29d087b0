"""Where each value of a lead comes from, and what stood there before: read from history and from imports' rows.

Which import, row and cell, which form, or which person, when and in which request. Values are shown as the actor may
read them: a masked one stays masked, in its past too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.masking import Sight
from accounts.queries.members import names_of_users
from accounts.roles import Area
from core.intake.readers.places import cell_reference
from core.intake.running import ROLL_BACK
from core.models import Intake, IntakeRow, RowState
from core.queries.intakes import visible_intakes
from leads.fields.definition import FieldDefinition
from leads.fields.line import line_definition
from leads.models import FieldKind, Lead
from leads.presentation import LeadReader, Shown
from leads.queries.form_links import form_named_by
from leads.queries.merges import UNDO_REASON, merged_by

# Of a lead that was changed more often, the newest count.
MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One value that a field took: who wrote it, when, by which request, and where it stood.

    `cell` is a place such as Leads!B17; `intake_id` is set where the actor sees that import.
    """

    shown: Shown
    at: datetime
    actor: str
    where: str
    request_id: str
    cell: str = ""
    intake_id: int | None = None


@dataclass(frozen=True, slots=True)
class ValueOrigin:
    """A field of a lead and the values it took, newest first: the first is the one it has."""

    label: str
    section: str
    steps: Sequence[Step]
    # Earlier changes than `MOST_STEPS` are not told.
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Brought:
    """What an import did to the lead: the file that was read (of a correction, the corrected one) and its row."""

    file: Intake
    row: int | None
    is_correction: bool
    is_rollback: bool


def value_origins(actor: Actor, lead: Lead) -> list[ValueOrigin]:
    """Return where the values of a lead come from that the actor may see (`get_lead`), by field in the form's order.

    A handful of queries, however many fields and changes.
    """
    found = list(
        Lead.history.model.objects.filter(id=lead.pk)
        .defer("compare")
        .order_by("-history_id")[: MOST_STEPS + 1]
    )
    is_cut = len(found) > MOST_STEPS
    return _Teller(actor, lead, found[:MOST_STEPS][::-1]).told(is_cut)


class _Teller:
    """Tells the steps of one lead's values, with all names and imports looked up at once."""

    def __init__(self, actor: Actor, lead: Lead, rows: Sequence[Any]) -> None:
        self.actor = actor
        self.lead = lead
        self.rows = rows
        self.reader = LeadReader(actor)
        self.reader.references.expect(line_definition(lead.line), lead.data)
        for row in rows:
            self.reader.references.expect(line_definition(lead.line, row.version), row.data)
        self.names = names_of_users({row.history_user_id for row in rows})
        self.brought = _brought_by(lead, {row.history_job_id for row in rows} - {None})
        self.visible = self._visible()

    def told(self, is_cut: bool) -> list[ValueOrigin]:
        """The fields that have or had a value, but those that are hidden."""
        origins = []
        for item in self.reader.fields(self.lead):
            sight = self.reader.sight(self.lead, item)
            if sight is Sight.HIDDEN:
                continue
            steps = list(self._steps(item, sight))
            if steps:
                origins.append(ValueOrigin(item.label, item.section, steps[::-1], is_cut))
        return origins

    def _steps(self, item: FieldDefinition, sight: Sight) -> Iterable[Step]:
        before: Any = None
        for row in self.rows:
            value = row.data.get(item.key)
            if value != before:
                yield self._step(item, sight, row, value)
            before = value

    def _step(self, item: FieldDefinition, sight: Sight, row: Any, value: Any) -> Step:
        shown = self.reader.shown(self.lead.line, item, value, sight)
        where, cell, brought = self._place(item, row)
        return Step(
            shown=shown,
            at=row.history_date,
            actor=self._who(row),
            where=where,
            request_id=row.history_request_id or "",
            cell=cell,
            intake_id=brought.file.pk if brought and brought.file.pk in self.visible else None,
        )

    def _place(self, item: FieldDefinition, row: Any) -> tuple[str, str, _Brought | None]:
        """Where a value stood, in words, and the cell, where an import brought it."""
        if item.type is FieldKind.COMPUTED:
            return _("Computed from other fields"), "", None
        if brought := self.brought.get(row.history_job_id):
            return self._of_import(item, row, brought)
        if merge := merged_by(row.history_change_reason):
            is_undone = row.history_change_reason.startswith(UNDO_REASON)
            words = (
                _("When the merge with %(lead)s was taken back") if is_undone else _("Merged from %(lead)s")
            )
            return words % {"lead": merge[0]}, "", None
        if form := form_named_by(row.history_change_reason):
            return _("Form “%(title)s”") % {"title": form}, "", None
        return (_("Written down") if row.history_user_id else _("By the system")), "", None

    def _of_import(
        self, item: FieldDefinition, row: Any, brought: _Brought
    ) -> tuple[str, str, _Brought | None]:
        name = brought.file.filename if brought.file.pk in self.visible else ""
        told = {"number": brought.file.pk, "file": f" ({name})" if name else ""}
        if brought.is_rollback:
            return _("Put back by the rollback of import %(number)s%(file)s") % told, "", brought
        number = self.lead.row_number if row.history_type == "+" else brought.row
        if number is None:
            return _("Import %(number)s%(file)s") % told, "", brought
        words = _("Import %(number)s%(file)s, row %(row)s") % {**told, "row": number}
        if brought.is_correction:
            words = _("%(import)s, as it was corrected") % {"import": words}
        if item.key not in brought.file.mapping:
            return words, "", brought
        column = brought.file.mapping.index(item.key)
        return words, cell_reference(brought.file.sheet, number, column), brought

    def _who(self, row: Any) -> str:
        if row.history_user_id is not None:
            return self.names.get(row.history_user_id, _("Somebody who left"))
        return "" if form_named_by(row.history_change_reason) else _("System")

    def _visible(self) -> set[int]:
        """The imports whose file and page the actor may see."""
        files = {brought.file.pk for brought in self.brought.values()}
        if not files or not self.actor.may(Area.LEAD_FILES, "read"):
            return set()
        return set(visible_intakes(self.actor).filter(pk__in=files).values_list("pk", flat=True))


def _brought_by(lead: Lead, jobs: set[int]) -> Mapping[int, _Brought]:
    """Return what imports did to the lead, by the job that did it."""
    if not jobs:
        return {}
    # Of a load that went on after it had ended early, the earlier jobs stand in the options.
    earlier = reduce(or_, (Q(options__earlier_jobs__contains=[job]) for job in jobs))
    intakes = list(
        Intake.everything.select_related("corrects", "job").filter(
            Q(load_job_id__in=jobs) | Q(job_id__in=jobs) | earlier
        )
    )
    rows = _rows_about(lead, {intake.corrects_id or intake.pk for intake in intakes})
    found: dict[int, _Brought] = {}
    for intake in intakes:
        root = intake.corrects or intake
        row = rows.get(root.pk)
        is_corrected = intake.corrects_id is not None or (row is not None and row.state == RowState.CORRECTED)
        loads = {intake.load_job_id, *intake.options.get("earlier_jobs", ())} & jobs
        found |= {
            job: _Brought(root, row.number if row else None, is_corrected, False) for job in loads if job
        }
        if intake.job is not None and intake.job.kind == ROLL_BACK and intake.job_id in jobs:
            found[intake.job.pk] = _Brought(root, None, False, True)
    return found


def _rows_about(lead: Lead, roots: set[int]) -> Mapping[int, IntakeRow]:
    """Return the row of each file that changed the lead: the first one in it that is valid does."""
    rows = IntakeRow.objects.filter(
        intake_id__in=roots, repeats_id=lead.pk, state__in=(RowState.UPDATED, RowState.CORRECTED)
    ).only("intake_id", "number", "state")
    return {row.intake_id: row for row in rows.order_by("-number")}

"""A proposal as its page shows it: groups of fields that belong together, and what is worth a look first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from leads.models import FieldKind
from leads.pages.proposals.forms import FLAGS, ReviewForm, name_of
from leads.proposals.proposal import Proposal, ProposedField
from leads.proposals.wording import notes, why, why_dropped
from leads.proposals.written import file_notices

MOST_OPEN = 8
"""Fields of a group that are listed without being asked for."""

CONTACT = (FieldKind.PHONE, FieldKind.EMAIL)
NUMBERS = (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.PERCENT)
DATES = (FieldKind.DATE, FieldKind.DATETIME, FieldKind.TIME)
CHOICES = (FieldKind.SELECT, FieldKind.MULTI_SELECT)
CORE_WORDS = {
    "name": gettext_lazy("name"),
    "phone": gettext_lazy("phone"),
    "email": gettext_lazy("e-mail"),
    "amount": gettext_lazy("amount"),
    "city": gettext_lazy("city"),
    "region": gettext_lazy("region"),
}


@dataclass(slots=True)
class Group:
    """Fields of one sort."""

    name: str
    title: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether its rows are shown at once."""
        return len(self.rows) <= MOST_OPEN or any(row["problems"] for row in self.rows)

    @property
    def names(self) -> str:
        """What its fields are called."""
        return ", ".join(row["item"].label for row in self.rows)


def group_of(item: ProposedField) -> str:
    """The sort of a field."""
    if item.exists:
        return "there"
    if item.unique:
        return "identity"
    if item.maps_to or item.kind in CONTACT:
        return "lead"
    for name, kinds in (("choices", CHOICES), ("numbers", NUMBERS), ("dates", DATES)):
        if item.kind in kinds:
            return name
    return "answers" if item.kind is FieldKind.BOOLEAN else "texts"


def titles() -> dict[str, str]:
    """The sorts in the order of the page."""
    return {
        "identity": _("What identifies a lead"),
        "lead": _("Who and where"),
        "choices": _("Choices"),
        "numbers": _("Numbers and amounts"),
        "dates": _("Dates and times"),
        "texts": _("Texts"),
        "answers": _("Yes or no"),
        "there": _("Fields the line has already"),
    }


def groups_shown(form: ReviewForm) -> list[Group]:
    """The fields of a proposal in groups, each row with its controls and evidence."""
    groups = {name: Group(name, title) for name, title in titles().items()}
    for item in form.proposal.fields:
        groups[group_of(item)].rows.append(row_shown(form, item))
    return [group for group in groups.values() if group.rows]


def row_shown(form: ReviewForm, item: ProposedField) -> dict[str, Any]:
    """One field: what was counted, why it is what it is, and its controls."""
    rows = form.proposal.facts.rows
    column = item.column
    controls = {
        name: form[name_of(column.position, name)]
        for name in (
            "keep",
            "label",
            "kind",
            "shown",
            "required",
            "unique",
            "indexed",
            "choices",
            "date_order",
            "empty",
        )
        if name_of(column.position, name) in form.fields
    }
    return {
        "item": item,
        "id": f"c{column.position}",
        "position": column.position,
        "controls": controls,
        "flags": [controls[name] for name in FLAGS if name in controls],
        "why": why(item),
        "notes": notes(item, rows),
        "marks": marks(item),
        "also": also(item),
        "facts": evidence(item, rows),
        "refuses": not item.reading.fit.is_whole,
        "problems": [error for control in controls.values() for error in control.errors],
    }


def marks(item: ProposedField) -> list[str]:
    """What a field is beside its type, in a word each."""
    words = {
        "required": _("required"),
        "unique": _("unique"),
        "indexed": _("fast filter"),
        "pii": _("personal"),
    }
    return [word for name, word in words.items() if getattr(item, name)]


def also(item: ProposedField) -> list[str]:
    """Settings that come with the type and are changed in the console."""
    said = []
    if item.maps_to:
        said.append(_("Fills the lead's %(what)s.") % {"what": CORE_WORDS[item.maps_to]})
    if item.min and item.max:
        said.append(_("From %(least)s to %(most)s.") % {"least": item.min, "most": item.max})
    elif item.min:
        said.append(_("Not below %(least)s.") % {"least": item.min})
    if item.reading.settings.get("transform") == "upper":
        said.append(_("Kept in capitals."))
    if item.pii:
        said.append(_("Personal data: masked for who may not edit the lead."))
    return said


def evidence(item: ProposedField, rows: int) -> list[tuple[str, str]]:
    """What was counted, as (name, value)."""
    column, numbers = item.column, item.column.numbers
    filled = ngettext("%(filled)s of %(rows)s row", "%(filled)s of %(rows)s rows", rows)
    distinct = f"{column.distinct:,}" if column.distinct_exact else f"≈ {column.distinct:,}"
    said = [
        (_("Filled"), filled % {"filled": f"{column.filled:,}", "rows": f"{rows:,}"}),
        (_("Different values"), distinct),
    ]
    if numbers is not None and item.kind in NUMBERS:
        said.append((_("Least and most"), f"{numbers.least} … {numbers.most}"))
    said.append((_("For example"), " · ".join(column.examples)))
    return said


def summary(proposal: Proposal) -> str:
    """One sentence: “37 fields from 9,240 rows: 2 identify a lead, 15 choices, 5 numbers, 15 yes or no.”"""
    new = [item for item in proposal.fields if not item.exists]
    counted = {
        "unique": sum(item.unique for item in new),
        "choices": sum(item.kind in CHOICES for item in new),
        "numbers": sum(item.kind in NUMBERS for item in new),
        "dates": sum(item.kind in DATES for item in new),
        "answers": sum(item.kind is FieldKind.BOOLEAN for item in new),
    }
    words = {
        "unique": ngettext("%(n)s identifies a lead", "%(n)s identify a lead", counted["unique"]),
        "choices": ngettext("%(n)s choice", "%(n)s choices", counted["choices"]),
        "numbers": ngettext("%(n)s number", "%(n)s numbers", counted["numbers"]),
        "dates": ngettext("%(n)s date", "%(n)s dates", counted["dates"]),
        "answers": _("%(n)s yes or no"),
    }
    parts = [words[name] % {"n": number} for name, number in counted.items() if number]
    head = ngettext("%(n)s field from %(rows)s rows", "%(n)s fields from %(rows)s rows", len(new))
    said = head % {"n": len(new), "rows": f"{proposal.facts.rows:,}"}
    return f"{said}: {', '.join(parts)}." if parts else f"{said}."


def worth_a_look(groups: Iterable[Group]) -> list[dict[str, str]]:
    """What somebody should see before publishing: texts that mean empty, spellings that were joined, near misses."""
    return [
        {"label": row["item"].label, "id": row["id"], "text": " ".join(row["notes"])}
        for group in groups
        for row in group.rows
        if row["notes"] and group.name != "there"
    ]


def dropped_shown(form: ReviewForm) -> list[dict[str, Any]]:
    """The columns that become no field, with the control to keep them where that is possible."""
    shown = []
    for item in form.proposal.dropped:
        name = name_of(item.column.position, "keep") if item.column else ""
        shown.append(
            {
                "header": item.header or _("Column %(letter)s") % {"letter": item.letter},
                "why": why_dropped(item),
                "keep": form[name] if name in form.fields else None,
            }
        )
    return shown


def review_context(form: ReviewForm) -> dict[str, Any]:
    """What the page of a proposal asks for."""
    groups = groups_shown(form)
    fields = sum(not item.exists for item in form.proposal.fields)
    return {
        "form": form,
        "groups": groups,
        "summary": summary(form.proposal),
        "number_of_fields": fields,
        "worth": worth_a_look(groups),
        "dropped": dropped_shown(form),
        "notices": file_notices(form.proposal),
    }

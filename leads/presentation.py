"""Values of leads as one actor may read them: text for people, JSON for the API, cells for files.

One place decides what is clear, masked or hidden, for lists, pages, API, timeline and export alike.
"""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from accounts.masking import MASK, Sight, mask, mask_sentence, sight_everywhere, sight_of, strictest
from accounts.models import Membership
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import LEVEL_ORDER, Area
from core import locale_formats as formats
from leads.fields.access import names_unseen
from leads.fields.definition import FieldDefinition
from leads.fields.line import CORE_ATTRIBUTES, line_definition
from leads.fields.scoring import ATTRIBUTES
from leads.fields.types import type_of
from leads.models import BusinessLine, FieldKind, Lead, LeadStatus
from leads.queries.named import References
from leads.queries.stalling import stalled_since
from leads.queries.tags import tags_of

DATA = "data."
# Shorter values stand in any sentence by chance.
LEAST_TOLD = 4
FIGURES = frozenset(
    (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.PERCENT, FieldKind.COMPUTED)
)
LINKS = frozenset(
    (
        FieldKind.PHONE, FieldKind.EMAIL, FieldKind.URL, FieldKind.LEAD, FieldKind.LOCATION, FieldKind.FILE,
        FieldKind.IMAGE,
    )
)  # fmt: skip
STATUS_LABELS = dict(LeadStatus.choices)
Cell = str | Decimal | int | bool | dt.date | dt.datetime | None


def stage_text(stage: str) -> str:
    """Return a stage as people read it: operations write site_visit, the page says Site visit."""
    return stage.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as the actor reads it.

    `kind`: "" (text), number, phone, email, url, lead, location, file, image, or masked.
    """

    text: str
    kind: str = ""

    @property
    def is_masked(self) -> bool:
        """Whether dots stand in place of the value."""
        return self.kind == "masked"


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column that a list or a file can have: an attribute of the lead, or (`data.<key>`) a field."""

    key: str
    label: str
    is_figure: bool = False
    item: FieldDefinition | None = None

    @property
    def is_retired(self) -> bool:
        """Whether forms no longer have the field."""
        return self.item is not None and not self.item.is_active


ATTRIBUTE_LABELS = {
    "reference": gettext_lazy("Reference"),
    "line": gettext_lazy("Line"),
    "name": gettext_lazy("Name"),
    "status": gettext_lazy("Status"),
    "stage": gettext_lazy("Stage"),
    "owner": gettext_lazy("Owner"),
    "team": gettext_lazy("Team"),
    "tags": gettext_lazy("Tags"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "amount": gettext_lazy("Amount"),
    "city": gettext_lazy("City"),
    "region": gettext_lazy("Region"),
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "score": gettext_lazy("Score"),
    "repeat_enquiries": gettext_lazy("Repeat enquiries"),
    "created": gettext_lazy("Created"),
    "updated": gettext_lazy("Updated"),
}
# In a line these are shown by the fields that fill them.
FILLED_BY_FIELDS = frozenset(CORE_ATTRIBUTES) - {"name"}
FIGURE_ATTRIBUTES = frozenset(("amount", "score", "repeat_enquiries"))


def list_columns(actor: Actor, line: BusinessLine | None) -> list[ListColumn]:
    """Return the columns that a list of the line's leads can have for the actor, retired fields last.

    For all lines (None): what their leads share.
    """
    left_out = FILLED_BY_FIELDS | {"line"} if line else frozenset()
    columns = [
        ListColumn(key, str(label), key in FIGURE_ATTRIBUTES)
        for key, label in ATTRIBUTE_LABELS.items()
        if key not in left_out
    ]
    if line is None:
        return columns
    fields = [
        item for item in line_definition(line).fields if sight_everywhere(actor, item) is not Sight.HIDDEN
    ]
    fields.sort(key=lambda item: not item.is_active)
    return columns + [ListColumn(DATA + item.key, item.label, item.type in FIGURES, item) for item in fields]


def member_name(membership: Membership | None) -> str:
    """The name of a member with its user loaded; "" for nobody."""
    return str(membership) if membership else ""


class LeadReader:
    """Reads leads for one actor: make one per request and ask it for each lead.

    Leads come with line, source, campaign, and the users of owner and team loaded, as the queries load them.
    """

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.locale = actor.organization.locale
        self.zone = actor.organization.zone
        self._sights: dict[tuple[int, bool], tuple[FieldDefinition, Sight]] = {}
        self._attribute_sights: dict[tuple[int, int, int, str, bool], Sight] = {}
        self.references = References(actor)

    def look_ahead(self, leads: Sequence[Lead]) -> None:
        """Find the members and leads that these leads refer to: two queries at most, instead of two for each."""
        for lead in leads:
            self.references.expect(line_definition(lead.line), lead.data)

    # What the actor may see

    def may_edit(self, lead: Lead) -> bool:
        """Whether the actor may change the lead. One query at most, however many leads are asked about."""
        if self._edits_all_it_reads:
            return True
        owners = self._writable_owners
        return owners is None or (lead.owner_id is not None and lead.owner_id in owners)

    def sight(self, lead: Lead, item: FieldDefinition) -> Sight:
        """How the actor sees a field of the lead."""
        may_edit = self.may_edit(lead)
        known = self._sights.get((id(item), may_edit))
        if known is None:
            # The item is kept with its sight, so that its id stays its own.
            known = self._sights[(id(item), may_edit)] = item, sight_of(self.actor, item, may_edit=may_edit)
        return known[1]

    def attribute_sight(self, lead: Lead, name: str) -> Sight:
        """How the actor sees an attribute that fields fill, as the strictest that may have filled it.

        The field of today, and that of the lead's version. One that no field fills any more is judged as
        personal data.
        """
        key = (lead.line_id, lead.line.version, lead.version, name, self.may_edit(lead))
        if key not in self._attribute_sights:
            self._attribute_sights[key] = self._judge_attribute(lead, name)
        return self._attribute_sights[key]

    def _judge_attribute(self, lead: Lead, name: str) -> Sight:
        definitions = (line_definition(lead.line), line_definition(lead.line, lead.version))
        items = [each.core_fields[name] for each in definitions if name in each.core_fields]
        sights = {self.sight(lead, item) for item in items}
        if not sights:
            return Sight.CLEAR if self.actor.membership is None or self.may_edit(lead) else Sight.MASKED
        return strictest(sights)

    def score_is_told(self, lead: Lead) -> bool:
        """Whether the actor sees all that the scores of the lead's line follow from, in this lead."""
        return not lead.line.score_reads or self.sees_all(lead, lead.line.score_reads)

    def sees_all(self, lead: Lead, keys: Iterable[str]) -> bool:
        """Whether the actor sees the values of these fields of the lead as they are; `ATTRIBUTES` everybody sees."""
        fields = line_definition(lead.line).by_key
        return self.actor.membership is None or all(
            key in ATTRIBUTES or (key in fields and self._is_clear(lead, fields[key])) for key in keys
        )

    def _is_clear(self, lead: Lead, item: FieldDefinition) -> bool:
        return self.sight(lead, item) is Sight.CLEAR and not names_unseen(self.actor, item)

    def fields(self, lead: Lead) -> list[FieldDefinition]:
        """The fields that the actor may know of: active ones, and retired ones that have a value."""
        return [
            item
            for item in line_definition(lead.line).fields
            if (item.is_active or item.key in lead.data) and self.sight(lead, item) is not Sight.HIDDEN
        ]

    @cached_property
    def _edits_all_it_reads(self) -> bool:
        reads, edits = (LEVEL_ORDER.index(self.actor.level(Area.LEADS, verb)) for verb in ("read", "write"))
        return self.actor.membership is None or edits >= reads > 0

    @cached_property
    def _writable_owners(self) -> frozenset[int] | None:
        owners = reachable_member_ids(self.actor, Area.LEADS, "write")
        return None if owners is None else frozenset(owners)

    @cached_property
    def _status_labels(self) -> dict[str, str]:
        return {status: str(label) for status, label in STATUS_LABELS.items()}

    # Text for people

    def field(self, lead: Lead, item: FieldDefinition) -> Shown:
        """A field of the lead as text."""
        return self.shown(lead.line, item, lead.data.get(item.key), self.sight(lead, item))

    def shown(
        self, line: BusinessLine, item: FieldDefinition, stored: Any, sight: Sight = Sight.CLEAR
    ) -> Shown:
        """A stored value of a field as text, as far as `sight` allows. Also for the value of a filter."""
        if stored is None or sight is Sight.HIDDEN:
            return Shown("")
        if sight is Sight.MASKED or self._is_beyond_sight(item, stored):
            return Shown(mask(_plain(stored), item.type), "masked")
        return Shown(self._text(line, item, stored), _kind(item))

    def _is_beyond_sight(self, item: FieldDefinition, stored: Any) -> bool:
        """Whether the value names a lead that the actor does not see: what it is called is not told then."""
        return item.type is FieldKind.LEAD and not self.references.is_visible(str(stored))

    def attribute(self, lead: Lead, name: str) -> Shown:
        """An attribute of the lead as text: any of ATTRIBUTE_LABELS."""
        if name in CORE_ATTRIBUTES:
            return self._core_attribute(lead, name)
        match name:
            case "owner" | "team":
                return Shown(member_name(getattr(lead, name)))
            case "status":
                return Shown(self._status_labels.get(lead.status, lead.status))
            case "stage":
                return Shown(stage_text(lead.stage))
            case "tags":
                return Shown(", ".join(tags_of(lead)))
            case "source" | "campaign" | "line":
                return Shown(str(getattr(lead, name) or ""))
            case "created" | "updated":
                return Shown(formats.format_moment(getattr(lead, f"{name}_at"), self.locale, self.zone))
            case "score" if lead.score is not None and not self.score_is_told(lead):
                return Shown(MASK, "masked")
            case "score" | "repeat_enquiries":
                return Shown(formats.format_number(getattr(lead, name), self.locale), "number")
        return Shown(str(getattr(lead, name)))

    def column(self, lead: Lead, column: ListColumn) -> Shown:
        """What stands in a list's column."""
        return self.field(lead, column.item) if column.item else self.attribute(lead, column.key)

    def _core_attribute(self, lead: Lead, name: str) -> Shown:
        value = getattr(lead, name)
        sight = self.attribute_sight(lead, name)
        if value in (None, "") or sight is Sight.HIDDEN:
            return Shown("")
        if sight is Sight.MASKED:
            return Shown(mask(_plain(value), name), "masked")
        if name == "amount":
            return Shown(formats.format_money(value, lead.line.currency, self.locale), "number")
        return Shown(value, name if name in ("phone", "email") else "")

    def _text(self, line: BusinessLine, item: FieldDefinition, stored: Any) -> str:
        try:
            return _TEXTS.get(item.type, _plain_text)(self, line, item, stored)
        except (ValueError, TypeError, ArithmeticError, AttributeError, KeyError):
            # Not a value of this type: a raw write. What is stored is shown.
            return _plain(stored)

    def sentence(self, lead: Lead, text: str) -> str:
        """What people wrote about the lead: values that the actor sees masked or not at all are masked in it too.

        Who may not edit the lead gets no phone, address or number of a paper out of it, whatever field it is in.
        """
        for item in line_definition(lead.line).fields:
            value = _plain(lead.data.get(item.key)) if item.key in lead.data else ""
            if len(value) >= LEAST_TOLD and self.sight(lead, item) is not Sight.CLEAR:
                text = re.sub(re.escape(value), MASK, text, flags=re.IGNORECASE)
        return text if self.actor.membership is None or self.may_edit(lead) else mask_sentence(text)

    # JSON for the API

    def payload(self, lead: Lead) -> dict[str, Any]:
        """The lead as the API gives it: numbers as text, days and moments ISO, masked values as their mask.

        `masked` names what is masked; hidden fields are left out, hidden attributes null.
        """
        masked: list[str] = []
        core = {name: self._core_json(lead, name, masked) for name in CORE_ATTRIBUTES}
        data = {
            item.key: self._json(lead, item, masked) for item in self.fields(lead) if item.key in lead.data
        }
        return {
            "reference": lead.reference,
            "line": lead.line.code,
            "version": lead.version,
            **core,
            "currency": lead.line.currency,
            "status": lead.status,
            "stage": lead.stage,
            "score": self._score_json(lead, masked),
            "stalled_since": since.isoformat() if (since := stalled_since(lead)) else None,
            "owner": _person(lead.owner),
            "team": _person(lead.team),
            "source": lead.source.name if lead.source else None,
            "campaign": lead.campaign.name if lead.campaign else None,
            "repeat_enquiries": lead.repeat_enquiries,
            "tags": tags_of(lead),
            "data": data,
            "masked": masked,
            "created": lead.created_at.isoformat(),
            "updated": lead.updated_at.isoformat(),
        }

    def _score_json(self, lead: Lead, masked: list[str]) -> int | None:
        if lead.score is None or self.score_is_told(lead):
            return lead.score
        masked.append("score")
        return None

    def _core_json(self, lead: Lead, name: str, masked: list[str]) -> str | None:
        value = getattr(lead, name)
        sight = self.attribute_sight(lead, name)
        if value in (None, "") or sight is Sight.HIDDEN:
            return None
        if sight is Sight.MASKED:
            masked.append(name)
            return mask(_plain(value), name)
        return _plain(value)

    def _json(self, lead: Lead, item: FieldDefinition, masked: list[str]) -> Any:
        stored = lead.data[item.key]
        if self.sight(lead, item) is not Sight.MASKED and not self._is_beyond_sight(item, stored):
            return self.references.member(stored) if item.type is FieldKind.USER else stored
        masked.append(DATA + item.key)
        return mask(_plain(stored), item.type)

    # Cells for files

    def cell(self, lead: Lead, column: ListColumn) -> Cell:
        """What a file holds in a column: typed where the type has cells of its own, moments in local time."""
        if column.item:
            return self._field_cell(lead, column.item)
        match column.key:
            case "amount":
                clear = self.attribute_sight(lead, "amount") is Sight.CLEAR
                return lead.amount if clear else self.attribute(lead, "amount").text
            case "score" if lead.score is None or self.score_is_told(lead):
                return lead.score
            case "repeat_enquiries":
                return lead.repeat_enquiries
            case "created" | "updated":
                return self._local(getattr(lead, f"{column.key}_at"))
        return self.attribute(lead, column.key).text or None

    def _field_cell(self, lead: Lead, item: FieldDefinition) -> Cell:
        stored = lead.data.get(item.key)
        sight = self.sight(lead, item)
        if stored is None or sight is Sight.HIDDEN:
            return None
        if sight is Sight.MASKED or self._is_beyond_sight(item, stored):
            return mask(_plain(stored), item.type)
        try:
            if item.type is FieldKind.USER:
                return self.references.label(stored)
            if item.type is FieldKind.DATETIME:
                return self._local(dt.datetime.fromisoformat(stored))
            return type_of(item).cell(item, stored)
        except (ValueError, TypeError, ArithmeticError, KeyError):
            return _plain(stored)

    def _local(self, moment: dt.datetime) -> dt.datetime:
        try:
            return moment.astimezone(self.zone).replace(tzinfo=None)
        except OverflowError:
            return moment.replace(tzinfo=None)


def _person(membership: Membership | None) -> dict[str, Any] | None:
    return {"id": membership.pk, "name": member_name(membership)} if membership else None


def _plain(stored: Any) -> str:
    if isinstance(stored, str):
        return stored
    if isinstance(stored, Decimal):
        return format(stored, "f")
    return json.dumps(stored, ensure_ascii=False, default=str)


def _kind(item: FieldDefinition) -> str:
    if item.type in FIGURES:
        return "number"
    return str(item.type) if item.type in LINKS else ""


_Text = Callable[[LeadReader, BusinessLine, FieldDefinition, Any], str]


def _plain_text(_reader: LeadReader, _line: BusinessLine, _item: FieldDefinition, stored: Any) -> str:
    return _plain(stored)


def _figure(reader: LeadReader, _line: BusinessLine, item: FieldDefinition, stored: Any) -> str:
    """Zeros that nobody asked for, in the places that the type keeps by default, are left away."""
    text = format(Decimal(stored), "f")
    if item.decimals is None and item.type in (FieldKind.DECIMAL, FieldKind.PERCENT) and "." in text:
        text = text.rstrip("0").rstrip(".")
    return formats.format_number(text, reader.locale)


def _percent(reader: LeadReader, line: BusinessLine, item: FieldDefinition, stored: Any) -> str:
    return f"{_figure(reader, line, item, stored)}\u202f%"


def _money(reader: LeadReader, line: BusinessLine, item: FieldDefinition, stored: Any) -> str:
    return formats.format_money(stored, line.currency, reader.locale, item.scale)


def _boolean(_reader: LeadReader, _line: BusinessLine, _item: FieldDefinition, stored: Any) -> str:
    return _("Yes") if stored else _("No")


def _day(reader: LeadReader, _line: BusinessLine, _item: FieldDefinition, stored: Any) -> str:
    return formats.format_day(dt.date.fromisoformat(stored), reader.locale)


def _moment(reader: LeadReader, _line: BusinessLine, _item: FieldDefinition, stored: Any) -> str:
    moment = dt.datetime.fromisoformat(stored)
    return formats.format_moment(moment, reader.locale, reader.zone, seconds=bool(moment.second))


def _clock(reader: LeadReader, _line: BusinessLine, _item: FieldDefinition, stored: Any) -> str:
    clock = dt.time.fromisoformat(stored)
    on_some_day = dt.datetime.combine(dt.date.min, clock)
    return formats.format_clock(on_some_day, reader.locale, seconds=bool(clock.second))


def _choice(_reader: LeadReader, _line: BusinessLine, item: FieldDefinition, stored: Any) -> str:
    return item.label_by_value.get(stored, stored)


def _choices(_reader: LeadReader, _line: BusinessLine, item: FieldDefinition, stored: Any) -> str:
    return ", ".join(item.label_by_value.get(value, value) for value in stored)


def _member(reader: LeadReader, _line: BusinessLine, _item: FieldDefinition, stored: Any) -> str:
    return reader.references.name(stored)


def _file(_reader: LeadReader, _line: BusinessLine, _item: FieldDefinition, stored: Any) -> str:
    return str(stored["name"])


def _place(_reader: LeadReader, _line: BusinessLine, item: FieldDefinition, stored: Any) -> str:
    return str(type_of(item).cell(item, stored))


_TEXTS: dict[FieldKind, _Text] = {
    FieldKind.INTEGER: _figure,
    FieldKind.DECIMAL: _figure,
    FieldKind.COMPUTED: _figure,
    FieldKind.PERCENT: _percent,
    FieldKind.MONEY: _money,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.DATE: _day,
    FieldKind.DATETIME: _moment,
    FieldKind.TIME: _clock,
    FieldKind.SELECT: _choice,
    FieldKind.MULTI_SELECT: _choices,
    FieldKind.USER: _member,
    FieldKind.LOCATION: _place,
    FieldKind.FILE: _file,
    FieldKind.IMAGE: _file,
}

"""What a change of a line's draft touches: leads, other fields, files on their way in and out, indexes, people."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.masking import Sight, is_editable, sight_everywhere
from accounts.roles import Area, Role
from core.errors import ApplicationError
from core.models import UNFINISHED, Intake, Job
from core.models.intake import IntakeState
from core.rules import JsonColumn, Rule, RuleError, parse_formula, parse_rule, to_q
from leads.fields.checks.reading import column_name
from leads.fields.definition import FieldDefinition
from leads.fields.types import FIELD_TYPES
from leads.models import BusinessLine, Field, FieldKind, FieldStatus
from leads.queries.counting import HasKey, LeadCount, LeadCounts
from leads.queries.line_changes import Change, FieldChange, compare_definitions
from leads.services.indexing import IndexWork, index_work
from leads.services.previewing import as_role

IMPORTER = "leads"
EXPORT_KIND = "leads.export"
WAITING = (IntakeState.RECEIVED, IntakeState.CHECKING, IntakeState.CHECKED, IntakeState.LOADING)
# No field has this key.
USES = ""
# So many choices are counted one by one, and so many files looked at.
MOST_CHOICES = 12
MOST_FILES = 50


class About(StrEnum):
    """What a finding is about; the words stand in `leads.admin.findings`."""

    VALUES_STAY = "values_stay"
    VALUES_RETURN = "values_return"
    VALUES = "values"
    LACKING = "lacking"
    CHOICE_GONE = "choice_gone"
    CHOICES_GONE = "choices_gone"
    HIDDEN_VALUES = "hidden_values"
    REPEATS = "repeats"
    USED_BY = "used_by"
    TELLS_REPEATS = "tells_repeats"
    FILLS = "fills"
    FILES_USE = "files_use"
    FILES_LACK = "files_lack"
    COLUMN_NAME = "column_name"
    EXPORTS = "exports"
    INDEX_FILLED = "index_filled"
    INDEX_CLEARED = "index_cleared"
    KEYS_RENEWED = "keys_renewed"
    NO_LONGER_SEEN = "no_longer_seen"
    MASKED_NOW = "masked_now"
    SEEN_NOW = "seen_now"
    NO_LONGER_FILLED = "no_longer_filled"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a change touches. `names` are labels of fields, files or choices, or roles.

    `filters` are those of the list of leads that shows the leads counted; None where the list cannot.
    """

    about: About
    names: tuple[str, ...] = ()
    count: LeadCount | None = None
    filters: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    """What a draft touches, by the key of the field; `leads` is how many the line has, None where not told."""

    by_key: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    leads: LeadCount | None = None
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """A finding whose number is still to come."""

    finding: Finding
    ask: Hashable = None


def change_impact(
    actor: Actor,
    line: BusinessLine,
    before: Sequence[FieldDefinition],
    after: Sequence[FieldDefinition],
) -> Impact:
    """Return what publishing `after` over `before` would touch. Few queries, however many fields change.

    Leads are counted as far as the actor reads them. Raises NotPermitted where the actor may not read
    configuration.
    """
    actor.require(Area.CONFIGURATION, "read")
    return _Impacts(actor, line, before, after).impact()


def field_impact(
    actor: Actor,
    line: BusinessLine,
    before: Sequence[FieldDefinition],
    after: Sequence[FieldDefinition],
    key: str,
) -> Impact:
    """Return what the change of one field of the draft would touch, by its key, and under USES where the field is
    used as it stands: leads with a value, rules, files, keys.

    Raises NotPermitted where the actor may not read configuration.
    """
    actor.require(Area.CONFIGURATION, "read")
    return _Impacts(actor, line, before, after).of_field(key)


def readers_of(key: str, fields: Iterable[FieldDefinition]) -> list[FieldDefinition]:
    """Return the fields, retired ones aside, whose rules, formulas or choices depend on the field `key`."""
    fields = list(fields)
    kinds = {item.key: FIELD_TYPES[item.type].rule_kind for item in fields}
    return [
        item
        for item in fields
        if item.key != key
        and item.status is not FieldStatus.RETIRED
        and (item.choices_from == key or key in _read_by(item, kinds))
    ]


def _read_by(item: FieldDefinition, kinds: Mapping[str, Any]) -> frozenset[str]:
    """The fields that a field's rules and formula read; what cannot be parsed reads nothing."""
    found: frozenset[str] = frozenset()
    try:
        for tree in (item.visible_if, item.required_if):
            found |= parse_rule(tree, kinds).fields() if tree else frozenset()
        if item.type is FieldKind.COMPUTED and item.formula:
            found |= frozenset(parse_formula(item.formula, kinds).fields())
    except ApplicationError:
        return found
    return found


class _Impacts:
    """One look at a change; findings first, their numbers together at the end."""

    def __init__(
        self,
        actor: Actor,
        line: BusinessLine,
        before: Sequence[FieldDefinition],
        after: Sequence[FieldDefinition],
    ) -> None:
        self.actor = actor
        self.line = line
        self.before = {item.key: item for item in before}
        self.after = {item.key: item for item in after}
        self.counts = LeadCounts(actor, line)
        self.work: IndexWork = index_work(before, [item for item in after if self._is_published(item)])
        self._ready: frozenset[int] | None = None
        self._files: list[Intake] | None = None

    def impact(self) -> Impact:
        changes = compare_definitions(self.before.values(), self.after.values())
        asked = {change.key: self._of_change(change) for change in changes}
        return self._told(asked)

    def of_field(self, key: str) -> Impact:
        item = self.after[key]
        changes = compare_definitions(self.before.values(), self.after.values())
        asked = {change.key: self._of_change(change) for change in changes if change.key == key}
        uses = [*self._leads_with(About.VALUES, item), *self._references(item)]
        return self._told(asked | {USES: uses})

    def _told(self, asked: Mapping[str, Sequence[_Asked]]) -> Impact:
        if not self.counts.knows_leads:
            return Impact({key: [one.finding for one in found] for key, found in asked.items()})
        by_key = {
            key: [told for one in found if (told := self._counted(one))] for key, found in asked.items()
        }
        return Impact(by_key, self.counts.total(), self.counts.is_partial)

    def _counted(self, one: _Asked) -> Finding | None:
        if one.ask is None:
            return one.finding
        count = self.counts.result(one.ask)
        if count.number == 0 and count.is_exact:
            return None
        return Finding(one.finding.about, one.finding.names, count, one.finding.filters)

    def _is_published(self, item: FieldDefinition) -> bool:
        return item.is_active or (item.status is FieldStatus.RETIRED and item.key in self.before)

    # One field

    def _of_change(self, change: FieldChange) -> list[_Asked]:
        old, new = self.before.get(change.key), self.after[change.key]
        match change.change:
            case Change.RETIRED:
                found = [*self._leads_with(About.VALUES_STAY, new), *self._references(new)]
            case Change.RESTORED:
                found = [*self._leads_with(About.VALUES_RETURN, new), *self._tighter(old, new)]
            case Change.ADDED:
                found = self._tighter(None, new)
            case _:
                found = self._tighter(old, new)
        return [*found, *self._indexes(new)]

    def _tighter(self, old: FieldDefinition | None, new: FieldDefinition) -> list[_Asked]:
        found = [*self._newly_required(old, new)]
        if old is not None:
            found += [
                *self._choices_gone(old, new),
                *self._newly_hidden(old, new),
                *self._newly_unique(old, new),
                *self._renamed(old, new),
                *self._sights(old, new),
            ]
        return found

    def _leads_with(self, about: About, item: FieldDefinition) -> list[_Asked]:
        if item.key not in self.before or not self.counts.knows_leads:
            return []
        ask = self.counts.ask_having(item, is_ready=self._is_ready(item))
        return [_Asked(Finding(about, filters=self._filters(item, "__is_not_empty", "true")), ask)]

    def _references(self, item: FieldDefinition) -> list[_Asked]:
        found = []
        if readers := readers_of(item.key, self.after.values()):
            found.append(Finding(About.USED_BY, tuple(each.label for each in readers)))
        if entries := [entry for entry in self.line.duplicate_match if self._is_named(item, entry)]:
            found.append(Finding(About.TELLS_REPEATS, tuple(entries)))
        if item.maps_to:
            found.append(Finding(About.FILLS, (item.maps_to,)))
        if files := [each.filename for each in self._waiting_files() if item.key in each.mapping]:
            found.append(Finding(About.FILES_USE, tuple(files)))
        if self._is_exported(item):
            found.append(Finding(About.EXPORTS))
        return [_Asked(each) for each in found]

    @staticmethod
    def _is_named(item: FieldDefinition, entry: str) -> bool:
        parts = entry.split("+")
        return item.key in parts or (bool(item.maps_to) and item.maps_to in parts)

    def _newly_required(self, old: FieldDefinition | None, new: FieldDefinition) -> list[_Asked]:
        was_active = old is not None and old.is_active
        demanded = new.required and not (was_active and old is not None and old.required)
        by_rule = bool(new.required_if) and not (
            was_active and old is not None and old.required_if == new.required_if
        )
        if not (demanded or by_rule) or new.default:
            return []
        found = []
        condition = self._required_where(new, demanded=demanded)
        if self.counts.knows_leads and condition is not None:
            filters = self._filters(new, "__is_empty", "true") if demanded and not new.visible_if else None
            ask = self.counts.ask(condition & ~Q(HasKey(new.key)))
            found.append(_Asked(Finding(About.LACKING, filters=filters), ask))
        if demanded and not new.visible_if:
            lacking = [each.filename for each in self._waiting_files() if new.key not in each.mapping]
            found += [_Asked(Finding(About.FILES_LACK, tuple(lacking)))] if lacking else []
        return found

    def _required_where(self, item: FieldDefinition, *, demanded: bool) -> Q | None:
        """The leads in which the field is shown and required; None where the rules cannot be read."""
        shown = self._where(item.visible_if)
        required = Q() if demanded else self._where(item.required_if)
        return None if shown is None or required is None else shown & required

    def _where(self, tree: Mapping[str, Any] | None) -> Q | None:
        """The leads for which a rule holds; None for a rule that only the interpreter can judge."""
        if not tree:
            return Q()
        kinds = {item.key: FIELD_TYPES[item.type].rule_kind for item in self.after.values()}
        try:
            rule: Rule = parse_rule(tree, kinds)
        except RuleError:
            return None
        found = to_q(
            rule,
            lambda key: JsonColumn(kinds[key], key),
            now=timezone.now(),
            timezone=self.actor.organization.zone,
        )
        return found.q if found.exact else None

    def _choices_gone(self, old: FieldDefinition, new: FieldDefinition) -> list[_Asked]:
        offered = {choice.value for choice in new.choices if choice.active}
        gone = [choice for choice in old.choices if choice.active and choice.value not in offered]
        if not gone or not self.counts.knows_leads:
            return []
        if len(gone) > MOST_CHOICES:
            ask = self.counts.ask_holding_any(old, [choice.value for choice in gone])
            return [_Asked(Finding(About.CHOICES_GONE, (str(len(gone)),)), ask)]
        is_ready = self._is_ready(old)
        return [
            _Asked(
                Finding(About.CHOICE_GONE, (choice.label,), filters=self._filters(old, "", choice.value)),
                self.counts.ask_holding(old, choice.value, is_ready=is_ready),
            )
            for choice in gone
        ]

    def _newly_hidden(self, old: FieldDefinition, new: FieldDefinition) -> list[_Asked]:
        if not new.visible_if or old.visible_if == new.visible_if or not self.counts.knows_leads:
            return []
        shown = self._where(new.visible_if)
        if shown is None:
            return []
        return [_Asked(Finding(About.HIDDEN_VALUES), self.counts.ask(Q(HasKey(new.key)) & ~shown))]

    def _newly_unique(self, old: FieldDefinition, new: FieldDefinition) -> list[_Asked]:
        if not new.unique or old.unique or not self.counts.knows_leads:
            return []
        return [_Asked(Finding(About.REPEATS), self.counts.ask_repeats(new.key))]

    @staticmethod
    def _renamed(old: FieldDefinition, new: FieldDefinition) -> list[_Asked]:
        """A file's column is found by label, key and aliases: a name that is none of them any more finds nothing."""
        known = {column_name(name) for name in (new.key, new.label, *new.aliases)}
        lost = [name for name in (old.label, *old.aliases) if column_name(name) not in known]
        return [_Asked(Finding(About.COLUMN_NAME, tuple(lost)))] if lost and new.is_active else []

    def _sights(self, old: FieldDefinition, new: FieldDefinition) -> list[_Asked]:
        roles: dict[About, list[str]] = {}
        for role in Role:
            who = as_role(self.actor, role)
            if not who.may(Area.LEADS, "read") and not who.may(Area.LEADS, "create"):
                continue
            was, now = sight_everywhere(who, old), sight_everywhere(who, new)
            if was is not now:
                about = {Sight.HIDDEN: About.NO_LONGER_SEEN, Sight.MASKED: About.MASKED_NOW}.get(
                    now, About.SEEN_NOW
                )
                roles.setdefault(about, []).append(role.value)
            elif self._fills(who, old) and not self._fills(who, new):
                roles.setdefault(About.NO_LONGER_FILLED, []).append(role.value)
        return [_Asked(Finding(about, tuple(names))) for about, names in roles.items()]

    @staticmethod
    def _fills(who: Actor, item: FieldDefinition) -> bool:
        writes = who.may(Area.LEADS, "write") or who.may(Area.LEADS, "create")
        return writes and is_editable(who, item, may_edit=True)

    def _indexes(self, item: FieldDefinition) -> list[_Asked]:
        found = []
        if item in self.work.filled:
            found.append(Finding(About.INDEX_FILLED))
        if item in self.work.cleared:
            found.append(Finding(About.INDEX_CLEARED))
        if item in self.work.rekeyed:
            found.append(Finding(About.KEYS_RENEWED))
        return [_Asked(each) for each in found]

    # What is read once

    def _is_ready(self, item: FieldDefinition) -> bool:
        if self._ready is None:
            rows = Field.objects.filter(line=self.line, indexed=True, index_ready_at__isnull=False)
            self._ready = frozenset(rows.values_list("pk", flat=True))
        old = self.before.get(item.key)
        return old is not None and old.indexed and old.id in self._ready

    def _waiting_files(self) -> list[Intake]:
        """Files of the line that are on their way in, those in whose columns a field may stand."""
        if self._files is None:
            rows = Intake.objects.filter(importer=IMPORTER, target=self.line.code, state__in=WAITING)
            self._files = list(rows.only("filename", "mapping").order_by("-id")[:MOST_FILES])
        return self._files

    def _is_exported(self, item: FieldDefinition) -> bool:
        jobs = Job.objects.filter(kind=EXPORT_KIND, state__in=UNFINISHED, parameters__line=self.line.pk)
        return jobs.filter(parameters__columns__contains=[f"data.{item.key}"]).exists()

    def _filters(self, item: FieldDefinition, suffix: str, value: str) -> dict[str, str] | None:
        """The list that shows the leads; it knows fields in force that the actor sees clearly."""
        known = self.before.get(item.key)
        if known is None or known.type is FieldKind.JSON or not self.actor.may(Area.LEADS, "read"):
            return None
        if sight_everywhere(self.actor, known) is not Sight.CLEAR:
            return None
        return {"line": self.line.code, f"data.{item.key}{suffix}": value}

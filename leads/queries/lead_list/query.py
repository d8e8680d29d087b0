"""Lists of leads: filtered, searched, ordered and paged, in few queries at any number of leads.

Pages, API, export and saved views read through here. The ids of a page are found first, by an index; then the
page's rows are loaded in one query.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.errors import FieldError, ValidationFailed
from core.rules import parse_rule
from core.rules.nodes import Comparison, Node, fields_of, walk
from leads.models import BusinessLine, Lead
from leads.queries.lead_list import trying
from leads.queries.lead_list.catalog import Catalog
from leads.queries.lead_list.cursors import CountEstimate, Cursor, read_cursor
from leads.queries.lead_list.filters import resolve_me
from leads.queries.lead_list.loading import load_leads
from leads.queries.lead_list.ordering import NEWEST, Ordering, sections_of
from leads.queries.lead_list.sections import Place, Section
from leads.queries.lead_list.selection import NOTHING, Condition, Selection, conditions_of
from leads.queries.lead_list.trying import Base, by_creation, count_first, count_passing
from leads.queries.leads import leads_of
from leads.queries.search import Search, masked_search_check, parse_search

LARGEST_PAGE = 500
DEFAULT_PAGE = 50
COUNTED = 1_000
# How many leads a page may load to judge what the database cannot.
MOST_JUDGED = 5_000
BATCH = 1_000
SORTED_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class LeadListQuery:
    """What a list shows.

    `conditions` is a rule (JSON) over names of the catalog: `data.<key>` and attributes; `parse_filters`
    makes it of an address. `ordering` is such a name, `-` before it reverses; a list starts newest first.
    `line` None means the leads of all lines; `references` narrow it to leads that were picked.
    """

    line: BusinessLine | None = None
    search: str = ""
    conditions: Mapping[str, Any] | None = None
    ordering: str = NEWEST
    cursor: str = ""
    page_size: int = DEFAULT_PAGE
    # Only these leads, where some are named.
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeadPage:
    """One page.

    Cursors are "" where nothing follows; `slow_notes` tell what made the list slower, and why.
    """

    rows: list[Lead]
    next_cursor: str
    previous_cursor: str
    count_estimate: CountEstimate
    slow_notes: list[str] = field(default_factory=list)


def list_leads(actor: Actor, query: LeadListQuery, catalog: Catalog | None = None) -> LeadPage:
    """Return one page of the leads that the actor sees and the query asks for.

    `catalog` is that of the actor and the query's line, where the caller has made it already.

    Raises:
        NotPermitted: the actor reads no leads. ValidationFailed: a condition, the ordering, the cursor or
        the page size is not understood; by parameter.
    """
    if not 1 <= query.page_size <= LARGEST_PAGE:
        message = f"Write a page size from 1 to {LARGEST_PAGE}."
        raise ValidationFailed(
            "invalid_page_size", message, {"page_size": [FieldError("invalid_page_size", message)]}
        )
    return LeadList(actor, query, catalog).page()


def iterate_leads(actor: Actor, query: LeadListQuery) -> Iterator[Lead]:
    """Yield all leads of a list in its order, whatever its cursor, loading some at a time.

    Raises as `list_leads`.
    """
    return LeadList(actor, query).every_lead()


def count_leads(actor: Actor, query: LeadListQuery, *, limit: int) -> CountEstimate:
    """Count a list up to `limit` leads, exactly. Raises as `list_leads`."""
    leads = LeadList(actor, query)
    number = sum(1 for _place in leads.places_up_to(limit + 1))
    return CountEstimate(min(number, limit), number <= limit)


def count_all_leads(actor: Actor, query: LeadListQuery) -> int | None:
    """Count all leads of a list, however long that takes; None where they must be loaded to be judged."""
    return LeadList(actor, query).count_all()


class LeadList:
    """A list that was asked for, ready to be read.

    Conditions turned into a selection, order into sections.
    """

    def __init__(self, actor: Actor, query: LeadListQuery, catalog: Catalog | None = None) -> None:
        actor.require(Area.LEADS, "read")
        self.actor = actor
        self.query = query
        self.catalog = catalog or Catalog(actor, query.line)
        self.ordering = Ordering.parse(query.ordering, self.catalog)
        self.cursor = read_cursor(query.cursor, str(self.ordering))
        self.notes: list[str] = []
        self.selection = self._select()
        self.sections: list[Section] = sections_of(self.ordering, self.selection, self.catalog)
        self._note_slow_order()

    def page(self) -> LeadPage:
        """The page at the query's cursor."""
        backwards = self.cursor is not None and self.cursor.backwards
        rows, places, is_end = self._collect(self._start(), self.query.page_size, backwards=backwards)
        if backwards:
            rows.reverse()
            places.reverse()
        has_before = (not is_end) if backwards else self.cursor is not None
        has_after = backwards or not is_end
        count = self._count(rows, is_whole=self.cursor is None and is_end)
        return LeadPage(
            rows,
            self._cursor(places[-1], count, backwards=False) if places and has_after else "",
            self._cursor(places[0], count, backwards=True) if places and has_before else "",
            count,
            self.notes if self.selection_is_slow else [],
        )

    def every_lead(self) -> Iterator[Lead]:
        """All leads, in order."""
        place: Place | None = None
        while True:
            places = self._read(place, self.batch_size, backwards=False)
            yield from (lead for lead in self._load(places) if self._passes(lead))
            if len(places) < self.batch_size:
                return
            place = places[-1]

    def places_up_to(self, limit: int) -> Iterator[Place]:
        """The first places of the list, those that only Python judges included as it judges them."""
        if self.selection.recheck is None:
            yield from self._read(None, limit, backwards=False)
            return
        for number, lead in enumerate(self.every_lead(), start=1):
            yield Place(0, (lead.created_at, lead.pk))
            if number == limit:
                return

    def count_all(self) -> int | None:
        """How many leads the database finds."""
        return self.selection.filtered.count() if self.selection.recheck is None else None

    def candidates(self) -> list[int] | None:
        """The numbers of all leads that pass, where they are few and an index tells; else None."""
        few = self.selection.read_few() if self.selection.drivers else None
        return None if few is None else [key[-1] for key in few]

    def load(self, ids: list[int]) -> list[Lead]:
        """The leads with these numbers that are in reach, in any order, with what a page shows."""
        return load_leads(ids, self.owners, self.query.line) if ids else []

    @property
    def batch_size(self) -> int:
        """How many leads to read at a time when all are wanted.

        Fewer sorts where each batch sorts them all.
        """
        return SORTED_BATCH if self.notes else BATCH

    @property
    def selection_is_slow(self) -> bool:
        """Whether leads had to be read one by one: not where few candidates were found by an index."""
        return not self._is_few

    # Conditions

    def _select(self) -> Selection:
        self.owners = reachable_member_ids(self.actor, Area.LEADS, "read")
        everyone = leads_of(None)
        if self.query.line:
            everyone = everyone.filter(line=self.query.line)
        selection = Selection(everyone, self.owners)
        if self.query.references:
            picked = selection.leads.filter(reference__in=self.query.references)
            selection.conditions.append(Condition(Q(pk__in=list(picked.values_list("pk", flat=True)))))
        if self.query.conditions:
            self._add_conditions(selection, self.query.conditions)
        search = parse_search(self.query.search)
        if search:
            self._add_search(selection, search)
        return selection

    def _add_conditions(self, selection: Selection, conditions: Mapping[str, Any]) -> None:
        membership = self.actor.membership
        tree = resolve_me(conditions, membership.pk if membership else None, self.catalog.people)
        rule = parse_rule(tree, self.catalog.kinds)
        zone = self.actor.organization.zone
        for part in selection.add_rule(rule, self.catalog, now=timezone.now(), zone=zone):
            self.notes += [self._slow_note(name) for name in _names(part)]

    def _add_search(self, selection: Selection, search: Search) -> None:
        check = masked_search_check(self.actor, self.catalog.definitions, search)
        if search.reference:
            found = selection.leads.filter(reference=search.reference).values_list("pk", flat=True).first()
            if found is not None:
                selection.conditions.append(Condition(Q(pk__in=[found])))
                return
        if not search.terms:
            selection.conditions.append(Condition(NOTHING))
        for term in search.terms:
            selection.conditions += conditions_of(term.condition())
        if check:
            selection.add_recheck(check)

    def _slow_note(self, name: str) -> str:
        label = self.catalog.entries[name].label
        return _("%(name)s has no fast filter here: each lead is looked at.") % {"name": label}

    def _note_slow_order(self) -> None:
        name = self.ordering.name
        is_indexed = name in ("created", "score") or (
            self.catalog.entries[name].item is not None and self.catalog.is_fast(name)
        )
        if not is_indexed:
            label = self.catalog.entries[name].label
            self.notes.append(_("Ordering by %(name)s sorts all leads of the list.") % {"name": label})

    # Reading

    def _start(self) -> Place | None:
        if self.cursor is None:
            return None
        section = min(self.cursor.section, len(self.sections) - 1)
        return Place(section, self.sections[section].read(self.cursor.key))

    def _read(self, start: Place | None, limit: int, *, backwards: bool) -> list[Place]:
        """Places beyond `start`, from section to section."""
        numbers = range(len(self.sections))
        if backwards:
            numbers = numbers[::-1]
        found: list[Place] = []
        for number in numbers:
            if start is not None and (number > start.section if backwards else number < start.section):
                continue
            key = start.key if start is not None and start.section == number else None
            keys = self.sections[number].keys(key, limit - len(found), backwards=backwards)
            found += [Place(number, tuple(each)) for each in keys]
            if len(found) == limit:
                break
        return found

    def _collect(
        self, start: Place | None, wanted: int, *, backwards: bool
    ) -> tuple[list[Lead], list[Place], bool]:
        """Leads beyond `start` that pass, their places, and whether the list ends there."""
        rows: list[Lead] = []
        kept: list[Place] = []
        judged = 0
        size = wanted + 1 if self.selection.recheck is None else max(wanted + 1, BATCH // 2)
        while True:
            places = self._read(start, size, backwards=backwards)
            by_id = {
                lead.pk: lead
                for lead in self._load(places[:wanted] if self.selection.recheck is None else places)
            }
            for place in places:
                if len(rows) == wanted:
                    return rows, kept, False
                lead = by_id.get(place.lead_id)
                if lead is not None and self._passes(lead):
                    rows.append(lead)
                    kept.append(place)
            judged += len(places)
            if len(places) < size:
                return rows, kept, True
            if self.selection.recheck is None:
                return rows, kept, False
            start = places[-1]
            if judged >= MOST_JUDGED:
                self.notes.append(
                    _("The search looked at %(number)d leads and stopped. Go on to look further.")
                    % {"number": judged}
                )
                # The page goes on where judging stopped, though the last lead there did not pass.
                return rows, [*kept, start], False

    def _passes(self, lead: Lead) -> bool:
        return self.selection.recheck is None or self.selection.recheck(lead)

    def _load(self, places: list[Place]) -> list[Lead]:
        """The leads at these places, in their order, with what a page shows."""
        if not places:
            return []
        ids = [place.lead_id for place in places]
        by_id = {lead.pk: lead for lead in load_leads(ids, self.owners, self.query.line)}
        return [by_id[pk] for pk in ids if pk in by_id]

    def _cursor(self, place: Place, count: CountEstimate, *, backwards: bool) -> str:
        key = self.sections[place.section].written(place.key)
        return str(Cursor(str(self.ordering), place.section, key, backwards, count))

    # Counting

    @property
    def _is_few(self) -> bool:
        return all(section.size is not None for section in self.sections)

    def _count(self, rows: list[Lead], *, is_whole: bool) -> CountEstimate:
        if is_whole:
            return CountEstimate(len(rows), True)
        if self.cursor is not None and self.cursor.count:
            return self.cursor.count
        selection = self.selection
        if selection.recheck is not None:
            # Nothing but what was judged may be counted: it would tell about what is masked.
            return CountEstimate(len(rows), False)
        if self._is_few:
            return CountEstimate(sum(section.size or 0 for section in self.sections), True)
        if selection.is_many:
            return CountEstimate(COUNTED, False)
        known = self.sections[0].known
        if known is not None and len(self.sections) == 1:
            return CountEstimate(min(max(known, len(rows)), COUNTED), False)
        if len(selection.conditions) == len(selection.own_conditions):
            return _capped(selection.bases[0])
        if selection.is_one_equality:
            return _capped(Base((selection.equalities[0][1].queryset(),), "lead_id", None))
        return self._tried_count()

    def _tried_count(self) -> CountEstimate:
        """How many of the newest rows pass: all there are, or at least so many."""
        way = by_creation(self.selection.bases[0])
        seen, passed = count_passing(way, trying.TRIED_TO_COUNT)
        number = min(passed, COUNTED)
        return CountEstimate(number, seen < trying.TRIED_TO_COUNT and number == passed)


def _capped(base: Base) -> CountEstimate:
    number = count_first(by_creation(base), COUNTED + 1)
    return CountEstimate(min(number, COUNTED), number <= COUNTED)


def _names(part: Node) -> list[str]:
    names = [name for node in walk(part) if isinstance(node, Comparison) for name in fields_of(node)]
    return list(dict.fromkeys(names))

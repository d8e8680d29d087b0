"""Reading saved views: who sees which, which one a list begins with, and what a view means for its reader."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.queries.reaching import ids_above
from accounts.roles import Area
from core.errors import NotVisible
from core.rules import parse_rule
from core.rules.language import RuleError
from leads.models import BusinessLine, SavedView, ViewSharing
from leads.presentation import DATA, list_columns
from leads.queries.lead_list.catalog import Catalog
from leads.queries.lead_list.ordering import orderable

# More do not help anybody to find one.
MOST_VIEWS = 200
# The nearest first: what is one's own comes before what is everybody's.
NEARNESS = (ViewSharing.PRIVATE, ViewSharing.TEAM, ViewSharing.ROLE, ViewSharing.ORGANIZATION)


def oversees_views(actor: Actor) -> bool:
    """Whether the actor sees to the shared views of everybody: operations do."""
    return actor.may(Area.CONFIGURATION, "write")


def offered_views(actor: Actor, line: BusinessLine | None = None) -> list[SavedView]:
    """Return the views that are for the actor, by name: own ones, and those of a team, a role, or everybody.

    One query. Raises NotPermitted.
    """
    actor.require(Area.LEADS, "read")
    if actor.membership is None:
        return []
    mine = actor.membership.pk
    wanted = (
        Q(sharing=ViewSharing.PRIVATE, owner_id=mine)
        | Q(sharing=ViewSharing.ORGANIZATION)
        | Q(sharing=ViewSharing.TEAM) & (Q(owner_id=mine) | Q(team_id__in=_leaders_of(actor)))
        | Q(sharing=ViewSharing.ROLE, role__in=[role.value for role in actor.roles])
    )
    return list(_views(line).filter(wanted)[:MOST_VIEWS])


def listed_views(actor: Actor, line: BusinessLine | None = None) -> list[SavedView]:
    """Return the views that the actor may open: those offered, one's own, and for operations all shared ones."""
    offered = offered_views(actor, line)
    if actor.membership is None:
        return offered
    reach = Q(owner=actor.membership)
    if oversees_views(actor):
        reach |= ~Q(sharing=ViewSharing.PRIVATE)
    known = {view.pk for view in offered}
    return [*offered, *_views(line).filter(reach).exclude(pk__in=known)[:MOST_VIEWS]]


def get_view(actor: Actor, view_id: int) -> SavedView:
    """Return one of `listed_views`; raises NotVisible for any other."""
    view = _views(None).filter(pk=view_id).first()
    if view is None or not _opens(actor, view):
        raise NotVisible("No saved view with this number is visible to you.")
    return view


def may_change_view(actor: Actor, view: SavedView) -> bool:
    """Whether the actor may change a view that is visible: its owner may, and operations where it is shared."""
    mine = actor.membership is not None and view.owner_id == actor.membership.pk
    return mine or (view.sharing != ViewSharing.PRIVATE and oversees_views(actor))


def default_view(views: Iterable[SavedView]) -> SavedView | None:
    """Return the view that a list begins with, of those that are for the reader: the nearest default."""
    defaults = [view for view in views if view.is_default]
    return min(defaults, key=lambda view: (NEARNESS.index(ViewSharing(view.sharing)), view.pk), default=None)


def _views(line: BusinessLine | None) -> QuerySet[SavedView]:
    views = SavedView.objects.select_related("line", "owner__user", "team__user").order_by("name", "pk")
    return views if line is None else views.filter(line=line)


def _opens(actor: Actor, view: SavedView) -> bool:
    actor.require(Area.LEADS, "read")
    if actor.membership is None or may_change_view(actor, view):
        return True
    match view.sharing:
        case ViewSharing.ORGANIZATION:
            return True
        case ViewSharing.ROLE:
            return view.role in actor.roles
        case ViewSharing.TEAM:
            return SavedView.objects.filter(pk=view.pk, team_id__in=_leaders_of(actor)).exists()
    return False


def _leaders_of(actor: Actor) -> RawSQL:
    """The members in whose teams the actor is today, and the actor."""
    assert actor.membership is not None
    return ids_above(actor.organization, actor.membership.pk)


@dataclass(frozen=True, slots=True)
class ReadView:
    """What a view asks for, as far as its reader may ask for it; `notes` tell what is left out, or old."""

    conditions: Mapping[str, Any] | None
    columns: list[str]
    ordering: str
    notes: list[str] = field(default_factory=list)
    # Whether all conditions are in force.
    is_complete: bool = True


def read_view(actor: Actor, view: SavedView, catalog: Catalog) -> ReadView:
    """Return the view for one reader. A field that is gone or closed to the reader is told, never an error."""
    notes: list[str] = []
    conditions, is_complete = _readable(view.conditions, catalog, notes)
    known = {column.key: column for column in list_columns(actor, view.line)}
    columns = [key for key in view.columns if key in known]
    for key in view.columns:
        if key not in known:
            notes.append(_missing(_("column"), key, catalog))
        elif known[key].is_retired:
            notes.append(
                _("The column “%(name)s” is of a field that is retired.") % {"name": known[key].label}
            )
    ordering = view.ordering
    if ordering and ordering.removeprefix("-") not in orderable(catalog):
        notes.append(_missing(_("sort"), ordering.removeprefix("-"), catalog))
        ordering = ""
    return ReadView(conditions, columns, ordering, notes, is_complete)


def _readable(
    conditions: Mapping[str, Any] | None, catalog: Catalog, notes: list[str]
) -> tuple[Mapping[str, Any] | None, bool]:
    """The conditions that the reader may ask for, other parts being left out, and whether they are all."""
    if not conditions:
        return None, True
    kept = []
    parts = conditions.get("all", [conditions])
    for part in parts:
        unknown = sorted(names_in(part) - catalog.entries.keys())
        notes += [_missing(_("filter"), name, catalog) for name in unknown]
        if unknown:
            continue
        try:
            read = parse_rule(part, catalog.kinds)
        except RuleError as error:
            notes.append(_("A filter is left out: %(why)s") % {"why": error.problems[0].message})
            continue
        kept.append(part)
        for name in read.fields():
            item = catalog.entries[name].item
            if item is not None and not item.is_active:
                notes.append(_("The filter by “%(name)s” reads a retired field.") % {"name": item.label})
    rule = kept[0] if len(kept) == 1 else {"all": kept} if kept else None
    return rule, len(kept) == len(parts)


def names_in(tree: Any) -> set[str]:
    """Return the names that a rule (JSON) reads."""
    if isinstance(tree, list):
        return set().union(*map(names_in, tree))
    if not isinstance(tree, Mapping):
        return set()
    found = set().union(*(names_in(part) for name, part in tree.items() if name != "field"))
    return found | ({tree["field"]} if isinstance(tree.get("field"), str) else set())


def _missing(what: str, name: str, catalog: Catalog) -> str:
    """Words for what is left out. A field that the reader may not know of is not named."""
    key = name.removeprefix(DATA)
    definition = catalog.definitions[catalog.line.pk] if catalog.line else None
    if definition is not None and name.startswith(DATA) and key in definition.by_key:
        return _("The view's %(what)s by a field that is closed to you is left out.") % {"what": what}
    return _("The view's %(what)s by “%(name)s” is left out: there is no such field any more.") % {
        "what": what,
        "name": key,
    }

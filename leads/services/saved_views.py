"""The writers of saved views: save, change, delete."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area, Role
from core.errors import Conflict, FieldError, NotPermitted, ValidationFailed
from core.rules import parse_rule
from core.rules.language import RuleError
from core.rules.values import is_storable_text
from leads.models import BusinessLine, SavedView, ViewLayout, ViewSharing
from leads.models.saved_view import LONGEST_VIEW_NAME
from leads.presentation import list_columns
from leads.queries.lead_list import Catalog, orderable
from leads.queries.saved_views import MOST_VIEWS, get_view, may_change_view, oversees_views
from leads.queries.search import LONGEST_SEARCH
from leads.services.locking import Precondition

SETTABLE = (
    "name", "sharing", "role", "team", "search", "conditions", "columns", "ordering", "layout", "is_pinned",
    "is_default",
)  # fmt: skip
SHARING = frozenset(("sharing", "role", "team"))
MOST_COLUMNS = 40


@transaction.atomic
def save_view(*, actor: Actor, line: BusinessLine, settings: Mapping[str, Any]) -> SavedView:
    """Save a list of a line as a view of the actor's own.

    `settings`: any of SETTABLE; `conditions` is a rule (JSON), `team` the membership of its leader.

    Raises:
        NotPermitted: the actor reads no leads, or may not share with so many.
        ValidationFailed: by setting.
    """
    member = _writer(actor)
    view = SavedView(line=line, owner=member)
    if SavedView.objects.filter(owner=member).count() >= MOST_VIEWS:
        raise Conflict("too_many_views", "You have so many views already. Delete some that rest.")
    return _store(actor, view, settings)


@transaction.atomic
def change_view(
    *, actor: Actor, view_id: int, settings: Mapping[str, Any], precondition: Precondition | None = None
) -> SavedView:
    """Change a view; what is not given stays. Its owner may, and operations where it is shared.

    Raises as `save_view`, and NotVisible.
    """
    return _store(actor, _for_change(actor, view_id, precondition), settings)


@transaction.atomic
def delete_view(*, actor: Actor, view_id: int, precondition: Precondition | None = None) -> SavedView:
    """Take a view away; its history stays. Raises as `change_view`."""
    view = _for_change(actor, view_id, precondition)
    view.deleted_at = timezone.now()
    view.save(update_fields=["deleted_at"])
    return view


def _writer(actor: Actor) -> Membership:
    actor.require(Area.LEADS, "read")
    if actor.membership is None:
        raise NotPermitted("Only a person keeps views.")
    if actor.is_restricted:
        # A key that may only read must not leave anything behind.
        actor.require(Area.LEADS, "write")
    return actor.membership


def _for_change(actor: Actor, view_id: int, precondition: Precondition | None) -> SavedView:
    _writer(actor)
    get_view(actor, view_id)
    list(SavedView.objects.select_for_update(of=("self",)).filter(pk=view_id).values_list("pk"))
    view = get_view(actor, view_id)
    if not may_change_view(actor, view):
        raise NotPermitted(f"The view “{view.name}” is another person's. Save it as your own to change it.")
    if precondition is not None:
        precondition()
    return view


def _store(actor: Actor, view: SavedView, settings: Mapping[str, Any]) -> SavedView:
    errors: dict[str, list[FieldError]] = {}
    for name, value in settings.items():
        if name not in SETTABLE:
            errors[name] = [FieldError("unknown_field", "A view has no such setting.")]
        else:
            setattr(view, name, value)
    _check_words(view, errors)
    if view.pk is None or not SHARING.isdisjoint(settings):
        _check_sharing(actor, view, errors)
    _check_list(actor, view, settings, errors)
    if errors:
        raise ValidationFailed("invalid", "Some settings need a correction.", errors)
    if view.is_default:
        _leave_one_default(view)
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        message = f"You have a view named “{view.name}” of this line. Choose another name."
        raise Conflict("view_exists", message, {"name": [FieldError("unique", message)]}) from None
    return view


def _check_words(view: SavedView, errors: dict[str, list[FieldError]]) -> None:
    view.name = " ".join(view.name.split()) if is_storable_text(view.name) else ""
    if not view.name:
        errors["name"] = [FieldError("blank", "Give the view a name.")]
    elif len(view.name) > LONGEST_VIEW_NAME:
        errors["name"] = [FieldError("too_long", f"Use at most {LONGEST_VIEW_NAME} characters.")]
    if len(view.search) > LONGEST_SEARCH or not is_storable_text(view.search):
        errors["search"] = [FieldError("too_long", f"Search for at most {LONGEST_SEARCH} characters.")]
    if view.layout not in ViewLayout.values:
        errors["layout"] = [FieldError("choice", f"Choose one of {', '.join(ViewLayout.values)}.")]


def _check_sharing(actor: Actor, view: SavedView, errors: dict[str, list[FieldError]]) -> None:
    """Operations share with whom they like, a leader with the own team or one below, others with nobody."""
    if view.sharing != ViewSharing.ROLE:
        view.role = ""
    if view.sharing != ViewSharing.TEAM:
        view.team = None
    match view.sharing:
        case ViewSharing.PRIVATE:
            if actor.membership is None or view.owner_id != actor.membership.pk:
                raise NotPermitted(
                    "Only who made a view keeps it to themselves. Delete it, or share it less widely."
                )
        case ViewSharing.TEAM:
            if view.team is None and actor.membership is not None and Role.TEAM_LEADER in actor.roles:
                view.team = actor.membership
            reach = reachable_member_ids(actor, Area.LEADS, "assign")
            may = oversees_views(actor) or (reach is not None and view.team_id in reach)
            leads = view.team is not None and Role.TEAM_LEADER in view.team.role_set
            if not leads:
                errors["team"] = [FieldError("choice", "Choose whose team it is: a team leader.")]
            elif not may:
                raise NotPermitted("You can share views with your own team.")
        case ViewSharing.ROLE | ViewSharing.ORGANIZATION:
            if not oversees_views(actor):
                raise NotPermitted("Operations share views with a role or with everybody.")
            if view.sharing == ViewSharing.ROLE and view.role not in [role.value for role in Role]:
                errors["role"] = [FieldError("choice", "Choose a role.")]
        case _:
            errors["sharing"] = [FieldError("choice", f"Choose one of {', '.join(ViewSharing.values)}.")]


def _check_list(
    actor: Actor, view: SavedView, settings: Mapping[str, Any], errors: dict[str, list[FieldError]]
) -> None:
    """Refuse what the writer may not ask for; what stood there before and is not given anew stays as it is."""
    catalog = Catalog(actor, view.line)
    if settings.get("conditions"):
        try:
            view.conditions = parse_rule(settings["conditions"], catalog.kinds).to_json()
        except RuleError as error:
            errors["conditions"] = [FieldError(each.code, str(each)) for each in error.problems[:5]]
    elif "conditions" in settings:
        view.conditions = None
    if "columns" in settings:
        known = {column.key for column in list_columns(actor, view.line)}
        unknown = [key for key in view.columns if key not in known]
        if unknown:
            errors["columns"] = [FieldError("choice", f"There is no column “{unknown[0][:60]}” for you.")]
        elif len(view.columns) > MOST_COLUMNS:
            errors["columns"] = [FieldError("too_many", f"Choose at most {MOST_COLUMNS} columns.")]
        view.columns = list(dict.fromkeys(view.columns))
    if settings.get("ordering") and view.ordering.removeprefix("-") not in orderable(catalog):
        errors["ordering"] = [FieldError("invalid_ordering", "Leads are not ordered by this.")]


def _leave_one_default(view: SavedView) -> None:
    """Among those who get it, only one view is what the line begins with."""
    others = SavedView.objects.filter(
        line_id=view.line_id, sharing=view.sharing, role=view.role, team=view.team, is_default=True
    ).exclude(pk=view.pk)
    if view.sharing == ViewSharing.PRIVATE:
        others = others.filter(owner_id=view.owner_id)
    others.update(is_default=False)

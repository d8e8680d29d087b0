"""Reading tags: those of the organisation, those of leads, and conditions on them."""

from collections.abc import Sequence

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Expression, Func, JSONField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import NullIf

from accounts.actor import Actor
from accounts.roles import Area
from core.rules import Column, Kind
from core.scope import current_organization_id
from leads.models import Lead, LeadTag, Tag
from leads.queries.columns import MOST_ALTERNATIVES, NEWEST, NOTHING, Probe, RowMatch

# More are not offered at once; filters know all.
MOST_OFFERED = 200
SHOWN = "tag_names"


def visible_tags(actor: Actor) -> QuerySet[Tag]:
    """Return the tags of the organisation by name. Raises NotPermitted."""
    actor.require(Area.LEADS, "read")
    return Tag.objects.order_by("name_key", "pk")


def offered_tags(actor: Actor) -> list[str]:
    """Return the names that pages offer."""
    return list(visible_tags(actor).values_list("name", flat=True)[:MOST_OFFERED])


def names_beside_lead() -> ArraySubquery:
    """For querysets of leads: the names of each lead's live tags, so that a page of leads asks for none of them."""
    rows = LeadTag._base_manager.filter(
        organization_id=OuterRef("organization_id"), lead_id=OuterRef("pk"), tag__deleted_at__isnull=True
    )
    return ArraySubquery(rows.order_by("tag__name_key").values("tag__name"))


def tags_of(lead: Lead) -> list[str]:
    """Return the names of a lead's tags; none further are asked for where the lead was loaded with them."""
    found: list[str] | None = getattr(lead, SHOWN, None)
    if found is None:
        rows = LeadTag.objects.filter(lead=lead, tag__deleted_at__isnull=True).order_by("tag__name_key")
        found = list(rows.values_list("tag__name", flat=True))
    return found


class TagColumn(Column):
    """The tags of a lead as several choices.

    Names are looked up first; the leads of a tag are rows of an index on numbers.
    """

    kind = Kind.MULTI

    def expression(self) -> Expression:
        rows = LeadTag._base_manager.filter(
            organization_id=current_organization_id(), lead_id=OuterRef("pk"), tag__deleted_at__isnull=True
        )
        names = ArraySubquery(rows.values("tag__name_key"))
        as_json = Func(names, function="to_jsonb", output_field=JSONField())
        return NullIf(as_json, Value([], output_field=JSONField()))

    def exact_expression(self) -> Expression:
        return self.expression()

    def present(self) -> Q:
        return self._having(list(Tag.objects.values_list("pk", flat=True)))

    def has_any(self, values: Sequence[str]) -> Q:
        found = Tag.objects.filter(name_key__in=list(values))
        return self._having(list(found.values_list("pk", flat=True)))

    def has_all(self, values: Sequence[str]) -> Q:
        wanted = set(values)
        found = dict(Tag.objects.filter(name_key__in=list(wanted)).values_list("name_key", "pk"))
        if len(found) < len(wanted):
            return NOTHING
        every = Q()
        for number in found.values():
            every &= self._having([number])
        return every

    def _having(self, numbers: list[int]) -> Q:
        if not numbers:
            return NOTHING
        if len(numbers) > MOST_ALTERNATIVES:
            return Q(Probe(RowMatch(LeadTag, "tag_id", lambda name: Q(**{f"{name}__in": numbers}))))
        return Q(Probe(*map(_with_tag, numbers)))


def _with_tag(number: int) -> RowMatch:
    return RowMatch(LeadTag, "tag_id", lambda name: Q(**{name: number}), order=NEWEST, equality=True)

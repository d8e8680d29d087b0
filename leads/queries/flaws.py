"""What is wrong with leads, as lists may be narrowed down to it."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Expression, JSONField, OuterRef, Q, Subquery

from core.rules import Column, Kind
from leads.fields.line import CORE_ATTRIBUTES
from leads.models import Lead, LeadFlaw
from leads.queries.columns import NEWEST, NOTHING, Probe, RowMatch

# A kind of flaw, or a reason that names the lead as a whole, names no field.
NAMELESS = frozenset({"lead", "incomplete", "invalid", "duplicated"})


class FlawColumn(Column):
    """The flaws of a lead when its line was last judged; those of fields not `seen` cannot be asked for."""

    kind = Kind.MULTI

    def __init__(self, line_id: int, seen: frozenset[str]) -> None:
        self.line_id = line_id
        self.seen = seen | NAMELESS | frozenset(CORE_ATTRIBUTES)

    def expression(self) -> Expression:
        found = (
            LeadFlaw._base_manager.filter(lead_id=OuterRef("pk"), line_id=self.line_id)
            .order_by()
            .values("lead_id")
        )
        return Subquery(found.annotate(all=JSONBAgg("reason")).values("all"), output_field=JSONField())

    def exact_expression(self) -> Expression:
        return self.expression()

    def present(self) -> Q:
        of_line = Q(line_id=self.line_id)
        return Q(Probe(RowMatch(LeadFlaw, "reason", lambda name: Q(**{f"{name}__isnull": False}), of_line)))

    def has_any(self, values: Sequence[str]) -> Q:
        matches = [self._match(value) for value in values if self._may_ask(value)]
        return Q(Probe(*matches)) if matches else NOTHING

    def has_all(self, values: Sequence[str]) -> Q:
        found = Q()
        for value in values:
            found &= self.has_any([value])
        return found

    def _may_ask(self, reason: str) -> bool:
        return set(reason.partition(":")[0].split("+")) <= self.seen

    def _match(self, reason: str) -> RowMatch:
        return RowMatch(
            LeadFlaw,
            "reason",
            lambda name: Q(**{name: reason}),
            Q(line_id=self.line_id),
            NEWEST,
            equality=True,
        )


def flaws_of(lead: Lead) -> list[str]:
    """Return the flaws of one lead, for rules that only Python judges."""
    found: Any = LeadFlaw.objects.filter(lead_id=lead.pk, line_id=lead.line_id)
    return sorted(found.values_list("reason", flat=True))

"""Reading acceptance rules, how much of their caps is used, and what a rule would have done to leads that came."""

from dataclasses import dataclass
from datetime import date

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from leads.models import AcceptanceCount, AcceptanceRule


def visible_acceptance_rules(actor: Actor) -> QuerySet[AcceptanceRule]:
    """Return the rules that the actor may read, with source, line, and `taken_today` and `taken_this_month`."""
    rules = AcceptanceRule.objects.select_related("source", "line").order_by("source__name_key", "pk")
    if not actor.may(Area.CONFIGURATION, "read"):
        return rules.none()
    today = today_of(actor)
    counts = AcceptanceCount.objects.filter(rule=OuterRef("pk"), day__lte=today).order_by().values("rule")

    def taken(counted: QuerySet[AcceptanceCount]) -> Coalesce:
        number = counted.annotate(number=Sum("taken")).values("number")
        return Coalesce(Subquery(number, output_field=IntegerField()), 0)

    return rules.annotate(
        taken_today=taken(counts.filter(day=today)),
        taken_this_month=taken(counts.filter(day__gte=today.replace(day=1))),
    )


def today_of(actor: Actor) -> date:
    """The day that it is in the actor's organisation."""
    return timezone.now().astimezone(actor.organization.zone).date()


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a cap is used, in leads. `left` is never below 0: who decides may let more in."""

    used: int
    cap: int

    @property
    def left(self) -> int:
        return max(self.cap - self.used, 0)


def use_of(rule: AcceptanceRule, period: str) -> Use | None:
    """The use of the cap of a `day` or a `month`, of a rule as `visible_acceptance_rules` returns it."""
    if period == "day":
        return None if rule.daily_cap is None else Use(rule.taken_today, rule.daily_cap)  # type: ignore[attr-defined]
    return None if rule.monthly_cap is None else Use(rule.taken_this_month, rule.monthly_cap)  # type: ignore[attr-defined]

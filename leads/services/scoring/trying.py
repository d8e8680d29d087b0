"""Trying score rules, in use or not, on leads that are there: nothing is written."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from django.utils import timezone

from accounts.actor import Actor
from core.rules import Moment
from leads.fields.scoring import make_scorer
from leads.models import BusinessLine, Lead, ScoreRule
from leads.queries.leads import visible_leads
from leads.queries.named import References
from leads.queries.scores import condition_words, sees_everywhere
from leads.queries.statistics.bins import number_edges

NEWEST = 500


@dataclass(frozen=True, slots=True)
class TriedRule:
    """A rule, how many of the newest leads meet it, and whether the lead that it is tried on does.

    None: there is no such lead, or the rule reads what the actor does not see in every lead.
    """

    rule: ScoreRule
    words: str
    fitting: int | None
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class Bar:
    """So many leads have a score from `low` to `high`; `share` is of the highest bar, in per cent."""

    low: int
    high: int
    leads: int
    share: int


@dataclass(frozen=True, slots=True)
class ScoreTrial:
    """What the rules of a line make of its newest leads, and of one lead; rules not in use add nothing."""

    looked_at: int
    rules: list[TriedRule]
    bars: list[Bar]
    score: int | None


def try_rules(actor: Actor, line: BusinessLine, lead: Lead | None = None) -> ScoreTrial:
    """Try all rules of a line on its newest leads that the actor sees, and on one lead. Bounded."""
    newest = visible_leads(actor).filter(line=line).order_by("-created_at", "-pk")[:NEWEST]
    leads = list(newest)
    moment = Moment(timezone.now(), actor.organization.zone)
    rules = list(ScoreRule.objects.filter(line=line).order_by("position", "pk"))
    everything = make_scorer(line, rules)
    read = everything.reading([*leads, *([lead] if lead else [])])
    values = [read(each) for each in leads]
    tried = []
    references = References(actor)
    for rule in rules:
        ready = make_scorer(line, [rule])
        if not sees_everywhere(actor, line, ready.reads):
            tried.append(TriedRule(rule, condition_words(references, line, rule), None, None))
            continue
        fitting = sum(each.fits(value, moment) for each in ready.rules for value in values)
        is_met = None if lead is None else any(each.fits(read(lead), moment) for each in ready.rules)
        tried.append(TriedRule(rule, condition_words(references, line, rule), fitting, is_met))
    scorer = make_scorer(line, (rule for rule in rules if rule.is_active))
    is_told = bool(scorer.rules) and sees_everywhere(actor, line, scorer.reads)
    scores = [scorer.score(value, moment) for value in values] if is_told else []
    score = scorer.score(read(lead), moment) if lead is not None and is_told else None
    return ScoreTrial(len(leads), tried, _bars(scores), score)


def _bars(scores: Iterable[int]) -> list[Bar]:
    counted = Counter(scores)
    if not counted:
        return []
    edges = [int(edge) for edge in number_edges(Decimal(min(counted)), Decimal(max(counted)), whole=True)]
    heights = [
        sum(number for score, number in counted.items() if low <= score < high)
        for low, high in pairwise(edges)
    ]
    highest = max(heights)
    return [
        Bar(low, high - 1, height, round(100 * height / highest))
        for low, high, height in zip(edges[:-1], edges[1:], heights, strict=True)
    ]

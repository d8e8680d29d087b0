"""Score rules, and why a lead has its score, as far as the reader may know.

A score follows from values. Who does not see one of them, be it hidden or masked, is not told the score of the
line's leads, nor whether the rule that reads it is met: either would answer what the field is kept from.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from core.models import Job, JobState
from core.rules import Moment
from leads.fields.access import tells_of
from leads.fields.line import line_definition
from leads.fields.scoring import ATTRIBUTES, ReadyScoreRule, line_scorer, score_fields
from leads.models import BusinessLine, Lead, ScoreRule
from leads.presentation import LeadReader
from leads.queries.named import References

RENEW_SCORES = "leads.renew_scores"


def visible_score_rules(actor: Actor) -> QuerySet[ScoreRule]:
    """Return the rules that the actor may read, with their lines."""
    rules = ScoreRule.objects.select_related("line")
    return rules if actor.may(Area.CONFIGURATION, "read") else rules.none()


def score_is_open(actor: Actor, line: BusinessLine) -> bool:
    """Whether the actor sees, in every lead that the actor reads, all that the line's scores follow from."""
    return sees_everywhere(actor, line, line.score_reads)


def sees_everywhere(actor: Actor, line: BusinessLine, keys: Iterable[str]) -> bool:
    """Whether the actor sees the values of these fields in every lead that the actor reads."""
    if not keys or actor.membership is None:
        return True
    fields = line_definition(line).by_key
    return all(key in ATTRIBUTES or (key in fields and tells_of(actor, fields[key])) for key in keys)


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """A rule in use and whether the lead meets it: `text` says its condition in words."""

    rule: str
    points: int
    text: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class ScoreExplained:
    """A lead's score and its reasons. `score` is None where the reader may not know it, or where there is none yet.

    `has_others` tells that rules read what the reader does not see; what they come to is not told. `is_current` is
    false while the stored score is that of earlier rules.
    """

    score: int | None
    is_told: bool
    reasons: tuple[ScoreReason, ...]
    has_others: bool
    is_current: bool

    @property
    def met(self) -> tuple[ScoreReason, ...]:
        """The reasons that gave points."""
        return tuple(reason for reason in self.reasons if reason.is_met)

    @property
    def unmet(self) -> tuple[ScoreReason, ...]:
        """The rules that the lead does not meet."""
        return tuple(reason for reason in self.reasons if not reason.is_met)


def explain_score(reader: LeadReader, lead: Lead) -> ScoreExplained | None:
    """Return why a lead has its score; None where its line has no rules.

    Once the rules are compiled, no query, but one where they compare with members.
    """
    scorer = line_scorer(lead.line)
    if scorer is None:
        return None
    moment = Moment(timezone.now(), reader.zone)
    values = scorer.reading([lead])(lead)
    judged = [(rule, rule.fits(values, moment)) for rule in scorer.rules]
    is_told = reader.score_is_told(lead)
    told = [(rule, is_met) for rule, is_met in judged if reader.sees_all(lead, rule.reads)]
    for rule, _is_met in told:
        reader.references.expect_rule(rule.condition, score_fields(line_definition(lead.line)))
    return ScoreExplained(
        lead.score if is_told else None,
        is_told,
        tuple(
            ScoreReason(rule.name, rule.points, condition_words(reader.references, lead.line, rule), is_met)
            for rule, is_met in told
        ),
        len(told) < len(judged),
        lead.score == scorer.total(rule.points for rule, is_met in judged if is_met),
    )


def condition_words(references: References, line: BusinessLine, rule: ReadyScoreRule | ScoreRule) -> str:
    """Return the condition of a rule in words; "" for a rule that every lead meets."""
    return references.rule_words(rule.condition, score_fields(line_definition(line)))


def renewal_of(line: BusinessLine) -> Job | None:
    """Return the last job that scored the leads of a line anew, where it has not come to its good end."""
    last = Job.objects.filter(kind=RENEW_SCORES, parameters__line=line.pk).order_by("-pk").first()
    return last if last is not None and last.state != JobState.DONE else None

"""What a change touches, in words: a sentence each, with its number, and the way to the leads it speaks of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.actor import Actor
from accounts.roles import ROLE_LABELS
from core.locale_formats import format_number
from leads.presentation import ATTRIBUTE_LABELS
from leads.queries.counting import LeadCount
from leads.queries.impact import About, Finding, Impact

MOST_NAMES = 5
# Each with its icon and its tone: what only tells, what to think about, what somebody will miss.
LOOKS = {
    About.VALUES_STAY: ("inventory_2", ""),
    About.VALUES_RETURN: ("unarchive", ""),
    About.VALUES: ("contacts", ""),
    About.LACKING: ("error", "warning"),
    About.CHOICE_GONE: ("remove_circle", "warning"),
    About.CHOICES_GONE: ("remove_circle", "warning"),
    About.HIDDEN_VALUES: ("visibility_off", "warning"),
    About.REPEATS: ("content_copy", "warning"),
    About.USED_BY: ("account_tree", ""),
    About.TELLS_REPEATS: ("key", ""),
    About.FILLS: ("arrow_forward", ""),
    About.FILES_USE: ("upload_file", "warning"),
    About.FILES_LACK: ("upload_file", "warning"),
    About.COLUMN_NAME: ("view_column", "warning"),
    About.EXPORTS: ("download", ""),
    About.INDEX_FILLED: ("bolt", ""),
    About.INDEX_CLEARED: ("bolt", ""),
    About.KEYS_RENEWED: ("key", ""),
    About.NO_LONGER_SEEN: ("visibility_off", "warning"),
    About.MASKED_NOW: ("lock", "warning"),
    About.SEEN_NOW: ("visibility", ""),
    About.NO_LONGER_FILLED: ("edit_off", "warning"),
}
WORDS = {
    About.VALUES_STAY: gettext_lazy(
        "%(leads)s with a value: it stays readable there, and leaves forms and files."
    ),
    About.VALUES_RETURN: gettext_lazy("%(leads)s with a value from before, shown again."),
    About.VALUES: gettext_lazy("%(leads)s with a value."),
    About.LACKING: gettext_lazy(
        "%(leads)s without it. They can be worked on as before; new leads, files and the API must bring it."
    ),
    About.CHOICE_GONE: gettext_lazy("%(names)s is held by %(leads)s: they keep it, nobody can choose it."),
    About.CHOICES_GONE: gettext_lazy(
        "One of the %(names)s choices that go is held by %(leads)s: they keep it, nobody can choose it."
    ),
    About.HIDDEN_VALUES: gettext_lazy(
        "%(leads)s with a value where the rule hides the field: it is dropped with their next edit."
    ),
    About.REPEATS: gettext_lazy("%(leads)s repeat the value of another: they stay, new repeats are refused."),
    About.USED_BY: gettext_lazy("Read by the rules, formulas or choices of %(names)s."),
    About.TELLS_REPEATS: gettext_lazy("Tells repeats of the line: %(names)s."),
    About.FILLS: gettext_lazy("Fills %(names)s of the lead, by which lists and search know it."),
    About.FILES_USE: gettext_lazy("Files on their way in bring it: %(names)s."),
    About.FILES_LACK: gettext_lazy(
        "Files on their way in have no column for it, and would be refused: %(names)s."
    ),
    About.COLUMN_NAME: gettext_lazy(
        "Files whose column is called %(names)s are no longer recognised. Add it to the other column names."
    ),
    About.EXPORTS: gettext_lazy("An export that runs has it as a column."),
    About.INDEX_FILLED: gettext_lazy("A job fills its fast filters; until then filters on it are slower."),
    About.INDEX_CLEARED: gettext_lazy("A job clears its fast filters; filters on it become slower."),
    About.KEYS_RENEWED: gettext_lazy(
        "A job makes the keys that tell repeats again, for every lead of the line."
    ),
    About.NO_LONGER_SEEN: gettext_lazy("No longer seen by %(names)s."),
    About.MASKED_NOW: gettext_lazy("Masked for %(names)s where they may not edit the lead."),
    About.SEEN_NOW: gettext_lazy("Now seen by %(names)s."),
    About.NO_LONGER_FILLED: gettext_lazy("No longer filled in by %(names)s."),
}
OF_ROLES = frozenset((About.NO_LONGER_SEEN, About.MASKED_NOW, About.SEEN_NOW, About.NO_LONGER_FILLED))
# Where the actor reads no leads, these say the same without a number.
UNCOUNTED = gettext_lazy("Leads")


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding as a sentence. `link` leads to the list of the leads it speaks of, "" where there is none."""

    icon: str
    tone: str
    text: str
    link: str = ""


def shown_findings(
    findings: Iterable[Finding], actor: Actor, *, is_partial: bool = False
) -> list[ShownFinding]:
    """Return findings for a page."""
    return [_shown(finding, actor, is_partial=is_partial) for finding in findings]


def shown_impact(impact: Impact, actor: Actor) -> dict[str, list[ShownFinding]]:
    """Return what a draft touches, by the key of the field."""
    return {
        key: shown_findings(findings, actor, is_partial=impact.is_partial)
        for key, findings in impact.by_key.items()
    }


def lead_words(count: LeadCount | None, actor: Actor, *, is_partial: bool = False) -> str:
    """Return a number of leads in words that say how sure it is: 12 leads, none of the newest 20,000 leads."""
    if count is None:
        return str(UNCOUNTED)
    number = _number(count.number, actor)
    if count.of_newest is not None:
        newest = _number(count.of_newest, actor)
        words = (
            _("%(number)s of the newest %(newest)s leads")
            if count.number
            else _("None of the newest %(newest)s leads")
        )
        text = words % {"number": number, "newest": newest}
    elif count.at_least:
        text = _("More than %(number)s leads") % {"number": number}
    else:
        text = ngettext("%(number)s lead", "%(number)s leads", count.number) % {"number": number}
    return _("%(leads)s that you may see") % {"leads": text} if is_partial else text


def _shown(finding: Finding, actor: Actor, *, is_partial: bool) -> ShownFinding:
    icon, tone = LOOKS[finding.about]
    leads = lead_words(finding.count, actor, is_partial=is_partial)
    if finding.about in (About.CHOICE_GONE, About.CHOICES_GONE) and finding.count is not None:
        leads = leads[:1].lower() + leads[1:]
    text = str(WORDS[finding.about]) % {"leads": leads, "names": _names(finding)}
    link = f"{reverse('leads:list')}?{urlencode(finding.filters)}" if finding.filters else ""
    return ShownFinding(icon, tone, text, link)


def _names(finding: Finding) -> str:
    names: list[Any] = list(finding.names)
    if finding.about in OF_ROLES:
        names = [ROLE_LABELS.get(name, name) for name in names]
    if finding.about is About.FILLS:
        names = [ATTRIBUTE_LABELS.get(name, name) for name in names]
    if finding.about in (About.COLUMN_NAME, About.CHOICE_GONE):
        names = [f"“{name}”" for name in names]
    texts = [str(name) for name in names]
    if len(texts) > MOST_NAMES:
        texts = [*texts[:MOST_NAMES], _("%(number)s more") % {"number": len(texts) - MOST_NAMES}]
    return ", ".join(texts)


def _number(number: int, actor: Actor) -> str:
    return format_number(str(number), actor.organization.locale)

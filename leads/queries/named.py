"""The names of members and the visibility of leads that values refer to, looked up together."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from leads.fields.definition import Choice, FieldDefinition
from leads.fields.line import LineDefinition
from leads.fields.rule_words import members_in, rule_words
from leads.queries.leads import kept_in_place_of, visible_leads
from leads.queries.references import knows_colleagues, member_labels

# More are not kept in mind: an export of a million leads refers to many.
MOST_KEPT = 50_000


class References:
    """Remembers for one actor what was looked up, and looks up with it what is expected next.

    Made with each reader of leads; what is not expected costs a query when it is asked for.
    """

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self._members: dict[str, Membership | None] = {}
        self._labels: dict[int, str] = {}
        self._leads: dict[str, bool] = {}
        self._expected: dict[str, set[str]] = {"members": set(), "leads": set()}

    def expect(self, definition: LineDefinition, data: Mapping[str, Any]) -> None:
        """Say that the values of a lead will be asked for."""
        for key, kind in definition.referring:
            if kind in self._expected and isinstance(data.get(key), str):
                self._expected[kind].add(data[key])

    def expect_rule(self, tree: Any, fields: Mapping[str, FieldDefinition]) -> None:
        """Say that a rule will be put into words."""
        self._expected["members"].update(number for _key, number in members_in(tree, fields))

    def rule_words(self, tree: Any, fields: Mapping[str, FieldDefinition]) -> str:
        """A rule in words, "" for none; the members in it by name where the actor may know who they are."""
        if not tree:
            return ""
        named: dict[str, list[Choice]] = {}
        if knows_colleagues(self.actor):
            self.expect_rule(tree, fields)
            for key, number in members_in(tree, fields):
                named.setdefault(key, []).append(Choice(number, self.name(number)))
        known = {key: replace(fields[key], choices=tuple(choices)) for key, choices in named.items()}
        return rule_words(tree, {**fields, **known})

    def name(self, stored: Any) -> str:
        """The name of a member, also of one who has left; what is stored where there is none."""
        member = self._member(stored)
        return str(member) if member else str(stored)

    def label(self, stored: Any) -> str:
        """The name as it is read back as the same member."""
        member = self._member(stored)
        if member is None:
            return str(stored)
        if member.pk not in self._labels:
            self._labels |= member_labels(each for each in self._members.values() if each)
        return self._labels[member.pk]

    def member(self, stored: Any) -> Any:
        """A member as the API gives one."""
        member = self._member(stored)
        return {"id": member.pk, "name": str(member)} if member else stored

    def is_visible(self, reference: str) -> bool:
        """Whether the actor may see the lead with this reference."""
        if reference not in self._leads:
            self._find_leads(self._wanted("leads", self._leads, reference))
        return self._leads[reference]

    def _member(self, stored: Any) -> Membership | None:
        number = str(stored)
        if number not in self._members:
            self._find_members(self._wanted("members", self._members, number))
        return self._members[number]

    def _wanted(self, kind: str, known: dict[str, Any], asked: str) -> set[str]:
        if len(known) > MOST_KEPT:
            known.clear()
        wanted = {asked, *self._expected[kind]} - known.keys()
        self._expected[kind] = set()
        return wanted

    def _find_members(self, wanted: Iterable[str]) -> None:
        numbers = [int(each) for each in wanted if each.isascii() and each.isdecimal() and len(each) < 19]
        found = Membership.everything.filter(pk__in=numbers).select_related("user")
        self._members |= dict.fromkeys(wanted)
        self._members |= {str(member.pk): member for member in found}

    def _find_leads(self, wanted: Collection[str]) -> None:
        self._leads |= dict.fromkeys(wanted, False)
        if self.actor.may(Area.LEADS, "read"):
            found = visible_leads(self.actor).filter(reference__in=list(wanted))
            self._leads |= dict.fromkeys(found.values_list("reference", flat=True), True)
            # One that was merged leads to the lead that was kept.
            if unseen := [each for each in wanted if not self._leads[each]]:
                self._leads |= dict.fromkeys(kept_in_place_of(self.actor, unseen), True)

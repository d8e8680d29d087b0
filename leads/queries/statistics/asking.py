"""What figures are asked for: which leads of a line, for whom. Every number keeps the way to its leads.

A filter is a dict of parameters of the list of leads; what a figure counts is what the list shows with them.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.memberships import reachable_member_ids, subtree_ids
from accounts.roles import Area, Role
from core.errors import FieldError, ValidationFailed
from core.rules import normalise_text
from core.values import Refused, day
from leads.models import BusinessLine, Lead, Source
from leads.queries.lead_list import Catalog, Filterable, LeadListQuery, parse_filters
from leads.queries.lead_list.query import LeadList

Filters = dict[str, str | list[str]]
# Shown elsewhere in another form, or of no meaning as a number of leads.
LEFT_OUT = ("import", "flaw")
LARGEST_ID = 2**63 - 1
PARAMETERS = ("from", "to", "source", "owner", "team")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which leads of a line figures are of; blank: all.

    Days are the organisation's, both included; `owner` and `team` are numbers of members.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    source: str = ""
    owner: str = ""
    team: str = ""

    def parameters(self) -> dict[str, str]:
        """The parameters that say it, as an address or a job carries them."""
        said = {
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
            "source": self.source,
            "owner": self.owner,
            "team": self.team,
        }
        return {name: value for name, value in said.items() if value}


def read_asked(parameters: Mapping[str, str]) -> Asked:
    """Read what is asked from parameters (`PARAMETERS`); raise ValidationFailed with what is wrong, by parameter."""
    errors: dict[str, list[FieldError]] = {}
    days: dict[str, dt.date | None] = {}
    for name in ("from", "to"):
        text = str(parameters.get(name) or "").strip()
        read = day(text, "YMD") if text else None
        if isinstance(read, Refused):
            errors[name] = [FieldError("not_a_date", _("Write a day as 2025-01-31."))]
        days[name] = None if read is None or isinstance(read, Refused) else read.value
    for name in ("owner", "team"):
        text = str(parameters.get(name) or "").strip()
        if text and not (text.isascii() and text.isdecimal() and int(text) <= LARGEST_ID):
            errors[name] = [FieldError("choice", _("Write the number of a member."))]
    if days.get("from") and days.get("to") and days["from"] > days["to"]:  # type: ignore[operator]
        errors["to"] = [FieldError("min", _("The period ends before it begins. Choose a later day."))]
    if errors:
        raise ValidationFailed("invalid_statistics", _("Some of what is asked is not understood."), errors)
    texts = {name: str(parameters.get(name) or "").strip() for name in ("source", "owner", "team")}
    return Asked(days["from"], days["to"], **texts)


class LineFigures:
    """The leads that figures of one line are of, for one actor: those the actor sees, as asked."""

    def __init__(self, actor: Actor, line: BusinessLine, asked: Asked) -> None:
        """Raises NotPermitted: the actor reads no leads. ValidationFailed: nobody visible is the owner or leader."""
        actor.require(Area.LEADS, "read")
        self.actor = actor
        self.line = line
        self.asked = asked
        self.catalog = Catalog(actor, line)
        self.reach = reachable_member_ids(actor, Area.LEADS, "read")
        self.owners = self._owners()

    def _owners(self) -> list[int] | None:
        """The members whose leads are meant: within the actor's reach, of the team or the one asked for."""
        wanted: set[int] | None = None
        for name in ("owner", "team"):
            number = getattr(self.asked, name)
            if not number:
                continue
            member = Membership.objects.select_related("organization").filter(pk=int(number)).first()
            if member is None or (self.reach is not None and member.pk not in self.reach):
                message = _("You see no leads of a member with this number.")
                raise ValidationFailed("choice", message, {name: [FieldError("choice", message)]})
            found = self._members(name, member)
            wanted = found if wanted is None else wanted & found
        if wanted is None:
            return self.reach
        return sorted(wanted if self.reach is None else wanted & set(self.reach))

    @staticmethod
    def _members(name: str, member: Membership) -> set[int]:
        return set(subtree_ids(member)) if name == "team" else {member.pk}

    @cached_property
    def filters(self) -> Filters:
        """What the list of leads is asked for, to show the leads that are meant."""
        found: Filters = {}
        if self.asked.first:
            found["created__gte"] = self.asked.first.isoformat()
        if self.asked.last:
            found["created__lte"] = self.asked.last.isoformat()
        if self.asked.source:
            found["source"] = self.asked.source
        if self.asked.owner or self.asked.team:
            # Nobody's number is 0: the owner asked for may be outside the team asked for.
            found["owner__in"] = ",".join(map(str, self.owners or [0]))
        return found

    @cached_property
    def leads(self) -> QuerySet[Lead]:
        """The leads themselves."""
        conditions = parse_filters(self.catalog, self.filters)
        return LeadList(
            self.actor, LeadListQuery(self.line, conditions=conditions), self.catalog
        ).selection.filtered

    @cached_property
    def source_ids(self) -> list[int] | None:
        """The sources of the name asked for; None: any. Withdrawn ones keep their leads."""
        if not self.asked.source:
            return None
        named = Source.everything.filter(name_key=normalise_text(self.asked.source))
        return list(named.values_list("pk", flat=True))

    @cached_property
    def entries(self) -> dict[str, Filterable]:
        """What figures may be asked of: each field once, attributes that a field fills by that field."""
        fields = {
            entry.item.key
            for name, entry in self.catalog.entries.items()
            if name.startswith("data.") and entry.item
        }
        found = {
            name: entry
            for name, entry in self.catalog.entries.items()
            if name not in LEFT_OUT
            and (name.startswith("data.") or entry.item is None or entry.item.key not in fields)
        }
        # What the line asks for comes first.
        return dict(sorted(found.items(), key=lambda each: not each[0].startswith("data.")))

    def entry(self, name: str) -> Filterable | None:
        """What is meant by a name: that of the catalog, or a field's key."""
        return self.entries.get(name) or self.entries.get(f"data.{name}")

    def key(self, what: str) -> str:
        """What tells these figures from all others: nobody is shown what was counted of other leads or fields."""
        told = {
            "line": [self.line.pk, self.line.version],
            "asked": self.asked.parameters(),
            "owners": self.owners,
            "names": sorted(self.catalog.entries),
            "zone": self.actor.organization.timezone,
        }
        return f"{what}:{hashlib.sha256(json.dumps(told).encode()).hexdigest()}"

    def is_everything(self) -> bool:
        """Whether all leads of the line are meant, of any owner and source."""
        return self.owners is None and self.source_ids is None


def people_to_choose(actor: Actor) -> QuerySet[Membership]:
    """Return the members by whose leads the actor may ask, by name; none where there is nothing to choose."""
    members = Membership.objects.select_related("user").order_by("name", "user__email")
    reach = reachable_member_ids(actor, Area.LEADS, "read")
    working = [Role.ADMIN.value, Role.OPERATIONS.value, Role.TEAM_LEADER.value, Role.AGENT.value]
    found = members.filter(is_active=True, roles__overlap=working)
    if reach is None:
        return found
    return found.filter(pk__in=reach) if len(reach) > 1 else found.none()


def list_address(line: BusinessLine, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the list of leads that show what a figure counts."""
    return {"line": line.code, **filters}

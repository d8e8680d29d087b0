"""Assignment rules in the configuration file: lines by code, people by e-mail address."""

from collections.abc import Mapping
from typing import Any

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from core.configuration import Report, Section, register_section
from core.errors import Conflict, ValidationFailed
from leads.models import AssignmentRule, BusinessLine
from leads.queries.assignments import visible_assignment_limits, visible_assignment_rules
from leads.queries.lines import visible_lines
from leads.services.assigning import create_assignment_rule, update_assignment_rule
from leads.services.assigning.limits import set_limit

# Key of the file → (setting, type, default).
KEYS: dict[str, tuple[str, type, Any]] = {
    "position": ("position", int, 1),
    "active": ("is_active", bool, True),
    "condition": ("condition", dict, None),
    "places": ("places", list, []),
    "method": ("method", str, "round_robin"),
    "people": ("people", list, []),
    "weights": ("weights", list, []),
    "team": ("team", str, None),
    "pin_field": ("pin_field", str, ""),
    "only_at_work": ("only_at_work", bool, False),
    "daily_cap": ("daily_cap", int, None),
}
NAMES = ("business_line", "name")


@register_section
class AssignmentRules(Section):
    """Who gets new leads; a rule is known by its line and its name."""

    name = "assignment_rules"
    order = 30

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        lines = {line.code: line for line in visible_lines(actor)}
        stored = {(rule.line.code, rule.name): rule for rule in visible_assignment_rules(actor)}
        members = _members()
        seen: set[tuple[str, str]] = set()
        for index, item in enumerate(items):
            path = f"{self.name}[{index}]"
            if not _is_rule(item):
                report.add_problem(path, "wrong_value", 'Write an object with "business_line" and "name".')
                continue
            code, name = item["business_line"], " ".join(item["name"].split())
            if code not in lines:
                report.add_problem(f"{path}.business_line", "unknown", f'There is no line "{code}".')
            elif (code, name) in seen:
                report.add_problem(path, "repeated", f'The rule "{name}" of this line stands above already.')
            else:
                seen.add((code, name))
                settings = _settings(item, members, path, report)
                if settings is not None:
                    _bring_in_one(
                        actor, lines[code], name, settings, stored.get((code, name)), members, path, report
                    )
        report.left_alone += [f"{self.name}[{code}/{name}]" for code, name in sorted(stored.keys() - seen)]

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        addresses = {pk: address for address, pk in _members().items()}
        rules = visible_assignment_rules(actor).order_by("line__code", "position", "pk")
        return [_written(rule, addresses) for rule in rules]


def _members() -> dict[str, int]:
    return dict(Membership.objects.values_list("user__email", "pk"))


def _is_rule(item: Any) -> bool:
    return isinstance(item, Mapping) and all(isinstance(item.get(name), str) and item[name] for name in NAMES)


def _settings(
    item: Mapping[str, Any], members: Mapping[str, int], path: str, report: Report
) -> dict[str, Any] | None:
    """The settings that an item says, defaults for what it leaves out; None where something is wrong."""
    wrong = [key for key in item if key not in KEYS and key not in NAMES]
    for key in wrong:
        report.add_problem(f"{path}.{key}", "unknown_setting", f'A rule has no "{key}". Remove it.')
    settings: dict[str, Any] = {}
    for key, (setting, kind, default) in KEYS.items():
        value = item.get(key)
        value = default if value is None else value
        is_number = kind is int and isinstance(value, bool)
        if value is not None and (not isinstance(value, kind) or is_number or not _are_of_kind(key, value)):
            report.add_problem(f"{path}.{key}", "wrong_value", "This is not what the setting takes.")
            wrong.append(key)
        settings[setting] = value
    if wrong:
        return None
    for address in [*settings["people"], *filter(None, [settings["team"]])]:
        if address not in members:
            report.add_problem(f"{path}.people", "unknown", f"No member has the address {address}.")
            wrong.append(address)
    if wrong:
        return None
    settings["people"] = [members[address] for address in settings["people"]]
    if settings["team"]:
        settings["team"] = Membership.objects.get(pk=members[settings["team"]])
    return settings


def _are_of_kind(key: str, value: Any) -> bool:
    if key in ("places", "people"):
        return all(isinstance(each, str) for each in value)
    if key == "weights":
        return all(isinstance(each, int) and not isinstance(each, bool) for each in value)
    return key not in ("position", "daily_cap") or 0 <= value < 2**31


def _bring_in_one(
    actor: Actor,
    line: BusinessLine,
    name: str,
    settings: Mapping[str, Any],
    stored: AssignmentRule | None,
    members: Mapping[str, int],
    path: str,
    report: Report,
) -> None:
    told = f"assignment_rules[{line.code}/{name}]"
    addresses = {pk: address for address, pk in members.items()}
    before = None if stored is None else _written(stored, addresses)
    try:
        if stored is None:
            rule = create_assignment_rule(actor=actor, line=line, name=name, **settings)
        else:
            rule = update_assignment_rule(actor=actor, rule=stored, **settings)
    except (ValidationFailed, Conflict) as error:
        report.add_refusal(path, error)
        return
    report.add_outcome(told, before, _written(rule, addresses))


def _written(rule: AssignmentRule, addresses: Mapping[int, str]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "position": rule.position,
        "active": rule.is_active,
        "condition": rule.condition,
        "places": rule.places,
        "method": rule.method,
        "people": [addresses[pk] for pk in rule.people if pk in addresses],
        "weights": rule.weights,
        "team": addresses.get(rule.team_id) if rule.team_id else None,
        "pin_field": rule.pin_field,
        "only_at_work": rule.only_at_work,
        "daily_cap": rule.daily_cap,
    }
    kept = {key: value for key, value in said.items() if value != KEYS[key][2]}
    return {"business_line": rule.line.code, "name": rule.name, **kept}


@register_section
class AssignmentLimits(Section):
    """How many leads people get on a day by all rules."""

    name = "assignment_limits"
    order = 31

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        stored = {row.membership.user.email: row.daily_cap for row in visible_assignment_limits(actor)}
        members = {each.user.email: each for each in Membership.objects.select_related("user")}
        seen: set[str] = set()
        for index, item in enumerate(items):
            path = f"{self.name}[{index}]"
            if not _is_limit(item):
                report.add_problem(path, "wrong_value", 'Write an object with "person" and "daily_cap".')
                continue
            person, cap = item["person"], item["daily_cap"]
            if person not in members:
                report.add_problem(f"{path}.person", "unknown", f"No member has the address {person}.")
            elif person in seen:
                report.add_problem(path, "repeated", "The limit of this person stands above already.")
            else:
                seen.add(person)
                try:
                    set_limit(actor=actor, membership=members[person], daily_cap=cap)
                except (ValidationFailed, Conflict) as error:
                    report.add_refusal(path, error)
                    continue
                told = f"{self.name}[{person}]"
                before = {"daily_cap": stored[person]} if person in stored else None
                report.add_outcome(told, before, {"daily_cap": cap})
        report.left_alone += [f"{self.name}[{person}]" for person in sorted(stored.keys() - seen)]

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        rows = sorted(visible_assignment_limits(actor), key=lambda row: row.membership.user.email)
        return [{"person": row.membership.user.email, "daily_cap": row.daily_cap} for row in rows]


def _is_limit(item: Any) -> bool:
    if not isinstance(item, Mapping) or item.keys() != {"person", "daily_cap"}:
        return False
    cap = item["daily_cap"]
    return isinstance(item["person"], str) and isinstance(cap, int) and not isinstance(cap, bool)

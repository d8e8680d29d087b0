"""Rules that belong to a line, in the configuration file: each known by its line and its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.roles import Area
from core.configuration import Report, Section, register_section
from core.errors import Conflict, ValidationFailed
from leads.models import BusinessLine, ScoreRule, StallRule
from leads.models.stalling import open_statuses
from leads.queries.lines import visible_lines
from leads.queries.scores import visible_score_rules
from leads.queries.stalling import visible_stall_rules
from leads.services.scoring import create_score_rule, update_score_rule
from leads.services.stalling import create_stall_rule, update_stall_rule

NAMES = ("business_line", "name")
LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RuleKey:
    """A key of a rule in the file: the setting it stands for, its type, and what goes without saying."""

    setting: str
    type: type
    default: Any = None

    def takes(self, value: Any) -> bool:
        """Whether a value can be the setting's; what it then may be, the service says."""
        if value is None:
            return self.default is None
        if self.type is int:
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
        if self.type is list:
            return isinstance(value, list) and all(isinstance(each, str) for each in value)
        return isinstance(value, self.type)


class LineRules(Section):
    """A section of rules; a subclass says which keys they have and who writes them."""

    keys: ClassVar[Mapping[str, RuleKey]]

    def stored(self, actor: Actor) -> QuerySet[Any]:
        """Return the rules that the actor may read, with their lines."""
        raise NotImplementedError

    def create(self, actor: Actor, line: BusinessLine, settings: dict[str, Any]) -> Any:
        """Add a rule to a line."""
        raise NotImplementedError

    def update(self, actor: Actor, rule: Any, settings: dict[str, Any]) -> Any:
        """Change a rule."""
        raise NotImplementedError

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        lines = {line.code: line for line in visible_lines(actor)}
        stored = {(rule.line.code, rule.name): rule for rule in self.stored(actor)}
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
                settings = self._settings(item, path, report)
                if settings is not None:
                    self._bring_in_one(
                        actor, lines[code], {"name": name, **settings}, stored.get((code, name)), path, report
                    )
        report.left_alone += [f"{self.name}[{code}/{name}]" for code, name in sorted(stored.keys() - seen)]

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        return [self._written(rule) for rule in self.stored(actor).order_by("line__code", "position", "pk")]

    def _settings(self, item: Mapping[str, Any], path: str, report: Report) -> dict[str, Any] | None:
        """The settings that an item says, defaults for what it leaves out; None where something is wrong."""
        wrong = [key for key in item if key not in self.keys and key not in NAMES]
        for key in wrong:
            report.add_problem(f"{path}.{key}", "unknown_setting", f'A rule has no "{key}". Remove it.')
        settings = {}
        for name, key in self.keys.items():
            value = item.get(name)
            value = key.default if value is None else value
            if not key.takes(value):
                report.add_problem(f"{path}.{name}", "wrong_value", "This is not what the setting takes.")
                wrong.append(name)
            settings[key.setting] = value
        return None if wrong else settings

    def _bring_in_one(
        self,
        actor: Actor,
        line: BusinessLine,
        settings: dict[str, Any],
        rule: Any,
        path: str,
        report: Report,
    ) -> None:
        told = f"{self.name}[{line.code}/{settings['name']}]"
        before = None if rule is None else self._written(rule)
        try:
            rule = self.create(actor, line, settings) if rule is None else self.update(actor, rule, settings)
        except (ValidationFailed, Conflict) as error:
            report.add_refusal(path, error)
            return
        report.add_outcome(told, before, self._written(rule))

    def _written(self, rule: Any) -> dict[str, Any]:
        said = {name: getattr(rule, key.setting) for name, key in self.keys.items()}
        kept = {name: value for name, value in said.items() if value != self.keys[name].default}
        return {"business_line": rule.line.code, "name": rule.name, **kept}


def _is_rule(item: Any) -> bool:
    return isinstance(item, Mapping) and all(isinstance(item.get(name), str) and item[name] for name in NAMES)


@register_section
class ScoreRules(LineRules):
    """Points for leads."""

    name = "score_rules"
    order = 40
    keys: ClassVar[Mapping[str, RuleKey]] = {
        "position": RuleKey("position", int, 1),
        "active": RuleKey("is_active", bool, True),
        "condition": RuleKey("condition", dict),
        "points": RuleKey("points", int, 0),
    }

    def stored(self, actor: Actor) -> QuerySet[ScoreRule]:
        return visible_score_rules(actor)

    def create(self, actor: Actor, line: BusinessLine, settings: dict[str, Any]) -> ScoreRule:
        return create_score_rule(actor=actor, line=line, **settings)

    def update(self, actor: Actor, rule: ScoreRule, settings: dict[str, Any]) -> ScoreRule:
        return update_score_rule(actor=actor, rule=rule, **settings)


@register_section
class StallRules(LineRules):
    """How long leads may wait, and what happens then; times in minutes.

    Of working time where a rule says so. One that does not say it counts by the clock, as files did that know no
    other time: reading one of them again changes nothing.
    """

    name = "stall_rules"
    order = 41
    keys: ClassVar[Mapping[str, RuleKey]] = {
        "position": RuleKey("position", int, 1),
        "active": RuleKey("is_active", bool, True),
        "trigger": RuleKey("trigger", str, "no_activity"),
        "statuses": RuleKey("statuses", list, open_statuses()),
        "stages": RuleKey("stages", list, []),
        "in_working_hours": RuleKey("in_working_hours", bool, False),
        "owner_after": RuleKey("owner_after", int, 0),
        "leader_after": RuleKey("leader_after", int),
        "gives_to": RuleKey("gives_to", str, "nobody"),
        "give_after": RuleKey("give_after", int),
    }

    def stored(self, actor: Actor) -> QuerySet[StallRule]:
        return visible_stall_rules(actor)

    def create(self, actor: Actor, line: BusinessLine, settings: dict[str, Any]) -> StallRule:
        return create_stall_rule(actor=actor, line=line, **settings)

    def update(self, actor: Actor, rule: StallRule, settings: dict[str, Any]) -> StallRule:
        return update_stall_rule(actor=actor, rule=rule, **settings)

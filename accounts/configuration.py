"""The working calendar in the configuration file: hours of the week, of everybody and of people, and holidays."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from accounts.actor import Actor
from accounts.models import Membership, WorkingHours
from accounts.queries.calendar import visible_holidays, visible_working_hours
from accounts.roles import Area
from accounts.services.calendar import WEEKDAYS, name_holiday, set_working_hours
from core.configuration import Report, Section, register_section
from core.errors import ApplicationError


@register_section
class WorkingHoursSection(Section):
    """When people work. An item without "person" is everybody's."""

    name = "working_hours"
    order = 5

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        members = {each.user.email: each for each in Membership.objects.select_related("user")}
        stored = {_address(row): row for row in visible_working_hours(actor)}
        seen: set[str | None] = set()
        for index, item in enumerate(items):
            path = f"{self.name}[{index}]"
            if not _is_week(item):
                message = (
                    'Write an object such as {"monday": [["09:30", "18:30"]]}, and a "person" by address.'
                )
                report.add_problem(path, "wrong_value", message)
                continue
            person = item.get("person")
            if person in seen:
                report.add_problem(path, "repeated", "The hours of this person stand above already.")
            elif person is not None and person not in members:
                report.add_problem(f"{path}.person", "unknown", f"No member has the address {person}.")
            else:
                seen.add(person)
                week = [item.get(name, []) for name in WEEKDAYS]
                before = None if person not in stored else _written_hours(stored[person])
                member = members.get(person)

                def work(week: Any = week, member: Any = member) -> dict[str, Any]:
                    return _written_hours(set_working_hours(actor=actor, week=week, membership=member))

                _report(report, path, f"{self.name}[{person or ''}]", before, work)
        report.left_alone += [f"{self.name}[{person or ''}]" for person in stored if person not in seen]

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        rows = sorted(visible_working_hours(actor), key=lambda row: _address(row) or "")
        return [_written_hours(row) for row in rows]


@register_section
class Holidays(Section):
    """Days on which nobody works."""

    name = "holidays"
    order = 6

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        stored = {row.day: row for row in visible_holidays(actor)}
        seen: set[dt.date] = set()
        for index, item in enumerate(items):
            path = f"{self.name}[{index}]"
            day = _day(item)
            if day is None:
                message = 'Write an object such as {"day": "2027-01-26", "name": "Republic Day"}.'
                report.add_problem(path, "wrong_value", message)
            elif day in seen:
                report.add_problem(path, "repeated", f"The {day} stands above already.")
            else:
                seen.add(day)
                before = {"name": stored[day].name} if day in stored else None

                def work(day: dt.date = day, name: str = item["name"]) -> dict[str, Any]:
                    return {"name": name_holiday(actor=actor, day=day, name=name).name}

                _report(report, path, f"{self.name}[{day}]", before, work)
        report.left_alone += [f"{self.name}[{day}]" for day in sorted(stored.keys() - seen)]

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        return [{"day": row.day.isoformat(), "name": row.name} for row in visible_holidays(actor)]


def _report(
    report: Report,
    path: str,
    told: str,
    before: Mapping[str, Any] | None,
    work: Callable[[], Mapping[str, Any]],
) -> None:
    try:
        after = work()
    except ApplicationError as error:
        report.add_refusal(path, error)
        return
    report.add_outcome(told, before, after)


def _address(row: WorkingHours) -> str | None:
    return row.membership.user.email if row.membership else None


def _written_hours(row: WorkingHours) -> dict[str, Any]:
    person = {"person": row.membership.user.email} if row.membership else {}
    return {**person, **{name: spans for name, spans in zip(WEEKDAYS, row.week, strict=True) if spans}}


def _is_week(item: Any) -> bool:
    if not isinstance(item, Mapping) or not item.keys() <= {"person", *WEEKDAYS}:
        return False
    spans = [span for name in WEEKDAYS for span in _listed(item.get(name, []))]
    pairs = all(isinstance(span, list) and len(span) == 2 for span in spans)
    person = item.get("person")
    return (
        (person is None or isinstance(person, str))
        and all(isinstance(item.get(name, []), list) for name in WEEKDAYS)
        and pairs
        and all(isinstance(time, str) for span in spans for time in span)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _day(item: Any) -> dt.date | None:
    if not isinstance(item, Mapping) or item.keys() != {"day", "name"}:
        return None
    if not all(isinstance(value, str) for value in item.values()):
        return None
    try:
        return dt.date.fromisoformat(item["day"])
    except ValueError:
        return None

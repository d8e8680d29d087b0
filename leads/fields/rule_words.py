"""A rule as people say it: Employment is Salaried and Monthly income is at least 10000."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.fields.definition import FieldDefinition
from leads.models import FieldKind

MOST_VALUES = 6
# %(field)s and %(value)s stand in the words of every operator that has a value.
WORDS = {
    "eq": gettext_lazy("%(field)s is %(value)s"),
    "ne": gettext_lazy("%(field)s is not %(value)s"),
    "in": gettext_lazy("%(field)s is %(value)s"),
    "not_in": gettext_lazy("%(field)s is not %(value)s"),
    "gt": gettext_lazy("%(field)s is more than %(value)s"),
    "gte": gettext_lazy("%(field)s is at least %(value)s"),
    "lt": gettext_lazy("%(field)s is less than %(value)s"),
    "lte": gettext_lazy("%(field)s is at most %(value)s"),
    "between": gettext_lazy("%(field)s is between %(value)s"),
    "contains": gettext_lazy("%(field)s contains %(value)s"),
    "starts_with": gettext_lazy("%(field)s begins with %(value)s"),
    "ends_with": gettext_lazy("%(field)s ends with %(value)s"),
    "matches": gettext_lazy("%(field)s has the form %(value)s"),
    "is_empty": gettext_lazy("%(field)s is empty"),
    "is_not_empty": gettext_lazy("%(field)s is filled in"),
    "before": gettext_lazy("%(field)s is before %(value)s"),
    "after": gettext_lazy("%(field)s is after %(value)s"),
    "within_days": gettext_lazy("%(field)s is within %(value)s days of today"),
    "has_any": gettext_lazy("%(field)s has any of %(value)s"),
    "has_all": gettext_lazy("%(field)s has all of %(value)s"),
}
ALTERNATIVES = frozenset(("in", "not_in", "has_any"))


def rule_words(tree: Any, fields: Mapping[str, FieldDefinition]) -> str:
    """Return a rule in words; `fields` gives the labels of fields and choices by key.

    What is no rule is shown as it is written: the words are for reading, not for checking.
    """
    return _words(tree, fields, nested=False)


def members_in(tree: Any, fields: Mapping[str, FieldDefinition]) -> Iterator[tuple[str, str]]:
    """Yield the key of each field of members in a rule, with the number of a member that it is compared with."""
    if isinstance(tree, list | tuple):
        for part in tree:
            yield from members_in(part, fields)
    elif isinstance(tree, Mapping) and "field" in tree:
        key, value = str(tree["field"]), tree.get("value")
        if key in fields and fields[key].type is FieldKind.USER and not isinstance(value, Mapping):
            values = value if isinstance(value, list | tuple) else [] if value is None else [value]
            yield from ((key, str(each)) for each in values)
    elif isinstance(tree, Mapping):
        yield from members_in(list(tree.values()), fields)


def _words(tree: Any, fields: Mapping[str, FieldDefinition], *, nested: bool) -> str:
    if not isinstance(tree, Mapping):
        return str(tree)
    for name, joint in (("all", _("and")), ("any", _("or"))):
        parts = tree.get(name)
        if isinstance(parts, list | tuple):
            words = [_words(part, fields, nested=len(parts) > 1) for part in parts]
            text = f" {joint} ".join(words) or (_("always") if name == "all" else _("never"))
            return f"({text})" if nested and len(words) > 1 else text
    if "not" in tree:
        return _("not (%(rule)s)") % {"rule": _words(tree["not"], fields, nested=False)}
    return _condition(tree, fields)


def _condition(tree: Mapping[str, Any], fields: Mapping[str, FieldDefinition]) -> str:
    key, operator = str(tree.get("field", "")), str(tree.get("op", ""))
    item = fields.get(key)
    words = WORDS.get(operator)
    if words is None:
        return str(dict(tree))
    return str(words) % {
        "field": item.label if item else key,
        "value": _value(tree.get("value"), operator, item, fields),
    }


def _value(
    value: Any, operator: str, item: FieldDefinition | None, fields: Mapping[str, FieldDefinition]
) -> str:
    if isinstance(value, Mapping):
        other = str(value.get("field", ""))
        return fields[other].label if other in fields else other
    if isinstance(value, list | tuple):
        return _list(value, operator, item)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(item.label_by_value.get(str(value), value)) if item else str(value)


def _list(values: list[Any] | tuple[Any, ...], operator: str, item: FieldDefinition | None) -> str:
    labels = item.label_by_value if item else {}
    texts = [str(labels.get(str(value), value)) for value in values]
    if len(texts) > MOST_VALUES:
        more = _("%(number)s more") % {"number": len(texts) - MOST_VALUES + 1}
        texts = [*texts[: MOST_VALUES - 1], more]
    if len(texts) < 2:
        return "".join(texts)
    joint = _("or") if operator in ALTERNATIVES else _("and")
    return f"{', '.join(texts[:-1])} {joint} {texts[-1]}"

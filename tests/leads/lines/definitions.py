"""Definitions for tests: one field of every type, and lines made by the services."""

from typing import Any

from accounts.actor import Actor
from leads.models import BusinessLine
from leads.services.configuring import configure_line

RULE = {"field": "kind", "op": "eq", "value": "Salaried"}

ONE_OF_EACH: list[dict[str, Any]] = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "max_length": 80,
     "maps_to": "name"},
    {"key": "story", "label": "Story", "type": "long_text", "min_length": 3},
    {"key": "age", "label": "Age", "type": "integer", "min": "18", "max": "99", "indexed": True},
    {"key": "ratio", "label": "Ratio", "type": "decimal", "decimals": 3, "indexed": True},
    {"key": "income", "label": "Income", "type": "money", "min": "0", "default": "0", "indexed": True},
    {"key": "share", "label": "Share", "type": "percent", "max": "100"},
    {"key": "owns_home", "label": "Owns home", "type": "boolean", "indexed": True},
    {"key": "born", "label": "Born", "type": "date", "date_order": "DMY", "min_age": 18, "indexed": True},
    {"key": "called_at", "label": "Called at", "type": "datetime"},
    {"key": "best_time", "label": "Best time", "type": "time"},
    {"key": "mail", "label": "Mail", "type": "email", "maps_to": "email", "pii": True},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "default_region": "IN"},
    {"key": "site", "label": "Site", "type": "url", "aliases": ["Homepage", "Web"]},
    {"key": "kind", "label": "Kind", "type": "select", "choices": ["Salaried", "Business"], "indexed": True},
    {"key": "products", "label": "Products", "type": "multi_select", "indexed": True,
     "choices": [{"value": "car", "label": "Car loan"}, "Home", {"value": "gold", "active": False}]},
    {"key": "yearly", "label": "Yearly", "type": "computed", "formula": "income * 12", "decimals": 2},
    {"key": "payload", "label": "Payload", "type": "json"},
    {"key": "employer", "label": "Employer", "type": "text", "visible_if": RULE, "required_if": RULE},
]  # fmt: skip


def make_line(
    actor: Actor, fields: list[dict[str, Any]] | None = None, *, code: str = "loan", **settings: Any
) -> BusinessLine:
    """Return a published line with these fields (a name and a phone unless said otherwise)."""
    definitions = fields if fields is not None else [ONE_OF_EACH[0], ONE_OF_EACH[11]]
    settings = {"name": code.title(), **settings}
    # In one step: field by field each of them is checked beside all that stand there already.
    line = configure_line(actor=actor, code=code, settings=settings, definitions=definitions).line
    line.refresh_from_db()
    return line

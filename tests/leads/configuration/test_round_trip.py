"""Whatever comes in: writing it out and bringing it in again changes nothing, here or elsewhere."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from accounts.actor import Actor
from accounts.roles import Role
from core.configuration import export_document, import_document
from core.scope import organization_scope
from tests.factories import make_organization
from tests.leads.lines.definitions import ONE_OF_EACH

INDEPENDENT = [item for item in ONE_OF_EACH if item["type"] != "computed" and "visible_if" not in item]
words = some.text(
    some.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)),
    min_size=1,
    max_size=40,
).filter(lambda text: text.strip())
roles = some.lists(some.sampled_from([role.value for role in Role]), unique=True)


@some.composite
def definitions(draw):
    """A field of a known sound kind, with whatever else may be said of any field."""
    item = dict(draw(some.sampled_from(INDEPENDENT)))
    # Longer than any word that is drawn, so that no two fields share a column's name.
    item["label"] = f"{draw(words)} of the field that is called {item['key']}"
    for name, value in (
        ("help", words),
        ("placeholder", words),
        ("section", words),
        ("order", some.integers(0, 99)),
    ):
        if draw(some.booleans()):
            item[name] = draw(value)
    item |= {
        "pii": draw(some.booleans()),
        "visible_to": draw(roles),
        "status": draw(some.sampled_from(["active", "retired", "draft"])),
    }
    if item["key"] != "kind" and draw(some.booleans()):
        item["required_if"] = {
            "not": {"field": "anchor", "op": draw(some.sampled_from(["eq", "ne"])), "value": draw(words)}
        }
    return item


documents = some.fixed_dictionaries(
    {
        "schema": some.just(1),
        "sources": some.lists(words, unique_by=lambda name: " ".join(name.split()).casefold(), max_size=4),
        "business_lines": some.lists(definitions(), unique_by=lambda item: item["key"], max_size=6).map(
            lambda fields: [
                {
                    "code": "x",
                    "name": "X",
                    "fields": [{"key": "anchor", "label": "Anchor", "type": "text"}, *fields],
                }
            ]
        ),
    }
)


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(document=documents)
def test_out_and_in_again(document, db):
    first, second = (Actor.system(make_organization()) for _ in range(2))
    with organization_scope(first.organization):
        import_document(actor=first, document=document)
        again = import_document(actor=first, document=document)
        assert (again.created, again.changed) == (0, 0)
        written = json.loads(json.dumps(export_document(actor=first)))
        back = import_document(actor=first, document=written)
        assert (back.created, back.changed, back.unchanged) == (0, 0, again.unchanged)
    with organization_scope(second.organization):
        import_document(actor=second, document=written)
        assert export_document(actor=second) == written

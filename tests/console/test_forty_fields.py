"""Operations define forty fields of all types without code; validation knows them at once."""

import pytest

from accounts.roles import Role
from leads.fields.line import line_definition
from leads.models import Field, FieldKind
from leads.services.kept_files import keep_file
from leads.services.leads import create_lead
from tests.console.forty_fields import (
    FORTY_FIELDS,
    FORTY_VALUES,
    HANDED_IN,
    OF_THE_HOUSE,
    define_forty_fields,
)
from tests.console.pages import Console
from tests.core.kept_files import samples

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]


def test_forty_fields_of_all_types_are_made_in_the_console(actor_for, client_for):
    actor = actor_for(Role.OPERATIONS, name="Omkar Joshi")
    client = client_for(actor)
    line = define_forty_fields(client)
    definition = line_definition(line)
    assert len(FORTY_FIELDS) == len(definition.active) == 40
    assert {item.type for item in definition.active} == set(FieldKind)
    assert {item.key for item in definition.active} == {
        *FORTY_VALUES,
        *OF_THE_HOUSE,
        *HANDED_IN,
        "loan_to_income",
    }
    assert [item.order for item in definition.fields] == list(range(1, 41))
    assert definition.by_key["employment"].label_by_value == {
        "SAL": "Salaried",
        "SELF": "Self employed",
        "BUS": "Business",
    }
    assert [choice.active for choice in definition.by_key["town"].choices] == [True, True, True, False]
    assert definition.by_key["town"].choices[2].parents == ("Goa",)
    assert definition.by_key["mobile"].aliases == ("Mobile No", "Phone no.")
    assert all(row.index_ready_at for row in Field.objects.filter(indexed=True))
    first = create_lead(actor=actor, line=line, values={**FORTY_VALUES, "pan": "FIRST1234F"}).lead
    house = {"manager": "omkar joshi", "referred_by": first.reference}
    files = {
        key: keep_file(actor=actor, line=line, key=key, filename=key, chunks=[content]).pk
        for key, content in (("payslip", samples.PDF), ("photo", samples.picture()))
    }
    lead = create_lead(actor=actor, line=line, values={**FORTY_VALUES, **house, **files}).lead
    assert (lead.name, lead.phone, lead.city, str(lead.amount)) == (
        "Asha Rao",
        "+919876543210",
        "Pune",
        "500000.00",
    )
    assert lead.data["loan_to_income"] == "0.33"
    assert len(lead.data) == 40


def test_a_retired_field_leaves_the_form_and_stays_readable(actor_for, client_for):
    client = client_for(actor_for(Role.OPERATIONS))
    console = Console(client)
    line = console.add_line("loan")
    console.add_field(line, label="Town", type="text")
    field = console.add_field(line, label="Story", type="long_text")
    console.publish(line)
    assert console.act("leads_field_retire", field.pk).status_code == 302
    console.publish(line)
    definition = line_definition(line)
    assert [item.key for item in definition.active] == ["town"]
    assert [item.key for item in definition.fields] == ["town", "story"]

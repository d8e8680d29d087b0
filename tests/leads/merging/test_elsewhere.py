"""A lead that exists, owned by another team: whatever the door, nothing else is told of it."""

import pytest

from core.errors import Conflict
from core.jobs import run_job_inline
from core.models import IntakeRow
from core.services.intakes import load_intake, receive_file
from leads.services.leads import create_lead, update_lead
from leads.services.lines import update_line
from tests.leads.api.conftest import Api

ELSEWHERE = "This lead exists, owned by another team."
VALUES = {"full_name": "Asha Rao", "mobile": "98450 12345"}


@pytest.fixture
def hidden(house):
    """A lead that only its agent and operations see."""
    update_line(actor=house.operations, line=house.line, on_duplicate="skip")
    house.line.refresh_from_db()
    return house.lead_of(house.stranger, full_name="Hidden Name", mobile="98450 12345")


def tells_nothing(text, hidden):
    assert hidden.reference not in text
    assert "Hidden Name" not in text
    assert "Chetan" not in text


def test_by_page(house, hidden, client_for):
    client = client_for(house.agent)
    fields = {"full_name": "f-full_name", "mobile": "f-mobile"}
    form = client.get("/leads/new/?line=loan").context["form"]
    posted = {form.add_prefix(form.field_name(key)): VALUES[key] for key in fields}
    response = client.post("/leads/new/?line=loan", posted, follow=True)
    text = response.content.decode()
    assert "owned by another team" in text
    tells_nothing(text, hidden)
    own = house.lead_of(house.agent, full_name="Ravi")
    form = client.get(f"/leads/{own.reference}/edit/").context["form"]
    posted = {
        form.add_prefix(form.field_name(key)): value for key, value in {**VALUES, "full_name": "Ravi"}.items()
    }
    refused = client.post(f"/leads/{own.reference}/edit/", posted)
    assert refused.status_code == 422
    assert ELSEWHERE in refused.content.decode()
    tells_nothing(refused.content.decode(), hidden)


def test_by_call_and_batch(house, hidden, client_for):
    api = Api(client_for(house.agent))
    single = api.post("/leads", {"line": "loan", "data": VALUES})
    batch = api.post("/leads/batch", {"leads": [{"line": "loan", "data": VALUES}]})
    own = house.lead_of(house.agent, full_name="Ravi")
    change = api.patch(f"/leads/{own.reference}", {"data": {"mobile": "98450 12345"}})
    assert (single.status_code, change.status_code) == (409, 409)
    assert single.json()["reference"] is change.json()["reference"] is None
    for response in (single, batch, change):
        assert ELSEWHERE in response.content.decode()
        tells_nothing(response.content.decode(), hidden)


def test_by_file(house, hidden, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    told = {}
    for actor in (house.leader, house.operations):
        content = f"Full name,Mobile\n{actor.membership.name},98450 12345\n".encode()
        intake = receive_file(
            actor=actor, importer="leads", target="loan", filename="leads.csv", chunks=[content]
        )
        run_job_inline(load_intake(actor=actor, intake_id=intake.pk, inline=True))
        told[actor] = IntakeRow.objects.get(intake=intake).repeats
    assert told[house.leader] == "a lead that exists, owned by another team"
    assert told[house.operations] == f"lead {hidden.reference}"


def test_who_sees_the_other_lead_is_led_to_it(house, hidden, client_for):
    own = house.lead_of(house.agent, full_name="Ravi")
    with pytest.raises(Conflict) as refused:
        update_lead(actor=house.operations, reference=own.reference, values={"mobile": "98450 12345"})
    assert refused.value.reference == hidden.reference
    client = client_for(house.operations)
    form = client.get(f"/leads/{own.reference}/edit/").context["form"]
    posted = {form.add_prefix(form.field_name(key)): value for key, value in VALUES.items()}
    page = client.post(f"/leads/{own.reference}/edit/", posted).content.decode()
    assert f'<a href="/leads/{hidden.reference}/">{hidden.reference}</a>' in page
    assert create_lead(actor=house.operations, line=house.line, values=VALUES).repeats == hidden

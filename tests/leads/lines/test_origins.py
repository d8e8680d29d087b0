import threading

import pytest
from django.db import connection

from accounts.roles import Role
from core.errors import Conflict, NotPermitted, ValidationFailed
from core.scope import organization_scope
from leads.models import Campaign, Source
from leads.services.origins import (
    create_campaign,
    create_source,
    origin_key,
    rename_source,
    resolve_campaigns,
    resolve_sources,
    set_source_active,
)


@pytest.mark.django_db
def test_names_are_one_whatever_their_case(in_organization, django_assert_num_queries):
    first = resolve_sources(["Google", " google ", "Facebook  Ads"])
    assert set(first) == {"google", "facebook ads"}
    assert Source.objects.get(pk=first["google"]).name == "Google"
    with django_assert_num_queries(1):
        assert resolve_sources(["GOOGLE", "facebook ads"]) == first
    assert resolve_sources([]) == {}
    assert resolve_campaigns(["Google"]).keys() == {"google"}
    assert (Source.objects.count(), Campaign.objects.count()) == (2, 1)
    with pytest.raises(ValidationFailed):
        resolve_sources([" "])
    assert origin_key("x" * 201) == origin_key("ﷺ" * 40) == origin_key("a\0") == ""


@pytest.mark.django_db
def test_sources_are_kept_by_services(in_organization, actor_for):
    actor = actor_for(Role.OPERATIONS)
    source = create_source(actor=actor, name=" Web  site ")
    assert source.name == "Web site"
    with pytest.raises(Conflict, match="already"):
        create_source(actor=actor, name="WEB SITE")
    other = create_source(actor=actor, name="Referral")
    with pytest.raises(Conflict):
        rename_source(actor=actor, source=other, name="web site")
    assert rename_source(actor=actor, source=source, name="Website").name_key == "website"
    assert set_source_active(actor=actor, source=source, is_active=False).is_active is False
    assert resolve_sources(["Website"]) == {"website": source.pk}
    with pytest.raises(NotPermitted):
        create_campaign(actor=actor_for(Role.AGENT), name="Diwali")


@pytest.mark.django_db(transaction=True)
def test_parallel_imports_make_each_source_once(organization):
    names = [f"Source {number}" for number in range(60)]
    results = []

    def bring_in(order):
        try:
            with organization_scope(organization):
                results.append(resolve_sources(order))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=bring_in, args=(order,))
        for order in (names, names[::-1], names[30:] + names[:30])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(results) == 3
    assert results[0] == results[1] == results[2] and len(results[0]) == 60
    with organization_scope(organization):
        assert Source.objects.count() == 60

"""The ORM with its filter removed, and the ORM outside every scope."""

import pytest
from django.db import models

from core.scope import NoOrganization, organization_scope, system_scope
from tests.walls.catalog import made_models, tenant_models

pytestmark = pytest.mark.django_db


def organizations_of(rows) -> set[int]:
    return {getattr(row, "organization_id", row.pk) for row in rows}


def test_without_the_filter_the_database_still_holds(walls):
    ours = {walls.ours.organization.pk}
    with organization_scope(walls.ours.organization):
        for model in tenant_models():
            table = model._meta.db_table
            assert organizations_of(model._base_manager.all()) == ours, table
            assert organizations_of(models.QuerySet(model)) == ours, table
            if not isinstance(model._meta.pk, models.CompositePrimaryKey):  # which raw() does not know yet
                assert organizations_of(model.objects.raw(f"SELECT * FROM {table}")) == ours, table


def test_their_rows_are_not_found_by_id_or_through_relations(walls):
    with organization_scope(walls.ours.organization):
        for model in made_models():
            theirs = walls.theirs.row(model)
            assert not model._base_manager.filter(pk=theirs.pk).exists(), model
            for relation in (field for field in model._meta.fields if field.is_relation):
                assert (
                    not model._base_manager.filter(**{relation.attname: getattr(theirs, relation.attname)})
                    .exclude(**{f"{relation.attname}__isnull": True})
                    .filter(pk=theirs.pk)
                    .exists()
                )


def test_unfiltered_writes_change_ours_alone(walls, untouched):
    with organization_scope(walls.ours.organization):
        for model in tenant_models():
            if "UPDATE" in getattr(model, "application_grants", ()):
                model._base_manager.update(organization=walls.ours.organization)


def test_bulk_writes_do_not_reach_theirs(walls, untouched):
    with organization_scope(walls.ours.organization):
        for model in tenant_models():
            field = next(
                (f for f in model._meta.fields if isinstance(f, models.CharField | models.TextField)), None
            )
            if field is None or field.primary_key or model not in made_models():
                continue
            row = walls.theirs.row(model)
            if "UPDATE" in getattr(model, "application_grants", ()) and not isinstance(row.pk, tuple):
                assert model._base_manager.bulk_update([row], [field.name]) == 0, model


def test_managers_refuse_to_guess(db):
    for model in tenant_models():
        with pytest.raises(NoOrganization):
            model.objects.all()
        if hasattr(model, "everything"):
            with pytest.raises(NoOrganization):
                model.everything.all()


def test_every_manager_of_a_tenant_model_fails_closed(db):
    """A manager somebody adds to a model is tried as well."""
    for model in tenant_models():
        for manager in model._meta.managers:
            if manager.name == "history":
                continue
            with pytest.raises(NoOrganization):
                manager.all()


def test_a_row_takes_the_organisation_in_force_and_no_other(walls):
    from leads.models import Source

    with organization_scope(walls.ours.organization):
        assert Source.objects.create(name="New", name_key="new").organization_id == walls.ours.organization.pk
    with pytest.raises(NoOrganization):
        Source(name="None", name_key="none").save()


def test_soft_deleted_rows_are_hidden_from_objects_and_kept(walls):
    from leads.models import Source

    with organization_scope(walls.ours.organization):
        row = walls.ours.row(Source)
        Source.objects.filter(pk=row.pk).update(deleted_at=row.created_at)
        assert not Source.objects.filter(pk=row.pk).exists()
        assert Source.everything.filter(pk=row.pk).exists()
        Source.objects.create(name="Website", name_key="website")
    with system_scope():
        assert Source.everything.filter(name_key="website", organization=walls.ours.organization).count() == 2

"""Addresses of the import wizard."""

from django.urls import path

from leads.pages.imports import mappings, matching, views

urlpatterns = [
    path("", views.imports, name="imports"),
    path("new/", views.import_new, name="import_new"),
    path("mappings/", mappings.import_mappings, name="import_mappings"),
    path("mappings/<int:mapping_id>/", mappings.import_mapping, name="import_mapping"),
    path("mappings/<int:mapping_id>/delete/", mappings.import_mapping_delete, name="import_mapping_delete"),
    path("<int:intake_id>/", views.import_detail, name="import_detail"),
    path("<int:intake_id>/match/", matching.import_match, name="import_match"),
    path("<int:intake_id>/discard/", views.import_discard, name="import_discard"),
    path("<int:intake_id>/progress/", views.import_progress, name="import_progress"),
    path("<int:intake_id>/cancel/", views.import_cancel, name="import_cancel"),
    path("<int:intake_id>/pause/", views.import_pause, name="import_pause"),
    path("<int:intake_id>/resume/", views.import_resume, name="import_resume"),
    path("<int:intake_id>/load/", views.import_load, name="import_load"),
    path("<int:intake_id>/errors/", views.import_errors, name="import_errors"),
    path("<int:intake_id>/correct/", views.import_correct, name="import_correct"),
    path("<int:intake_id>/rows/", views.import_grid, name="import_grid"),
    path("<int:intake_id>/rollback/", views.import_rollback, name="import_rollback"),
]

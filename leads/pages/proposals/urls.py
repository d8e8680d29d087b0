"""Addresses of fields from a spreadsheet."""

from django.urls import path

from leads.pages.proposals import views

urlpatterns = [
    path("new/", views.proposal_new, name="proposal_new"),
    path("<int:proposal_id>/", views.proposal_detail, name="proposal_detail"),
    path("<int:proposal_id>/progress/", views.proposal_progress, name="proposal_progress"),
    path("<int:proposal_id>/columns/<int:position>/", views.proposal_column, name="proposal_column"),
    path("<int:proposal_id>/import/", views.proposal_import, name="proposal_import"),
]

"""Addresses of leads and imports."""

from django.urls import URLPattern, URLResolver, include, path

from leads.pages import exports, pickers, views

app_name = "leads"

urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/", views.lead_list, name="list"),
    path("leads/new/", views.lead_new, name="new"),
    path("leads/export/", exports.lead_export, name="export"),
    path("leads/exports/<int:job_id>/", exports.export_detail, name="export_detail"),
    path("leads/exports/<int:job_id>/file/", exports.export_download, name="export_file"),
    path("leads/choose/members/", pickers.choose_members, name="choose_members"),
    path("leads/choose/leads/", pickers.choose_leads, name="choose_leads"),
    path("leads/<str:reference>/", views.lead_detail, name="detail"),
    path("leads/<str:reference>/edit/", views.lead_edit, name="edit"),
    path("leads/<str:reference>/work/", views.lead_work, name="work"),
    path("leads/<str:reference>/withdraw/", views.lead_withdraw, name="withdraw"),
    path("fields-from-a-file/", include("leads.pages.proposals.urls")),
    path("f/", include("leads.pages.public.urls")),
    path("imports/", include("leads.pages.imports.urls")),
]

"""Addresses of leads and imports."""

from django.urls import URLPattern, URLResolver, include, path

from leads.pages import consent, engagements, exports, follow_ups, notes, notifications, pickers, today, views

app_name = "leads"

FOLLOW_UP = [
    path("", follow_ups.follow_up_edit, name="follow_up"),
    path("done/", follow_ups.follow_up_done, name="follow_up_done"),
    path("reopen/", follow_ups.follow_up_reopen, name="follow_up_reopen"),
    path("postpone/", follow_ups.follow_up_postpone, name="follow_up_postpone"),
    path("withdraw/", follow_ups.follow_up_withdraw, name="follow_up_withdraw"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("today/", today.today, name="today"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/read/", notifications.notifications_read, name="notifications_read"),
    path(
        "notifications/<int:notification_id>/open/", notifications.notification_open, name="notification_open"
    ),
    path(
        "notifications/<int:notification_id>/read/", notifications.notification_read, name="notification_read"
    ),
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
    path("leads/<str:reference>/mentions/", notes.note_mentions, name="mentions"),
    path("leads/<str:reference>/notes/", notes.note_new, name="notes"),
    path("leads/<str:reference>/notes/<int:note_id>/", notes.note_edit, name="note"),
    path("leads/<str:reference>/notes/<int:note_id>/withdraw/", notes.note_withdraw, name="note_withdraw"),
    path("leads/<str:reference>/engagements/", engagements.engagement_new, name="engagements"),
    path(
        "leads/<str:reference>/engagements/<int:engagement_id>/",
        engagements.engagement_edit,
        name="engagement",
    ),
    path("leads/<str:reference>/consent/", consent.consent, name="consent"),
    path("leads/<str:reference>/do-not-call/", consent.do_not_call, name="do_not_call"),
    path("leads/<str:reference>/print/", views.lead_print, name="print"),
    path("leads/<str:reference>/follow-ups/", follow_ups.follow_up_new, name="follow_ups"),
    path("leads/<str:reference>/follow-ups/<int:follow_up_id>/", include(FOLLOW_UP)),
    path("fields-from-a-file/", include("leads.pages.proposals.urls")),
    path("f/", include("leads.pages.public.urls")),
    path("imports/", include("leads.pages.imports.urls")),
]

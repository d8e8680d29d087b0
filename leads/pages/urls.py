"""Addresses of leads and imports."""

from django.urls import URLPattern, URLResolver, include, path

from leads.pages import (
    attachments,
    consent,
    digests,
    engagements,
    exports,
    follow_ups,
    handing_over,
    merging,
    notes,
    notifications,
    pairs,
    pickers,
    today,
    value_origins,
    views,
)
from leads.pages.lists import board, builder_page, bulk, saved, tagging
from leads.pages.statistics import views as statistics

app_name = "leads"

FOLLOW_UP = [
    path("", follow_ups.follow_up_edit, name="follow_up"),
    path("done/", follow_ups.follow_up_done, name="follow_up_done"),
    path("reopen/", follow_ups.follow_up_reopen, name="follow_up_reopen"),
    path("postpone/", follow_ups.follow_up_postpone, name="follow_up_postpone"),
    path("withdraw/", follow_ups.follow_up_withdraw, name="follow_up_withdraw"),
]
ATTACHMENT = [
    path("", attachments.attachment_edit, name="attachment"),
    path("remove/", attachments.attachment_remove, name="attachment_remove"),
    path("restore/", attachments.attachment_restore, name="attachment_restore"),
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
    path("notifications/settings/", digests.notification_settings, name="notification_settings"),
    path("mails/stop/<str:token>/", digests.digest_stop, name="digest_stop"),
    path("hand-overs/", handing_over.hand_overs, name="hand_overs"),
    path("hand-overs/of/<int:member_id>/", handing_over.hand_over_page, name="hand_over"),
    path("hand-overs/<int:hand_over_id>/", handing_over.hand_over_detail, name="hand_over_detail"),
    path(
        "hand-overs/<int:hand_over_id>/take-back/",
        handing_over.hand_over_take_back,
        name="hand_over_take_back",
    ),
    path("leads/", views.lead_list, name="list"),
    path("leads/new/", views.lead_new, name="new"),
    path("leads/from-message/", views.lead_from_message, name="from_message"),
    path("leads/export/", exports.lead_export, name="export"),
    path("leads/exports/<int:job_id>/", exports.export_detail, name="export_detail"),
    path("leads/exports/<int:job_id>/file/", exports.export_download, name="export_file"),
    path("leads/conditions/", builder_page.conditions, name="conditions"),
    path("leads/board/", board.board_column, name="board_column"),
    path("leads/views/", saved.views, name="views"),
    path("leads/views/new/", saved.view_new, name="view_new"),
    path("leads/views/<int:view_id>/", saved.view_edit, name="view"),
    path("leads/views/<int:view_id>/delete/", saved.view_delete, name="view_delete"),
    path("leads/bulk/", bulk.bulk, name="bulk"),
    path("leads/bulk/<int:job_id>/", bulk.bulk_detail, name="bulk_detail"),
    path("leads/bulk/<int:job_id>/undo/", bulk.bulk_undo, name="bulk_undo"),
    path("leads/bulk/<int:job_id>/<str:verb>/", bulk.bulk_steer, name="bulk_steer"),
    path("leads/choose/members/", pickers.choose_members, name="choose_members"),
    path("leads/choose/leads/", pickers.choose_leads, name="choose_leads"),
    path("duplicates/", pairs.duplicate_queue, name="duplicate_queue"),
    path("duplicates/find/", pairs.duplicate_find, name="duplicate_find"),
    path("duplicates/<int:pair_id>/decide/", pairs.duplicate_decide, name="duplicate_decide"),
    path("leads/<str:reference>/", views.lead_detail, name="detail"),
    path("leads/<str:reference>/edit/", views.lead_edit, name="edit"),
    path("leads/<str:reference>/move/", board.lead_move, name="move"),
    path("leads/<str:reference>/tags/", tagging.lead_tags, name="tags"),
    path("leads/<str:reference>/origins/", value_origins.lead_origins, name="origins"),
    path("leads/<str:reference>/duplicates/", merging.lead_duplicates, name="duplicates"),
    path("leads/<str:reference>/merge/", merging.lead_merge_with, name="merge_with"),
    path("leads/<str:reference>/merge/<str:other>/", merging.lead_merge, name="merge"),
    path("leads/<str:reference>/merges/<int:merge_id>/undo/", merging.merge_undo, name="merge_undo"),
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
    path("lines/", statistics.statistics, name="statistics"),
    path("lines/<slug:code>/statistics/", statistics.line_statistics, name="line_statistics"),
    path("lines/<slug:code>/statistics/count/", statistics.line_count, name="line_count"),
    path("lines/<slug:code>/quality/", statistics.line_quality, name="line_quality"),
    path("lines/<slug:code>/quality/judge/", statistics.line_judge, name="line_judge"),
    path("leads/<str:reference>/attachments/", attachments.attachment_new, name="attachments"),
    path("leads/<str:reference>/attachments/<int:attachment_id>/", include(ATTACHMENT)),
    path("fields-from-a-file/", include("leads.pages.proposals.urls")),
    path("f/", include("leads.pages.public.urls")),
    path("imports/", include("leads.pages.imports.urls")),
]

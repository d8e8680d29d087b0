"""Addresses of lines and leads, each with and without a slash at the end."""

from django.urls import URLPattern, URLResolver, re_path

from leads.api import (
    acceptance,
    arrivals,
    attachments,
    batches,
    bulk,
    consent,
    digests,
    engagements,
    exports,
    files,
    handing_over,
    imports,
    mappings,
    merging,
    pairs,
    proposals,
    saved_views,
    statistics,
    views,
    work,
    working,
)

CODE = r"(?P<code>[-a-zA-Z0-9_]{1,60})"
REFERENCE = r"(?P<reference>[A-Za-z0-9]{1,40})"
INTAKE = r"(?P<intake_id>[0-9]{1,18})"
MAPPING = r"(?P<mapping_id>[0-9]{1,18})"
PROPOSAL = r"(?P<proposal_id>[0-9]{1,18})"
NOTE = r"(?P<note_id>[0-9]{1,18})"
FOLLOW_UP = r"(?P<follow_up_id>[0-9]{1,18})"
ATTACHMENT = r"(?P<attachment_id>[0-9]{1,18})"
ENGAGEMENT = r"(?P<engagement_id>[0-9]{1,18})"
EXPORT = r"(?P<job_id>[0-9]{1,18})"
CHANGE = r"(?P<change_id>[0-9]{1,18})"
HAND_OVER = r"(?P<hand_over_id>[0-9]{1,18})"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^lines/?$", views.LineListView.as_view(), name="line-list"),
    re_path(r"^lines/proposals/?$", proposals.ProposalListView.as_view(), name="proposal-list"),
    re_path(rf"^lines/proposals/{PROPOSAL}/?$", proposals.ProposalView.as_view(), name="proposal-detail"),
    re_path(
        rf"^lines/proposals/{PROPOSAL}/apply/?$", proposals.ProposalApplyView.as_view(), name="proposal-apply"
    ),
    re_path(rf"^lines/{CODE}/schema/?$", views.LineSchemaView.as_view(), name="line-schema"),
    re_path(rf"^lines/{CODE}/statistics/?$", statistics.LineStatisticsView.as_view(), name="line-statistics"),
    re_path(rf"^lines/{CODE}/quality/?$", statistics.LineQualityView.as_view(), name="line-quality"),
    re_path(r"^leads/?$", views.LeadListView.as_view(), name="lead-list"),
    re_path(r"^duplicates/?$", pairs.PairListView.as_view(), name="pair-list"),
    re_path(
        r"^duplicates/(?P<pair_id>[0-9]{1,18})/decide/?$", pairs.PairDecideView.as_view(), name="pair-decide"
    ),
    re_path(r"^leads/batch/?$", batches.LeadBatchView.as_view(), name="lead-batch"),
    re_path(r"^leads/bulk/?$", bulk.LeadBulkView.as_view(), name="lead-bulk"),
    re_path(rf"^leads/bulk/{CHANGE}/?$", bulk.BulkChangeView.as_view(), name="bulk-detail"),
    re_path(rf"^leads/bulk/{CHANGE}/undo/?$", bulk.BulkUndoView.as_view(), name="bulk-undo"),
    re_path(r"^hand-overs/?$", handing_over.HandOverListView.as_view(), name="hand-over-list"),
    re_path(rf"^hand-overs/{HAND_OVER}/?$", handing_over.HandOverView.as_view(), name="hand-over-detail"),
    re_path(
        rf"^hand-overs/{HAND_OVER}/take-back/?$",
        handing_over.HandOverTakeBackView.as_view(),
        name="hand-over-take-back",
    ),
    re_path(r"^leads/export/?$", exports.LeadExportView.as_view(), name="lead-export"),
    re_path(rf"^exports/{EXPORT}/?$", exports.ExportView.as_view(), name="export-detail"),
    re_path(rf"^exports/{EXPORT}/file/?$", exports.ExportFileView.as_view(), name="export-file"),
    re_path(r"^files/?$", files.FileListView.as_view(), name="file-list"),
    re_path(
        r"^files/(?P<file_id>[0-9]{1,18})/content/?$", files.FileContentView.as_view(), name="file-content"
    ),
    re_path(rf"^leads/{REFERENCE}/?$", views.LeadView.as_view(), name="lead-detail"),
    re_path(rf"^leads/{REFERENCE}/timeline/?$", views.LeadTimelineView.as_view(), name="lead-timeline"),
    re_path(rf"^leads/{REFERENCE}/assign/?$", working.LeadAssignView.as_view(), name="lead-assign"),
    re_path(rf"^leads/{REFERENCE}/why/?$", working.LeadWhyView.as_view(), name="lead-why"),
    re_path(
        rf"^leads/{REFERENCE}/duplicates/?$", working.LeadDuplicatesView.as_view(), name="lead-duplicates"
    ),
    re_path(rf"^leads/{REFERENCE}/merge/?$", merging.LeadMergeView.as_view(), name="lead-merge"),
    re_path(rf"^leads/{REFERENCE}/merges/?$", merging.LeadMergeListView.as_view(), name="merge-list"),
    re_path(
        rf"^leads/{REFERENCE}/merges/(?P<merge_id>[0-9]{{1,18}})/undo/?$",
        merging.MergeUndoView.as_view(),
        name="merge-undo",
    ),
    re_path(rf"^leads/{REFERENCE}/notes/?$", work.NoteListView.as_view(), name="note-list"),
    re_path(rf"^leads/{REFERENCE}/notes/{NOTE}/?$", work.NoteView.as_view(), name="note-detail"),
    re_path(rf"^leads/{REFERENCE}/follow-ups/?$", work.FollowUpListView.as_view(), name="follow-up-list"),
    re_path(
        rf"^leads/{REFERENCE}/follow-ups/{FOLLOW_UP}/?$", work.FollowUpView.as_view(), name="follow-up-detail"
    ),
    re_path(rf"^leads/{REFERENCE}/tags/?$", saved_views.LeadTagsView.as_view(), name="lead-tags"),
    re_path(
        r"^acceptance-rules/?$", acceptance.AcceptanceRuleListView.as_view(), name="acceptance-rule-list"
    ),
    re_path(r"^views/?$", saved_views.ViewListView.as_view(), name="view-list"),
    re_path(r"^views/(?P<view_id>[0-9]{1,18})/?$", saved_views.ViewView.as_view(), name="view-detail"),
    re_path(r"^tags/?$", saved_views.TagListView.as_view(), name="tag-list"),
    re_path(r"^tags/(?P<tag_id>[0-9]{1,18})/?$", saved_views.TagView.as_view(), name="tag-detail"),
    re_path(
        rf"^leads/{REFERENCE}/attachments/?$",
        attachments.AttachmentListView.as_view(),
        name="attachment-list",
    ),
    re_path(
        rf"^leads/{REFERENCE}/attachments/{ATTACHMENT}/?$",
        attachments.AttachmentView.as_view(),
        name="attachment-detail",
    ),
    re_path(
        rf"^leads/{REFERENCE}/engagements/?$",
        engagements.EngagementListView.as_view(),
        name="engagement-list",
    ),
    re_path(
        rf"^leads/{REFERENCE}/engagements/{ENGAGEMENT}/?$",
        engagements.EngagementView.as_view(),
        name="engagement-detail",
    ),
    re_path(rf"^leads/{REFERENCE}/consents/?$", consent.ConsentListView.as_view(), name="consent-list"),
    re_path(
        r"^notifications/settings/?$",
        digests.NotificationSettingsView.as_view(),
        name="notification-settings",
    ),
    re_path(r"^follow-ups/?$", work.OwnFollowUpsView.as_view(), name="own-follow-up-list"),
    re_path(r"^watched-places/?$", arrivals.WatchedPlaceListView.as_view(), name="watched-place-list"),
    re_path(r"^arrivals/?$", arrivals.ArrivalListView.as_view(), name="arrival-list"),
    re_path(r"^imports/?$", imports.ImportListView.as_view(), name="import-list"),
    re_path(r"^imports/mappings/?$", mappings.MappingListView.as_view(), name="mapping-list"),
    re_path(rf"^imports/mappings/{MAPPING}/?$", mappings.MappingView.as_view(), name="mapping-detail"),
    re_path(rf"^imports/{INTAKE}/?$", imports.ImportView.as_view(), name="import-detail"),
    re_path(rf"^imports/{INTAKE}/errors/?$", imports.ImportErrorsView.as_view(), name="import-errors"),
    re_path(rf"^imports/{INTAKE}/load/?$", imports.ImportLoadView.as_view(), name="import-load"),
    re_path(rf"^imports/{INTAKE}/cancel/?$", imports.ImportCancelView.as_view(), name="import-cancel"),
    re_path(rf"^imports/{INTAKE}/pause/?$", imports.ImportPauseView.as_view(), name="import-pause"),
    re_path(rf"^imports/{INTAKE}/resume/?$", imports.ImportResumeView.as_view(), name="import-resume"),
    re_path(rf"^imports/{INTAKE}/rollback/?$", imports.ImportRollbackView.as_view(), name="import-rollback"),
]

"""The doors through which a lead's values could leave, and how each is tried.

Every reading URL of the permission matrix is opened and its raw answer searched, with QUERIES beside its bare address.
DOORS_THAT_WRITE says of every other URL where it is tried, or why it cannot tell a value. A new URL belongs to one.
"""

from fnmatch import fnmatchcase

FIELDS = ("name", "region", "phone", "mail", "pan", "amount", "city", "rating")
FIGURES_OF_FIELDS = tuple(
    f"field={name}{form}" for key in FIELDS for name, form in ((key, ""), (f"data.{key}", "&format=csv"))
)
SAME = "line={line}"
# Addresses of one URL beside the bare one; tests/leads/doors/house.py says what stands in the braces.
QUERIES: dict[str, tuple[str, ...]] = {
    "api:lead-list": (SAME, SAME + "&search={reference}"),
    "api-unversioned:lead-list": (SAME,),
    "api:lead-export": (
        SAME + "&format=csv",
        SAME + "&format=xlsx",
        SAME + "&format=csv&columns=name,phone,email,city,region,amount",
        *(SAME + f"&format=csv&columns=data.{key}" for key in FIELDS),
    ),
    "api:line-statistics": (*FIGURES_OF_FIELDS, "format=csv"),
    "api:line-quality": ("format=csv",),
    "api:view-list": (SAME,),
    "leads:list": (
        SAME,
        SAME + "&layout=board",
        SAME + "&view={view}",
        SAME + "".join(f"&columns=data.{key}" for key in FIELDS),
        SAME + "&columns=city&columns=amount&columns=phone&columns=email",
    ),
    "leads:board_column": (SAME + "&column=new",),
    "leads:conditions": (
        SAME,
        SAME + "&view={view}",
        *(SAME + f"&match=all&c-0-field=data.{key}&c-0-op=eq&do=add" for key in FIELDS),
    ),
    "leads:view_new": (SAME, SAME + "&view={view}"),
    "leads:views": (SAME,),
    "leads:bulk": (SAME + "&pick={reference}@{version}", SAME + "&all=1", SAME + "&view={view}&all=1"),
    "leads:export": (SAME + "&format=csv", SAME + "&format=xlsx", SAME + "&view={view}&format=csv"),
    "leads:line_statistics": (*FIGURES_OF_FIELDS, "format=csv"),
    "leads:line_quality": ("format=csv",),
    "leads:new": (SAME,),
    "leads:choose_leads": ("input=q&q={reference}",),
    "leads:today": ("all=1",),
    "leads:mentions": ("text=@a",),
    "admin:search": ("s={reference}",),
    "admin:audit": (
        "kind=leads.lead",
        "kind=leads.formsubmission",
        "kind=leads.savedview",
        "kind=core.intake",
    ),
    "admin:leads_scorerule_try_it": ("lead={reference}",),
    "admin:leads_lead_changelist": ("q={reference}", "line={line}"),
}
# URL, or a pattern of URLs, that is called with another method than GET → where it is tried, or why it need not be.
DOORS_THAT_WRITE: dict[str, str] = {
    "accounts:*": "people and keys, no leads",
    "api:login*": "no leads",
    "api:logout": "no leads",
    "api:refresh": "no leads",
    "api:me": "no leads",
    "api:register": "no leads",
    "api:user-*": "no leads",
    "api:absence-*": "no leads",
    "api:key-*": "no leads",
    "api-unversioned:login": "no leads",
    "api-unversioned:register": "no leads",
    "api-unversioned:user-list": "no leads",
    "core:job_cancel": "redirects",
    # Tried with the values in tests/leads/doors/test_writing.py
    "api:lead-list": "test_writing",
    "api-unversioned:lead-list": "the view of api:lead-list",
    "api:lead-batch": "test_writing",
    "api:lead-bulk": "counts, and the references that the caller names",
    "api:bulk-undo": "counts",
    "api:hand-over-*": "counts, and names of people",
    "api:lead-detail": "test_writing",
    "api:lead-assign": "answers as api:lead-detail does, by the same lead_answer",
    "api:lead-tags": "test_writing",
    "api:follow-up-*": "test_writing",
    "leads:edit": "test_writing",
    "leads:new": "test_writing",
    "leads:from_message": "draws the empty form with what its sender pasted; it reads no lead",
    "leads:move": "test_writing",
    "leads:bulk": "test_writing",
    "leads:follow_up": "test_writing",
    "leads:view_new": "test_writing",
    # Redirects, to pages that are opened, with words that name no value
    "leads:work": "redirects with the application's own words; problems name stages and members",
    "leads:withdraw": "redirects with the reference",
    "leads:tags": "redirects with tags",
    "leads:line_count": "redirects; other fields' names are 404 (test_guessing asks the page)",
    "leads:line_judge": "redirects",
    "leads:bulk_undo": "redirects to the job, which tells counts and references",
    "leads:bulk_steer": "redirects; the job is its asker's and holds counts",
    "leads:notification*": "redirects; the settings hold no leads",
    "leads:digest_stop": "no leads; what mails tell is tried in tests/leads/work/test_digests.py",
    "api:notification-settings": "no leads",
    "leads:notes": "test_excuses: redirects with the names of colleagues, or redraws the lead's page",
    "leads:note": "for its author alone, who typed it",
    "leads:note_withdraw": "redirects",
    "leads:follow_ups": "redirects, or redraws what its sender typed",
    "leads:follow_up_*": "test_excuses; the others redirect",
    "leads:view": "for its owner and operations; redraws what was typed, else as leads:view_new",
    "leads:view_delete": "redirects",
    "leads:hand_over*": "redirects, or counts leads by line, rule and person",
    "leads:public_form": "tells visitors their own values alone; tests/leads/form_links/test_pages.py",
    "leads:engagements": "opens the number that its presser sees; a masked one is refused (test_engagements)",
    "leads:engagement": "redirects, or redraws what its sender typed",
    "leads:consent": "redirects, or redraws what its sender typed",
    "leads:merge": "redirects, or redraws what its GET draws, which is opened",
    "leads:merge_undo": "redirects with references, or redraws what its GET draws",
    "leads:duplicate_*": "redirects with references",
    "api:lead-merge": "answers with the lead as api:lead-detail does, by the same shown_lead",
    "api:merge-undo": "answers with references and the names of fields that the caller may know",
    "api:pair-decide": "answers as api:pair-list does, which is opened",
    "leads:do_not_call": "test_excuses: a repeat is refused without the number",
    "leads:attachments": "test_excuses: names the same file where it is attached",
    "leads:attachment*": "test_excuses: redraws the label as its reader sees it; the others redirect",
    # Files: what may be seen of them is one rule for page and call, on the pages that are opened
    "leads:import_*": "test_excuses",
    "api:import-*": "test_excuses: counts and the words of problems",
    "leads:proposal_*": "the asker's own file; tests/leads/pages/test_proposals.py",
    "api:mapping-*": "names of columns and fields; answers as api:mapping-detail does, which is opened",
    "api:proposal-*": "the asker's own file; tests/leads/api/test_proposals.py",
    "api:file-list": "describes the file that its sender sends; tests/leads/types/test_files.py",
    "api:engagement-*": "answers as api:engagement-detail does, which is opened",
    "api:consent-list": "answers as its GET does, which is opened",
    "api:attachment-*": "answers as api:attachment-detail does, which is opened",
    "api:note-*": "answers as api:note-detail does, which is opened",
    "api:line-statistics": "answers with the job: counting tells nothing",
    "api:line-quality": "answers with the job: judging tells nothing",
    "api:view-*": "for its owner and operations; answers as api:view-detail does, which is opened",
    "api:tag-detail": "no values of leads",
    # The console
    "admin:configuration_*": "settings, no leads",
    "admin:leads_businessline_*": "definitions, and values that the sender typed",
    "admin:leads_field_*": "definitions, no leads",
    "admin:leads_*rule_shape*": "conditions as they are typed, no leads",
}
# Management commands: whoever runs one holds the server and its database; they act as the system, which sees all.
COMMANDS: dict[str, str] = {
    "data_quality": "acts as the system; prints counts",
    "demo": "writes invented data",
    "import_leads": "acts as a named person or the system; prints counts",
    "line_statistics": "acts as the system, and is meant to print values",
    "propose_fields": "reads a file of the caller's",
    "rollback_import": "acts as the system; prints counts",
}
# Routes of WebSockets: each needs a probe here and a test that listens to it.
SOCKETS: dict[str, str] = {}


def is_spoken_of(url: str) -> bool:
    """Whether the registry says where a writing URL is tried."""
    return any(fnmatchcase(url, pattern) for pattern in DOORS_THAT_WRITE)


# Reading URLs that tell an administrator values which an auditor may not read.
THAT_TELL = frozenset(
    (
        "admin:leads_donotcall_change",
        "admin:leads_donotcall_changelist",
        "admin:leads_donotcall_history",
        "admin:leads_formsubmission_change",
        "admin:leads_lead_change",
        "admin:leads_lead_changelist",
        "admin:leads_lead_history",
        "api-unversioned:lead-list",
        "api:follow-up-detail",
        "api:follow-up-list",
        "api:import-errors",
        "api:lead-detail",
        "api:lead-export",
        "api:lead-list",
        "api:lead-timeline",
        "api:line-statistics",
        "api:note-detail",
        "api:note-list",
        "api:view-detail",
        "api:view-list",
        "leads:board_column",
        "leads:bulk",
        "leads:choose_leads",
        "leads:conditions",
        "leads:detail",
        "leads:edit",
        "leads:export",
        "leads:follow_up",
        "leads:import_errors",
        "leads:import_grid",
        "leads:line_statistics",
        "leads:list",
    )
)

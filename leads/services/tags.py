"""The writers of tags: what stands on leads, and the tags themselves."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from core.database.bulk import insert_rows
from core.errors import FieldError, NotVisible, ValidationFailed
from core.rules import normalise_text
from core.rules.values import is_storable_text
from core.scope import current_organization_id
from leads.models import Lead, LeadTag, Tag
from leads.models.tag import LONGEST_TAG
from leads.services.locking import Precondition, locked_lead

# More say nothing any more.
MOST_ON_A_LEAD = 20
MOST_TAGS = 1_000
TAG_COLUMNS = ("organization_id", "name", "name_key", "created_at")
ROW_COLUMNS = ("organization_id", "lead_id", "tag_id", "created_at")


def read_names(texts: Iterable[str]) -> dict[str, str]:
    """Return normalised name → name of the tags that are written; blank ones are none.

    Raises ValidationFailed about `tags`.
    """
    names: dict[str, str] = {}
    for text in texts:
        name = " ".join(text.split())
        if not name:
            continue
        if len(name) > LONGEST_TAG or not is_storable_text(name) or "," in name:
            raise _refused(f"A tag has up to {LONGEST_TAG} characters and no comma: shorten “{name[:50]}”.")
        names.setdefault(normalise_text(name), name)
    return names


def resolve_tags(names: dict[str, str]) -> dict[str, int]:
    """Return normalised name → number of these tags, making those that are not there yet.

    Call inside a transaction. Two who make the same tag at once make one.
    """
    found = dict(Tag.objects.filter(name_key__in=list(names)).values_list("name_key", "pk"))
    missing = sorted(names.keys() - found.keys())
    if missing:
        if Tag.objects.count() + len(missing) > MOST_TAGS:
            raise _refused(f"There are {MOST_TAGS:,} tags already. Use one of them.")
        now, organization = timezone.now(), current_organization_id()
        rows = [(organization, names[key], key, now) for key in missing]
        insert_rows(Tag, TAG_COLUMNS, rows, ignore_conflicts=True)
        found = dict(Tag.objects.filter(name_key__in=list(names)).values_list("name_key", "pk"))
    return found


@transaction.atomic
def set_lead_tags(
    *, actor: Actor, reference: str, tags: Sequence[str], precondition: Precondition | None = None
) -> Lead:
    """Let a lead that the actor may edit carry these tags and no others; new names become tags.

    Raises NotVisible, NotPermitted, or ValidationFailed about `tags`.
    """
    lead = locked_lead(actor, reference, "write", precondition)
    names = read_names(tags)
    if len(names) > MOST_ON_A_LEAD:
        raise _refused(f"A lead carries up to {MOST_ON_A_LEAD} tags.")
    wanted = set(resolve_tags(names).values())
    LeadTag.objects.filter(lead=lead, tag__deleted_at__isnull=True).exclude(tag_id__in=wanted).delete()
    rows = [(lead.organization_id, lead.pk, tag, lead.created_at) for tag in sorted(wanted)]
    insert_rows(LeadTag, ROW_COLUMNS, rows, ignore_conflicts=True)
    return lead


@transaction.atomic
def withdraw_tag(*, actor: Actor, tag_id: int) -> Tag:
    """Take a tag from all leads at once: it is offered and shown no more; history keeps where it was.

    Raises NotPermitted or NotVisible.
    """
    actor.require(Area.CONFIGURATION, "write")
    tag = Tag.objects.select_for_update().filter(pk=tag_id).first()
    if tag is None:
        raise NotVisible("There is no tag with this number.")
    tag.deleted_at = timezone.now()
    tag.save(update_fields=["deleted_at"])
    return tag


def add_tag_to(leads: Iterable[tuple[int, object]], tag_id: int) -> set[int]:
    """Put a tag on leads (number, created) in one statement; return the numbers of those that lacked it."""
    organization = current_organization_id()
    rows = [(organization, lead_id, tag_id, created) for lead_id, created in leads]
    return set(insert_rows(LeadTag, ROW_COLUMNS, rows, ignore_conflicts=True, returning="lead_id"))


def remove_tag_from(lead_ids: Sequence[int], tag_id: int) -> set[int]:
    """Take a tag from leads in one statement; return the numbers of those that had it."""
    rows = LeadTag.objects.filter(lead_id__in=list(lead_ids), tag_id=tag_id)
    had = set(rows.values_list("lead_id", flat=True))
    rows.delete()
    return had


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed("invalid", message, {"tags": [FieldError("invalid", message)]})

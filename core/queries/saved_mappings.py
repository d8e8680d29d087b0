"""Reading saved mappings. They are shared by all who load files in the organisation."""

from django.db.models import OuterRef, QuerySet, Subquery

from core.errors import NotVisible
from core.intake.access import IntakeActor
from core.models import Intake, IntakeState, SavedMapping
from core.queries.intakes import AREA

# What a file is compared with when it comes in, the latest first.
MOST_MAPPINGS = 500


def visible_mappings(actor: IntakeActor) -> QuerySet[SavedMapping]:
    """Return the saved mappings the actor may see, by name. Raises NotPermitted."""
    actor.require(AREA, "read")
    return SavedMapping.objects.order_by("name", "pk")


def listed_mappings(actor: IntakeActor) -> QuerySet[SavedMapping]:
    """Return `visible_mappings`, each with `used_at`: when a file that it reads came in last, or None."""
    used = Intake.objects.filter(saved_mapping_id=OuterRef("pk")).exclude(state=IntakeState.RECEIVED)
    latest = used.order_by("-pk").values("created_at")[:1]
    return visible_mappings(actor).annotate(used_at=Subquery(latest))


def mappings_into(actor: IntakeActor, importer: str, target: str) -> list[SavedMapping]:
    """Return the saved mappings for what an importer loads into, the latest first."""
    mappings = visible_mappings(actor).filter(importer=importer, target=target)
    return list(mappings.order_by("-pk")[:MOST_MAPPINGS])


def get_mapping(actor: IntakeActor, mapping_id: int, *, for_update: bool = False) -> SavedMapping:
    """Return one visible saved mapping; raise NotVisible."""
    mappings = visible_mappings(actor).filter(pk=mapping_id)
    if for_update:
        mappings = mappings.select_for_update(of=("self",))
    mapping = mappings.first()
    if mapping is None:
        raise NotVisible("No saved mapping with this number is visible to you.")
    return mapping


def may_change_mapping(actor: IntakeActor, mapping: SavedMapping) -> bool:
    """Whether the actor may change a saved mapping: one's own, or any for who loads all files."""
    level = actor.level(AREA, "write")
    own = actor.user is not None and mapping.created_by_id == actor.user.pk
    return level == "all" or (own and level != "none")

"""Reading imports: all of them, or one's own, as the permission reaches."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from core.errors import NotVisible
from core.intake.access import IntakeActor
from core.models import Intake, IntakeRow, RowState
from core.models.intake import IntakeState

AREA = "lead_files"


def visible_intakes(actor: IntakeActor) -> QuerySet[Intake]:
    """Return the imports the actor may see, newest first, their jobs loaded. Raises NotPermitted."""
    level = actor.require(AREA, "read")
    intakes = Intake.objects.select_related(
        "job", "load_job", "corrects", "saved_mapping", "created_by"
    ).order_by("-id")
    return intakes if level == "all" else intakes.filter(created_by=actor.user)


def intakes_to_correct(actor: IntakeActor) -> QuerySet[Any]:
    """Return the visible loaded imports with rows that are still rejected: `rejected_rows` of each.

    The intake's own count is of the day it was loaded: corrected rows stay in it.
    """
    rejected = IntakeRow.objects.filter(intake_id=OuterRef("pk"), state=RowState.REJECTED).order_by()
    number = rejected.values("intake_id").annotate(number=Count("pk")).values("number")
    return (
        visible_intakes(actor)
        .filter(Exists(rejected), state=IntakeState.LOADED)
        .annotate(rejected_rows=Subquery(number))
    )


def get_intake(actor: IntakeActor, intake_id: int, *, for_update: bool = False) -> Intake:
    """Return one visible import; raise NotVisible."""
    intakes = visible_intakes(actor).filter(pk=intake_id)
    if for_update:
        intakes = intakes.select_for_update(of=("self",))
    intake = intakes.first()
    if intake is None:
        raise NotVisible("No import with this number is visible to you.")
    return intake


def get_intake_of_job(actor: IntakeActor, job_id: int) -> Intake:
    """Return the import that a job (check, load or rollback) works on; raise NotVisible."""
    intake = visible_intakes(actor).filter(Q(job_id=job_id) | Q(load_job_id=job_id)).first()
    if intake is None:
        raise NotVisible("No import of this job is visible to you.")
    return intake


def rows_that_stayed_out(
    actor: IntakeActor, intake: Intake, states: Sequence[RowState] = (RowState.REJECTED,)
) -> QuerySet[IntakeRow]:
    """Return the kept rows of an import in the given states, by row number."""
    get_intake(actor, intake.pk)
    return IntakeRow.objects.filter(intake_id=intake.pk, state__in=states).order_by("number")


def row_state_counts(actor: IntakeActor, intake: Intake) -> dict[str, int]:
    """Return how many kept rows of an import are in each state."""
    rows = rows_that_stayed_out(actor, intake, tuple(RowState))
    return dict(rows.order_by().values_list("state").annotate(Count("pk")))

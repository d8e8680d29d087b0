"""The writers of saved mappings: save how a file was matched, rename, delete."""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import Conflict, FieldError, NotPermitted, ValidationFailed
from core.intake.access import IntakeActor
from core.intake.cells import storable
from core.intake.importer import Importer, importer_for
from core.intake.matching import fingerprint, normalized_name
from core.models import Intake, SavedMapping
from core.models.saved_mapping import LONGEST_MAPPING_NAME
from core.queries.intakes import AREA, get_intake
from core.queries.saved_mappings import MOST_MAPPINGS, get_mapping, mappings_into, may_change_mapping

# What a caller has seen, held against the row under its lock; raises where it is another now.
Precondition = Callable[[], None]


@transaction.atomic
def save_mapping(*, actor: IntakeActor, intake_id: int, name: str) -> SavedMapping:
    """Remember how an intake's columns are matched, for files with its header, under `name`.

    The mapping that the intake is read by, and one of the same header, is changed where it has that name. Columns
    that it fills and the actor may not are kept as they are.

    Raises:
        ValidationFailed: the name is empty or too long.
        Conflict: another mapping has the name, or the header is remembered under another name.
        NotPermitted: the mapping is another person's, and the actor does not load all files.
    """
    name = _checked(name)
    intake = get_intake(actor, intake_id, for_update=True)
    loader = importer_for(intake)
    actor.require(loader.area, "write")
    if intake.corrects_id is not None:
        raise Conflict(
            "is_correction", "An error workbook is read as its import was. Nothing is to be saved."
        )
    mark = fingerprint(intake.header)
    saved = mappings_into(actor, intake.importer, intake.target)
    mapping = _to_change(intake, saved, name, mark)
    if mapping is None:
        if len(saved) >= MOST_MAPPINGS:
            raise Conflict("too_many_mappings", "So many mappings are saved already. Delete some that rest.")
        mapping = SavedMapping(importer=intake.importer, target=intake.target, created_by=actor.user)
    else:
        mapping = get_mapping(actor, mapping.pk, for_update=True)
        _require_change(actor, mapping)
    mapping.name, mapping.fingerprint = name, mark
    mapping.columns = _columns(intake, loader, mapping)
    mapping.options = {key: intake.options[key] for key in loader.remembered if key in intake.options}
    _store(mapping)
    intake.saved_mapping = mapping
    intake.save(update_fields=["saved_mapping"])
    return mapping


@transaction.atomic
def rename_mapping(
    *, actor: IntakeActor, mapping_id: int, name: str, precondition: Precondition | None = None
) -> SavedMapping:
    """Give a saved mapping another name. Raises as `save_mapping`, and NotVisible."""
    name = _checked(name)
    mapping = _for_change(actor, mapping_id, precondition)
    others = mappings_into(actor, mapping.importer, mapping.target)
    if any(_same_name(other, name) for other in others if other.pk != mapping.pk):
        raise _taken(name)
    mapping.name = name
    _store(mapping)
    return mapping


@transaction.atomic
def delete_mapping(
    *, actor: IntakeActor, mapping_id: int, precondition: Precondition | None = None
) -> SavedMapping:
    """Forget a saved mapping: what was loaded by it stays, the next file is matched anew."""
    mapping = _for_change(actor, mapping_id, precondition)
    mapping.deleted_at = timezone.now()
    mapping.save(update_fields=["deleted_at"])
    return mapping


def _for_change(actor: IntakeActor, mapping_id: int, precondition: Precondition | None) -> SavedMapping:
    mapping = get_mapping(actor, mapping_id, for_update=True)
    actor.require(AREA, "write")
    _require_change(actor, mapping)
    if precondition is not None:
        precondition()
    return mapping


def _require_change(actor: IntakeActor, mapping: SavedMapping) -> None:
    if not may_change_mapping(actor, mapping):
        raise NotPermitted(
            f"The saved mapping “{mapping.name}” is another person's. Ask operations to change it."
        )


def _to_change(intake: Intake, saved: list[SavedMapping], name: str, mark: str) -> SavedMapping | None:
    """Return the mapping that is meant by the name, None for a new one."""
    named = next((each for each in saved if _same_name(each, name)), None)
    of_header = next((each for each in saved if each.fingerprint == mark), None)
    if named is None and of_header is None:
        return None
    if of_header is not None and of_header != named:
        message = (
            f"Files with these columns are read by the saved mapping “{of_header.name}”. "
            "Use that name to change it, or delete it first."
        )
        raise Conflict("header_remembered", message, {"remember_as": [FieldError("unique", message)]})
    if of_header is None and named is not None and named.pk != intake.saved_mapping_id:
        raise _taken(name)
    return named


def _columns(intake: Intake, loader: Importer, mapping: SavedMapping) -> list[dict[str, str]]:
    """The choices for the columns that have a name, which is what the next file is compared by."""
    allowed = {target.key for target in loader.targets()}
    closed = {target.key for target in loader.all_targets()} - allowed - set(intake.mapping)
    kept = {normalized_name(header): target for header, target in mapping.pairs if target in closed}
    return [
        {"header": header, "target": target or kept.get(normalized_name(header), "")}
        for header, target in zip(intake.header, intake.mapping, strict=True)
        if normalized_name(header)
    ]


def _checked(name: str) -> str:
    name = " ".join(storable(name).split())
    if 0 < len(name) <= LONGEST_MAPPING_NAME:
        return name
    message = (
        f"Choose a shorter name, of at most {LONGEST_MAPPING_NAME} characters."
        if name
        else "Give the mapping a name."
    )
    code = "too_long" if name else "required"
    raise ValidationFailed("mapping_name", message, {"remember_as": [FieldError(code, message)]})


def _same_name(mapping: SavedMapping, name: str) -> bool:
    return normalized_name(mapping.name) == normalized_name(name)


def _store(mapping: SavedMapping) -> None:
    try:
        with transaction.atomic():
            mapping.save()
    except IntegrityError:
        # Somebody saved the same a moment ago.
        raise _taken(mapping.name) from None


def _taken(name: str) -> Conflict:
    message = f"Another saved mapping is named “{name}” or has these columns. Choose another name."
    return Conflict("mapping_exists", message, {"remember_as": [FieldError("unique", message)]})

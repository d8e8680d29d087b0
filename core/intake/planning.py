"""What a file says when it is received: its header, what its columns fill, and whose rows it corrects.

Columns are matched by name, or read by a saved mapping (`core.intake.drift`). Where the file's header only
resembles that of a saved mapping, its option `drift` stands until somebody has said how it is read.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.intake.access import IntakeActor
from core.intake.cells import storable
from core.intake.drift import MOSTLY, Reading, likeness, read_by, with_remembered_names
from core.intake.headers import Header, choose_header
from core.intake.importer import Importer
from core.intake.judging import corrected_columns
from core.intake.matching import fingerprint, match_columns, normalized_name
from core.intake.readers import TableSource
from core.intake.references import RowReference, read_reference, reference_column
from core.models import Intake, IntakeState, SavedMapping
from core.queries.intakes import get_intake
from core.queries.saved_mappings import mappings_into
from core.values import cell_text

SAMPLE_ROWS = 3
SAMPLE_CHARACTERS = 40
DRIFT: Final = "drift"
"""The option of an intake whose reading by a saved mapping is a question."""

TAKEN: Final = "mapping_taken"
_NAMES_SHOWN = 10


def plan_intake(
    intake: Intake, loader: Importer, source: TableSource, actor: IntakeActor, saved_mapping: str = ""
) -> None:
    """Fill in what the file says: its header, what its columns fill, a few of its rows. Saves nothing.

    Raises FileRefused, and ValidationFailed where no saved mapping has the name that is given.
    """
    targets = loader.targets()
    saved = mappings_into(actor, intake.importer, intake.target)
    found = choose_header(source, with_remembered_names(targets, (each.pairs for each in saved)))
    header = found.header
    intake.sheet, intake.header_row = header.sheet, header.row_number
    intake.header = [storable(text) for text in header.texts]
    intake.notices = [
        {"code": notice.code, "message": storable(notice.message)}
        for notice in (*source.notices, *found.notices)
    ]
    matched = match_columns(intake.header, targets)
    by_column = {column: key for key, column in matched.matched.items()}
    intake.mapping = [by_column.get(position, "") for position in range(len(intake.header))]
    intake.options["samples"] = _samples(source, header)
    rows = next(sheet.rows for sheet in source.sheets if sheet.name == header.sheet)
    intake.options["rows"] = rows - 1 - len(header.preamble)
    if reference_column(intake.header) is None:
        _take_saved_mapping(intake, loader, saved, saved_mapping)
    else:
        _recognise_correction(intake, source, header, actor)


def _samples(source: TableSource, header: Header) -> list[list[str]]:
    """A few rows as text, so that the page of columns need not open the file again."""
    rows = islice(source.rows(header.sheet, after=header.row_number), SAMPLE_ROWS)
    return [[storable(cell_text(cell)[:SAMPLE_CHARACTERS]) for cell in row.cells] for row in rows]


def _recognise_correction(intake: Intake, source: TableSource, header: Header, actor: IntakeActor) -> None:
    """Tie an error workbook that comes back to the import it belongs to, and map its columns like that one's."""
    column = reference_column(intake.header)
    if column is None:
        return
    root = _corrected_intake(actor, _first_reference(source, header, column))
    if (root.importer, root.target) != (intake.importer, intake.target):
        raise ValidationFailed(
            "other_target", f"This error workbook belongs to {root.target}. Load it there."
        )
    if root.current_state is not IntakeState.LOADED:
        raise root_gone()
    intake.corrects = root
    intake.mapping = [""] * len(intake.header)
    missing = []
    for name, target, place in zip(
        root.header, root.mapping, corrected_columns(root.header, intake.header), strict=True
    ):
        if place is not None:
            intake.mapping[place] = target
        elif target:
            missing.append(name)
    if missing:
        text = f"The workbook has no column {', '.join(missing)} any more: those cells stay as they were."
        intake.notices.append({"code": "columns_as_before", "message": text})


def _first_reference(source: TableSource, header: Header, column: int) -> RowReference:
    for row in source.rows(header.sheet, after=header.row_number):
        if reference := read_reference(row.cells, column):
            return reference
    raise ValidationFailed(
        "no_row_reference",
        "This looks like an error workbook whose hidden row column was emptied. "
        "Download it again and correct that copy.",
    )


def _corrected_intake(actor: IntakeActor, reference: RowReference) -> Intake:
    try:
        root = get_intake(actor, reference.intake_id)
    except NotVisible:
        root = None
    if root is None or root.corrects_id is not None:
        raise ValidationFailed(
            "unknown_intake",
            "This error workbook belongs to an import that you cannot see. Ask whoever loaded it.",
        )
    return root


def root_gone() -> Conflict:
    """The refusal of a correction whose import does not stand."""
    return Conflict(
        "not_loaded", "The import of this error workbook does not stand. Load the original file instead."
    )


def open_question(intake: Intake, loader: Importer) -> Reading | None:
    """Return how a saved mapping would read the file, where somebody has to decide that; None otherwise."""
    mapping = intake.saved_mapping
    if mapping is None or mapping.deleted_at is not None or not intake.options.get(DRIFT):
        return None
    return reading_of(intake, loader, mapping)


def reading_of(intake: Intake, loader: Importer, mapping: SavedMapping) -> Reading:
    """Return how a saved mapping reads the file, as its targets are now."""
    known = {target.key for target in loader.all_targets()}
    return read_by(intake.header, mapping.pairs, loader.targets(), known)


def taken_notice(mapping: SavedMapping) -> dict[str, str]:
    """The notice that a file is read by a saved mapping."""
    return {"code": TAKEN, "message": f"The columns are read by the saved mapping “{mapping.name}”."}


def forget_taken(intake: Intake) -> None:
    """Take the notice back: somebody has matched a column otherwise."""
    intake.notices = [notice for notice in intake.notices if notice["code"] != TAKEN]


def _take_saved_mapping(intake: Intake, loader: Importer, saved: Sequence[SavedMapping], name: str) -> None:
    """Read the columns by the saved mapping of that name, of this header, or most like it; or ask."""
    mapping = _named(saved, name) if name else _of_header(saved, intake.header)
    if mapping is None:
        return
    reading = reading_of(intake, loader, mapping)
    intake.saved_mapping, intake.mapping = mapping, reading.mapping
    if reading.is_drift:
        intake.options[DRIFT] = True
    else:
        intake.notices.append(taken_notice(mapping))
    if reading.closed:
        columns = ", ".join(f"“{intake.header[column]}”" for column in reading.closed)
        text = f"Left out, because you may not fill their fields: {columns}."
        intake.notices.append({"code": "mapping_closed", "message": text})
    brought = {key: value for key, value in mapping.options.items() if key not in intake.options}
    intake.options |= brought
    intake.notices += [{"code": "mapping_options", "message": text} for text in loader.words_for(brought)]


def _named(saved: Sequence[SavedMapping], name: str) -> SavedMapping:
    wanted = normalized_name(name)
    for mapping in saved:
        if normalized_name(mapping.name) == wanted:
            return mapping
    names = sorted(mapping.name for mapping in saved)[:_NAMES_SHOWN]
    known = f"There are: {', '.join(names)}." if names else "None is saved for this yet."
    message = f"No saved mapping is named “{name[:100]}”. {known}"
    raise ValidationFailed(
        "unknown_mapping", message, {"saved_mapping": [FieldError("unknown_mapping", message)]}
    )


def _of_header(saved: Sequence[SavedMapping], header: Sequence[str]) -> SavedMapping | None:
    mark = fingerprint(header)
    for mapping in saved:
        if mapping.fingerprint == mark:
            return mapping
    alike = [(likeness(header, mapping.pairs), mapping.pk, mapping) for mapping in saved]
    best = max(alike, default=None, key=lambda each: each[:2])
    return best[2] if best is not None and best[0] > MOSTLY else None

"""What the OpenAPI description says of imports."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from core.api.description import answer, error_answer, page_of
from core.api.jobs import EXAMPLE as JOB
from core.api.paging import DEFAULT_SIZE, LARGEST_SIZE
from leads.api.import_serializers import ImportPageSerializer, ImportSerializer, UploadBody
from leads.services.exports import CONTENT_TYPES

IMPORTS = ["Imports"]
HOST = "https://leads.example.com/api/v1/imports/12"
IMPORT = {
    "id": 12,
    "line": "rooftop_solar",
    "filename": "enquiries.xlsx",
    "size": 182_311,
    "state": "loading",
    "error": "",
    "columns": [
        {"header": "Owner", "target": "owner_name", "suggested": None},
        {"header": "Handy No.", "target": "mobile", "suggested": None},
        {"header": "Remarks", "target": None, "suggested": None},
    ],
    "saved_mapping": "Website enquiries",
    "notices": [{"code": "ignored_sheets", "message": "Sheet “March” was read; “Notes” was ignored."}],
    "counts": {
        "data_rows": 2_000,
        "accepted": 1_850,
        "updated": 0,
        "rejected": 118,
        "duplicate": 32,
        "held": 0,
        "reasons": {"mobile:invalid_phone": 71, "meter_number:pattern": 52},
    },
    "check": None,
    "corrects": None,
    "job": {**JOB, "id": 31, "title": "Import of enquiries.xlsx"},
    "paused": None,
    "rollback": None,
    "created": "2026-01-15T09:30:00+00:00",
    "created_by": "Meera Iyer",
    "finished": None,
    "address": HOST,
    "errors": None,
}
LOADED = {
    **IMPORT,
    "state": "loaded",
    "job": None,
    "finished": "2026-01-15T09:31:10+00:00",
    "errors": f"{HOST}/errors",
}
UPLOAD = {
    "file": "Owner,Handy No.,roof_area,Monthly bill\nAsha Rao,98450 12345,85.5,4200\nRavi Kumar,98450 1,40,1800\n",
    "line": "rooftop_solar",
    "on_duplicate": "skip",
    "mapping": '{"Owner": "owner_name", "Handy No.": "mobile"}',
    "dry_run": True,
}
LINE = OpenApiParameter("line", str, description="The code of a line. Without it: imports into all lines.")
CURSOR = OpenApiParameter("cursor", str, description="A place in the list, from `next`.")
PAGE_SIZE = OpenApiParameter(
    "page_size",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
    description="How many imports a page has.",
)
PLACE = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, description="The import's address.", response=[201]
)
BUSY = error_answer(
    "It collides with the state of the import.",
    "not_loaded",
    "This import is being checked: there is nothing to roll back.",
)
BEGUN = answer(ImportSerializer, "The work has begun: `state` and `job` tell how far it is.", IMPORT)

LIST_IMPORTS: dict[str, Any] = {
    "operation_id": "list_imports",
    "summary": "Imports, newest first",
    "description": "All of them, or your own: as your role reaches.",
    "tags": IMPORTS,
    "parameters": [LINE, CURSOR, PAGE_SIZE],
    "responses": {200: answer(ImportPageSerializer, "A page.", page_of(LOADED))},
}
CREATE_IMPORT: dict[str, Any] = {
    "operation_id": "create_import",
    "summary": "Load a file of leads",
    "description": (
        "CSV, TSV, XLSX, XLS or ODS, as it is. Columns are matched by name; what is not is in `mapping`."
        " A file with the header of a saved mapping is read by that; one whose header has drifted from it is refused"
        " with `mapping_drift`, which lists the differences, until `mapping` or `accept_drift` says how it is read."
        " The rows are judged as on the pages: rejected ones come back in the error workbook (`errors`), which,"
        " corrected, is loaded by this very call. With `dry_run` every row is judged and none is written; load the"
        " file then with `/load`."
    ),
    "tags": IMPORTS,
    "request": {"multipart/form-data": UploadBody},
    "examples": [
        OpenApiExample("a check", value=UPLOAD, request_only=True, media_type="multipart/form-data")
    ],
    "parameters": [PLACE],
    "responses": {
        201: answer(ImportSerializer, "The import; a job loads or checks it.", IMPORT),
        400: error_answer(
            "The file cannot be read, or its columns do not fit.",
            "missing_columns",
            "The file has no column for Mobile. Match one, or add it to the file and upload it again.",
        ),
        409: error_answer(
            "The same bytes stand loaded, or the line takes no leads.",
            "same_bytes",
            "Exactly this file is loaded already, as enquiries.xlsx. Roll that import back first if it should be"
            " loaded anew.",
        ),
    },
}
READ_IMPORT: dict[str, Any] = {
    "operation_id": "read_import",
    "summary": "One import",
    "description": "Its state, how far its job is, what became of its rows and why, and how its columns are read.",
    "tags": IMPORTS,
    "responses": {200: answer(ImportSerializer, "The import.", LOADED)},
}
FETCH_ERRORS: dict[str, Any] = {
    "operation_id": "fetch_import_errors",
    "summary": "The rows that stayed out, as a workbook",
    "description": "Laid out as the file, with the reasons in a last column. Corrected, it may be loaded again.",
    "tags": IMPORTS,
    "responses": {(200, CONTENT_TYPES["xlsx"]): OpenApiResponse(OpenApiTypes.BINARY, "The workbook.")},
}
LOAD_IMPORT: dict[str, Any] = {
    "operation_id": "load_import",
    "summary": "Load a file that was checked",
    "description": "A load that was cancelled or has failed goes on behind the rows that it has loaded.",
    "tags": IMPORTS,
    "request": None,
    "responses": {202: BEGUN, 409: BUSY},
}
CANCEL_IMPORT: dict[str, Any] = {
    "operation_id": "cancel_import",
    "summary": "Stop the work on an import",
    "description": "After its current batch; what is loaded stays, until it is rolled back.",
    "tags": IMPORTS,
    "request": None,
    "responses": {202: BEGUN, 409: BUSY},
}
PAUSE_IMPORT: dict[str, Any] = {
    "operation_id": "pause_import",
    "summary": "Pause the load or rollback of an import",
    "description": "It rests after its current batch, for as long as it takes, and keeps its place.",
    "tags": IMPORTS,
    "request": None,
    "responses": {
        202: answer(
            ImportSerializer,
            "It rests, or does so with the end of its batch.",
            {
                **IMPORT,
                "state": "paused",
                "job": {**JOB, "id": 31, "title": "Import of enquiries.xlsx", "state": "paused"},
                "paused": {"at": "2026-01-15T09:30:20+00:00", "by": "Meera Iyer"},
            },
        ),
        409: error_answer(
            "It is paused already, or has ended.",
            "already_paused",
            "It was paused already. Resume it when it should go on.",
        ),
    },
}
RESUME_IMPORT: dict[str, Any] = {
    "operation_id": "resume_import",
    "summary": "Let a paused import go on",
    "description": "Behind the rows that it has done. A pause that has not taken effect yet is taken back.",
    "tags": IMPORTS,
    "request": None,
    "responses": {
        202: BEGUN,
        409: error_answer(
            "It is not paused, or has ended.", "not_paused", "It is not paused: it goes on already."
        ),
    },
}
ROLL_BACK_IMPORT: dict[str, Any] = {
    "operation_id": "roll_back_import",
    "summary": "Take an import back",
    "description": "Leads that it made are withdrawn, those that it changed are as before; what was edited stays.",
    "tags": IMPORTS,
    "request": None,
    "responses": {202: BEGUN, 409: BUSY},
}

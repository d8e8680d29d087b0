"""Calls about kept files: hand one in for a field, then write its number into a lead; read it back."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Area
from core.api.calls import Call
from core.api.description import answer, error_answer
from core.api.serializers import Body, TextField
from core.errors import FieldError, NotPermitted, ValidationFailed
from core.kept_files import KINDS, FileRefused
from core.pages.files import sent
from core.queries.files import get_file
from leads.api.views import actor_of, usable_line
from leads.fields.kept_files import value_of
from leads.services.kept_files import keep_file

FILES = ["Files"]
NOT_TAKEN = error_answer(
    "The file is not taken.",
    "file_type",
    "This kind of file is not taken here. Choose one of PDF, JPEG.",
    "file",
)
UPLOAD = {"line": "home_loan", "field": "payslip", "file": "%PDF-1.7 …"}
HELD = {"id": 17, "name": "payslip.pdf", "size": 81236, "type": "application/pdf"}


class HandedInFile(Body):
    """A file for a field of a line."""

    line = TextField(max_length=60, help_text="The code of the business line.")
    field = TextField(max_length=60, help_text="The key of a field of type file or image.")
    file = serializers.FileField(allow_empty_file=True, max_length=None, help_text="The bytes.")


class KeptFileSerializer(serializers.Serializer[Any]):
    """A kept file: the value of a field."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(min_value=0, help_text="Bytes.")
    type = serializers.CharField(help_text="What it is, by its bytes.")


class FileListView(Call):
    """Files that are handed in."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        tags=FILES,
        operation_id="hand_in_file",
        summary="Hand in a file",
        request={"multipart/form-data": HandedInFile},
        examples=[
            OpenApiExample("a payslip", value=UPLOAD, request_only=True, media_type="multipart/form-data")
        ],
        responses={201: answer(KeptFileSerializer, "The file is kept.", HELD), 400: NOT_TAKEN},
    )
    def post(self, request: Request) -> Response:
        """Hand in a file for a field. Write its `id` into the field of a lead within a day, or it is removed."""
        actor = actor_of(request)
        if not (actor.may(Area.LEADS, "create") or actor.may(Area.LEADS, "write")):
            raise NotPermitted
        body = HandedInFile(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        line = usable_line(actor, given["line"])
        try:
            upload = given["file"]
            file = keep_file(
                actor=actor, line=line, key=given["field"], filename=upload.name or "", chunks=upload.chunks()
            )
        except FileRefused as error:
            problem = {"file": [FieldError(error.code, error.message)]}
            raise ValidationFailed(error.code, error.message, problem) from error
        return Response(value_of(file), status=status.HTTP_201_CREATED)


BYTES = OpenApiResponse(OpenApiTypes.BINARY, "The file, of the content type that it was recognised by.")


class FileContentView(Call):
    """The bytes of a kept file."""

    @extend_schema(
        tags=FILES,
        operation_id="read_file",
        summary="The bytes of a file",
        responses={(200, kind.content_type): BYTES for kind in KINDS.values()},
    )
    def get(self, request: Request, file_id: str) -> HttpResponseBase:
        """Read a file: of a lead whose field you see, or one that you handed in yourself."""
        return sent(request._request, get_file(actor_of(request), int(file_id)))

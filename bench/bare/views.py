"""Two bare views: one writes a row and a history row, one renders fifty rows."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.bare.models import LeadOfOurs, Row, RowHistory

PAGE = 50


class CreateRow(APIView):
    """Writes what it is sent: no check, no caller, no duplicates."""

    def post(self, request: Request) -> Response:
        data = request.data["data"]
        with transaction.atomic():
            row = Row.objects.create(
                name=data["full_name"], phone=data["mobile"], email=data.get("mail", ""), data=data
            )
            RowHistory.objects.create(
                row_id=row.pk, name=row.name, phone=row.phone, email=row.email, data=data, history_type="+"
            )
        return Response({"id": row.pk, "name": row.name, "data": row.data}, status=201)


def list_rows(request: HttpRequest) -> HttpResponse:
    """The newest fifty leads of our table in a plain HTML table with as many columns as our list shows.

    It names the organisation, so that the same index serves it: a slow statement would make the comparison easy.
    """
    house = int(request.GET["organization"])
    leads = LeadOfOurs.objects.filter(organization_id=house).select_related("owner")
    return render(request, "list.html", {"leads": leads.order_by("-created_at", "-id")[:PAGE]})

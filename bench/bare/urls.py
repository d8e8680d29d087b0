"""Addresses of the bare project."""

from django.urls import path

from bench.bare.views import CreateRow, list_rows

urlpatterns = [path("rows", CreateRow.as_view()), path("list", list_rows)]

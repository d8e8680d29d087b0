"""Addresses of public forms: short, because they are printed and sent around."""

from django.urls import path

from leads.pages.public import views

urlpatterns = [
    path("<str:token>/", views.public_form, name="public_form"),
    path("<str:token>/thanks/", views.public_thanks, name="public_thanks"),
]

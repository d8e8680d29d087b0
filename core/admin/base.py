"""What every list and form of the console has in common: scoped reading, services for writing, no second audit."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ERROR_FLAG
from django.db import DataError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from core.admin.audit import may_read_audit, object_history
from core.admin.dashboard import Words
from core.admin.forms import ServiceForm, in_words
from core.admin.menu import MenuPlace
from core.errors import ApplicationError, NotVisible

Found = TypeVar("Found")
MOMENT = "j M Y, H:i"
# What the stock filters of a field ask for.
FILTER_LOOKUPS = ("", "__exact", "__isnull", "__id__exact")


def read_once(request: HttpRequest, key: Hashable, read: Callable[[], Found]) -> Found:
    """Return what `read` returns, once for a request that changes nothing: the stock admin asks for a row, and for each
    action whether it is offered, again and again."""
    if request.method not in ("GET", "HEAD"):
        return read()
    known = request.__dict__.setdefault("read_once", {})
    if key not in known:
        known[key] = read()
    return cast(Found, known[key])


class ServiceChangeList(ChangeList):
    """A list in the orders that its admin offers.

    The stock one also takes an order by any other column from the address: a million leads would be sorted.
    """

    def get_ordering_field(self, field_name: Any) -> Any:
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None


class ServiceModelAdmin(ModelAdmin):
    """Rows as an actor may read them; forms and actions that call services.

    A subclass says `rows` and, where something can be changed, a `ServiceForm` and which of `can_add` and
    `can_change` hold. Nothing here saves or deletes by itself.
    """

    # The permission's area, by its value.
    area = "configuration"
    menu: MenuPlace | None = None
    form: type[ServiceForm] = ServiceForm
    can_add = False
    can_change = False

    actions: Sequence[str] | None = ()
    list_per_page = 50
    warn_unsaved_form = True
    compressed_fields = True

    def rows(self, actor: Any) -> models.QuerySet:
        """Return the rows that the actor may read."""
        raise NotImplementedError

    # Reading

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """Only what the actor may read, in the model's order."""
        rows = self.rows(request.actor)  # type: ignore[attr-defined]
        # Said even where it is the model's: an order that the address asks for and the list refuses leaves it.
        ordering = self.get_ordering(request) or self.model._meta.ordering
        return rows.order_by(*ordering) if ordering else rows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of an address, None where the actor may not read it."""
        key = ("row", self.model, object_id, from_field)
        return read_once(
            request, key, lambda: super(ServiceModelAdmin, self).get_object(request, object_id, from_field)
        )

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row of an address; raise NotVisible where the actor may not read it."""
        row = self.get_object(request, object_id)
        if row is None:
            raise NotVisible
        return row

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only what the list's filters ask for.

        The stock admin lets an address filter by any column: what is masked would be guessed letter by letter.
        """
        return lookup in self._filter_parameters(request)

    def _filter_parameters(self, request: HttpRequest) -> set[str]:
        parameters: set[str] = set()
        for item in self.get_list_filter(request):
            if isinstance(item, type) and issubclass(item, SimpleListFilter):
                parameters.add(str(item.parameter_name))
            else:
                name = item[0] if isinstance(item, list | tuple) else item
                parameters.update(f"{name}{lookup}" for lookup in FILTER_LOOKUPS)
        return parameters

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ServiceChangeList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the rows at once, so that what the database refuses is refused here."""
        changelist = super().get_changelist_instance(request)
        len(changelist.result_list)
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list; without its filters where an address asks for what there is none of."""
        # The stock title says “Select business line to change”, to whoever only looks as well.
        named = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        try:
            return super().changelist_view(request, named)
        except (DisallowedModelAdminLookup, DataError, ValueError):
            if ERROR_FLAG in request.GET:
                raise
            return redirect(f"{request.path}?{ERROR_FLAG}=1")

    # Permissions

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.actor.may(self.area, "read"))  # type: ignore[attr-defined]

    def may_write(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the actor may change rows of this area."""
        return bool(request.actor.may(self.area, "write"))  # type: ignore[attr-defined]

    # Actions name it as a permission.
    has_write_permission = may_write

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_add and self.may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_change and self.may_write(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: what is retired or withdrawn is so by an action that calls its service."""
        return False

    # Writing: the form has called its service

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.actor = request.actor  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Do nothing: the form's service has saved the row."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Do nothing: the form's service has saved everything."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise NotImplementedError("Rows are retired or withdrawn by services, not deleted.")

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        raise NotImplementedError("Rows are retired or withdrawn by services, not deleted.")

    # History is written by triggers; the stock admin's log would be a second, unscoped one

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Do nothing."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Do nothing."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Do nothing."""

    def has_history(self, request: HttpRequest) -> bool:
        """Whether the row's history is kept and may be read by the actor."""
        return (
            hasattr(self.model, "history") and may_read_audit(request) and self.has_view_permission(request)
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.found(request, object_id)
        if not self.has_history(request):
            raise NotVisible
        return object_history(self, request, row)

    def history_title(self, request: HttpRequest, record: Any) -> str:
        """Return the name of a row as it was at a history record."""
        return str(record.instance)

    def history_value(self, request: HttpRequest, record: Any, name: str) -> Any:
        """Return a column of a history record as the actor may see it."""
        return getattr(record, name)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        shown = {"show_history": self.has_history(request), "show_save_as_new": False}
        return super().changeform_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    # Actions

    def attempt(self, request: HttpRequest, work: Callable[[], Any], done: Words) -> bool:
        """Do some work of a service and say that it is done, or say why not. All of it or nothing."""
        try:
            with transaction.atomic():
                work()
        except ApplicationError as error:
            messages.error(request, in_words(error))
            return False
        messages.success(request, str(done))
        return True

    def confirm(
        self,
        request: HttpRequest,
        row: Any,
        *,
        title: Words,
        text: Words,
        button: Words,
        work: Callable[[], Any],
        done: Words,
        template: str = "console/confirm.html",
        **context: Any,
    ) -> HttpResponse:
        """Ask once, by a page whose button posts; then do the work and go back to the row."""
        if request.method == "POST" and self.attempt(request, work, done):
            return redirect(self.address(row))
        return self.row_page(request, row, template, title=title, text=text, button=button, **context)

    def row_page(
        self, request: HttpRequest, row: Any, template: str, *, title: Words, **context: Any
    ) -> TemplateResponse:
        """A page about a row within the console's frame, with `back` to the row's own page."""
        frame = {"title": title, "opts": self.model._meta, "original": row, "back": self.address(row)}
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), **frame, **context}
        )

    def address(self, row: Any) -> str:
        """Return the address of a row's page."""
        options = row._meta
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])

    def each(
        self, request: HttpRequest, rows: models.QuerySet, work: Callable[[Any], Any], done: str
    ) -> None:
        """Do some work with each chosen row, all or nothing; `done` may hold {number}."""
        chosen = list(rows)

        def all_of_them() -> None:
            for row in chosen:
                work(row)

        self.attempt(request, all_of_them, done.format(number=len(chosen)))

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        response = super().response_add(request, obj, post_url_continue)
        return (
            response
            if "_addanother" in request.POST or "_continue" in request.POST
            else self.after_saving(request, obj, response)
        )

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        response = super().response_change(request, obj)
        return (
            response
            if "_addanother" in request.POST or "_continue" in request.POST
            else self.after_saving(request, obj, response)
        )

    def after_saving(self, request: HttpRequest, row: Any, response: HttpResponse) -> HttpResponse:
        """Return where to go after a plain save: the list, unless a subclass knows better."""
        return response


class PausingAdmin(ServiceModelAdmin):
    """Rows that somebody may pause and let go on, by actions with the permissions `pause` and `resume`."""

    def is_paused(self, row: Any) -> bool | None:
        """Whether a row is paused; None where it can be neither paused nor let go on."""
        return bool(row.is_paused)

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the row of the page can be paused, by who asks."""
        return self._is_paused(request, object_id) is False

    def has_resume_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the row of the page is paused, and the actor's to let go on."""
        return self._is_paused(request, object_id) is True

    def _is_paused(self, request: HttpRequest, object_id: Any) -> bool | None:
        row = self.get_object(request, object_id) if object_id and self.may_write(request) else None
        return self.is_paused(row) if row is not None else None


class ReadOnlyAdmin(ServiceModelAdmin):
    """Rows that the console only shows."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[Any]:
        return self.fields or super().get_readonly_fields(request, obj)


def moment_column(name: str, label: Any) -> Callable[[Any, Any], str]:
    """Return a column that shows a moment of a row briefly, in the organisation's timezone."""

    @display(description=label, ordering=name)
    def column(model_admin: Any, row: Any) -> str:
        moment = getattr(row, name)
        return date_format(timezone.localtime(moment), MOMENT) if moment else "—"

    return column

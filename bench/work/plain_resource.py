"""How django-import-export reads the same file: typed columns, its bulk way."""

from typing import Any

from import_export import fields, resources, widgets
from import_export.instance_loaders import CachedInstanceLoader

from bench import sample
from bench.work.plain_tables import PlainLead


class GroupedDecimal(widgets.DecimalWidget):
    """A decimal with the digit grouping that the file has."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return super().clean(value.replace(",", ""), row, **kwargs)


class YesOrNo(widgets.BooleanWidget):
    """Yes, No, or nothing."""

    TRUE_VALUES = ("Yes",)
    FALSE_VALUES = ("No",)


class Day(widgets.DateWidget):
    """A day in any of these forms."""

    def __init__(self, *formats: str) -> None:
        super().__init__()
        self.formats = formats


def resource(*, validates: bool) -> resources.ModelResource:
    """Return the resource: with `validates` it checks each row by the model and looks for one with its phone."""

    class PlainLeads(resources.ModelResource):
        income = fields.Field("income", "income", GroupedDecimal())
        born = fields.Field("born", "born", Day("%d/%m/%Y"))
        enquired = fields.Field("enquired", "enquired", Day("%Y-%m-%d", "%d-%m-%Y"))
        existing = fields.Field("existing", "existing", YesOrNo())
        consent = fields.Field("consent", "consent", YesOrNo())

        class Meta:
            model = PlainLead
            fields = (*sample.KEYS, "source", "campaign")
            import_id_fields = ("mobile",)
            instance_loader_class = CachedInstanceLoader
            clean_model_instances = validates
            force_init_instance = not validates
            use_bulk = True
            batch_size = 1000
            skip_diff = True
            skip_html_diff = True
            use_transactions = True

    return PlainLeads()

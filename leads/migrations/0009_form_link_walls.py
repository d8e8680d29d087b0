from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0008_form_links"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("formlink", referenced=True, keys=("line", "source", "campaign", "owner")),
        *tenant_walls("consenttext", referenced=True, keys=("form_link",)),
        *tenant_walls("formsubmission", keys=("form_link", "consent")),
        *tenant_walls("formrefusals", history=False, keys=("form_link",)),
    ]

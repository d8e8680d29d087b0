from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0018_engagements_and_consent"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("engagement", keys=("lead", "by")),
        *tenant_walls("donotcall", keys=("by",)),
        *tenant_walls("consent", keys=("lead", "by")),
    ]

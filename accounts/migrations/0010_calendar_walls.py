from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_calendar")]

    operations = [
        *tenant_walls("workinghours", keys=("membership",)),
        *tenant_walls("holiday"),
        *tenant_walls("absence", keys=("membership", "deputy")),
    ]

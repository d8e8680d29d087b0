from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("core", "0004_intake")]

    operations = [
        *tenant_walls("intake", referenced=True, keys=("corrects", "job", "load_job")),
        *tenant_walls("intakerow", keys=("intake", "corrected_by")),
    ]

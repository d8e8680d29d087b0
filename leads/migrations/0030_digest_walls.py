from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0029_digests_and_undo"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("notificationsettings", history=False, keys=("membership",)),
        *tenant_walls("digest", history=False, keys=("membership",)),
        *tenant_walls("bulkchange", history=False),
        *tenant_walls("bulkchangedlead", history=False, keys=("lead",)),
    ]

from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0023_intake"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("acceptancerule", referenced=True, keys=("source", "line")),
        *tenant_walls("acceptancecount", history=False, keys=("rule",)),
        *tenant_walls("leadadmission", history=False, keys=("lead", "rule")),
        *tenant_walls("watchedplace", referenced=True, keys=("line", "source")),
        *tenant_walls("placelook", history=False, keys=("place",)),
        *tenant_walls("arrival", history=False, keys=("place", "intake")),
    ]

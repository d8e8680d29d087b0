from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0014_assignment"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("assignmentrule", referenced=True, keys=("line", "team")),
        *tenant_walls("assignmentturn", history=False, keys=("rule",)),
        *tenant_walls("leadassignment", history=False, keys=("lead", "rule", "owner")),
    ]

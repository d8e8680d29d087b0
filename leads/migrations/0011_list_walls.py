from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0010_lists"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("tag", referenced=True),
        *tenant_walls("leadtag", keys=("lead", "tag")),
        *tenant_walls("savedview", keys=("line", "owner", "team")),
    ]

from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0028_score_rules"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("scorerule", keys=("line",)),
    ]

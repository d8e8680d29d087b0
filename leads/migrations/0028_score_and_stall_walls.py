from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0027_score_and_stall_rules"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("scorerule", keys=("line",)),
        *tenant_walls("stallrule", referenced=True, keys=("line",)),
        *tenant_walls("stallclock", history=False, keys=("lead", "rule")),
        *tenant_walls("stallstep", history=False, keys=("lead", "rule", "whom")),
    ]

from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0025_waiting_and_hand_over")]

    operations = [
        *tenant_walls("assignmenttally", history=False, keys=("rule", "membership")),
        *tenant_walls("assignmentlimit", keys=("membership",)),
        *tenant_walls("waitinglead", history=False, keys=("lead", "line", "rule")),
        *tenant_walls("handover", referenced=True, keys=("source", "target", "manager", "by")),
        *tenant_walls("handedlead", history=False, keys=("hand_over", "lead", "owner")),
    ]

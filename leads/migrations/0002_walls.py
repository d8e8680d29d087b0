from django.db import migrations

from core.database.operations import GrantedSequence, tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial"), ("accounts", "0003_walls")]

    operations = [
        GrantedSequence("leads_reference"),
        *tenant_walls("businessline", referenced=True),
        *tenant_walls("field", keys=("line",)),
        *tenant_walls("lineversion", keys=("line",)),
        *tenant_walls("source", referenced=True),
        *tenant_walls("campaign", referenced=True),
        *tenant_walls("lead", keys=("line", "owner", "team", "source", "campaign")),
        *tenant_walls("leadvalue", history=False),
        *tenant_walls("leadtoken", history=False),
        *tenant_walls("duplicatekey", history=False),
    ]

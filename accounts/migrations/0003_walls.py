from django.db import migrations

from core.database.operations import CURRENT_ACTOR, ProtectTable, RecordHistory, tenant_walls

# Users are global. An organisation sees its members; a person is changed by nobody but that person,
# and by services that work in system_scope after checking who asks.
MYSELF = f"id = {CURRENT_ACTOR}"
MEMBER = f"{MYSELF} OR id IN (SELECT user_id FROM accounts_membership)"

# With the organisation in it, or a conflict would tell that another's member exists.
ONE_MANAGER_AT_A_TIME = """
ALTER TABLE accounts_reportingline ADD CONSTRAINT reporting_line_one_manager EXCLUDE USING gist (
    int8range(organization_id, organization_id, '[]') WITH &&,
    int8range(membership_id, membership_id, '[]') WITH &&, valid WITH &&)
"""
NOBODY_LEADS_THEMSELVES = """
ALTER TABLE accounts_reportingline ADD CONSTRAINT reporting_line_not_self CHECK (membership_id <> manager_id)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_initial"), ("core", "0002_walls")]

    operations = [
        *tenant_walls("membership", referenced=True),
        *tenant_walls("reportingline", keys=("membership", "manager")),
        ProtectTable("user", visible=MEMBER, writable=MYSELF),
        ProtectTable("historicaluser", visible=MEMBER),
        RecordHistory("user"),
        migrations.RunSQL(
            ONE_MANAGER_AT_A_TIME,
            "ALTER TABLE accounts_reportingline DROP CONSTRAINT reporting_line_one_manager",
        ),
        migrations.RunSQL(
            NOBODY_LEADS_THEMSELVES,
            "ALTER TABLE accounts_reportingline DROP CONSTRAINT reporting_line_not_self",
        ),
    ]

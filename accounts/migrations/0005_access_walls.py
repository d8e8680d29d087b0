from django.db import migrations

from core.database.operations import CURRENT_ACTOR, tenant_walls

# An address that a person used before is theirs alone to read: another organisation may have known it.
OWN_HISTORY = f"ALTER POLICY organization_wall ON accounts_historicaluser USING (id = {CURRENT_ACTOR}) WITH CHECK (false)"
MEMBERS_HISTORY = (
    "ALTER POLICY organization_wall ON accounts_historicaluser"
    f" USING (id = {CURRENT_ACTOR} OR id IN (SELECT user_id FROM accounts_membership))"
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_names_and_narrowing")]

    operations = [
        *tenant_walls("accessrule"),
        migrations.RunSQL(OWN_HISTORY, MEMBERS_HISTORY),
    ]

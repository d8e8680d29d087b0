from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_keys_and_login_log")]

    operations = [
        *tenant_walls("apikey", referenced=True, keys=("owner",)),
        *tenant_walls("apikeyuse", history=False, keys=("api_key",)),
        # Rows without an organisation are the system's: the policy shows them to nobody.
        *tenant_walls("loginlog", history=False, keys=("membership",)),
    ]

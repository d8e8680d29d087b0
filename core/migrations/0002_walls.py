from django.db import migrations

from core.database.operations import CURRENT_ORGANIZATION, HISTORY_FUNCTION, ProtectTable, RecordHistory

OWN_ROW = f"id = {CURRENT_ORGANIZATION}"


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(HISTORY_FUNCTION, "DROP FUNCTION leadledger_record_history()"),
        ProtectTable("organization", visible=OWN_ROW),
        ProtectTable("historicalorganization", visible=OWN_ROW),
        RecordHistory("organization"),
    ]

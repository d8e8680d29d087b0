from django.db import migrations

from core.database.operations import ReferencedByTenantsLater


class Migration(migrations.Migration):
    # An index that is built without locking the table cannot be built in a transaction.
    atomic = False

    dependencies = [("core", "0013_rows_by_what_they_changed")]

    operations = [ReferencedByTenantsLater("storedfile")]

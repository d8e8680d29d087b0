from django.db import migrations

from core.database.operations import ReferencedByTenantsLater


class Migration(migrations.Migration):
    # An index that is built without locking the table cannot be built in a transaction.
    atomic = False

    dependencies = [("core", "0012_saved_mappings")]

    operations = [ReferencedByTenantsLater("storedfile")]

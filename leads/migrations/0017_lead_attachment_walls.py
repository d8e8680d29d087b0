from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):

    dependencies = [("leads", "0016_lead_attachments")]

    operations = tenant_walls("leadattachment", keys=("lead", "file", "author", "removed_by"))

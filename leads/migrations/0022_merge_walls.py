from django.db import migrations

from core.database.operations import tenant_walls


class Migration(migrations.Migration):
    dependencies = [("leads", "0021_merges_and_duplicate_pairs"), ("accounts", "0003_walls")]

    operations = [
        *tenant_walls("leadmerge", keys=("keep", "lose", "by", "undone_by")),
        *tenant_walls("duplicatepair", keys=("line", "first", "second", "decided_by")),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0012_saved_mappings")]

    operations = [
        migrations.AddIndex(
            model_name="intakerow",
            index=models.Index(
                condition=models.Q(("repeats_id__isnull", False)),
                fields=["organization", "intake", "repeats_id"],
                name="intake_row_repeats",
            ),
        ),
    ]

from django.db import migrations, models

LABEL = "only working time counts"


def counting(default: bool) -> models.BooleanField:
    return models.BooleanField(default=default, verbose_name=LABEL)


class Migration(migrations.Migration):
    """Rules count working time; those that are there go on as they were made, by the clock."""

    dependencies = [
        ("leads", "0030_digest_walls"),
    ]

    operations = [
        operation(model, "in_working_hours", counting(default))
        for operation, default in ((migrations.AddField, False), (migrations.AlterField, True))
        for model in ("stallrule", "historicalstallrule")
    ]

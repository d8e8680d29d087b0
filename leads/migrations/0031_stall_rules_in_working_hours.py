from django.db import migrations, models

MODELS = ("stallrule", "historicalstallrule")


def counting(default: bool) -> models.BooleanField:
    return models.BooleanField(default=default, verbose_name="only working time counts")


class Migration(migrations.Migration):
    """Rules count working time; those that are there go on as they were made, by the clock."""

    dependencies = [
        ("leads", "0030_digest_walls"),
    ]

    operations = [
        *(migrations.AddField(model, "in_working_hours", counting(False)) for model in MODELS),
        *(migrations.AlterField(model, "in_working_hours", counting(True)) for model in MODELS),
        migrations.AddField("stallclock", "step_since", models.DateTimeField(blank=True, null=True)),
    ]

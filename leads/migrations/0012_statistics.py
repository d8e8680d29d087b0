
from decimal import Decimal

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import core.tenancy


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0012_saved_mappings'),
        ('leads', '0011_list_walls'),
    ]

    operations = [
        migrations.AddField(
            model_name='businessline',
            name='complete_fields',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, help_text='Keys of the fields that a complete lead has filled; none: those that are required.', size=None, verbose_name='fields of a complete lead'),
        ),
        migrations.AddField(
            model_name='businessline',
            name='quality_target',
            field=models.DecimalField(decimal_places=2, default=Decimal('98.5'), max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='quality target'),
        ),
        migrations.AddField(
            model_name='historicalbusinessline',
            name='complete_fields',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, help_text='Keys of the fields that a complete lead has filled; none: those that are required.', size=None, verbose_name='fields of a complete lead'),
        ),
        migrations.AddField(
            model_name='historicalbusinessline',
            name='quality_target',
            field=models.DecimalField(decimal_places=2, default=Decimal('98.5'), max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='quality target'),
        ),
        migrations.CreateModel(
            name='CountedFigures',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField(db_collation='C')),
                ('figures', models.JSONField(default=dict)),
                ('counted_at', models.DateTimeField()),
                ('organization', core.tenancy.OrganizationField(blank=True, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'counted_at'], name='counted_figures_old')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'key'), name='counted_figures_once')],
            },
        ),
        migrations.CreateModel(
            name='LeadFlaw',
            fields=[
                ('pk', models.CompositePrimaryKey('lead_id', 'reason', blank=True, editable=False, primary_key=True, serialize=False)),
                ('reason', models.TextField(db_collation='C')),
                ('created_at', models.DateTimeField()),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='leads.lead')),
                ('line', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='leads.businessline')),
                ('organization', core.tenancy.OrganizationField(blank=True, db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='core.organization')),
            ],
            options={
                'indexes': [models.Index(models.F('organization'), models.F('line'), models.F('reason'), models.OrderBy(models.F('created_at'), descending=True), models.OrderBy(models.F('lead'), descending=True), name='lead_flaw_reason')],
            },
        ),
        migrations.CreateModel(
            name='LeadTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line_id', models.BigIntegerField()),
                ('day', models.DateField()),
                ('source_id', models.BigIntegerField(null=True)),
                ('status', models.CharField(db_collation='C', max_length=20)),
                ('stage', models.CharField(db_collation='C', max_length=60)),
                ('owner_id', models.BigIntegerField(null=True)),
                ('leads', models.IntegerField()),
                ('organization', core.tenancy.OrganizationField(blank=True, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'line_id', 'day'], name='lead_tally_day')],
            },
        ),
    ]

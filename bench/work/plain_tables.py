"""Plain Django models beside ours, for what ours are compared with. Their tables are in the bench's database only."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connection, models

from bench import sample


class PlainLead(models.Model):
    """A lead with a typed column for each of the twenty fields, as one would write it without fields by
    configuration: what django-import-export loads into."""

    full_name = models.CharField(max_length=200, db_index=True)
    mobile = models.CharField(max_length=20, db_index=True)
    mail = models.EmailField(blank=True, db_index=True)
    city = models.CharField(max_length=100, blank=True, db_index=True)
    region = models.CharField(max_length=40, choices=[(name, name) for name in sample.REGIONS])
    product = models.CharField(
        max_length=40, choices=[(name, name) for name in (*sample.PRODUCTS, sample.RARE)], db_index=True
    )
    employment = models.CharField(max_length=40, choices=[(name, name) for name in sample.EMPLOYMENTS])
    income = models.DecimalField(max_digits=20, decimal_places=2, null=True, db_index=True)
    amount = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    tenure = models.IntegerField(null=True, validators=[MinValueValidator(3), MaxValueValidator(360)])
    born = models.DateField(null=True)
    enquired = models.DateField(null=True, db_index=True)
    existing = models.BooleanField(null=True, blank=True)
    consent = models.BooleanField(null=True, blank=True)
    pan = models.CharField(max_length=10, unique=True, validators=[RegexValidator("^[A-Z]{5}[0-9]{4}[A-Z]$")])
    pincode = models.CharField(max_length=10, validators=[RegexValidator("^[1-9][0-9]{5}$")])
    employer = models.CharField(max_length=200, blank=True)
    credit_score = models.IntegerField(
        null=True, db_index=True, validators=[MinValueValidator(300), MaxValueValidator(900)]
    )
    rate = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    remark = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True)
    campaign = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "bench"
        db_table = "bench_plainlead"

    def __str__(self) -> str:
        return self.full_name


def make_plain_tables() -> None:
    """Make the tables anew, as the owner."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {PlainLead._meta.db_table}")
    with connection.schema_editor() as editor:
        editor.create_model(PlainLead)

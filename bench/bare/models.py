"""Plain tables, in the bench's database only, and a plain look at our table of leads."""

from django.db import models


class Row(models.Model):
    """What the bare view writes."""

    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=20, db_index=True)
    email = models.EmailField(blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return self.name


class RowHistory(models.Model):
    """The row's history."""

    row_id = models.BigIntegerField(db_index=True)
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=20)
    email = models.EmailField(blank=True)
    data = models.JSONField(default=dict)
    history_date = models.DateTimeField(auto_now_add=True)
    history_type = models.CharField(max_length=1)

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return self.name


class MemberOfOurs(models.Model):
    """The name of a lead's owner."""

    name = models.TextField()

    class Meta:
        app_label = "bare"
        managed = False
        db_table = "accounts_membership"

    def __str__(self) -> str:
        return self.name


class LeadOfOurs(models.Model):
    """A lead as a project without tenancy, masking and configured fields would read it."""

    organization_id = models.BigIntegerField()
    reference = models.TextField()
    name = models.TextField()
    status = models.TextField()
    data = models.JSONField()
    owner = models.ForeignKey(MemberOfOurs, on_delete=models.DO_NOTHING, null=True)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "bare"
        managed = False
        db_table = "leads_lead"

    def __str__(self) -> str:
        return self.reference


OWN_TABLES = (Row, RowHistory)

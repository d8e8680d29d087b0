"""What leads do once a day, and what they look after more often."""

from core.models import Organization
from core.schedule import daily_work, regular_work
from leads.services.digests.owing import owe_digests
from leads.services.pairing import find_every_pair
from leads.services.statistics.judging import judge_every_line


@daily_work("leads.judge_quality", hour=3)
def judge(organization: Organization) -> None:
    """Judge the leads of every line that were written since the last time."""
    judge_every_line(organization)


@regular_work("leads.digests")
def mails_of_the_day(organization: Organization) -> None:
    """Owe the mail of the day to everybody for whom it is time."""
    owe_digests(organization)


@daily_work("leads.find_duplicates", hour=4)
def find_duplicates(organization: Organization) -> None:
    """Look for pairs that may be the same among the leads that were written since the last time."""
    find_every_pair(organization)

"""What each type of field is for, shown beside the choice of the type."""

import json

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

TYPE_EXAMPLES = {
    "text": _("A line of words or a code, such as a name or a PAN."),
    "long_text": _("Several lines, such as remarks."),
    "integer": _("A count or a score, such as 34 or 760."),
    "decimal": _("A number with places after the point, such as 0.125."),
    "money": _("An amount in the line's currency; 1,25,000.50 is understood."),
    "percent": _("A rate, such as 12.5 for 12.5 %."),
    "boolean": _("A question with two answers, such as Owns home."),
    "date": _("A day, such as 31/12/1990; ages can be limited."),
    "datetime": _("A day and a time, in the organisation's timezone."),
    "time": _("A time of day, such as 18:30."),
    "email": _("An address such as asha@example.com, checked for its form."),
    "phone": _("A number, kept with its country: 98765 43210 becomes +919876543210."),
    "url": _("The address of a page, such as https://example.com."),
    "select": _("One of a list, such as Employment: Salaried, Self employed."),
    "multi_select": _("Any of a list, such as Products: Car loan, Home loan."),
    "file": _("A document that people attach, such as a bank statement."),
    "image": _("A picture that people attach, such as a photo of the site."),
    "user": _("A person of the organisation, such as who referred the customer."),
    "lead": _("Another lead, such as the co-applicant's."),
    "location": _("A place on the map, such as where the customer lives."),
    "computed": _("Worked out from other fields, such as loan_amount / (monthly_income * 12)."),
    "json": _("Structured data that another system sends; shown, not searched."),
}


def _written() -> str:
    return json.dumps({name: str(text) for name, text in TYPE_EXAMPLES.items()})


TYPE_EXAMPLES_AS_JSON = lazy(_written, str)()

"""Why two leads may be the same, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

REASONS = {
    "phone": gettext_lazy("Same phone"),
    "email": gettext_lazy("Same e-mail"),
    "digits": gettext_lazy("Phones end alike"),
    "city": gettext_lazy("Same city"),
}


def reason_text(reason: str) -> str:
    """Return a reason of a pair, such as phone or name:92, as people read it."""
    kind, _colon, figure = reason.partition(":")
    return _("Names alike: %(figure)s %%") % {"figure": figure} if kind == "name" else str(REASONS[kind])

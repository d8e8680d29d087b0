"""The pages of a public form link: the form, and what stands there once it is sent.

Whoever is signed in is nobody here: the pages are the same for everybody, and history names the form alone.
There is no session to misuse, so none of Django's tokens against that is asked for: in a frame of another site
no cookie would come along. The page's own stamp tells what was drawn by us.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from core.api.rate_limit import Count, count_call, network_of
from core.errors import ApplicationError, TooMany
from core.middleware import PAGES_POLICY
from leads.models import FormLink
from leads.pages.public.bodies import FormBody
from leads.pages.public.forms import CONSENT, TRAP, PublicForm
from leads.pages.public.stamps import Stamp, read_stamp
from leads.pages.views import show_problems
from leads.queries.form_links import find_form_link, form_link_scope, is_open
from leads.services.form_links import origin_of
from leads.services.form_submissions import (
    FilledForm,
    FormClosed,
    count_refusal,
    seconds_until_open,
    submit_form,
)

STAMP = "stamp"
GONE = 410


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def public_form(request: HttpRequest, token: str) -> HttpResponse:
    """The form of a link, and its answer to what is sent."""
    link = find_form_link(token)
    if link is None:
        return _nowhere()
    with form_link_scope(link):
        page = _Page(request, link)
        if not is_open(link):
            return page.closed(GONE)
        return page.take() if request.method == "POST" else page.show()


@login_not_required
@require_safe
def public_thanks(request: HttpRequest, token: str) -> HttpResponse:
    """What stands there once a form is sent; also when it was the last one that it took."""
    link = find_form_link(token)
    if link is None:
        return _nowhere()
    page = _Page(request, link)
    return page.respond("public/thanks.html", {"again_url": page.address if is_open(link) else ""})


class _Page:
    """One request to the form of a link, within the link's scope."""

    def __init__(self, request: HttpRequest, link: FormLink) -> None:
        self.request = request
        self.link = link
        # Shown in a frame of another site, which the link has to name.
        self.is_embedded = request.GET.get("embed") == "1" and bool(link.embed_origins)

    @property
    def address(self) -> str:
        return reverse("leads:public_form", args=[self.link.token]) + self._suffix

    @property
    def _suffix(self) -> str:
        return "?embed=1" if self.is_embedded else ""

    def show(self) -> HttpResponse:
        """The empty form; in its place, on a day that is full, when to come again."""
        if wait := seconds_until_open(self.link):
            response = self.closed(429)
            response["Retry-After"] = str(wait)
            return response
        form = PublicForm(link=self.link)
        return self._form(form, Stamp.new(self.link.consent_number))

    def take(self) -> HttpResponse:
        """Take what was sent, or show it again with what is to be done."""
        body = FormBody(self.request, self.link)
        if body.is_too_large:
            count_refusal(link=self.link)
            return self.closed(413)
        if not (count := self._counted()).passes:
            count_refusal(link=self.link)
            body.leave_files_out()
        if body.has_too_much:
            count_refusal(link=self.link)
            return self.closed(413)
        stamp = read_stamp(self.request.POST.get(STAMP), self.link.token)
        # Whoever was never given the page leaves no files here.
        files = self.request.FILES if stamp is not None else None
        form = PublicForm(self.request.POST, files, link=self.link)
        if not count.passes:
            return self._form(form, stamp or Stamp.new(self.link.consent_number), wait=count.reset)
        if stamp is None or not stamp.is_plausible:
            return self._ask_again(form, stamp)
        if form.is_valid():
            try:
                submit_form(link=self.link, sent=self._sent(form, stamp))
            except FormClosed:
                return self.closed(GONE)
            except TooMany as error:
                count_refusal(link=self.link)
                return self._form(form, stamp, wait=error.wait, notice=error.message)
            except ApplicationError as error:
                show_problems(form, error)
            else:
                return self._thank()
        if stamp.consent_number != self.link.consent_number:
            # Other words stand there now: who agreed to the earlier ones is asked for these.
            form.take_back_consent()
            stamp = stamp.confirmed(self.link.consent_number)
        return self._form(form, stamp, status=422)

    def _counted(self) -> Count:
        """Count the call for its address, and where that passes for the form."""
        address = count_call(f"form-address:{self._network}", settings.FORM_ENQUIRIES_PER_MINUTE_AND_ADDRESS)
        if not address.passes:
            return address
        return count_call(f"form:{self.link.pk}", settings.FORM_ENQUIRIES_PER_MINUTE)

    @property
    def _network(self) -> str:
        return network_of(self.request.META.get("REMOTE_ADDR", ""))

    def _sent(self, form: PublicForm, stamp: Stamp) -> FilledForm:
        return FilledForm(
            values=form.values(),
            press=stamp.press,
            consent_number=stamp.consent_number if form.cleaned_data.get(CONSENT) else 0,
            address=self._network,
            is_trapped=bool(self.request.POST.get(TRAP)),
        )

    def _ask_again(self, form: PublicForm, stamp: Stamp | None) -> HttpResponse:
        """Show what was typed and ask for one more press: quick people and old pages lose nothing."""
        number = self.link.consent_number
        if stamp is None or stamp.consent_number != number:
            form.take_back_consent()
        again = stamp.confirmed(number) if stamp else Stamp.new(number, is_confirmed=True)
        notice = _("Nothing is sent yet. Please look over what you wrote, then press the button once more.")
        return self._form(form, again, status=422, notice=notice, shows_problems=False)

    def _thank(self) -> HttpResponse:
        if self.link.redirect_url and not self.is_embedded:
            return self._finish(HttpResponseRedirect(self.link.redirect_url, status=303))
        thanks = reverse("leads:public_thanks", args=[self.link.token])
        return self._finish(HttpResponseRedirect(thanks + self._suffix, status=303))

    def closed(self, status: int) -> HttpResponse:
        """In place of the form: why there is none now, and what to do instead."""
        shown = {"is_too_large": status == 413, "is_full": status == 429}
        return self.respond("public/closed.html", shown, status)

    def _form(
        self,
        form: PublicForm,
        stamp: Stamp,
        *,
        status: int = 200,
        notice: str = "",
        wait: int = 0,
        shows_problems: bool = True,
    ) -> HttpResponse:
        if wait:
            status, shows_problems = 429, False
            notice = notice or _too_much(form)
        if not shows_problems:
            form = _without_judgement(form)
        now = timezone.now().astimezone(self.link.organization.zone)
        context = {
            "form": form,
            "sections": form.sections(),
            "stamp": stamp.signed(self.link.token),
            "trap": TRAP,
            "notice": notice,
            "today": now.date().isoformat(),
        }
        response = self.respond("public/form.html", context, status)
        if wait:
            response["Retry-After"] = str(wait)
        return response

    def respond(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """A page of the link. Drawn without the request: who is signed in has no part in it."""
        shown = {
            "link": self.link,
            "organization": self.link.organization,
            "is_embedded": self.is_embedded,
            **context,
        }
        return self._finish(HttpResponse(render_to_string(template, shown), status=status))

    def _finish(self, response: HttpResponse) -> HttpResponse:
        """Nobody keeps a copy; only the sites that the link names may frame it; it may lead on where it says."""
        add_never_cache_headers(response)
        policy = PAGES_POLICY
        if onward := origin_of(self.link.redirect_url):
            # Browsers hold the redirect after a form to this too.
            policy = policy.replace("form-action 'self'", f"form-action 'self' {onward}")
        if self.is_embedded:
            origins = " ".join(self.link.embed_origins)
            policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors {origins}")
            response.xframe_options_exempt = True  # type: ignore[attr-defined]
        response["Content-Security-Policy"] = policy
        return response


def _too_much(form: PublicForm) -> str:
    """What somebody reads who was turned away for a minute."""
    words = _(
        "Too much came in at once. Nothing you wrote is lost: wait a minute, then press the button again."
    )
    return f"{words} {_('Files have to be chosen once more.')}" if form.is_multipart() else words


def _without_judgement(form: PublicForm) -> PublicForm:
    """The form with what was typed, before anybody has said what is wrong with it."""
    # Judged once at most: whoever judges it again keeps its files again.
    form.errors.clear()
    return form


def _nowhere() -> HttpResponse:
    """There is no form at this address, or none of which anything may be told."""
    response = HttpResponse(render_to_string("public/closed.html", {}), status=404)
    add_never_cache_headers(response)
    return response

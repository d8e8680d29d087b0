"""The parts of the design language, as HTML."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.template import Context, Template, engines

NOW = datetime(2025, 1, 5, 12, 0, tzinfo=UTC)
ORGANIZATION = SimpleNamespace(currency="INR", timezone="Asia/Kolkata", locale="en-IN")


def render(source: str, **context: Any) -> str:
    template = engines["django"].from_string("{% load components formats %}" + source)
    return template.render(context)


class LeadForm(forms.Form):
    """A form with what the field component treats differently."""

    name = forms.CharField(help_text="As on the card.")
    agreed = forms.BooleanField(label="Agreed")
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    city = forms.ChoiceField(choices=[("x", "X")])
    income = forms.CharField(required=False)


def test_money_moment_and_relative_follow_the_organisation() -> None:
    html = render(
        "{% money '1234567' %} {% money 5 'USD' %} {% number 100000 %} {{ 100000|grouped:'en-US' }} "
        "{% moment at %} {% day at %} {% relative at %}",
        organization=ORGANIZATION,
        at=datetime(2025, 1, 5, 11, 0, tzinfo=UTC),
        now=NOW,
    )

    assert html == (
        "₹ 12,34,567.00 $5.00 1,00,000 100,000 "
        '<time datetime="2025-01-05T16:30:00+05:30">5 Jan 2025, 16:30</time> '
        '<time datetime="2025-01-05">5 Jan 2025</time> '
        '<time datetime="2025-01-05T16:30:00+05:30" title="5 Jan 2025, 16:30:00">1 h ago</time>'
    )


def test_formats_work_without_an_organisation() -> None:
    assert render("{% money 1 'INR' %} {% money 1 %} {% relative none %}", none=None) == "₹ 1.00 1.00 "


def test_an_unknown_icon_is_an_error_not_a_gap() -> None:
    with pytest.raises(KeyError):
        render("{% icon 'no-such-icon' %}")


def test_an_icon_is_hidden_unless_it_is_labelled() -> None:
    assert "aria-hidden=true" in render("{% icon 'phone' %}")
    assert 'role="img" aria-label="Call &lt;now&gt;"' in render(
        "{% icon 'phone' label %}", label="Call <now>"
    )


@pytest.mark.parametrize(
    "tag", ["{% avatar text %}", "{% badge text 'good' %}", "{% button text href=text title=text %}"]
)
def test_what_people_write_is_escaped(tag: str) -> None:
    assert "<script>" not in render(tag, text="\"><script>alert('x')</script>")


def test_button_is_a_link_with_href_and_sends_otherwise() -> None:
    assert render("{% button 'Go' href='/x' %}") == '<a class="button" href="/x"><span>Go</span></a>'
    assert render("{% button 'Go' kind='primary' %}").startswith(
        '<button class="button primary" type="submit">'
    )


def test_button_attributes() -> None:
    html = render(
        "{% button 'Del' opens='gone' icon='trash' kind='icon-only' hx_get='/x' disabled=True name='' %}"
    )

    for attribute in ('type="button"', 'data-opens="gone"', 'aria-label="Del"', 'hx-get="/x"', " disabled"):
        assert attribute in html
    assert "name=" not in html
    assert ">Del<" not in html


def test_field_ties_label_help_and_errors_to_the_control() -> None:
    html = render("{% field form.name %}", form=LeadForm({}))

    assert '<label for="id_name">' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert "(required)" in html


def test_group_of_choices_is_a_fieldset_with_a_legend() -> None:
    html = render("{% field form.kind %}", form=LeadForm({}))

    assert html.strip().startswith('<fieldset aria-describedby="id_kind_error" class="field')
    assert "<legend>" in html
    assert html.count('type="radio"') == 2


def test_field_carries_its_rules_width_and_sign() -> None:
    form = LeadForm()
    income = form.fields["income"]
    income.visible_if = {"field": "kind", "op": "eq", "value": 'a"b'}  # type: ignore[attr-defined]
    income.width, income.prefix, income.field_type = "half", "₹", "money"  # type: ignore[attr-defined]
    income.rule_key = "monthly_income"  # type: ignore[attr-defined]

    html = render("{% field form.income %}", form=form)

    assert 'class="field half figures"' in html
    assert 'data-field="monthly_income"' in html
    assert 'data-visible-if="{&quot;field&quot;:&quot;kind&quot;,&quot;op&quot;:&quot;eq&quot;,' in html
    assert "data-required-if" not in html
    assert ">₹</span>" in html


def test_dialog_and_page_header_hold_their_body() -> None:
    html = render(
        "{% crumbs 'Leads' '/leads' 'PL-1' '' as trail %}"
        "{% page_header heading crumbs=trail %}{% button 'Edit' href='/e' %}{% endpage_header %}"
        "{% dialog 'gone' 'Sure?' %}<p>{{ text }}</p>{% enddialog %}",
        heading="A <b>",
        text="<i>",
    )

    assert "<h1>A &lt;b&gt;</h1>" in html
    assert '<a href="/leads">Leads</a>' in html
    assert '<div class="actions"><a class="button" href="/e">' in html
    assert '<dialog class="dialog " id="gone" aria-labelledby="gone-title">' in html
    assert "<p>&lt;i&gt;</p>" in html


def test_navigation_gets_one_free_letter_each() -> None:
    navigation = [
        {"label": "Leads", "url": "/l"},
        {"label": "Lines", "url": "/i"},
        {"label": "Üben", "url": "/u"},
        {"label": "Console", "url": "/c", "shortcut": "x"},
    ]

    html = render(
        "{% with_shortcuts navigation as n %}{% for p in n %}{{ p.shortcut }}{% endfor %}",
        navigation=navigation,
    )

    assert html == "libx"


def test_palette_entries_are_inert_json() -> None:
    navigation = [{"label": "</script><b>", "url": "/l", "shortcut": "l"}]

    html = render(
        "{% palette_entries navigation %}",
        navigation=navigation,
        palette=[{"label": "New lead", "url": "/n"}],
    )

    assert html.startswith('<script id="palette-entries" type="application/json">')
    assert html.count("</script>") == 1
    assert "New lead" in html


def test_base_page_renders_for_nobody_and_without_context() -> None:
    for name in ("base.html", "layouts/plain.html"):
        html = Template("{% extends name %}").render(Context({"name": name}))
        assert "<main" in html
        assert '<nav class="bottom-bar"' not in html

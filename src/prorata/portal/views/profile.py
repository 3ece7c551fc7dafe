"""What a person may set about himself: the name colleagues see, the language, the time zone."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from prorata import clock
from prorata.customers.models import User
from prorata.language import OWN_NAMES, speaking, spoken
from prorata.portal import time_zones
from prorata.portal.views.frame import REFUSED, Asked, signed_in
from prorata.portal.views.language import remember


class LongSelect(forms.Select):
    """For hundreds of options."""

    template_name = "portal/parts/long_select.html"


class ProfileForm(forms.ModelForm):
    name = forms.CharField(
        label=pgettext_lazy("of a person", "Name"), max_length=120, required=False,
        help_text=gettext_lazy("Your colleagues and our staff see it. Empty: your e-mail address is shown."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), required=False,
        help_text=gettext_lazy("Pages, mails and PDFs are written in it."),
    )  # fmt: skip
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), required=False,
        help_text=gettext_lazy("Times are shown in it. Dates of terms and invoices stay those of the seller's zone."),
        widget=LongSelect,
    )  # fmt: skip

    class Meta:
        model = User
        fields = ("name", "language", "time_zone")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        languages = [(code, name) for code, name in OWN_NAMES.items() if code in spoken()]
        if not self.instance.language:  # nor did a browser ask for one of these yet
            languages.insert(0, ("", _("As the browser says; mails in English")))
        self.fields["language"].choices = languages  # type: ignore[attr-defined]
        places = time_zones.choices(clock.now(), self.instance.time_zone)
        self.fields["time_zone"].choices = [("", _("As the seller's")), *places]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@signed_in
def profile(request: Asked) -> HttpResponse:
    """The form, and what was sent of it."""
    person = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        with speaking(person.language):
            messages.success(request, _("Your profile is saved."))
        answer = redirect("portal:profile")
        remember(answer, person.language)
        return answer
    status = REFUSED if form.is_bound else 200
    return render(request, "portal/profile.html", {"form": form}, status=status)

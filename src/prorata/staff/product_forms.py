"""The form of a resource type: a quantity with its limits, or a choice with its options written one a line."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from prorata.catalog.drops import drop
from prorata.catalog.models import Option, Product, Rate, ResourceType
from prorata.catalog.values import rate_of
from prorata.pricing.change import DEFAULT_CREDIT
from prorata.pricing.terms import DEFAULT_RULE
from prorata.staff import rule_words
from prorata.staff.fields import PercentField

OPTION_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
FLAGS = {
    "may_shrink": _("May be reduced during a term"),
    "grow_restarts": _("An increase needs a restart"),
    "shrink_restarts": _("A reduction needs a restart"),
}
WHOLE = re.compile(r"\d+", re.ASCII)


class ProductForm(forms.ModelForm):
    tax_rate = PercentField(label=_("Tax rate, %"), help_text=_("e.g. 10; 0 for none"))
    rule = forms.ChoiceField(
        label=_("Time left is counted in"), initial=DEFAULT_RULE, widget=rule_words.ExplainedChoice(),
        choices=lambda: rule_words.choices(rule_words.RULES), help_text=_("Price books are monthly under each."),
    )  # fmt: skip
    credit_model = forms.ChoiceField(
        label=_("A reduction gives back"), initial=DEFAULT_CREDIT, widget=rule_words.ExplainedChoice(),
        choices=lambda: rule_words.choices(rule_words.CREDIT_MODELS),
    )  # fmt: skip

    class Meta:
        model = Product
        fields = [
            "name", "code", "tax_rate", "tax_label", "rule", "credit_model", "changes_a_day", "cooldown_hours",
            "reductions_a_term", "may_move",
        ]  # fmt: skip
        labels = {
            "changes_a_day": _("Changes a day"),
            "cooldown_hours": _("Hours between two changes"),
            "reductions_a_term": _("Reductions a term"),
            "may_move": _("Machines may move to another host"),
        }
        help_texts = {
            "changes_a_day": _("of one service, in a day of the billing zone; empty: as many as wanted"),
            "cooldown_hours": _("counted from Submit of the last one; empty: none"),
            "reductions_a_term": _("changes that make something smaller; empty: any number, 0: none"),
            "may_move": _("when their own has no room for growth that is paid for; where the hypervisor can"),
        }


class ResourceTypeForm(forms.ModelForm):
    """One block of the product page. `options_text` stands for the Option rows of a choice."""

    steps = forms.CharField(
        required=False, label=_("Values sold"), widget=UnfoldAdminTextInputWidget(),
        help_text=_("e.g. 1, 2, 4, 8: then minimum and maximum follow from it; empty: every step from minimum to maximum"),
    )  # fmt: skip
    options_text = forms.CharField(
        required=False, label=_("Options"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("for a choice: one a line, code = name, in order, e.g. 2C4G = 2 cores, 4 GB"),
    )  # fmt: skip

    class Meta:
        model = ResourceType
        fields = [
            "name", "code", "kind", "unit", "unit_word", "minimum", "maximum", "step", "steps", "options_text", "usage",
            "reserve_percent", "peak_days", "may_shrink", "grow_restarts", "shrink_restarts", "position",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("minimum", "maximum", "step", "reserve_percent", "peak_days", "position"):
            self.fields[name].required = False
        self.fields["peak_days"].label = _("Days whose peak use counts")
        for name, label in FLAGS.items():
            self.fields[name].label, self.fields[name].help_text = label, ""
        if not self.instance.pk:
            self.initial.update(maximum=None, steps="")
        else:
            self.initial["steps"] = ", ".join(str(stop) for stop in self.instance.steps)
            options = self.instance.options.all()
            self.initial["options_text"] = "\n".join(f"{option.code} = {option.name}" for option in options)

    def clean_steps(self) -> list[int]:
        parts = [part for part in re.split(r"[\s,;\[\]]+", self.cleaned_data["steps"]) if part]
        if not all(WHOLE.fullmatch(part) for part in parts):
            raise ValidationError(_("List whole numbers, e.g. 1, 2, 4, 8."))
        return [int(part) for part in parts]

    def clean_options_text(self) -> list[tuple[str, str]]:
        options = [_option(line) for line in self.cleaned_data["options_text"].splitlines() if line.strip()]
        codes = [code for code, _name in options]
        if twice := next((code for code in codes if codes.count(code) > 1), None):
            raise ValidationError(
                _("%(code)s stands there twice. Give each option its own code.") % {"code": twice}
            )
        return options

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        linked = self.instance.pk and (self.instance.links.exists() or self.instance.needed_by.exists())
        if linked and kind != self.instance.kind:
            raise ValidationError(_("A linked limit speaks of it as it is. Remove that rule first."))
        return kind

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        before = self.instance.code
        if self.instance.pk and code != before and self.instance.product.services.exists():
            raise ValidationError(
                _("Services are configured by the code %(code)s, so it stays. Change the name instead.")
                % {"code": before}
            )
        return code

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("kind") == ResourceType.Kind.OPTION:
            self._clean_choice(values)
        else:
            self._clean_quantity(values)
        for name, nothing in (("reserve_percent", 0), ("peak_days", 0), ("position", 0)):
            values[name] = nothing if values.get(name) is None else values[name]
        return values

    def _clean_choice(self, values: dict[str, Any]) -> None:
        values.update(minimum=0, maximum=0, step=1, steps=[])
        if "options_text" in values and len(values["options_text"]) < 1:
            self.add_error(
                "options_text", _("A choice needs options: write one a line, e.g. 2C4G = 2 cores, 4 GB.")
            )

    def _clean_quantity(self, values: dict[str, Any]) -> None:
        if values.get("options_text"):
            self.add_error("options_text", _("A quantity has no options. Empty this, or make it a choice."))
        steps = values.get("steps") or []
        if steps:
            values |= {"minimum": min(steps), "maximum": max(steps)}
        values["minimum"] = values.get("minimum") or 0
        values["step"] = 1 if values.get("step") is None else values["step"]
        if values["step"] < 1:
            self.add_error("step", _("The step is 1 or more."))
            values["step"] = 1
        if not values.get("maximum"):
            self.add_error("maximum", _("A quantity needs a maximum above zero."))
        elif not steps and (values["maximum"] - values["minimum"]) % values["step"]:
            self.add_error("maximum", _("The maximum is not a whole number of steps above the minimum."))
        elif not self.errors and self.instance.pk:
            self._refuse_what_is_spoken_of(_sold(values), "steps" if steps else "maximum")

    def _refuse_what_is_spoken_of(self, sold: ResourceType, field: str) -> None:
        """The values sold must fit the price books there are, past or to come, and the linked limits."""
        if not sold.steps and (sold.maximum - sold.minimum) // sold.step > 1000:
            return  # refused by the model itself
        for row in self.instance.rates.filter(form=Rate.Form.VOLUME).select_related("price_book__product"):
            if falls := drop(rate_of(row), sold):
                self.add_error(field, f"{row.price_book}: {falls}")
                return
        spoken = [*self.instance.links.values_list("at_least", flat=True)]
        spoken += self.instance.needed_by.values_list("minimum", flat=True)
        if gone := [value for value in spoken if value is not None and value not in sold.stops()]:
            said = _("A linked limit speaks of %(value)s. Remove that rule first.") % {"value": gone[0]}
            self.add_error(field, said)

    def save_options(self) -> None:
        """Make the Option rows what the lines say. Raises ValidationError when a used one would go."""
        wanted = self.cleaned_data.get("options_text") or []
        kept = {code for code, _name in wanted}
        try:
            self.instance.options.exclude(code__in=kept).delete()
        except ProtectedError as used:
            raise ValidationError(_("An option that has a price cannot be removed.")) from used
        for position, (code, name) in enumerate(wanted):
            Option.objects.update_or_create(
                resource_type=self.instance, code=code, defaults={"name": name, "position": position}
            )


def _sold(values: dict[str, Any]) -> ResourceType:
    """A quantity as it would be sold."""
    return ResourceType(
        **{name: values[name] for name in ("name", "unit", "minimum", "maximum", "step", "steps")}
    )


def _option(line: str) -> tuple[str, str]:
    code, _sign, name = (part.strip() for part in line.partition("="))
    if not OPTION_CODE.fullmatch(code) or len(name) > 80:
        raise ValidationError(
            _("%(line)s is not an option. Write code = name, e.g. 2C4G = 2 cores, 4 GB.") % {"line": line}
        )
    return code, name or code


class ResourceTypeFormSet(forms.BaseInlineFormSet):
    """All resource types of one product: at least one, each code once."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        if not kept:
            raise ValidationError(_("A product needs at least one resource type. Fill in the first block."))
        self._refuse_used_options()

    def _refuse_used_options(self) -> None:
        for form in self.forms:
            if not form.instance.pk or not form.cleaned_data:
                continue
            stays = {code for code, _name in form.cleaned_data.get("options_text") or []}
            going = (
                form.instance.options.all()
                if form.cleaned_data.get("DELETE")
                else form.instance.options.exclude(code__in=stays)
            )
            if form.cleaned_data.get("DELETE") and form.instance.rates.exists():
                raise ValidationError(
                    _("%(name)s has prices and cannot be removed.") % {"name": form.instance.name}
                )
            if used := going.filter(rates__isnull=False).first():
                raise ValidationError(
                    _("%(option)s has a price and cannot be removed.") % {"option": used.name}
                )

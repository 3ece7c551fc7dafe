"""What the simulator is asked: a product in a currency, and other prices, another rule, or both."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminFileFieldWidget

from prorata import clock
from prorata.catalog.models import PriceBook, Product
from prorata.changes.simulate.question import (
    CannotSimulate,
    Question,
    of_files,
    of_per_cent,
    of_rule,
    of_version,
)
from prorata.pricing.book_file import read_books
from prorata.pricing.errors import BadInput
from prorata.staff import fields
from prorata.staff.rule_words import RULES

LARGEST_FILE = 1_000_000  # bytes
PRICES = [
    ("per_cent", gettext_lazy("A percentage on all rates")),
    ("version", gettext_lazy("Another version")),
    ("file", gettext_lazy("A file")),
    ("same", gettext_lazy("As now, by another rule")),
]


class SimulatorForm(fields.PlainForm):
    """Valid: `question` is what to simulate. The text of an uploaded file travels in the page, so that the answer can be
    asked for again."""

    product = fields.one_of(gettext_lazy("Product"), Product.objects.order_by("name"))
    currency = fields.choice(gettext_lazy("Currency"), [])
    prices = fields.radio(gettext_lazy("Prices"), PRICES, initial="per_cent")
    per_cent = forms.DecimalField(
        label=gettext_lazy("Percentage"), required=False, max_digits=8, decimal_places=4,
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text=gettext_lazy("e.g. 5 for dearer, -5 for cheaper; each rate is kept to 8 decimals"),
    )  # fmt: skip
    version = fields.one_of(
        gettext_lazy("Version"), PriceBook.objects.none(), help_text=gettext_lazy("also one that has not started")
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("File"), required=False, widget=UnfoldAdminFileFieldWidget(),
        help_text=gettext_lazy(
            'JSON, e.g. {"product": "cloud-vm", "currency": "USD", "rates": {"cpu": "12.50"}, '
            '"discounts": [{"months": 3, "off": "0.20"}]}; without discounts those in force stay'
        ),
    )  # fmt: skip
    rule = fields.choice(
        gettext_lazy("Rule"), [],
        help_text=gettext_lazy("how the time left is counted; changes are priced by it, renewals are not"),
    )  # fmt: skip
    kept_text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput())
    kept_name = forms.CharField(required=False, widget=forms.HiddenInput())

    question: Question

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currencies = (
            PriceBook.objects.public().order_by("currency").values_list("currency", flat=True).distinct()
        )
        self._offer("currency", [(code, code) for code in currencies])
        self._offer("rule", [("", _("As it is")), *((code, said.name) for code, said in RULES.items())])
        self.fields["rule"].required = self.fields["version"].required = False
        versions = PriceBook.objects.public().select_related("product")
        self.fields["version"].queryset = versions.order_by("product__name", "currency", "-version")  # type: ignore[attr-defined]

    def _offer(self, field: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.question = self._question(values)
            except CannotSimulate as wrong:
                asked = values["prices"]
                self.add_error(
                    asked if asked in ("file", "per_cent", "version") else None, _sentence(str(wrong))
                )
        return values

    def _question(self, values: dict[str, Any]) -> Question:
        product, currency, rule = values["product"], values["currency"], values["rule"] or None
        if values["prices"] == "same":
            if rule is None:
                raise CannotSimulate(_("Choose another rule, or other prices: else nothing is different."))
            return of_rule(rule, product)
        if values["prices"] == "per_cent":
            if values["per_cent"] is None:
                raise CannotSimulate(_("Say by how many per cent."))
            return of_per_cent(product, currency, values["per_cent"], clock.now(), rule=rule)
        if values["prices"] == "version":
            version = values["version"]
            if version is None or (version.product, version.currency) != (product, currency):
                raise CannotSimulate(
                    _("Choose a version of %(product)s in %(currency)s.")
                    % {"product": product, "currency": currency}
                )
            return of_version(version, rule=rule)
        return self._of_file(values, product, currency, rule)

    def _of_file(self, values: dict[str, Any], product: Product, currency: str, rule: str | None) -> Question:
        if (sent := values["file"]) is not None:
            values["kept_name"], values["kept_text"] = sent.name, _text_of(sent)
        if not values["kept_text"]:
            raise CannotSimulate(_("Choose a file."))
        name = values["kept_name"] or _("The file")
        try:
            books = read_books(values["kept_text"])
        except BadInput as bad:
            raise CannotSimulate(f"{name}: {bad}") from None
        question = of_files([(name, book) for book in books], rule=rule, product=product)
        if (product.pk, currency) not in question.books or len(question.books) > 1:
            others = ", ".join(sorted({book.currency for book in books}))
            raise CannotSimulate(
                _("%(name)s has prices in %(others)s: choose that currency, one file for one.")
                % {"name": name, "others": others}
            )
        return question

    def kept(self) -> list[tuple[str, str]]:
        """Everything that was asked, for the button that asks it again."""
        values = self.cleaned_data
        written = {
            name: self.data.get(name, "")
            for name in self.fields
            if name not in ("file", "kept_text", "kept_name")
        }
        return [*written.items(), ("kept_text", values["kept_text"]), ("kept_name", values["kept_name"])]


def _text_of(sent: Any) -> str:
    if sent.size > LARGEST_FILE:
        raise CannotSimulate(_("The file is larger than 1 MB: a price book is a page of text."))
    try:
        return str(sent.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CannotSimulate(_("The file is not UTF-8 text: save it as UTF-8.")) from None


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."

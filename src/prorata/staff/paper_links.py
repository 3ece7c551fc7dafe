"""Links to a document's PDF, and the page behind them, for the desk's invoices and credit notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from prorata.invoices.models import CreditNote, Invoice
from prorata.invoices.paper.download import NAMES, download
from prorata.staff.pages import guarded


class PaperLinks:
    """For the admin of a document: `pdf` is a field with a link for each language."""

    model: type[Any]
    printable: Callable[[], QuerySet[Any]]

    def get_urls(self) -> list[URLPattern]:
        name, printable = self.model._meta.model_name, type(self).printable

        def pdf(request: HttpRequest, pk: int) -> HttpResponse:
            return download(get_object_or_404(printable(), pk=pk), request.GET.get("lang"))

        page = guarded(pdf, f"invoices.view_{name}")
        return [path("<int:pk>/pdf/", page, name=f"invoices_{name}_pdf"), *super().get_urls()]  # type: ignore[misc]

    @admin.display(description=_("PDF"))
    def pdf(self, paper: Invoice | CreditNote) -> str:
        address = reverse(f"admin:invoices_{paper._meta.model_name}_pdf", args=[paper.pk])
        links = [(address, code, tag, name) for code, tag, name in NAMES]
        return format_html_join(" · ", '<a class="desk-link" href="{}?lang={}" lang="{}">{}</a>', links)

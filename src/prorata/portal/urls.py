"""The portal's addresses."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from prorata.portal.views import (
    change,
    changes,
    credit,
    demo,
    explanations,
    invoices,
    papers,
    payment_methods,
    payments,
    quotes,
    services,
    terms,
    theme,
)

app_name = "portal"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="portal:services"), name="home"),
    path("services", services.index, name="services"),
    path("services/<int:pk>", services.overview, name="service"),
    path("services/<int:pk>/resources", services.resources, name="resources"),
    path("services/<int:pk>/measure", services.measure, name="measure"),
    path("services/<int:pk>/stored/<slug:code>", services.stored, name="stored"),
    path(
        "services/<int:pk>/stored/<slug:code>/<str:object_id>/delete",
        services.delete_stored,
        name="delete_stored",
    ),
    path("services/<int:pk>/change", change.change, name="change"),
    path("services/<int:pk>/estimate", change.estimate, name="estimate"),
    path("services/<int:pk>/estimate.txt", explanations.estimate_text, name="estimate_text"),
    path("services/<int:pk>/estimate.csv", explanations.estimate_csv, name="estimate_csv"),
    path("services/<int:pk>/changes", changes.of_service, name="service_changes"),
    path("example", change.example, name="example"),
    path("quotes/<slug:reference>", quotes.quote, name="quote"),
    path("quotes/<slug:reference>/explanation.txt", explanations.quote_text, name="quote_text"),
    path("quotes/<slug:reference>/explanation.csv", explanations.quote_csv, name="quote_csv"),
    path("quotes/<slug:reference>/submit", quotes.submit, name="submit"),
    path("quotes/<slug:reference>/voucher", quotes.voucher, name="voucher"),
    path("quotes/<slug:reference>/renew", quotes.renew, name="renew"),
    path("invoices", invoices.index, name="invoices"),
    path("invoices/<slug:reference>", invoices.invoice, name="invoice"),
    path("invoices/<slug:reference>/state", invoices.state, name="invoice_state"),
    path("invoices/<slug:reference>/checkout", invoices.checkout, name="checkout"),
    path("invoices/<slug:reference>/transfer", invoices.transfer, name="transfer"),
    path("invoices/<slug:reference>/pdf", papers.invoice_pdf, name="invoice_pdf"),
    path("credit-notes/<str:number>", invoices.credit_note, name="credit_note"),
    path("credit-notes/<str:number>/pdf", papers.credit_note_pdf, name="credit_note_pdf"),
    path("payment-methods", payment_methods.index, name="payment_methods"),
    path("payment-methods/<int:pk>", payment_methods.change, name="change_payment_method"),
    path("payment-methods/saved/<uuid:pk>/forget", payment_methods.forget_card, name="forget_card"),
    path("payments", payments.index, name="payments"),
    path("payments.csv", payments.export, name="payments_csv"),
    path("payments/<uuid:attempt>/return", invoices.come_back, name="come_back"),
    path("receipts/<int:pk>", payments.receipt, name="receipt"),
    path("receipts/<int:pk>/pdf", payments.receipt_pdf, name="receipt_pdf"),
    path("changes/<slug:reference>", changes.show, name="show_change"),
    path("changes/<slug:reference>/state", changes.state, name="change_state"),
    path("changes/<slug:reference>/cancel", changes.cancel, name="cancel"),
    path("terms/<slug:reference>/cancel", terms.cancel, name="cancel_term"),
    path("credit", credit.index, name="credit"),
    path("credit.csv", credit.export, name="credit_csv"),
    path("theme", theme.theme, name="theme"),
    path("demo/mails", demo.mails, name="mails"),
    path("demo/mails/<int:pk>", demo.mail, name="mail"),
]

"""The XML into the PDF, with the description that readers look for, and the same bytes every time."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from facturx import generate_from_file

from prorata.invoices.einvoice.cii import issued
from prorata.invoices.models import CreditNote, Invoice
from prorata.invoices.paper.figures import one_line

# The forms in which the time of the embedding is written. Each keeps its length, so nothing else moves.
PDF_TIME = re.compile(rb"(/(?:Mod|Creation)Date \(D(?::|\\072))\d{14}")
XMP_TIME = re.compile(rb"(<xmp:(?:Create|Modify|Metadata)Date>)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def embed(pdf: bytes, xml: bytes, paper: Invoice | CreditNote, *, title: str, language: str) -> bytes:
    """A Factur-X PDF. `xml` was checked against the schema already. Its times are those of the document."""
    name = one_line(paper.seller_name)
    with TemporaryDirectory(prefix="prorata-einvoice-") as folder:
        source, target = Path(folder, "plain.pdf"), Path(folder, "einvoice.pdf")
        source.write_bytes(pdf)
        generate_from_file(
            str(source), xml, flavor="factur-x", level="en16931", check_xsd=False, check_schematron=False,
            output_pdf_file=str(target), lang=language, afrelationship="alternative", xmp_compression=False,
            pdf_metadata={"author": name, "keywords": "Factur-X", "title": title, "subject": f"{title}, {name}"},
        )  # fmt: skip
        made = target.read_bytes()
    day = issued(paper)
    made = PDF_TIME.sub(rb"\g<1>" + f"{day:%Y%m%d}000000".encode(), made)
    return XMP_TIME.sub(rb"\g<1>" + f"{day:%Y-%m-%d}T00:00:00+00:00".encode(), made)

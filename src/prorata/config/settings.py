"""Django's settings, made from the checked environment. The only place that wires rooms together is beside it."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from prorata.clock import Clock, set_clock
from prorata.config.environment import read_environment
from prorata.config.security_policy import portal_policy
from prorata.config.subscribers import SUBSCRIBERS
from prorata.staff.sidebar import UNFOLD  # noqa: F401

ENV = read_environment()
SOURCE = Path(__file__).resolve().parent.parent

set_clock(Clock(ENV.clock_file))

# --- what is installed --------------------------------------------------------------------------------------

# From the ground up: a room knows only rooms before it.
ROOMS = [
    "prorata.events",
    "prorata.tries",
    "prorata.ledger",
    "prorata.trail",
    "prorata.customers",
    "prorata.catalog",
    "prorata.services",
    "prorata.credit",
    "prorata.invoices",
    "prorata.recognition",
    "prorata.payments",
    "prorata.payments.bank",
    "prorata.provisioning",
    "prorata.changes",
    "prorata.changes.drift",
    "prorata.verify",
    "prorata.support",
    "prorata.notices",
    "prorata.guides",
    "prorata.portal",
    "prorata.staff",
]
INSTALLED_APPS = [
    "unfold",  # before the admin whose templates it replaces
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "procrastinate.contrib.django",
    *ROOMS,
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "prorata.payments.webhooks.WebhookDoor",  # before all that only people's pages need
    "prorata.config.security_policy.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pages only: the files beside them are stored compressed
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "prorata.config.requests.WithoutNul",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "prorata.config.requests.KeptByNobody",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "prorata.portal.reader.ReadersLanguage",
    "prorata.staff.second_factor.StaffSecondFactor",
    "prorata.staff.local_time.SellersZone",
    "prorata.staff.reader.DeskReader",
    "prorata.staff.view_as.ViewAsCustomer",  # the last: all it runs is read only
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The portal's look comes before that of the sign-in pages it replaces.
        "DIRS": [SOURCE / "portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]
ROOT_URLCONF = "prorata.config.urls"
WSGI_APPLICATION = "prorata.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- who and where ------------------------------------------------------------------------------------------

DEBUG = False
SECRET_KEY = ENV.secret_key
ALLOWED_HOSTS = sorted({ENV.host, *(["127.0.0.1", "localhost", "[::1]"] if ENV.sandboxes_allowed else [])})
PRORATA_MODE = ENV.mode
PRORATA_SANDBOXES_ALLOWED = ENV.sandboxes_allowed
PRORATA_HOME = ENV.home
PRORATA_BASE_URL = ENV.base_url
PRORATA_SANDBOX_GATEWAY_URL = ENV.sandbox_gateway_url
PRORATA_SANDBOX_GATEWAY_SECRETS = ENV.sandbox_gateway_secrets
PRORATA_SANDBOX_HYPERVISOR_URL = ENV.sandbox_hypervisor_url
PRORATA_SANDBOX_HYPERVISOR_TOKEN = ENV.sandbox_hypervisor_token
PRORATA_STRIPE = ENV.stripe
PRORATA_PAYPAL = ENV.paypal
PRORATA_LIBVIRT = ENV.libvirt
PRORATA_PROXMOX = ENV.proxmox
PRORATA_STAFF_MFA = ENV.staff_mfa
PRORATA_STAFF_EMAIL = ENV.staff_email
PRORATA_SUPPORT_ADDRESS = ENV.support_address
PRORATA_UNPAID_ROOM_PERCENT = ENV.unpaid_room_percent

# --- database -----------------------------------------------------------------------------------------------

DATABASES = {
    "default": {
        **ENV.database.django(),
        # A connection costs more than most requests; without this the portal serves a fifth.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
# The role that works; the owner's role migrates. The ledger's privileges are granted to this one.
PRORATA_APPLICATION_ROLE = ENV.application_role

# --- people -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "customers.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if ENV.mode == "test":
    # Slow on purpose elsewhere; the passwords of tests protect nothing.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none" if ENV.sandboxes_allowed else "mandatory"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if ENV.https else "http"
ACCOUNT_LOGOUT_ON_GET = False
# Who signs in, resets a password or signs up too often is told apart by address, and behind the proxy everybody would have
# one. Over https nobody comes but through a proxy that is believed (docs/howto/run-in-production.md).
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ENV.https else 0
# A password can be reset through an address: whoever finds a browser open must not add another one. Passwords and second
# factors ask again by themselves.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Prorata"
MFA_FORMS = {
    "add_webauthn": "prorata.customers.security_keys.AddSecurityKey",
    "edit_webauthn": "prorata.customers.security_keys.RenameSecurityKey",
}
# Browsers give security keys to https pages alone; a demo runs on plain http.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = ENV.sandboxes_allowed

# --- safety -------------------------------------------------------------------------------------------------

# A sandbox gateway lives on a port of its own, and the browser follows our redirect there.
CONTENT_SECURITY_POLICY = portal_policy(
    payment_pages=[
        *(["http://127.0.0.1:*", "http://localhost:*"] if ENV.sandboxes_allowed else []),
        *(["https://checkout.stripe.com"] if ENV.stripe else []),
        *([ENV.paypal.page] if ENV.paypal and ENV.paypal.page else []),
    ],
    https=ENV.https,
)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Host-bound names: a sister site of the same domain cannot plant them.
SESSION_COOKIE_NAME = "__Host-session" if ENV.https else "prorata_session"
CSRF_COOKIE_NAME = "__Host-csrf" if ENV.https else "prorata_csrf"
SECURE_SSL_REDIRECT = ENV.https
SECURE_HSTS_SECONDS = 31_536_000 if ENV.https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
# Tries to sign in count once for all processes and hosts (allauth counts in the cache), and nobody pushes his own counters
# out by making others: what is over goes every hour (tries/tasks.py).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "tries_kept",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
# How often one person may ask for what is costly: so many at once, and as many again, evenly, in so many seconds.
PRORATA_TRIES = {
    "estimate": (ENV.estimates_a_minute, 60),
    "refresh": (ENV.refreshes_a_minute, 60),
    "pdf": (ENV.pdfs_a_minute, 60),
}

# --- words and time -----------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [SOURCE / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SECURE = ENV.https

# --- files, mail, log ---------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = ENV.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": {
            "production": "whitenoise.storage.CompressedManifestStaticFilesStorage",
            "demo": "whitenoise.storage.CompressedManifestStaticFilesStorage",
            "test": "django.contrib.staticfiles.storage.StaticFilesStorage",
        }[ENV.mode]
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = ENV.mode == "test"

DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.mail.sender
EMAIL_BACKEND = {
    "production": "django.core.mail.backends.smtp.EmailBackend",
    "demo": "django.core.mail.backends.filebased.EmailBackend",
    "test": "django.core.mail.backends.locmem.EmailBackend",
}[ENV.mode]
EMAIL_FILE_PATH = ENV.home / "mail"
EMAIL_HOST, EMAIL_PORT = ENV.mail.host, ENV.mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENV.mail.user, ENV.mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = ENV.mail.security == "starttls", ENV.mail.security == "tls"
EMAIL_TIMEOUT = 20

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "prorata.config.log_lines.OneLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}

# --- what is wired to what ----------------------------------------------------------------------------------

PRORATA_SUBSCRIBERS = SUBSCRIBERS
# A gateway or driver by code, made by a function of config/wiring.py; what follows a colon is handed to it. The sandboxes
# exist in a demo or test only.
PRORATA_GATEWAYS = {
    **({"sandbox": "prorata.config.wiring.sandbox_gateway"} if ENV.sandboxes_allowed else {}),
    **({"stripe": "prorata.config.wiring.stripe_gateway"} if ENV.stripe else {}),
    **({"paypal": "prorata.config.wiring.paypal_gateway"} if ENV.paypal else {}),
}
PRORATA_DRIVERS = {
    **({"sandbox": "prorata.config.wiring.sandbox_driver"} if ENV.sandboxes_allowed else {}),
    **(ENV.libvirt.drivers if ENV.libvirt else {}),
    **({"proxmox": "prorata.config.wiring.proxmox_driver"} if ENV.proxmox else {}),
}
# The ways to pay that customers see: code, what it is called, the gateway behind it, whether it goes through real money.
# A transfer to the seller's bank account is offered for every currency in which the seller has one.
PRORATA_PAYMENT_METHODS = [
    *([("card", _("Credit card"), "sandbox")] if ENV.sandboxes_allowed else []),
    *([("stripe", _("Card, through Stripe"), "stripe")] if ENV.stripe else []),
    *([("paypal", "PayPal", "paypal")] if ENV.paypal else []),
    ("bank_transfer", _("Bank transfer"), "bank"),
]
# Who the sign-in page of a demo offers; the same people as in config/demo_data.py.
PRORATA_DEMO_ACCOUNTS = (
    [("aiko@example.com", "customer", "prorata-demo"), ("staff@example.com", "staff", "prorata-demo")]
    if ENV.mode == "demo"
    else []
)

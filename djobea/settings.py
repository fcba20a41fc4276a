"""All settings of Djobea, and the only reader of the environment.

Every setting is described, with an example, in `.env.example`. Importing this module starts nothing: a wrong value
is reported by the system checks in `djobea/checks.py`, in one sentence that names the setting and the remedy.
"""

import logging
import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from .environment import Environment
from .logging import configuration as logging_configuration

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

ENV_FILE = Path(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
env = Environment(ENV_FILE)
ENVIRONMENT_FINDINGS = env.findings

DEBUG = env.switch("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])
PORT = env.whole("PORT", 8000)
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
SIMULATOR = env.switch("SIMULATOR", default=False)

# --- Twilio -----------------------------------------------------------------------------------------------------
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_API_KEY_SID = env.text("TWILIO_API_KEY_SID")
TWILIO_API_KEY_SECRET = env.text("TWILIO_API_KEY_SECRET")
TWILIO_WHATSAPP_FROM = env.text("TWILIO_WHATSAPP_FROM")
TWILIO_SMS_FROM = env.text("TWILIO_SMS_FROM")
TWILIO_SMS_ACCOUNT_SID = env.text("TWILIO_SMS_ACCOUNT_SID")
TWILIO_SMS_AUTH_TOKEN = env.text("TWILIO_SMS_AUTH_TOKEN")
TWILIO_API_BASE_URL = env.text("TWILIO_API_BASE_URL").rstrip("/")
TWILIO_DAILY_LIMIT = env.whole_or_none("TWILIO_DAILY_LIMIT")
TWILIO_LOOKUP = env.switch("TWILIO_LOOKUP", default=False)
TWILIO_TIMEOUT_SECONDS = env.whole("TWILIO_TIMEOUT_SECONDS", 30)
NOTIFICATION_LEASE_SECONDS = env.whole("NOTIFICATION_LEASE_SECONDS", 60)

# --- Understanding ------------------------------------------------------------------------------------------------
UNDERSTANDING_BACKEND = env.text("UNDERSTANDING_BACKEND")
UNDERSTANDING_TIMEOUT_SECONDS = env.whole("UNDERSTANDING_TIMEOUT_SECONDS", 3)
UNDERSTANDING_URL = env.text("UNDERSTANDING_URL")
UNDERSTANDING_MODEL = env.text("UNDERSTANDING_MODEL")
UNDERSTANDING_API_KEY = env.text("UNDERSTANDING_API_KEY")

# --- Mail -------------------------------------------------------------------------------------------------------
EMAIL_URL = env.text("EMAIL_URL")
vars().update(env.email("EMAIL_URL", "consolemail://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Djobea <djobea@localhost>")
STAFF_ALERT_EMAILS = env.words("STAFF_ALERT_EMAILS", [])
STATUS_REPORT_EMAILS = env.words("STATUS_REPORT_EMAILS", [])
STATUS_REPORT_HOUR = env.whole("STATUS_REPORT_HOUR", 7)

# --- Outgoing webhooks -------------------------------------------------------------------------------------------
# For development and tests: plain http and hosts of this machine are called too. Refused when DEBUG is off.
WEBHOOKS_TO_PRIVATE_ADDRESSES = env.switch("WEBHOOKS_TO_PRIVATE_ADDRESSES", default=False)

# --- Many machines ----------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")

# --- Database ---------------------------------------------------------------------------------------------------
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / ".data")))  # of the embedded server
EMBEDDED_POSTGRES_OPTIONS: dict[str, str] = {}  # tests speed it up here
DATABASE_POOL_SIZE = env.whole("DATABASE_POOL_SIZE", 0)
DATABASES: dict[str, dict[str, Any]] = {
    "default": dict(env.database("DATABASE_URL") or {"ENGINE": "djobea.postgres", "NAME": "djobea", "USER": "postgres"})
}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    # Seconds; without it a server that does not answer holds a request for minutes.
    "OPTIONS": {"connect_timeout": 5} | DATABASES["default"].get("OPTIONS", {}),
}
if DATABASE_POOL_SIZE > 0:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": DATABASE_POOL_SIZE,
        "timeout": 10,  # seconds that a thread waits for a connection; then a webhook says 503 while Twilio still hears
        "max_lifetime": 1800,
        # Seconds; psycopg's own 5 minutes of ever longer rests would outlast an outage by as much again.
        "reconnect_timeout": 5,
    }

# --- Retention --------------------------------------------------------------------------------------------------
# Days after its end for which each kind of record is kept; RETENTION_DAYS=inbound_text=90,messages=30 changes some.
RETENTION_DAYS = env.numbers(
    "RETENTION_DAYS",
    {
        "messages": 90,  # settled, with attempts, receipts and the lines of staff actions; dead letters stay
        "receipts": 30,  # that belong to no message of ours
        "alerts": 180,  # resolved; an alert stays while a message points to it
        "staff_actions": 365,
        "unreachable_marks": 30,
        "heartbeats": 1,
        "scheduled_runs": 90,
        "inbound_text": 180,  # what people wrote; the row stays
        "inbound_rows": 730,  # with the MessageSid, by which a late redelivery is known
        "conversations": 180,  # what a closed talk was about
        "request_details": 365,  # words, place and photos of an ended request; the request stays
        "match_runs": 180,
        "action_links": 30,  # a kind page instead of "not valid"
        "applications": 365,  # given up or refused
        "staff_log": 365,
        "sign_ins": 90,
        "sessions": 1,
        "api_answers": 1,
    },
)

# --- Health -----------------------------------------------------------------------------------------------------
# Beyond these a part of the system is unwell; HEALTH_THRESHOLDS=late_seconds=120,unmet_requests=50 changes some.
HEALTH_THRESHOLDS = env.numbers(
    "HEALTH_THRESHOLDS",
    {
        "database_connections_percent": 80,  # of max_connections
        "pool_waiting": 0,  # threads of one process that wait for a connection
        "quiet_worker_seconds": 30,  # a worker says every few seconds that it lives
        "late_seconds": 60,  # what came, what is due and waves that ended, before somebody takes them: degraded
        "very_late_seconds": 300,  # the same: critical
        "unmet_requests": 20,  # that found nobody yet
        "providers_in_city": 3,  # fewer at work: degraded; nobody: critical
        "quiet_audit_seconds": 3600,
    },
)

# --- Django -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.simple_history",
    "djobea.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "phonenumber_field",
    "simple_history",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "csp",
    "django_structlog",
    "djobea.apps.DjobeaConfig",
    "providers",
    "notifications",
    "marketplace",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "djobea.content_security.ContentSecurityMiddleware",
    "djobea.probes.ProbeMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "djobea.two_factor.TwoFactorMiddleware",
    "djobea.masking.MaskingMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "djobea.idempotency.IdempotencyMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "djobea.urls"
WSGI_APPLICATION = "djobea.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "fr", ("fr", "en"))
# Pidgin has no catalog code that Django knows; its words live in the templates of replies.
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "marketplace" / "dialogue" / "locale"]
TIME_ZONE = env.time_zone("TIME_ZONE", "Africa/Douala")
USE_TZ = True
USE_I18N = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static-collected"
WHITENOISE_USE_FINDERS = DEBUG  # development needs no collectstatic
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

PHONENUMBER_DEFAULT_REGION = "CM"
PHONENUMBER_DB_FORMAT = "E164"
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

# --- Who may come in --------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_REDIRECT_URL = "admin:index"
# Staff without a second factor are led to its page and see nothing else. Who has one is always asked for it.
REQUIRE_TWO_FACTOR = env.switch("REQUIRE_TWO_FACTOR", default=False)
OTP_TOTP_ISSUER = "Djobea"
LOGIN_URL = "admin:login"
AXES_FAILURE_LIMIT = 20
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "djobea/locked_out.html"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]  # either of them: one guesser, or many against one name
# Behind a proxy, all visitors would share its address: it is the server's ProxyFix (or the like) that must set
# REMOTE_ADDR, since a header that anybody can write must never decide who is locked out.
AXES_IPWARE_PROXY_COUNT = 0

# --- HTTPS ------------------------------------------------------------------------------------------------------
# A browser reaches Djobea by the scheme of PUBLIC_BASE_URL. Over https, cookies and redirects insist on it; the
# proxy's header is believed only then (docs/decisions/0003-settings-that-stop-the-start.md).
IS_HTTPS = PUBLIC_BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # load balancers and Prometheus ask over plain HTTP
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576  # bytes; Twilio's webhooks carry links, never files

# What a page may load. Strict everywhere; `djobea/content_security.py` gives the admin what its libraries need.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- API --------------------------------------------------------------------------------------------------------
# Shared by all processes, since limits are counted in it.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "djobea_cache"}}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["djobea.api_rules.ConsolePermissions"],
    "DEFAULT_PAGINATION_CLASS": "djobea.api_rules.Paging",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "djobea.problems.handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Djobea",
    "DESCRIPTION": "Providers, requests, messages and alerts. Unsafe calls take an `Idempotency-Key`.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "djobea.api_schema.add_problems",
        "djobea.api_examples.add_examples",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ProviderStatus": "providers.models.ProviderStatus",
        "RequestStatus": "marketplace.models.RequestStatus",
        "JobStatus": "marketplace.models.JobStatus",
        "NotificationStatus": "notifications.models.Status",
    },
}

# --- Logs -------------------------------------------------------------------------------------------------------
SENTRY_DSN = env.text("SENTRY_DSN")
DEAD_MAN_PING_URL = env.text("DEAD_MAN_PING_URL")
METRICS_TOKEN = env.text("METRICS_TOKEN")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "text" if DEBUG else "json", ("text", "json"))
LOGGING = logging_configuration(level=LOG_LEVEL, style=LOG_FORMAT)
LOGGING_CONFIG = "djobea.logging.configure"
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # personal data that nobody needs here
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # the end of a request tells enough

# --- Admin theme ------------------------------------------------------------------------------------------------
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Djobea",
    "SITE_HEADER": "Djobea",
    "SITE_SYMBOL": "handyman",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("djobea/favicon.svg"),
        }
    ],
    "STYLES": [lambda _request: static("djobea/console.css")],
    "SCRIPTS": [lambda _request: static("djobea/console.js"), lambda _request: static("djobea/keys.js")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "DASHBOARD_CALLBACK": "djobea.dashboard.callback",
    "ENVIRONMENT": "djobea.dashboard.environment",
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": True,
    },
    "COMMAND": {"search_models": True, "show_history": True},
    # The green of the logo, from pale to dark.
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .021 166.1)",
            "100": "oklch(94.2% .045 165.2)",
            "200": "oklch(88.6% .078 164.6)",
            "300": "oklch(79.8% .112 163.9)",
            "400": "oklch(68.6% .125 163.1)",
            "500": "oklch(58.2% .117 162.6)",
            "600": "oklch(48.8% .101 162.4)",
            "700": "oklch(41.5% .085 163.0)",
            "800": "oklch(35.4% .070 164.1)",
            "900": "oklch(30.2% .058 165.3)",
            "950": "oklch(20.6% .041 166.5)",
        }
    },
}

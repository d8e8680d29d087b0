"""Settings, read from the environment (twelve-factor). Nothing is started by importing them."""

import base64
import hashlib
from datetime import timedelta
from pathlib import Path

import environ

from config import embedded
from core.site_address import is_this_machine

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY_GIVEN = bool(env.str("SECRET_KEY", default=""))
SECRET_KEY = env.str("SECRET_KEY", default="") or embedded.secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
# Where others can reach us, insecure values are refused at the start (core/production.py).
PRODUCTION = env.bool("PRODUCTION", default=not is_this_machine(SITE_URL))
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # the proxy in front sends people to HTTPS; health checks come to us by plain HTTP
    "security.W021",  # to be on the browsers' own list is the domain's owner to decide
]

INSTALLED_APPS = [
    "core",
    "accounts",
    "leads",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "simple_history",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_filters",
    "django_celery_beat",
]

MIDDLEWARE = [
    "core.middleware.RequestContextMiddleware",
    "core.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.OrganizationMiddleware",
    "core.api.rate_limit.middleware.RateLimitMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.ApplicationErrorMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.pages.context.page_context",
            ],
        },
    }
]

# --- Database: PostgreSQL only, two roles on one connection (core/database) ---
DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASES = {"default": env.db_url_config(DATABASE_URL) if DATABASE_URL else embedded.database_parameters()}
DATABASES["default"]["ENGINE"] = "core.database"
if env.bool("DATABASE_POOL", default=False):
    # The web process: requests run in threads that come and go, so connections wait in a pool.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 16, "timeout": 20}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONNECTION_SECONDS", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if test_database := env.str("LEADLEDGER_TEST_DATABASE", default=""):
    DATABASES["default"]["TEST"] = {"NAME": test_database}
DATABASE_APPLICATION_ROLE = env.str("DATABASE_APPLICATION_ROLE", default="leadledger_application")
# What the application role may do with the tables of libraries; what is not listed stays closed.
DATABASE_LIBRARY_GRANTS = {
    "contenttypes": ("SELECT",),
    "auth": ("SELECT",),
    "django_celery_beat": (),
}
# Where pg_dump and pg_restore are: a function that returns their folder, or "" for those on PATH.
DATABASE_PROGRAMS = "" if DATABASE_URL else "config.embedded.account.program_directory"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: wake-ups, cache, rate limits. Nothing is lost when it vanishes. ---
REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "core.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL or embedded.cache_url(),
        "KEY_PREFIX": "leadledger",
    }
}
CELERY_BROKER_URL = env.str("BROKER_URL", default="") or REDIS_URL or embedded.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "leadledger"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker outlives any outage of Redis, and never hangs on a Redis that answers no more.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "core.schedule:OwnerScheduler"
CELERY_TIMEZONE = "UTC"
# A file that the scheduler touches with each tick (config/probe.py).
BEAT_PULSE_FILE = env.str("BEAT_PULSE_FILE", default="")
CELERY_BEAT_SCHEDULE = {
    # Days begin when the organisations' timezones say: each tick starts what is due, once.
    "daily work": {
        "task": "core.tasks.start_daily_work",
        "schedule": 600.0,
        "options": {"expire_seconds": 600},
    },
    # A look that is late finds what the one before left: nothing is counted by looks.
    "stalled leads": {
        "task": "leads.tasks.escalate_stalled_leads",
        "schedule": 60.0,
        "options": {"expire_seconds": 60},
    },
    # Leads that wait for working hours are given within a minute of their beginning.
    "waiting leads": {
        "task": "leads.tasks.give_waiting_leads",
        "schedule": 60.0,
        "options": {"expire_seconds": 60},
    },
    "watched places": {
        "task": "leads.tasks.look_at_watched_places",
        "schedule": 60.0,
        "options": {"expire_seconds": 60},
    },
}

# --- Retention of technical rows, in days; 0 keeps for ever (core/retention) ---
RETENTION_IDEMPOTENCY_DAYS = env.int("RETENTION_IDEMPOTENCY_DAYS", default=1)
RETENTION_JOBS_DAYS = env.int("RETENTION_JOBS_DAYS", default=90)
RETENTION_EXPORT_FILES_DAYS = env.int("RETENTION_EXPORT_FILES_DAYS", default=7)
RETENTION_EXPORTS_DAYS = env.int("RETENTION_EXPORTS_DAYS", default=730)
RETENTION_CHECKED_FILES_DAYS = env.int("RETENTION_CHECKED_FILES_DAYS", default=30)
RETENTION_ORPHANED_FILES_DAYS = env.int("RETENTION_ORPHANED_FILES_DAYS", default=2)
RETENTION_LOGIN_LOG_DAYS = env.int("RETENTION_LOGIN_LOG_DAYS", default=400)
RETENTION_OUTBOX_DAYS = env.int("RETENTION_OUTBOX_DAYS", default=14)
RETENTION_ASSIGNMENT_TALLIES_DAYS = env.int("RETENTION_ASSIGNMENT_TALLIES_DAYS", default=30)
RETENTION_ARRIVALS_DAYS = env.int("RETENTION_ARRIVALS_DAYS", default=730)
# Longer than any month: a rollback gives back places of the month in force.
RETENTION_CAP_PLACES_DAYS = env.int("RETENTION_CAP_PLACES_DAYS", default=62)
RETENTION_UNATTACHED_FILES_DAYS = env.int("RETENTION_UNATTACHED_FILES_DAYS", default=1)
RETENTION_DISCARDED_ENQUIRIES_DAYS = env.int("RETENTION_DISCARDED_ENQUIRIES_DAYS", default=30)
RETENTION_COUNTED_FIGURES_DAYS = env.int("RETENTION_COUNTED_FIGURES_DAYS", default=30)
RETENTION_NOTIFICATIONS_DAYS = env.int("RETENTION_NOTIFICATIONS_DAYS", default=180)
RETENTION_BULK_CHANGES_DAYS = env.int("RETENTION_BULK_CHANGES_DAYS", default=7)
RETENTION_SESSIONS_DAYS = env.int("RETENTION_SESSIONS_DAYS", default=1)

# --- Who signs in ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
MFA_FORMS = {"authenticate": "accounts.pages.second_step.SecondStepForm"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
SESSION_COOKIE_NAME = "leadledger_session"
CSRF_COOKIE_NAME = "leadledger_csrf"
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
# Each step of a conversation with the mail server; a worker's lease is renewed meanwhile.
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="LeadLedger <no-reply@localhost>")

# --- Tokens of the API ---
ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
REFRESH_TOKEN_LIFETIME = timedelta(days=14)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": REFRESH_TOKEN_LIFETIME,
    # A key of its own: what is signed with it is never mistaken for anything else that this application signs.
    "SIGNING_KEY": hashlib.sha256(f"leadledger.tokens:{SECRET_KEY}".encode()).hexdigest(),
    "USER_ID_CLAIM": "sub",
    "ISSUER": "leadledger",
}
# How long a replaced refresh token serves, for a client that lost the answer or asked twice at once.
REFRESH_GRACE = timedelta(seconds=10)
# How often one user may call the API within any minute, or one address that nobody has signed in from.
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=100)
# How many enquiries public forms take within any minute: from one address, and through one form.
FORM_ENQUIRIES_PER_MINUTE_AND_ADDRESS = env.int("FORM_ENQUIRIES_PER_MINUTE_AND_ADDRESS", default=10)
FORM_ENQUIRIES_PER_MINUTE = env.int("FORM_ENQUIRIES_PER_MINUTE", default=120)
# Of these, how many with large files (together more than 256 KB) from one address within any hour.
FORM_FILE_ENQUIRIES_PER_HOUR_AND_ADDRESS = env.int("FORM_FILE_ENQUIRIES_PER_HOUR_AND_ADDRESS", default=20)
# Of files that anybody may send with an enquiry: one, all of one enquiry, and all that wait for theirs.
FORM_FILE_MEGABYTES = env.int("FORM_FILE_MEGABYTES", default=10)
FORM_FILES_MEGABYTES = env.int("FORM_FILES_MEGABYTES", default=20)
FORM_PENDING_MEGABYTES = env.int("FORM_PENDING_MEGABYTES", default=500)
# Whether each call names its organisation in X-Tenant-ID, even who belongs to one only.
REQUIRE_TENANT_HEADER = env.bool("REQUIRE_TENANT_HEADER", default=False)

# --- Transport and headers ---
if SITE_URL.startswith("https://"):
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Files ---
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Where `collectstatic` writes; without it files are served from where they are written.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STORAGES = {
    # Kept files, below MEDIA_ROOT; with S3_BUCKET in that bucket. Nothing asks for their paths.
    "default": {
        "BACKEND": "core.kept_files.local.LocalStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if S3_BUCKET := env.str("S3_BUCKET", default=""):
    STORAGES["default"] = {
        "BACKEND": "core.kept_files.bucket.BucketStorage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            # Without one: Amazon's own. Without keys: what the machine's role allows.
            "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
            "region_name": env.str("S3_REGION", default="") or None,
            "access_key": env.str("S3_ACCESS_KEY_ID", default="") or None,
            "secret_key": env.str("S3_SECRET_ACCESS_KEY", default="") or None,
            "location": env.str("S3_FOLDER", default=""),
        },
    }
if STATIC_ROOT:
    # Compressed once, named by content, kept by browsers for ever.
    STORAGES["staticfiles"] = {"BACKEND": "core.static_storage.CompressedStorage"}
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media")))
MEDIA_URL = "/media-is-never-served-directly/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# The correction grid of an import sends a field per cell.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_LINK_SECONDS = env.int("FILE_LINK_SECONDS", default=3600)
# A million rows of some twenty fields are about 250 MB.
INTAKE_MAX_BYTES = env.int("INTAKE_MAX_BYTES", default=500 * 1024 * 1024)

# --- Where files come from by themselves ---
# Below it each organisation has a folder by its short name, which is watched where operations say so; without it none.
WATCHED_ROOT = env.str("WATCHED_ROOT", default="")
# The folder of the bucket that holds the same.
WATCHED_PREFIX = env.str("WATCHED_PREFIX", default="incoming")
# A file that was written more recently may not be whole yet.
WATCHED_SETTLE_SECONDS = env.int("WATCHED_SETTLE_SECONDS", default=30)
# Whether mailboxes may lie on machines of private networks, such as a mail server beside this one.
MAILBOX_PRIVATE_HOSTS = env.bool("MAILBOX_PRIVATE_HOSTS", default=False)
# Authorities that sign for mail servers, where those of the machine do not.
MAILBOX_CA_FILE = env.str("MAILBOX_CA_FILE", default="")
MAILBOX_MAX_BYTES = env.int("MAILBOX_MAX_BYTES", default=50 * 1024 * 1024)
# What stored passwords of others are encrypted with; the first encrypts, all decrypt.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[]) or [
    base64.urlsafe_b64encode(hashlib.sha256(f"leadledger.secrets:{SECRET_KEY}".encode()).digest()).decode()
]

# --- Language and time: storage in UTC, days in the organisation's timezone ---
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
# In one language there is nothing to look up, and a page has hundreds of texts.
USE_I18N = len(LANGUAGES) > 1
LOCALE_PATHS = [BASE_DIR / "locale"]

# --- History: tables of django-simple-history, rows by triggers ---
SIMPLE_HISTORY_ENABLED = False
SIMPLE_HISTORY_DATE_INDEX = False
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

from config.api_settings import (  # noqa: E402
    DRF_STANDARDIZED_ERRORS,  # noqa: F401
    REST_FRAMEWORK,  # noqa: F401
    SPECTACULAR_SETTINGS,  # noqa: F401
)
from config.console import UNFOLD  # noqa: E402, F401  (the console's menu is long enough for a file)
from config.logs import LOGGING  # noqa: E402, F401

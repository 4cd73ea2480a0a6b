"""Settings of a Superset for tests: on loopback, with a metadata database that is thrown away."""

import os

SECRET_KEY = os.environ["SEI_SUPERSET_KEY"]
SQLALCHEMY_DATABASE_URI = "sqlite:///" + os.environ["SUPERSET_HOME"] + "/superset.db"
# what docs/superset.md asks for
FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True}
# requests come from the tests alone
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
AUTH_RATE_LIMITED = False

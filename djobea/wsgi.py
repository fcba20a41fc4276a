"""The web application, for granian, gunicorn or any other WSGI server. A wrong setting stops it here."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djobea.settings")
application = get_wsgi_application()

from .checks import refuse_wrong_settings  # noqa: E402  needs the settings

refuse_wrong_settings()

"""The dead man's switch: a worker that lives asks an outside address every minute; the silence is the alarm."""

import logging
from datetime import datetime, timedelta
from typing import Final

import requests
from django.conf import settings

logger = logging.getLogger(__name__)
EVERY: Final = timedelta(minutes=1)
TIMEOUT: Final = 10.0  # seconds


def ping(_at: datetime) -> int:
    """Ask `DEAD_MAN_PING_URL`, where one is set. Returns 0, since it changes no row; a failure is only logged.

    The address is a secret (whoever has it may keep the alarm silent), so no log names it.
    """
    if not settings.DEAD_MAN_PING_URL:
        return 0
    try:
        requests.get(settings.DEAD_MAN_PING_URL, timeout=TIMEOUT, allow_redirects=False).raise_for_status()
    except requests.RequestException as error:
        logger.warning("the dead man's switch could not be pinged: %s", type(error).__name__)
    return 0

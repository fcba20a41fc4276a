"""Calls to places that others named: https, and only to addresses of the public internet, resolved once."""

import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

import certifi
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

PRIVATE_NAMES: Final = ("localhost", ".localhost", ".local", ".internal")


class PrivateAddressError(Exception):
    """The host leads to an address that is not public; the message is the host."""


class PublicConnection(HTTPSConnection):
    """Speaks only to addresses of the public internet, whatever the name was resolved to.

    The peer of the made connection is looked at, before TLS and before a byte of the call: a name that is resolved a
    second time, to another address, has no second time here.
    """

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        if not ipaddress.ip_address(made.getpeername()[0]).is_global:
            made.close()
            raise PrivateAddressError(self.host)
        return made


class PublicPool(HTTPSConnectionPool):
    ConnectionCls = PublicConnection


def doors() -> urllib3.PoolManager:
    """Connections over https to the public internet only; over http to whatever our own settings name."""
    manager = urllib3.PoolManager(ca_certs=certifi.where(), retries=False)
    manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": PublicPool}
    return manager


def why_not(url: str) -> str:
    """Why this address cannot be called, in a sentence; empty where it can. Nothing is asked of anybody."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("This is not a web address.")
    if not host or parts.username or parts.password or parts.fragment:
        return _("Write the address without name, password or fragment.")
    if settings.WEBHOOKS_TO_PRIVATE_ADDRESSES and parts.scheme in ("http", "https"):
        return ""
    if parts.scheme != "https":
        return _("The address must begin with https://.")
    return _("The host must be public.") if _is_private(host) else ""


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.lower().endswith(PRIVATE_NAMES)

"""Typed clients of the REST contracts, one for each owner of facts."""

from penstock_core.clients.base import PasswordTokens, RestClient, ServiceTokens, TokenSource
from penstock_core.clients.data_access import DataAccessClient
from penstock_core.clients.dsm import DsmClient
from penstock_core.clients.pilot import PilotClient

__all__ = [
    "DataAccessClient",
    "DsmClient",
    "PasswordTokens",
    "PilotClient",
    "RestClient",
    "ServiceTokens",
    "TokenSource",
]

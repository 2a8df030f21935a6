"""How an API server is reached: a kubeconfig, or the service account of the pod that this runs in.

The official client reads either, renews credentials and trusts what it says. Of what a configuration holds
nothing is told but its path and the names of its parts; what a plugin for credentials printed neither.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from flowcheck.errors import FlowcheckError, RunError
from flowcheck.shortages import shortage_of

PACKAGE = "the package kubernetes is not installed"
INSTALL = "pip install 'flowcheck[live]'"
CONNECTIONS = 64
"""That are kept open: one for each watch, and some."""
_IN_A_POD = "KUBERNETES_SERVICE_HOST"
_SAFE = "Invalid kube-config file. "
"""How the client begins what names only parts of a file."""


class Connection:
    """A way to the API server at ``host``; ``where`` names what it was read from."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        try:
            self._client, self._config = (
                import_module("kubernetes.client"),
                import_module("kubernetes.config"),
            )
        except ImportError as error:
            if shortage_of(error):
                raise
            raise RunError(PACKAGE, hint=INSTALL) from None
        self._kubeconfig, self._context = kubeconfig, context
        self._lock = threading.Lock()
        self.where = ""
        self.renew()

    def renew(self) -> None:
        """Read everything anew, as when the credentials were not taken."""
        settings = self._client.Configuration()
        settings.retries, settings.connection_pool_maxsize = False, CONNECTIONS
        with self._lock:
            self._load(settings)
            self._settings = settings
            self.host = str(settings.host).rstrip("/")
            self.pool = self._client.ApiClient(configuration=settings).rest_client.pool_manager

    def headers(self) -> dict[str, str]:
        """What tells who asks; renewed where it expires."""
        with self._lock, self._told_safely("the credentials cannot be renewed"):
            told = self._settings.auth_settings().get("BearerToken")
        return {} if told is None else {"Authorization": str(told["value"]).strip()}

    def _load(self, settings: Any) -> None:
        paths = _kubeconfigs(self._kubeconfig)
        if not paths and self._kubeconfig is None and _IN_A_POD in os.environ:
            self.where = "the service account of this pod"
            hint = "set automountServiceAccountToken, and mount no other folder in its place"
            with self._told_safely("cannot be used", hint):
                self._config.load_incluster_config(client_configuration=settings)
            return
        if not paths:
            raise RunError(
                "no kubeconfig, and this is no pod of a cluster",
                hint="name one: --kubeconfig FILE, or KUBECONFIG in the environment",
            )
        self.where = os.pathsep.join(paths)
        for path in paths:
            _readable(path)
        with self._told_safely(
            "is no kubeconfig that can be used", "kubectl config view shows how it is read"
        ):
            self._config.load_kube_config(
                self.where, self._context, client_configuration=settings, persist_config=False
            )

    @contextmanager
    def _told_safely(self, message: str, hint: str = "") -> Iterator[None]:
        """Errors without what is secret. The client logs what a plugin printed, and goes on without it."""
        heard = _Heard()
        logging.getLogger().addHandler(heard)
        try:
            yield
        except FlowcheckError:
            raise
        except Exception as error:  # of a file that may hold anything: YAML, types, base64, times
            text = str(error)
            said = text.removeprefix(_SAFE)[:200] if text.startswith(_SAFE) else ""
            raise RunError(f"{message}{said and ': '}{said}", where=self.where, hint=hint) from None
        finally:
            logging.getLogger().removeHandler(heard)
        if heard.failed:
            hint = "run what its user's exec: names by hand, or log in again"
            raise RunError("its plugin for credentials failed", where=self.where, hint=hint)


class _Heard(logging.Handler):
    """Keeps what is logged from standard error."""

    failed = False

    def emit(self, record: logging.LogRecord) -> None:
        self.failed = self.failed or (record.name == "root" and record.levelno >= logging.ERROR)


def _kubeconfigs(named: str | None) -> list[str]:
    """The files to be read: the one that was named, those of the environment, or the usual one."""
    if named is not None:
        return [named]
    listed = [path for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    usual = Path("~/.kube/config").expanduser()
    return listed or ([str(usual)] if usual.exists() else [])


def _readable(path: str) -> None:
    try:
        with open(os.path.expanduser(path), "rb"):
            return
    except OSError as error:
        hint = "name another: --kubeconfig FILE"
        raise RunError(f"cannot be read: {error.strerror}", where=path, hint=hint) from None

"""`verify=`, `cert=` and `insecure`: how a user's TLS connections are made, and what cannot be chosen here.

Upstream: the two sessions. Downstream: the contract's `http.set-tls`, which says it for one user and all its later
requests. Files are read as `open` reads them: beside the locustfile, or in a folder that was granted.
"""

import sys
from typing import Any

from componentize_py_types import Err
from locust.exception import LocustError
from wit_world.imports import http

# None: as wload does it. False: certificates are not verified. A pair: `verify` and `cert` as `requests` takes them.
Wanted = None | bool | tuple[Any, Any]

PROXIES = ("here connections are wload's own: take {0} out of the locustfile and give wload the proxy, "
           "--proxy http://host:port")
CONTEXT = ("ssl_context_factory has no meaning here: TLS is wload's own; use `insecure`, or --cacert and --cert of "
           "wload")


class Nobody:
    """Stands for the user where there is none: listeners of the run."""

    _tls_told: Any = None


_nobody = Nobody()


def present() -> Any:
    """The user of this instance."""
    app = sys.modules.get("wload_app")
    return app and app.INSTANCE.get("user") or _nobody


def wanted(verify: Any, cert: Any) -> Wanted:
    """What `verify` and `cert` of `requests` come to."""
    if verify is None:
        verify = True
    elif not verify:
        verify = False
    if cert is None and isinstance(verify, bool):
        return None if verify else False
    return verify, tuple(cert) if isinstance(cert, list) else cert


def tell(choice: Wanted) -> None:
    """Says it to the host."""
    verify, cert = choice if isinstance(choice, tuple) else (choice is None, None)
    authorities = b"" if isinstance(verify, bool) else _read(verify)
    paths = cert if cert is None or isinstance(cert, tuple) else (cert, cert)
    certificate = paths and (_read(paths[0]), _read(paths[1]))
    try:
        http.set_tls(http.TlsSettings(verify is not False, authorities, certificate))
    except Err as error:
        raise OSError(f"verify={verify!r}, cert={cert!r}: {error.value}") from None


def refuse_proxies(name: str) -> None:
    """A proxy that would be left out unseen makes another test of it."""
    raise LocustError(PROXIES.format(name))


def _read(path: Any) -> bytes:
    with open(path, "rb") as file:
        return file.read()

"""`requests.Session`: it can be made and configured, and cannot send.

Upstream: authors. A module often makes a session that no task uses, so only sending is refused.
"""

from typing import Any, NoReturn

from wload.http.headers import CaseInsensitiveDict


class CannotSend(RuntimeError):
    """Something tried to send a request that nobody would measure."""


def refuse(what: str) -> NoReturn:
    """The one sentence for everything that would send."""
    raise CannotSend(
        f"{what} cannot be used in a wload scenario, which has no sockets: use self.client, which takes absolute URLs "
        "as well, e.g. self.client.get('https://other.example/')"
    )


class Session:
    """Settings without a way to send."""

    def __init__(self) -> None:
        self.headers = CaseInsensitiveDict()
        self.cookies: dict[str, str] = {}
        self.params: dict[str, Any] = {}
        self.auth: Any = None
        self.verify: Any = True
        self.cert: Any = None
        self.proxies: dict[str, str] = {}
        self.trust_env = False

    def request(self, method: str, url: str, **_: Any) -> NoReturn:
        """Cannot send."""
        refuse("requests.Session")

    get = options = head = post = put = patch = delete = send = lambda self, *_, **__: refuse("requests.Session")

    def mount(self, prefix: str, adapter: Any) -> None:
        """Adapters have nothing to do without sending."""

    def close(self) -> None:
        """There is nothing open."""

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def session() -> Session:
    """A session, by requests' older name for it."""
    return Session()

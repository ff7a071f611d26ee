"""From what an author wrote to the URL that is sent, and to the name of its row.

Upstream: `session.py`, only when a request is prepared for the first time. The results are those of requests: unsafe
characters are percent-encoded, what is encoded already stays, a fragment is not sent.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode

from locust.exception import StopTest

# Reserved characters and `%` stay as they are; letters, digits and `_.-~` are never touched.
SAFE = "!#$%&'()*+,/:;=?@[]~"
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~" + SAFE) - {"#", "%"}
HEX = frozenset("0123456789abcdefABCDEF")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def is_absolute(url: str) -> bool:
    """Whether the base URL does not matter."""
    return url[:4].lower() == "http" and url[4:8].lower().startswith(("://", "s://"))


def requote(url: str) -> str:
    """The URL with only such characters as may be sent, without its fragment."""
    if PLAIN.issuperset(url):
        return url
    url = url.partition("#")[0]
    if "%" not in url:
        return quote(url, safe=SAFE)
    head, *parts = url.split("%")
    if not all(HEX.issuperset(part[:2]) and len(part) >= 2 for part in parts):
        # A lone `%` is a character like any other.
        return quote(url, safe=SAFE.replace("%", ""))
    out = [head]
    for part in parts:
        char = chr(int(part[:2], 16))
        out.append(char + part[2:] if char in UNRESERVED else "%" + part)
    return quote("".join(out), safe=SAFE)


def with_params(url: str, params: Any) -> str:
    """The URL with these query parameters behind those it has."""
    query = encode_pairs(params)
    if not query:
        return url
    url, hash_sign, fragment = url.partition("#")
    separator = "?" if "?" not in url else "" if url.endswith(("?", "&")) else "&"
    return f"{url}{separator}{query}{hash_sign}{fragment}"


def encode_pairs(data: Any) -> str:
    """A form or a query: `a=1&b=2`. A value that is a list gives a pair for each of its items."""
    if isinstance(data, str):
        return data
    if isinstance(data, bytes):
        return data.decode("latin-1")
    pairs = []
    for key, value in data.items() if isinstance(data, Mapping) else data:
        values = [value] if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__") else value
        pairs.extend((key, each) for each in values if each is not None)
    return urlencode(pairs)


def path_and_query(url: str) -> str:
    """`/path?query` of an absolute URL: the name that requests of HttpUser have by default."""
    rest = url.partition("://")[2]
    ends = [at for at in (rest.find("/"), rest.find("?")) if at >= 0]
    path = rest[min(ends):] if ends else ""
    return path if path.startswith("/") else "/" + path


def has_path(url: str) -> bool:
    """Whether an absolute URL has a path or a query: something may be written behind it."""
    rest = url.partition("://")[2]
    return "/" in rest or "?" in rest


def split_credentials(base: str) -> tuple[str, tuple[str, str] | None]:
    """A base URL without `user:password@`, and these two."""
    scheme, _, rest = base.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    if not at or not user or not password:
        return base, None
    return f"{scheme}://{host}{slash}{path}", (unquote(user), unquote(password))


def host_and_port(url: str) -> tuple[str, str, int]:
    """`("http", "example.com", 80)`: for texts of failures that name them."""
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if not colon or not port.isdecimal():
        return scheme, authority, 443 if scheme == "https" else 80
    return scheme, host, int(port)


def required_base(url: str | None) -> str:
    """The base URL of an HTTP user; one without ends the run."""
    if url is None:
        raise StopTest("You must specify the base host. Either in the host attribute in the User class, or on the "
                       "command line using the --host option.")
    return url

"""What a sandbox cannot load, how it is seen, and what to use instead.

Upstream: `installer.py`. Downstream: one sentence for the author. Invariant: the table only speeds up a refusal and adds
advice; a package that is not in it is refused just the same.
"""

from refused import Refused
from requirements import normal

SUFFIXES = (".so", ".pyd", ".dylib")
_DATA = "`csv`, `random` and `statistics`, or `wload.table` for rows"
_HTTP = "`self.client`: a user speaks HTTP, and has no sockets"
INSTEAD = {
    "numpy": _DATA, "pandas": _DATA, "polars": _DATA, "scipy": _DATA, "pyarrow": _DATA,
    "pydantic-core": "`dataclasses` and `json`", "msgspec": "`dataclasses` and `json`",
    "orjson": "`json`", "ujson": "`json`", "python-rapidjson": "`json`", "lxml": "`xml.etree.ElementTree`",
    "cryptography": "`hashlib` and `hmac`, or sign before the test", "cffi": "pure Python",
    "pynacl": "`hashlib` and `hmac`, or sign before the test", "bcrypt": "`hashlib`",
    "pillow": "images that are made before the test", "regex": "`re`",
    "psycopg2": _HTTP, "psycopg2-binary": _HTTP, "psycopg-binary": _HTTP, "mysqlclient": _HTTP, "asyncpg": _HTTP,
    "grpcio": _HTTP, "grpcio-tools": _HTTP, "confluent-kafka": _HTTP, "aiohttp": _HTTP, "uvloop": _HTTP,
    "httptools": _HTTP, "pycurl": _HTTP, "playwright": "`wload` for requests; browsers are another tool's work",
}


def refusal(items: list[tuple[str, str, str]], details: list[str]) -> Refused:
    """Of packages: name, version, and the chain of those that need it."""
    name, version, chain = items[0]
    needed = f", which {chain} needs," if chain else ""
    sentence = (f"package `{name}` {version}{needed} has native code, and a user runs in a sandbox that loads only "
                "Python").replace("  ", " ")
    others = [f"`{other}`" + (f" (for {needs})" if needs else "") for other, _, needs in items[1:]]
    if others:
        sentence += f"; the same is true of {', '.join(others)}"
    instead = INSTEAD.get(normal(name))
    hint = f"use {instead} instead of {chain or f'`{name}`'}" if instead else "use a package that is pure Python instead"
    return Refused(sentence, details, hint)

"""`requests.utils`: the functions that locustfiles use.

Upstream: authors, and `Response.links`.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from requests.cookies import dict_from_cookiejar
from wload.http.urls import requote as requote_uri

__all__ = ["default_headers", "dict_from_cookiejar", "get_encoding_from_headers", "parse_header_links", "quote",
           "requote_uri", "unquote"]


def default_headers() -> dict[str, str]:
    """What every request has: the host sets it, so nothing here."""
    return {}


def get_encoding_from_headers(headers: Mapping[str, str]) -> str | None:
    """The charset that `Content-Type` names."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    _, found, charset = parameters.partition("charset=")
    if found:
        return charset.strip(" \"'")
    return "utf-8" if kind.strip() == "application/json" else "ISO-8859-1" if kind.startswith("text") else None


def parse_header_links(value: str) -> list[dict[str, Any]]:
    """`<http://h/2>; rel=next, ...` as a list of dictionaries."""
    links = []
    for part in value.split(", <"):
        url, _, parameters = part.strip().partition(";")
        if not url:
            continue
        link = {"url": url.strip("<> '\"")}
        for parameter in parameters.split(";"):
            key, found, content = parameter.partition("=")
            if found:
                link[key.strip(" '\"")] = content.strip(" '\"")
        links.append(link)
    return links

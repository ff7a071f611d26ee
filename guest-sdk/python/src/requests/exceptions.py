"""`requests.exceptions`, as authors import it.

Upstream: authors. Downstream: `wload.http.exceptions`, where they are defined.
"""

from wload.http.exceptions import (
    ChunkedEncodingError, ConnectTimeout, ConnectionError, ContentDecodingError, HTTPError, InvalidHeader,
    InvalidJSONError, InvalidProxyURL, InvalidSchema, InvalidURL, JSONDecodeError, MissingSchema, ProxyError,
    ReadTimeout, RequestException, RetryError, SSLError, StreamConsumedError, Timeout, TooManyRedirects, URLRequired,
    UnrewindableBodyError,
)

__all__ = [
    "ChunkedEncodingError", "ConnectTimeout", "ConnectionError", "ContentDecodingError", "HTTPError", "InvalidHeader",
    "InvalidJSONError", "InvalidProxyURL", "InvalidSchema", "InvalidURL", "JSONDecodeError", "MissingSchema",
    "ProxyError", "ReadTimeout", "RequestException", "RetryError", "SSLError", "StreamConsumedError", "Timeout",
    "TooManyRedirects", "URLRequired", "UnrewindableBodyError",
]

"""`requests.codes`: statuses by their names.

Upstream: authors who write `requests.codes.ok`.
"""

from http import HTTPStatus


class _Codes:
    """`codes.not_found` and `codes["not_found"]`."""

    def __init__(self) -> None:
        for status in HTTPStatus:
            setattr(self, status.name.lower(), status.value)
            setattr(self, status.name, status.value)
        self.teapot = HTTPStatus.IM_A_TEAPOT.value
        self.too_many = HTTPStatus.TOO_MANY_REQUESTS.value
        self.unavailable = HTTPStatus.SERVICE_UNAVAILABLE.value
        self.server_error = HTTPStatus.INTERNAL_SERVER_ERROR.value
        self.bad = HTTPStatus.BAD_REQUEST.value

    def __getitem__(self, name: str) -> int | None:
        return getattr(self, name, None)


codes = _Codes()

"""Bodies of requests: from `json=`, `data=` and `files=` to bytes and their content type.

Upstream: `session.py` for what is not the plain case. HttpUser and FastHttpUser differ in the content types of their
forms and texts, as in Locust. A boundary is made of the user's own random numbers, so that a run with a seed repeats.
"""

import mimetypes
import random
from collections.abc import Mapping
from typing import Any

from wload.http.urls import encode_pairs

FORM = "application/x-www-form-urlencoded"

mimetypes.init(files=[])


def of_data(data: Any) -> tuple[bytes, str | None]:
    """What requests makes of `data=`. An iterable becomes one body."""
    if isinstance(data, str):
        return data.encode("utf-8"), None
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data), None
    if hasattr(data, "read"):
        return as_bytes(data.read()), None
    if isinstance(data, (Mapping, list, tuple)):
        return encode_pairs(data).encode("ascii"), FORM
    if hasattr(data, "__iter__"):
        return b"".join(as_bytes(part) for part in data), None
    raise TypeError(f"data= is a {type(data).__name__}; give a dict, a list of pairs, str, bytes or a file")


def of_fast_data(data: Any) -> tuple[bytes, str | None]:
    """What FastHttpUser makes of `data=`."""
    if isinstance(data, dict):
        return encode_pairs(data).encode("ascii"), f"{FORM}; charset=utf-8"
    if isinstance(data, str):
        return data.encode("utf-8"), "text/plain; charset=utf-8"
    body, _ = of_data(data)
    return body, "application/octet-stream"


def as_bytes(part: Any) -> bytes:
    """A text as UTF-8, bytes as they are."""
    return part.encode("utf-8") if isinstance(part, str) else bytes(part)


def multipart(files: Any, data: Any) -> tuple[bytes, str]:
    """`files=`, with the fields of `data=` before them."""
    if isinstance(data, (str, bytes)):
        raise ValueError("data= must not be a text when files= is given; give a dict or a list of pairs")
    boundary = f"{random.getrandbits(128):032x}"
    parts = []
    for name, value in _pairs(data or {}):
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if each is not None:
                parts.append(_part(boundary, name, each if isinstance(each, bytes) else str(each), None, None, {}))
    for name, file in _pairs(files):
        parts.append(_file_part(boundary, name, file))
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def _pairs(data: Any) -> Any:
    return data.items() if isinstance(data, Mapping) else data


def _file_part(boundary: str, name: str, file: Any) -> bytes:
    """`file` is a file, its contents, or `(name, contents[, content type[, headers]])`."""
    content_type, headers = None, {}
    if isinstance(file, (tuple, list)):
        filename, content, *rest = file
        content_type = rest[0] if rest else None
        headers = rest[1] if len(rest) > 1 else {}
    else:
        content, filename = file, _name_of(file) or name
    if hasattr(content, "read"):
        content = content.read()
    return _part(boundary, name, content, filename, content_type, headers)


def _part(boundary: str, name: str, content: Any, filename: str | None, content_type: str | None,
          headers: Any) -> bytes:
    head = [f"--{boundary}", f'Content-Disposition: form-data; name="{_quoted(name)}"']
    if filename is not None:
        head[1] += f'; filename="{_quoted(filename)}"'
    if content_type:
        head.append(f"Content-Type: {content_type}")
    head.extend(f"{field}: {value}" for field, value in dict(headers).items())
    return "\r\n".join(head).encode("utf-8") + b"\r\n\r\n" + as_bytes(content) + b"\r\n"


def of_fast_files(files: Any, data: Any) -> tuple[bytes, str]:
    """`files=` of FastHttpUser, which guesses the content type of each file by its name."""
    named = []
    for name, file in _pairs(files):
        if not isinstance(file, (tuple, list)):
            file = (_name_of(file) or name, file)
        if len(file) == 2:
            guess = mimetypes.guess_type(file[0] or "")[0]
            file = (*file, guess or "application/octet-stream")
        named.append((name, file))
    return multipart(named, data)


def _name_of(file: Any) -> str | None:
    name = getattr(file, "name", None)
    if isinstance(name, str) and name and not name.startswith("<"):
        return name.rpartition("/")[2]
    return None


def _quoted(text: Any) -> str:
    return str(text).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")

"""Encodings of bodies. An instance has no files to import from, so those that servers use are loaded at the build.

Upstream: `response.py`.
"""

import codecs

NAMES = (
    "ascii utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 latin-1 iso8859-2 iso8859-5 iso8859-7 iso8859-9 "
    "iso8859-15 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp850 koi8-r koi8-u "
    "gbk gb2312 gb18030 big5 shift_jis euc-jp euc-kr iso2022_jp cp932 cp949 idna unicode_escape"
).split()


def _load() -> None:
    for name in NAMES:
        try:
            codecs.lookup(name)
        except LookupError:
            # Not part of this interpreter; a body in it is shown as UTF-8.
            continue


def decoded(content: bytes, encoding: str) -> str:
    """The text of a body; what cannot be decoded is replaced, an unknown encoding is taken for UTF-8."""
    try:
        return str(content, encoding, "replace")
    except LookupError:
        return str(content, "utf-8", "replace")


_load()

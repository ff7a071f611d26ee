"""The HTTP clients of the Python SDK, behind `locust.clients` and `locust.contrib.fasthttp`.

Upstream: those two modules, which give each client its Locust face. Downstream: the contract's `http` interface.
`session.py` prepares and sends, `response.py` is what came back and how it is judged; the other modules hold one
matter each. Invariants: importing makes no call to the host; nothing crosses the boundary before somebody asks for
it; handles live in `templates.py` and in responses, nowhere else, so that `release()` gives all templates back.
"""

# Before everything else: `locust` and this package need each other, and only this order works from every side.
import locust  # noqa: F401

from wload.http.templates import release

__all__ = ["release"]

"""`locust.debug`: Locust's way to run one user in a debugger."""

from typing import NoReturn


def run_single_user(*_: object, **__: object) -> NoReturn:
    """A run of one user does it here."""
    raise NotImplementedError("run_single_user does not work here: a user runs in a sandbox; use `wload run "
                              "locustfile.py --users 1`")

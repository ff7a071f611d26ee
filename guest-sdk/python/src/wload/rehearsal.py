"""Users do at build time what they do in a run, against a host that is not there.

Upstream: `wload_app`, as its last step but one. CPython rewrites code while it runs first, and remembers what it has
looked up where; each instance would do the same on pages of its own. What is rehearsed has been written when the
component is kept. Invariants: nothing is asked of the host; no code of the author's runs, unless it stands in for some
of the SDK's; what is left is as before.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import componentize_py_runtime as bindings
import locust
from componentize_py_types import Ok
from locust import FastHttpUser, HttpUser, User
from wit_world.exports import users
from wit_world.imports import http
from wload import handles, hosts, hot, memory, sleeping, tree
from wload.http.changing import CHANGING

# CPython adapts an instruction when it runs for the second time; some need what others have adapted to.
ROUNDS = 8
REQUESTS = 4
HOST = "http://rehearsal"
# What the interpreter and `wload_app` ask of a user's class, beside what its own methods ask.
ASKED = ("__class__", "__new__", "__init__", "__del__", "_root_set", "on_start", "on_stop", "wait_time")
REASON_MAX = 250
BODY = b'{"token": "a", "items": [{"id": 1, "name": "b", "price": 1.5, "is_new": true}], "next": null}'

_noted = b""


def _flow(user: Any) -> None:
    """Requests as authors write them."""
    client = user.client
    for number in range(REQUESTS):
        client.get("/plain")
        token = client.post("/json", json={"username": "a", "password": "b"}).json()["token"]
        headers = {"Authorization": f"Bearer {token}{number}"}
        client.get(f"/items/{number}?page=1", headers=headers, name="/items/{id}")
        client.post("/form", data={"key": "value"}, headers=headers)
        with client.get("/judged", catch_response=True) as response:
            if response.status_code != 200 or not response.ok or "token" not in response.text:
                response.failure("unexpected")
            if response.headers.get("content-type") == "text/plain":
                response.success()
        client.get("/plain", params={"page": 1})


class Plain(User):
    """Without a client."""

    host = HOST

    @locust.task
    def flow(self) -> None:
        """Does nothing."""


class Usual(HttpUser):
    """With the usual client."""

    host = HOST
    flow = locust.task(_flow)


class Fast(FastHttpUser):
    """With the fast client."""

    host = HOST
    flow = locust.task(_flow)


for _kind in (Plain, Usual, Fast):
    hosts.watch(_kind)


def _drop(*_: Any) -> None:
    """The host takes back a handle."""


def _resource(cls: Any) -> Any:
    """As the bindings make it for a handle."""
    made = cls.__new__(cls)
    made.handle = 1
    made.finalizer = handles.Finalizer(made, _drop, 1, 1)
    return made


def _reply() -> Any:
    return http.Reply(200, False, _resource(http.Exchange))


ANSWERS: dict[str, Any] = {
    "http.send": _reply,
    "http.set_tls": lambda: Ok(None),
    "http.RequestTemplate.create": lambda: Ok(_resource(http.RequestTemplate)),
    "http.RequestTemplate.send": _reply,
    "http.Exchange.body": lambda: BODY,
    "http.Exchange.headers": lambda: [("content-type", b"application/json")],
    "http.Exchange.header": lambda: b"application/json",
    "options.get_all": list,
    "options.target_host": lambda: HOST,
    "options.run_state": bytes,
    "random.get_u64": lambda: 1,
    "clock.sleep": lambda: True,
}


def _answer(_: int, __: list[Any]) -> Any:
    """What the host would say to the function of the bindings that asks."""
    caller = sys._getframe(1)
    name = f"{caller.f_globals['__name__'].removeprefix('wit_world.imports.')}.{caller.f_code.co_qualname}"
    return ANSWERS.get(name, lambda: None)()


def run(app: Any) -> None:
    """All rounds, and once more with what has run at other places."""
    before = hot.look()
    _rounds(app)
    # It would keep names that nothing else keeps, and give them back one by one in a run.
    sys._clear_type_cache()
    memory.pack()
    hot.gather(before)
    _rounds(app)
    _look_up(app.CLASSES)


def _look_up(classes: list[type]) -> None:
    """What code of users asks of their classes, so that it is remembered where it was found, or that it was not."""
    for cls in classes:
        asked = dict.fromkeys(ASKED)
        for base in cls.__mro__:
            for item in vars(base).values():
                if type(item) is FunctionType:
                    asked.update(dict.fromkeys(item.__code__.co_names))
        for name in asked:
            getattr(cls, name, None)


def _rounds(app: Any) -> None:
    with _stage(app):
        try:
            for _ in range(ROUNDS):
                for index, root in enumerate(app.TREE.roots):
                    _live(app, index, root)
        except Exception as error:  # An author's code in place of ours: a run tells what is wrong with it.
            told = getattr(getattr(error, "value", None), "message", None)  # Of a task.
            _note(told or f"{type(error).__name__}: {error}")
            app.Hibernation().reset()


def _note(reason: str) -> None:
    """Leaves word for `wload build`, which warns: users work as ever, and take more memory.

    Backwards, because the literal lies in the memory, too.
    """
    global _noted
    # At once: what is made on the way could still be found in memory that is free.
    _noted = b"".join((bytes(reversed(b" :desraeher ton daolw")), " ".join(reason.split()).encode()[:REASON_MAX], b"\n"))


@contextmanager
def _stage(app: Any) -> Iterator[None]:
    """Our classes in place of the author's, nobody who listens, and no host."""
    kept = app.CLASSES, app.TREE, bindings.call_import
    hooks = list(vars(locust.events).values())
    heard = [hook._handlers for hook in hooks]
    for hook in hooks:
        hook._handlers = []
    app.CLASSES = list(dict.fromkeys(_stand_in(cls) for cls in app.CLASSES))
    app.TREE = tree.Tree(app.CLASSES)
    bindings.call_import = _answer
    try:
        yield
    finally:
        sleeping.end()
        CHANGING.clear()
        app.CLASSES, app.TREE, bindings.call_import = kept
        for hook, handlers in zip(hooks, heard):
            hook._handlers = handlers


def _stand_in(cls: type) -> type:
    if issubclass(cls, FastHttpUser):
        return Fast
    return Usual if issubclass(cls, HttpUser) else Plain


def _live(app: Any, index: int, root: int) -> None:
    """The life of a user: it starts, is saved, goes on, and stops."""
    exported, hibernation = app.Users(), app.Hibernation()
    node, = app.TREE.nodes[root].children
    exported.on_start(users.Scope_User(index))
    exported.run_task(node)
    exported.get_wait_time(node)
    saved = hibernation.save()
    hibernation.reset()
    hibernation.restore(index, saved)
    exported.run_task(node)
    exported.on_stop(users.Scope_User(index))
    hibernation.reset()

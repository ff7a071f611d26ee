"""Arguments of the author's own, from `init_command_line_parser`. Upstream: `wload_app`. Downstream: `option-spec`."""

import argparse
from typing import Any

from wit_world.exports import users
from wit_world.imports import options


class LocustArgumentParser(argparse.ArgumentParser):
    """argparse's parser with the extra words of Locust's."""

    def add_argument(self, *flags: Any, env_var: str | None = None, include_in_web_ui: bool = True,
                     is_secret: bool = False, is_required: bool = False, **more: Any) -> Any:
        """Declares an argument."""
        action = super().add_argument(*flags, **more)
        action.wload = (env_var, is_secret, is_required)
        return action


def _kind(action: Any) -> Any:
    kinds = users.OptionKind
    if isinstance(action, argparse._StoreTrueAction):
        return kinds.FLAG
    if isinstance(action, argparse._StoreFalseAction):
        return kinds.INVERSE_FLAG
    if action.nargs not in (None, "?"):
        return kinds.SEVERAL
    return {int: kinds.INTEGER, float: kinds.NUMBER}.get(action.type, kinds.TEXT)


def _text(value: Any) -> str | None:
    if value is None or value is argparse.SUPPRESS:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def specs(parser: LocustArgumentParser) -> list[Any]:
    """All arguments for `describe`."""
    found = []
    for action in parser._actions:
        if not hasattr(action, "wload") or action.dest == "help":
            continue
        variable, is_secret, is_required = action.wload
        found.append(users.OptionSpec(
            action.dest, action.help or "", _text(action.default), [str(each) for each in action.choices or ()],
            is_secret, list(action.option_strings), _kind(action), variable, is_required or action.required))
    return found


def parsed(parser: LocustArgumentParser) -> Any:
    """`environment.parsed_options`."""
    namespace = argparse.Namespace(host=options.target_host(), tags=None, exclude_tags=None)
    given = dict(options.get_all())
    for action in parser._actions:
        if hasattr(action, "wload") and action.dest != "help":
            setattr(namespace, action.dest, _value(action, given.get(action.dest)))
    return namespace


def _value(action: Any, text: str | None) -> Any:
    if text is None:
        return action.default
    if isinstance(action.default, bool) or action.nargs == 0:
        return text == "true"
    make = action.type or str
    if action.nargs not in (None, "?"):
        return [make(each) for each in text.split("\n") if each]
    return action.default if text == _text(action.default) else make(text)


__all__ = ["LocustArgumentParser", "parsed", "specs"]

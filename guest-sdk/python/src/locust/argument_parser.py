"""`LocustArgumentParser` under Locust's module name."""

from wload.arguments import LocustArgumentParser

__all__ = ["LocustArgumentParser"]

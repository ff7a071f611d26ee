"""`MarkovTaskSet` under Locust's module name."""

from locust.user.task import (InvalidTransitionError, MarkovTaskSet, MarkovTaskTagError, NoMarkovTasksError,
                              NonMarkovTaskTransitionError, transition, transitions)

__all__ = ["InvalidTransitionError", "MarkovTaskSet", "MarkovTaskTagError", "NoMarkovTasksError",
           "NonMarkovTaskTransitionError", "transition", "transitions"]

"""What is compared: each locustfile with the flags of its run, and what of it has to agree.

Upstream: the files in `../files`. Downstream: run.py and compare.py. Files of one build are given together, `-f a,b`,
and the classes on the command line choose: a component costs some twenty seconds, and this makes few of them.
"""

from dataclasses import dataclass, field

# Runs end by themselves; this ends what hangs, and Locust writes its files once a second.
RUN_TIME = 3


@dataclass(frozen=True)
class Case:
    """One run by each of the two."""

    file: str
    feature: str
    classes: tuple[str, ...] = ()
    users: int = 2
    flags: tuple[str, ...] = ()
    run_time: int | None = RUN_TIME
    # Requests are drawn at random: shares are compared, not sequences.
    is_random: bool = False
    # Parts of the output that both have to show: errors that end a program have words of their own.
    shows: tuple[str, ...] = ()
    # The target speaks TLS, with a certificate of an authority that no machine knows.
    is_secure: bool = False
    # Told apart when a file has several runs.
    variant: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.file + (f"-{self.variant}" if self.variant else "")

    @property
    def build(self) -> str:
        """Files with the same build are given together."""
        return "plain" if self.classes else self.file


CASES = [
    Case("01_weighted_tasks", "weights of tasks, at random", ("WeightedVisitor",), 5, is_random=True),
    Case("02_sequence", "SequentialTaskSet, weights, inner set", ("CheckoutUser",)),
    Case("03_nested_sets", "nested sets, interrupt, on_start of sets", ("ForumUser",)),
    Case("04_task_dict", "tasks as a dict of functions", ("DictUser",), 5, is_random=True),
    Case("05_task_list", "tasks as a list, inherited tasks", ("ListUser",)),
    Case("06_markov", "MarkovTaskSet with one way", ("MarkovRoundUser",), variant="round"),
    Case("06_markov", "MarkovTaskSet that branches", ("MarkovBranchUser",), 5, is_random=True, variant="branch"),
    Case("07_wait_times", "between, pacing, throughput, an own one",
         ("OwnWaitUser", "BetweenUser", "PacingUser", "ThroughputUser"), 8),
    Case("08_user_weights", "weight and fixed_count of users", ("WeightOneUser", "WeightThreeUser", "FixedUser"), 9),
    Case("09_abstract_base", "abstract classes, host, inheritance", ("SalesUser", "StaffUser")),
    Case("10_life_cycle", "on_start, on_stop of users and sets", ("LifeUser",)),
    Case("11_tags", "no tags asked for", ("TaggedUser",), variant="all"),
    Case("11_tags", "--tags", ("TaggedUser",), flags=("--tags", "read"), variant="include"),
    Case("11_tags", "--exclude-tags", ("TaggedUser",), flags=("--exclude-tags", "write"), variant="exclude"),
    Case("12_verbs", "every verb", ("VerbUser",)),
    Case("13_bodies", "json, data, params, headers, files", ("BodyUser",)),
    Case("14_names", "name, rename_request, request_name", ("NameUser",)),
    Case("15_catch_response", "catch_response", ("CatchUser",)),
    Case("16_statuses", "failures, raise_for_status", ("StatusUser",)),
    Case("17_redirects", "redirects, allow_redirects, history", ("RedirectUser",)),
    Case("18_cookies", "cookies, headers of the session", ("CookieUser",)),
    Case("19_auth", "auth", ("AuthUser",)),
    Case("20_response", "attributes of a response", ("ResponseUser",)),
    Case("21_fast_verbs", "FastHttpUser", ("FastVerbUser",)),
    Case("22_rest", "rest, rest_", ("RestUser",)),
    Case("23_fast_failures", "failures of FastHttpUser, network_timeout", ("FastFailureUser",)),
    Case("24_task_errors", "exceptions in tasks", ("BrokenUser",)),
    Case("25_on_start_error", "exception in on_start", ("LockedOutUser", "LetInUser"),
         shows=("25_on_start_error.py", "PermissionError: the door is locked")),
    Case("26_control_flow", "StopUser, RescheduleTask, InterruptTaskSet, schedule_task", ("SteeredUser",)),
    Case("27_test_data", "csv and json beside the file", ("DataUser",)),
    Case("28_own_modules", "modules beside the file, dataclasses", ("ModuleUser",)),
    Case("29_custom_requests", "events.request.fire, measure", ("CustomUser",)),
    Case("30_standard_library", "the standard library, logging, print", ("LibraryUser",)),
    Case("31_random_choice", "random", ("DiceUser",), 5, is_random=True),
    Case("32_timeouts", "timeout", ("TimeoutUser",)),
    Case("33_own_tables", "tables that users read, as wload likes it", ("TableUser",), 6, variant="plain"),
    Case("33_own_tables", "users saved between any two tasks", ("TableUser",), 6,
         environment={"WLOAD_ISOLATION": "reuse", "WLOAD_LIMIT": "instances=1"}, variant="reuse"),
    Case("33_own_tables", "users that go on in fresh instances", ("TableUser",), 6,
         environment={"WLOAD_ISOLATION": "fresh", "WLOAD_LIMIT": "instances=1"}, variant="fresh"),
    Case("34_tls", "verify, cert, insecure", ("TlsUser", "CarelessUser", "StrictUser"), 3, is_secure=True,
         variant="plain"),
    Case("34_tls", "the same of users that are saved between two tasks", ("CarelessUser",), 4, is_secure=True,
         environment={"WLOAD_ISOLATION": "reuse", "WLOAD_LIMIT": "instances=1"}, variant="reuse"),
    Case("35_wait_errors", "exceptions in wait functions",
         ("OnceUser", "NeverUser", "InnerUser", "NothingUser", "TiredUser"), 5),
    Case("36_stop_errors", "exceptions in on_start and on_stop, user_error.fire",
         ("RefusedUser", "ClumsyUser", "LeavingUser", "ReportingUser"), 4),
    Case("40_events", "every listener, context"),
    Case("41_listener_error", "exception in a listener",
         shows=("41_listener_error.py", "LookupError: the listener is broken")),
    Case("42_exit_code", "environment.stats, process_exit_code"),
    Case("43_arguments", "arguments of the author's own",
         flags=("--pages", "3", "--greeting", "good day", "--polite", "-i", "1"), variant="given"),
    Case("43_arguments", "their defaults and variables", environment={"GREETING": "hi"}, variant="defaults"),
    Case("44_shape", "LoadTestShape with classes", run_time=None),
    Case("45_shape_error", "exception in a shape", run_time=3,
         shows=("45_shape_error.py", "ArithmeticError: the shape is broken")),
    Case("46_token", "globals set by test_start"),
    Case("47_quit", "runner.quit, runner.user_count", users=1, run_time=8),
    Case("48_syntax_error", "a syntax error", shows=("48_syntax_error.py", "SyntaxError: invalid syntax")),
    Case("49_missing_import", "a missing import",
         shows=("49_missing_import.py", "No module named 'no_such_module_anywhere'")),
]


def files_of(case: Case) -> list[str]:
    """The locustfiles of the case's build, in the order in which they are given."""
    return sorted({other.file for other in CASES if other.build == case.build})

"""Arguments of the author's own on the command line."""

from locust import HttpUser, events, task
from locust.exception import StopUser


@events.init_command_line_parser.add_listener
def add_arguments(parser):
    parser.add_argument("--pages", type=int, default=1, help="How many pages to visit")
    parser.add_argument("--greeting", default="hello", env_var="GREETING")
    parser.add_argument("--polite", action="store_true")
    parser.add_argument("-i", "--iterations", type=int, default=7, help="A flag that wload has, too")
    parser.add_argument("--color", choices=["red", "blue"], default="red")


@events.test_start.add_listener
def show(environment, **kwargs):
    options = environment.parsed_options
    print(f"SEEN {options.pages} {options.greeting} {options.polite} {options.color} {options.iterations}", flush=True)


class ArgumentUser(HttpUser):
    @task
    def visit(self):
        options = self.environment.parsed_options
        for page in range(options.pages):
            self.client.get(f"/argument/{page}?g={options.greeting}&p={options.polite}&c={options.color}")
        raise StopUser()

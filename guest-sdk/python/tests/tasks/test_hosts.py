"""`host` of classes and users: the run's, else what the author wrote, as Locust would have set it."""

import pickle
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from wload import hosts

RUN = "http://run"


class Case(unittest.TestCase):
    def setUp(self):
        self.addCleanup(hosts.forget)

        class User:
            host = None

        class Base(User):
            host = "http://base"

        class Inherits(Base):
            pass

        class Own(Inherits):
            host = "http://own"

        class Without(User):
            pass

        self.User, self.Base, self.Inherits, self.Own, self.Without = User, Base, Inherits, Own, Without
        for cls in (Inherits, Own, Without):
            hosts.watch(cls)


class Hosts(Case):
    def test_without_a_host_of_the_run_classes_and_users_have_what_was_written(self):
        for cls, host in ((self.Inherits, "http://base"), (self.Own, "http://own"), (self.Without, None)):
            self.assertEqual((cls.host, cls().host), (host, host))

    def test_what_a_listener_sets_on_a_base_is_inherited_as_ever(self):
        self.Base.host = "http://later"
        self.assertEqual((self.Inherits.host, self.Own.host), ("http://later", "http://own"))

    def test_the_host_of_the_run_goes_before_what_was_written_until_the_user_has_gone(self):
        hosts.use(RUN, self.Own)
        self.assertEqual((self.Own.host, self.Own().host), (RUN, RUN))
        hosts.forget()
        self.assertEqual(self.Own.host, "http://own")
        hosts.use(None, self.Own)
        self.assertEqual(self.Own.host, "http://own")

    def test_a_user_may_have_another_one(self):
        hosts.use(RUN, self.Own)
        user = self.Own()
        user.host = "http://mine"
        self.assertEqual((user.host, self.Own.host), ("http://mine", RUN))

    def test_what_was_set_on_the_class_meanwhile_gives_way_to_the_host_of_the_run_and_to_nothing_else(self):
        self.Own.host = "http://listener"
        hosts.use(None, self.Own)
        self.assertEqual(self.Own.host, "http://listener")
        hosts.use(RUN, self.Own)
        self.assertEqual(self.Own.host, RUN)

    def test_a_property_of_the_authors_is_left_alone_where_the_run_has_no_host(self):
        class Computed(self.User):
            host = property(lambda self: "http://computed")

        hosts.watch(Computed)
        hosts.use(None, Computed)
        self.assertEqual(Computed().host, "http://computed")

    def test_what_stands_in_for_it_pickles(self):
        for cls in (self.Inherits, self.Own):
            there = pickle.loads(pickle.dumps(vars(cls)["host"]))
            self.assertIs(type(there), hosts.Host)
            self.assertIs(there.own is hosts.MISSING, cls is self.Inherits)


if __name__ == "__main__":
    unittest.main()

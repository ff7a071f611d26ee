"""What users and modules hold as tables: saved once for all, and never seen by another user.

Upstream: `python3 -m unittest discover -s guest-sdk/python/tests/state`. Downstream: `src/wload/saving.py`, `rows.py`,
`packing.py`, `state.py`, over a host that keeps values by their content as `wit/hibernation.wit` says.
"""

import copy
import csv
import heapq
import io
import json
import pickle
import random
import sys
import types
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))


class Err(Exception):
    """`componentize_py_types.Err`."""


class Host:
    """`keeping`: each user has numbers of its own, equal values are there once."""

    def __init__(self):
        self.values = {}
        self.room = 1 << 30
        self.reads = 0
        self.move_in({})

    def move_in(self, numbers):
        self.numbers = numbers

    def keep(self, content):
        if content not in self.values and sum(map(len, self.values)) + len(content) > self.room:
            raise Err("no room")
        number = next(each for each in range(len(self.numbers) + 1) if each not in self.numbers)
        self.numbers[number] = self.values.setdefault(content, content)
        return number

    def read(self, number):
        self.reads += 1
        return self.numbers[number]

    def forget(self, number):
        del self.numbers[number]


HOST = Host()
_types, _world, _imports = (types.ModuleType(name) for name in ("componentize_py_types", "wit_world", "imports"))
_types.Err = Err
_world.imports = _imports
_imports.keeping = types.SimpleNamespace(
    **{name: (lambda name: lambda *given: getattr(HOST, name)(*given))(name) for name in ("keep", "read", "forget")})
sys.modules |= {"componentize_py_types": _types, "wit_world": _world, "wit_world.imports": _imports}

from wload import packing, saving, state
from wload.rows import Rows

COUNT = 1_000


def table():
    """A table as `csv.DictReader` makes it."""
    text = "name,word,mail\n" + "".join(f"user{n},secret{n},user{n}@example.com\n" for n in range(COUNT))
    return list(csv.DictReader(io.StringIO(text)))


class User:
    """Somebody with attributes."""


class Life:
    """A user that is saved and restored in whatever instance there is."""

    def __init__(self):
        HOST.move_in({})
        saving.release()
        self.numbers = HOST.numbers
        self.user = User()

    def pause(self):
        self.saved = saving.dumps(self.user, [])
        saving.release()
        del self.user
        return self

    def go_on(self):
        HOST.move_in(self.numbers)
        self.user, _ = saving.loads(self.saved)
        return self

    def wait(self):
        return self.pause().go_on()


class Case(unittest.TestCase):
    def setUp(self):
        HOST.__init__()
        saving.MODULE_TABLES.clear()


class OfUsers(Case):
    def life(self):
        life = Life()
        life.user.rows = table()
        return life.wait()

    def test_a_table_that_users_have_read_themselves_is_there_once(self):
        lives = [self.life().pause() for _ in range(20)]
        self.assertLess(sum(map(len, HOST.values)), 2 * len(pickle.dumps(table())) + 10_000)
        for life in lives:
            self.assertLess(len(life.saved), 300)
            self.assertEqual(life.go_on().user.rows, table())

    def test_a_user_that_does_not_touch_its_table_reads_nothing_of_it(self):
        life = self.life()
        HOST.reads = 0
        for _ in range(3):
            life.wait()
        self.assertEqual((HOST.reads, len(life.user.rows), bool(life.user.rows)), (0, COUNT, True))

    def test_what_a_user_takes_away_or_changes_is_its_own(self):
        first, second = self.life().pause(), self.life().pause()
        first.go_on()
        expected = table()
        self.assertEqual(first.user.rows.pop(), expected.pop())
        self.assertEqual(first.user.rows.pop(0), expected.pop(0))
        self.assertEqual(first.user.rows.pop(500), expected.pop(500))
        del first.user.rows[-3], expected[-3]
        first.user.rows[7]["word"] = expected[7]["word"] = "other"
        first.pause()
        self.assertLess(len(first.saved), 500)
        self.assertEqual(second.go_on().user.rows, table())
        second.pause()
        first.go_on()
        self.assertEqual(len(first.user.rows), COUNT - 4)
        self.assertEqual([first.user.rows[at] for at in range(COUNT - 4)], expected)
        self.assertEqual(first.user.rows, expected)

    def test_a_row_that_was_only_looked_at_is_not_saved_with_the_user(self):
        life = self.life()
        size = len(life.pause().saved)
        life.go_on()
        for _ in range(50):
            self.assertIn(random.choice(life.user.rows)["name"][:4], "user")
        self.assertEqual(len(life.pause().saved), size)

    def test_a_row_that_the_user_holds_stays_the_same_object_as_in_the_table(self):
        life = Life()
        life.user.rows = table()
        life.user.me = life.user.rows[3]
        for turn in range(3):
            life.wait()
            self.assertIs(life.user.me, life.user.rows[3])
            life.user.me["turn"] = turn
            self.assertEqual(life.user.rows[3]["turn"], turn)
        life.user.other = life.user.rows[9]
        life.wait()
        life.user.other["x"] = 1
        self.assertEqual(life.wait().user.rows[9]["x"], 1)

    def test_a_part_of_a_row_that_the_user_holds_stays_the_same_object(self):
        life = Life()
        life.user.rows = [{"id": n, "sizes": [n]} for n in range(COUNT)]
        life.user.sizes = life.user.rows[3]["sizes"]
        life.wait()
        life.user.sizes.append(1)
        self.assertEqual(life.user.rows[3]["sizes"], [3, 1])
        life.user.others = life.user.rows[4]["sizes"]
        life.wait()
        life.user.others.append(2)
        self.assertEqual(life.wait().user.rows[4]["sizes"], [4, 2])

    def test_a_table_at_two_places_is_one_table(self):
        life = Life()
        life.user.rows = table()
        life.user.same = life.user.rows
        life.user.data = {"rows": life.user.rows}
        life.wait()
        life.user.same.pop()
        self.assertIs(life.user.rows, life.user.same)
        self.assertEqual(len(life.user.data["rows"]), COUNT - 1)

    def test_a_table_that_something_else_refers_to_is_left_as_it_is(self):
        life = Life()
        life.user.rows = table()
        life.user.held = [life.user.rows]
        life.wait()
        self.assertIs(type(life.user.rows), list)
        self.assertIs(life.user.held[0], life.user.rows)

    def test_values_come_back_in_their_types_and_order(self):
        rows = [{"b": n, "a": [True, 1, 1.0, None, b"x", (n, "y")], "c": {"k": -0.0, "ä": "\udcff"}}
                for n in range(COUNT)]
        life = Life()
        life.user.rows = copy.deepcopy(rows)
        life.wait()
        self.assertIs(type(life.user.rows), Rows)
        self.assertEqual(repr(life.user.rows[5]), repr(rows[5]))
        self.assertEqual(repr(life.user.rows), repr(rows))

    def test_what_is_more_than_plain_data_is_pickled_as_ever(self):
        class Word(str):
            """Not a str."""
        shared = {"x": 1}
        cyclic = [[n] for n in range(COUNT)]
        cyclic[0].append(cyclic[0])
        for rows in ([shared] * COUNT, cyclic, [{"x": Word("a")} for _ in range(COUNT)],
                     [bytearray(b"x") for _ in range(COUNT)], [{("a", 1): 2} for _ in range(COUNT)],
                     [[{1}] for _ in range(COUNT)]):
            self.assertIsNone(packing.pack(rows), rows[:1])

    def test_where_the_host_has_no_room_the_table_is_saved_with_the_user(self):
        HOST.room = 20_000
        life = self.life()
        self.assertEqual((life.user.rows, life.numbers, HOST.numbers), (table(), {}, {}))
        self.assertGreater(len(life.pause().saved), 20_000)

    def test_a_table_that_the_user_drops_or_rewrites_is_forgotten(self):
        life = self.life()
        pages = len(life.numbers)
        life.user.rows.append({"name": "new"})
        life.wait()
        self.assertEqual((len(life.numbers), len(life.user.rows)), (pages, COUNT + 1))
        self.assertEqual(life.user.rows[-1], {"name": "new"})
        life.user.rows = None
        life.wait()
        self.assertEqual(life.numbers, {})

    def test_a_loop_over_a_table_leaves_it_where_it_is(self):
        life = self.life()
        numbers = dict(life.numbers)
        for _ in range(2):
            self.assertEqual([row["name"] for row in life.user.rows], [row["name"] for row in table()])
            life.wait()
            self.assertLess(len(life.saved), 300)
        life.user.me = next(row for row in life.user.rows if row["name"] == "user9")
        life.wait()
        self.assertIs(life.user.me, life.user.rows[9])
        self.assertEqual(life.numbers, numbers)

    def test_what_a_loop_changes_is_kept(self):
        changes = [
            lambda rows: rows[3].update(word="x"), lambda rows: rows[3].update(more=1), lambda rows: rows.reverse(),
            lambda rows: rows[3].pop("word"), lambda rows: rows.append(rows.pop(3)), lambda rows: rows[3].update(word=1),
            lambda rows: rows.__setitem__(3, ["a"]), lambda rows: [row.update(turn=1) for row in rows],
        ]
        for number, change in enumerate(changes):
            life, expected = self.life(), table()
            list(life.user.rows), change(life.user.rows), change(expected)
            self.assertEqual(repr(life.wait().user.rows), repr(expected), f"change {number}")
            life.wait()
            self.assertLess(len(life.saved), 1_000, f"change {number}")

    def test_rows_of_lists_and_of_texts_are_compared_by_what_is_in_them(self):
        for make in (lambda n: [n, str(n)], lambda n: (n, str(n)), str):
            life = Life()
            life.user.rows = [make(n) for n in range(COUNT)]
            life.wait()
            list(life.user.rows)
            life.wait()
            self.assertLess(len(life.saved), 300)
            list(life.user.rows)
            life.user.rows[7] = make(-1)
            self.assertEqual(life.wait().user.rows[7], make(-1))

    def test_an_iterator_over_a_table_goes_on_after_a_wait(self):
        life = self.life()
        life.user.each = iter(life.user.rows)
        self.assertEqual(next(life.user.each)["name"], "user0")
        life.wait()
        self.assertEqual(next(life.user.each)["name"], "user1")


class AsLists(Case):
    """`Rows` do what a list does, at each step of their life."""

    def rows(self, start=range(COUNT)):
        return Rows(packing.pack([[n] for n in start]), len(start))

    def test_reading_and_changing_are_those_of_a_list(self):
        def everything(rows, act):
            try:
                return act(rows), list(rows)
            except Exception as error:
                return type(error), str(error)
        acts = [
            lambda rows: rows[3], lambda rows: rows[-1], lambda rows: rows[COUNT], lambda rows: rows[-COUNT - 1],
            lambda rows: rows[2:900:7], lambda rows: rows["x"], lambda rows: rows.pop(-2), lambda rows: rows.pop(COUNT),
            lambda rows: rows.append(1), lambda rows: rows.__delitem__(slice(3, 9)), lambda rows: rows.__delitem__(4),
            lambda rows: rows.__delitem__(COUNT), lambda rows: rows.insert(1, 2), lambda rows: rows.remove([5]),
            lambda rows: rows.sort(reverse=True), lambda rows: rows.reverse(), lambda rows: rows.index([7]),
            lambda rows: [7] in rows, lambda rows: rows.count([7]), lambda rows: rows.extend([1]), lambda rows: rows * 2,
            lambda rows: 2 * rows, lambda rows: rows + [1], lambda rows: [1] + rows, lambda rows: rows == list(rows),
            lambda rows: list(rows) == rows, lambda rows: rows != [], lambda rows: rows < [[1]], lambda rows: repr(rows),
            lambda rows: [*rows], lambda rows: tuple(rows), lambda rows: sorted(rows), lambda rows: list(reversed(rows)),
            lambda rows: json.dumps(rows), lambda rows: json.dumps({"a": rows}, indent=1), lambda rows: copy.copy(rows),
            lambda rows: copy.deepcopy(rows), lambda rows: pickle.loads(pickle.dumps(rows)), lambda rows: rows.copy(),
            lambda rows: heapq.heappop(rows), lambda rows: heapq.heappush(rows, [-1]), lambda rows: heapq.heapify(rows),
            lambda rows: heapq.nsmallest(3, rows), lambda rows: [].extend(rows), lambda rows: dict(rows=rows),
            lambda rows: random.Random(1).choice(rows), lambda rows: random.Random(1).sample(rows, 3),
            lambda rows: random.Random(1).shuffle(rows), lambda rows: random.Random(1).choices(rows, k=4),
            lambda rows: rows.__iadd__([1]), lambda rows: rows.__setitem__(1, 2), lambda rows: len(rows),
            lambda rows: max(rows), lambda rows: list(zip(rows, rows)), lambda rows: bool(rows), lambda rows: rows.clear(),
        ]
        for number, act in enumerate(acts):
            for before in (lambda rows: None, lambda rows: rows[3].append(1), lambda rows: rows.pop(9), list):
                plain, rows = [[n] for n in range(COUNT)], self.rows()
                before(plain), before(rows)
                self.assertEqual(everything(rows, act), everything(plain, act), f"act {number}")

    def test_it_can_be_emptied_row_by_row(self):
        rows, plain = self.rows(), [[n] for n in range(COUNT)]
        draw = random.Random(4)
        while plain:
            at = draw.randrange(len(plain))
            self.assertEqual(rows.pop(at), plain.pop(at))
        self.assertEqual((len(rows), bool(rows), rows.is_packed), (0, False, True))
        self.assertRaisesRegex(IndexError, "pop from empty list", rows.pop)


class OfModules(Case):
    def setUp(self):
        super().setUp()
        self.module = types.ModuleType("locustfile")
        sys.modules["locustfile"] = self.module
        self.addCleanup(sys.modules.pop, "locustfile")
        self.module.ROWS = table()
        self.module.few = [1, 2]

    def watch(self):
        return state.Watch([self.module])

    def test_a_table_is_put_back_without_reading_it(self):
        watch = self.watch()
        rows = self.module.ROWS
        for change in (lambda: rows.pop(), lambda: rows[4].update(x=1), lambda: rows.append(1), rows.clear,
                       lambda: setattr(self.module, "ROWS", None), lambda: delattr(self.module, "ROWS")):
            change()
            saving.release()
            self.assertTrue(watch.reset())
            self.assertIs(self.module.ROWS, rows)
            self.assertTrue(rows.is_untouched)
            self.assertEqual(list(rows), table())
            saving.release()

    def test_a_table_that_is_at_two_places_stays_one_and_one_that_others_hold_is_left_alone(self):
        self.module.SAME = self.module.ROWS
        self.module.OTHER = table()
        self.module.FIRST = self.module.OTHER[0]
        self.module.THIRD = table()
        self.module.each = iter(self.module.THIRD)
        self.watch()
        self.assertIs(type(self.module.ROWS), Rows)
        self.assertIs(self.module.SAME, self.module.ROWS)
        self.assertEqual((type(self.module.OTHER), type(self.module.THIRD)), (list, list))

    def test_a_file_that_a_module_has_closed_is_no_reason_for_a_new_instance(self):
        with open(__file__) as self.module.file:
            pass
        file, watch = self.module.file, self.watch()
        for change in (lambda: None, lambda: setattr(file, "left", 1), lambda: setattr(self.module, "file", None)):
            change()
            self.assertTrue(watch.reset())
            self.assertIs(self.module.file, file)
            self.assertEqual(vars(file), {"mode": "r"})
        with open(__file__) as self.module.opened:
            self.assertFalse(self.watch().reset())

    def test_a_table_that_a_loop_at_the_top_has_filled_is_a_table(self):
        self.module.ROWS.append(dict(self.module.ROWS[0]))
        self.module.row = self.module.ROWS[-1]
        self.watch()
        self.assertIs(type(self.module.ROWS), Rows)
        self.assertEqual(self.module.ROWS[-1], self.module.row)

    def test_what_a_listener_reads_goes_to_the_users_as_pages(self):
        watch = self.watch()
        self.module.few = table()
        self.module.ROWS.pop()
        left = watch.export()
        self.module.few = [1, 2]
        saving.release()
        watch.apply(left)
        self.assertEqual((type(self.module.few), type(self.module.ROWS)), (Rows, Rows))
        self.assertEqual((self.module.few, len(self.module.ROWS)), (table(), COUNT - 1))
        self.assertTrue(watch.reset())
        self.assertEqual((self.module.few, len(self.module.ROWS)), ([1, 2], COUNT))

    def test_a_user_that_refers_to_the_table_of_a_module_does_so_after_a_wait(self):
        self.watch()
        life = Life()
        life.user.rows = self.module.ROWS
        self.assertEqual(life.user.rows[0]["name"], "user0")
        life.wait()
        self.assertIs(life.user.rows, self.module.ROWS)
        self.assertEqual(life.numbers, {})
        life.user.rows.pop()
        life.wait()
        self.assertEqual((len(life.user.rows), len(self.module.ROWS)), (COUNT - 1, COUNT))


if __name__ == "__main__":
    unittest.main()

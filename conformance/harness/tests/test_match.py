import base64
import hashlib
import unittest

from ..match import Mismatch, match
from ..values import UnknownVariable, resolve


class Matching(unittest.TestCase):
    def accepts(self, expected, got):
        variables = {}
        match(expected, got, variables)
        return variables

    def refuses(self, expected, got):
        with self.assertRaises(Mismatch):
            match(expected, got, {})

    def test_maps_match_as_subsets(self):
        self.accepts({"a": "1"}, {"a": "1", "b": "2"})
        self.refuses({"a": "1"}, {"a": "2"})
        self.refuses({"a": "1"}, {})

    def test_only_allows_nothing_more(self):
        self.accepts({"$only": {"a": "1"}}, {"a": "1"})
        self.refuses({"$only": {"a": "1"}}, {"a": "1", "b": "2"})

    def test_lists_match_item_by_item(self):
        self.accepts(["a", "$any"], ["a", "b"])
        self.refuses(["a"], ["a", "b"])
        self.refuses(["b", "a"], ["a", "b"])
        self.refuses(["a"], "a")

    def test_lists_in_any_order(self):
        self.accepts({"$unordered": ["b", "a"]}, ["a", "b"])
        self.refuses({"$unordered": ["a", "a"]}, ["a", "b"])
        self.refuses({"$unordered": ["a"]}, ["a", "b"])
        self.accepts({"$contains": ["b"]}, ["a", "b"])

    def test_an_empty_list_counts_as_absent(self):
        self.accepts({"Messages": "$absent"}, {"Messages": []})
        self.accepts({"Messages": []}, {})
        self.refuses({"Messages": "$absent"}, {"Messages": ["one"]})
        self.refuses({"Name": "$absent"}, {"Name": ""})

    def test_numbers_are_not_text(self):
        self.refuses({"a": 1}, {"a": "1"})
        self.refuses({"a": True}, {"a": 1})

    def test_several_matchers_hold_together(self):
        both = {"$regex": "^a", "$not": "ab"}
        self.accepts(both, "ac")
        self.refuses(both, "ab")
        self.refuses(both, "b")

    def test_saved_values_are_kept_only_from_the_item_that_matched(self):
        expected = {"$unordered": [{"name": "b", "id": "$save b"}, {"name": "a", "id": "$save a"}]}
        got = [{"name": "a", "id": 1}, {"name": "b", "id": 2}]
        self.assertEqual(self.accepts(expected, got), {"a": 1, "b": 2})

    def test_text_inside_a_blob(self):
        self.accepts({"$text": {"$json": {"a": 1}}}, {"base64": "eyJhIjoxfQ=="})
        self.refuses({"$text": "a"}, {"base64": "Yg=="})
        self.refuses({"$text": "a"}, {"base64": "/w=="})
        self.refuses({"$text": "a"}, "a")

    def test_json_inside_text(self):
        self.accepts({"$json": {"a": [1]}}, '{"a": [1], "b": 2}')
        self.refuses({"$json": {"a": [1]}}, "{")

    def test_digests(self):
        self.accepts("$md5 hello", "5d41402abc4b2a76b9719d911017c592")
        attributes = {
            "a": {"DataType": "Number.int", "StringValue": "1"},
            "b": {"DataType": "Binary", "BinaryValue": {"base64": "AQID"}},
        }
        self.accepts({"$md5_of_attributes": attributes}, "e23a1cb9e53a59ad303acbf6a1139f81")

    def test_a_mismatch_says_where(self):
        with self.assertRaisesRegex(Mismatch, r'Messages\[0\]\.Body: expected "a", got "b"'):
            match({"Messages": [{"Body": "a"}]}, {"Messages": [{"Body": "b"}]}, {})

    def test_a_misspelt_matcher_is_no_text(self):
        with self.assertRaisesRegex(ValueError, "uid"):
            match("$uid", "$uid", {})


class Values(unittest.TestCase):
    def test_variables(self):
        self.assertEqual(resolve({"a": ["${x}/${x.y}"]}, {"x": "1", "x.y": "2"}), {"a": ["1/2"]})
        with self.assertRaises(UnknownVariable):
            resolve("${x}", {})

    def test_generated_text(self):
        self.assertEqual(resolve({"$repeat": "ab", "times": 2}, {}), "abab")
        self.assertEqual(resolve({"$pad": "${x}", "to": 8, "end": ".fifo"}, {"x": "a"}), "axx.fifo")
        self.assertEqual(resolve({"$base64": "${x}"}, {"x": "hello"}), "aGVsbG8=")

    def test_an_archive_is_the_same_each_time_and_has_a_digest(self):
        made = resolve({"$archive": "a"}, {})["base64"]
        digest = hashlib.sha256(base64.b64decode(made)).digest()
        self.assertEqual(
            resolve({"$archive_digest": "a"}, {}), base64.b64encode(digest).decode()
        )
        self.assertNotEqual(made, resolve({"$archive": "b"}, {})["base64"])


if __name__ == "__main__":
    unittest.main()

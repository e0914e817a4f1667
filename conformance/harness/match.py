"""Compares an answer with an expectation.

Maps match as subsets, lists item by item, everything else by equality. A string or a map that
begins with `$` is a matcher; conformance/README.md lists them.
"""

import base64
import json
import re

from .values import md5, md5_of_attributes

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ABSENT = object()
SHOWN_MAX = 200


class Mismatch(Exception):
    """Where an answer differs, what was expected and what came."""

    def __init__(self, path, expected, got):
        super().__init__(f"{path or 'answer'}: expected {expected}, got {show(got)}")


def show(value):
    if value is ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}… ({len(text)} characters)"


def match(expected, got, variables, path=""):
    """Raises Mismatch unless `got` is as expected; `$save` puts values into `variables`."""
    if isinstance(expected, str) and expected.startswith("$"):
        word, _, argument = expected.partition(" ")
        matcher(word)(argument, got, variables, path)
    elif isinstance(expected, dict) and any(key.startswith("$") for key in expected):
        for word, argument in expected.items():
            matcher(word)(argument, got, variables, path)
    elif isinstance(expected, dict):
        match_map(expected, got, variables, path)
    elif isinstance(expected, list):
        match_list(expected, got, variables, path)
    elif type(expected) is not type(got) or expected != got:
        raise Mismatch(path, show(expected), got)


def match_map(expected, got, variables, path):
    # SDKs differ in whether they show an empty map or none, so the two are alike.
    members = {} if got is ABSENT else got
    if not isinstance(members, dict):
        raise Mismatch(path, "a map", got)
    for key, value in expected.items():
        match(value, members.get(key, ABSENT), variables, f"{path}.{key}" if path else key)


def match_list(expected, got, variables, path):
    items = as_list(got, path)
    if len(items) != len(expected):
        raise Mismatch(path, f"{len(expected)} items", got)
    for index, value in enumerate(expected):
        match(value, items[index], variables, f"{path}[{index}]")


def as_list(got, path):
    if got is ABSENT:
        return []
    if not isinstance(got, list):
        raise Mismatch(path, "a list", got)
    return got


def matches(expected, got, variables):
    attempt = dict(variables)
    try:
        match(expected, got, attempt)
    except Mismatch:
        return False
    variables.update(attempt)
    return True


def matcher(word):
    try:
        return MATCHERS[word]
    except KeyError:
        raise ValueError(f"{word} is not a matcher") from None


def anything(_, got, variables, path):
    if got is ABSENT:
        raise Mismatch(path, "anything", got)


def absent(_, got, variables, path):
    if got is not ABSENT and got not in ([], {}):
        raise Mismatch(path, "nothing", got)


def uuid(_, got, variables, path):
    if not isinstance(got, str) or not UUID.fullmatch(got):
        raise Mismatch(path, "a UUID", got)


def digits(_, got, variables, path):
    if not re.fullmatch(r"\d+", str(got)):
        raise Mismatch(path, "digits", got)


def regex(pattern, got, variables, path):
    if not isinstance(got, str) or not re.search(pattern, got):
        raise Mismatch(path, f"text like {pattern}", got)


def save(name, got, variables, path):
    if got is ABSENT:
        raise Mismatch(path, f"a value to keep as {name}", got)
    variables[name] = got


def also(expected, got, variables, path):
    match(expected, got, variables, path)


def digest(text, got, variables, path):
    if got != md5(text):
        raise Mismatch(path, f"the MD5 {md5(text)}", got)


def attributes_digest(attributes, got, variables, path):
    if got != md5_of_attributes(attributes):
        raise Mismatch(path, f"the MD5 {md5_of_attributes(attributes)}", got)


def json_text(expected, got, variables, path):
    try:
        parsed = json.loads(got)
    except (TypeError, ValueError):
        raise Mismatch(path, "JSON text", got) from None
    match(expected, parsed, variables, f"{path}|json")


def blob_text(expected, got, variables, path):
    """Of a blob: what is in it, as text."""
    try:
        text = base64.b64decode(got["base64"]).decode()
    except (KeyError, TypeError, ValueError):
        raise Mismatch(path, "a blob of text", got) from None
    match(expected, text, variables, f"{path}|text")


def only(expected, got, variables, path):
    match_map(expected, got, variables, path)
    surplus = sorted(set({} if got is ABSENT else got) - set(expected))
    if surplus:
        raise Mismatch(path, f"only {', '.join(expected)}", surplus)


def unordered(expected, got, variables, path):
    if len(as_list(got, path)) != len(expected):
        raise Mismatch(path, f"{len(expected)} items in any order", got)
    contains(expected, got, variables, path)


def contains(expected, got, variables, path):
    left = list(as_list(got, path))
    for value in expected:
        found = next((item for item in left if matches(value, item, variables)), ABSENT)
        if found is ABSENT:
            raise Mismatch(path, f"an item {show(value)}", left)
        left.remove(found)


def count(expected, got, variables, path):
    if len(as_list(got, path)) != expected:
        raise Mismatch(path, f"{expected} items", got)


def each(expected, got, variables, path):
    for index, item in enumerate(as_list(got, path)):
        match(expected, item, variables, f"{path}[{index}]")


def one_of(choices, got, variables, path):
    if not any(matches(choice, got, variables) for choice in choices):
        raise Mismatch(path, f"one of {show(choices)}", got)


def unlike(expected, got, variables, path):
    if matches(expected, got, variables):
        raise Mismatch(path, f"anything but {show(expected)}", got)


def greater_than(bound, got, variables, path):
    if got is ABSENT or int(got) <= int(bound):
        raise Mismatch(path, f"a number above {bound}", got)


MATCHERS = {
    "$any": anything,
    "$absent": absent,
    "$uuid": uuid,
    "$digits": digits,
    "$regex": regex,
    "$save": save,
    "$is": also,
    "$md5": digest,
    "$md5_of_attributes": attributes_digest,
    "$json": json_text,
    "$text": blob_text,
    "$only": only,
    "$unordered": unordered,
    "$contains": contains,
    "$count": count,
    "$each": each,
    "$one_of": one_of,
    "$not": unlike,
    "$greater_than": greater_than,
}

"""Values of the expectation files: variables, generated text and digests."""

import base64
import functools
import hashlib
import io
import re
import struct
import zipfile

from .install import ROOT

VARIABLE = re.compile(r"\$\{([\w.-]+)\}")


class UnknownVariable(Exception):
    pass


def resolve(value, variables):
    """Puts variables and generated text in place, in inputs and expectations alike."""
    if isinstance(value, str):
        return substitute(value, variables)
    if isinstance(value, list):
        return [resolve(item, variables) for item in value]
    if isinstance(value, dict):
        if set(value) == {"$repeat", "times"}:
            return substitute(value["$repeat"], variables) * value["times"]
        if set(value) == {"$base64"}:
            return base64.b64encode(substitute(value["$base64"], variables).encode()).decode()
        if set(value) == {"$archive"}:
            return {"base64": base64.b64encode(archive(value["$archive"])).decode()}
        if set(value) == {"$archive_digest"}:
            digest = hashlib.sha256(archive(value["$archive_digest"])).digest()
            return base64.b64encode(digest).decode()
        if "$pad" in value:
            end = value.get("end", "")
            return substitute(value["$pad"], variables).ljust(value["to"] - len(end), "x") + end
        return {substitute(key, variables): resolve(item, variables) for key, item in value.items()}
    return value


def substitute(text, variables):
    def replace(match):
        name = match.group(1)
        if name not in variables:
            raise UnknownVariable(f"${{{name}}} is not set")
        return str(variables[name])

    return VARIABLE.sub(replace, text)


@functools.cache
def archive(comment):
    """The code of a function: a bootstrap, and a text by which one archive differs from another."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        # Without a date of its own: the same archive has the same digest.
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        files.writestr(entry, (ROOT / "lambda/bootstrap.py").read_bytes())
        files.writestr(zipfile.ZipInfo("comment"), comment)
    return packed.getvalue()


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def md5_of_attributes(attributes):
    """The digest that the developer guide describes for message attributes."""
    parts = []
    for name in sorted(attributes, key=str.encode):
        attribute = attributes[name]
        parts.append(sized(name.encode()) + sized(attribute["DataType"].encode()))
        if "BinaryValue" in attribute:
            blob = base64.b64decode(attribute["BinaryValue"]["base64"])
            parts.append(b"\x02" + sized(blob))
        else:
            parts.append(b"\x01" + sized(attribute["StringValue"].encode()))
    return hashlib.md5(b"".join(parts)).hexdigest()


def sized(value):
    return struct.pack(">I", len(value)) + value

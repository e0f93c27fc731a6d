"""What schemathesis needs to judge the hub: a keyword in other words, and a check of its own."""

import re
import unicodedata
from urllib.parse import parse_qsl, urlsplit

import schemathesis

# Its clients add parameters of their own.
TAKES_ANY = "/socket.io/"


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Says `allowEmptyValue` in words of JSON Schema.

    Schemathesis knows the keyword, but then takes the parameter for one that may be a list too, and
    does not judge whether a wrong value of it is refused.
    """
    for parameter in _parameters(raw_schema):
        if parameter.pop("allowEmptyValue", False):
            parameter["schema"] = {"anyOf": [parameter["schema"], {"type": "string", "const": ""}]}


@schemathesis.hook
def filter_query(context, query):
    """Leaves out letters beyond Latin: for schemathesis `\\p{L}` ends there, for the hub it does not."""
    return not any(char > "\u024f" and unicodedata.category(char)[0] in "LMN" for char in str(query))


@schemathesis.check
def accepted_parameters_are_valid(context, response, case):
    """A request that was not refused had only parameters of the document, with values of its schemas.

    `negative_data_rejection` passes a wrong value beside a right one, and lets servers ignore
    parameters that do not exist. The hub refuses both.
    """
    if response.status_code >= 400 or response.request.method != "GET":
        return
    known = {parameter.name: parameter for parameter in case.operation.query}
    is_twelve_datas = "Twelve Data" in case.operation.tags
    for name, text in parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True):
        if is_twelve_datas:
            if text == "":
                continue
            name = name.lower()
        if name in known:
            assert _is_valid(known[name], text), f"{name}={text!r} was accepted"
        else:
            assert case.path == TAKES_ANY, f"the parameter {name!r} was accepted"


def _is_valid(parameter, text):
    values = [text, int(text)] if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else [text]
    return any(parameter.get_validator().is_valid(value) for value in values)


def _parameters(document):
    yield from document["components"]["parameters"].values()
    for path in document["paths"].values():
        for operation in path.values():
            yield from operation.get("parameters", [])

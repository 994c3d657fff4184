"""Where keys stand in a TOML file."""

from __future__ import annotations

import tomllib

import pytest

from lmscompliance.policy.locate import line_of, lines

TEXT = '''\
# [not.a.table]
id = "x"  # key = 1
text = """
[inside]
key = "no key" ""\\"
""" # closed
list = [
  "a", # ]
  "b = 1",
]
quoted."two words".'three' = { inner = 1 }

[table.sub] # comment
one = 'it"s' # '
literal = \'\'\'
two = 2\'\'\'
three = 3

  [ table . other ]
  "four" = """x""""
  five = 5
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("id", 2),
        ("text", 3),
        ("list", 7),
        ("quoted/two words/three", 11),
        ("quoted/two words/three/inner", 11),
        ("table/sub", 13),
        ("table/sub/one", 14),
        ("table/sub/literal", 15),
        ("table/sub/three", 17),
        ("table/other", 19),
        ("table/other/four", 20),
        ("table/other/five", 21),
        ("table/other/unknown", 19),
        ("elsewhere", 1),
    ],
)
def test_a_key_is_found_where_it_is_written(path, line):
    """Strings, arrays, comments and inline tables do not mislead; the nearest known key is the fallback."""
    assert line_of(lines(TEXT), tuple(path.split("/"))) == line


def test_every_found_key_is_really_in_the_file():
    """The locator invents no key that the parser does not see."""
    data = tomllib.loads(TEXT)
    for path in lines(TEXT):
        value = data
        for part in path:
            value = value[part]

"""The Python that wrote a Lambda is told from the layout of its bytecode, without unmarshalling it."""

from __future__ import annotations

import base64
import marshal
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskprobe.archive.bytecode import Bytecode, sniff, sniff_text

EXPECTED = {
    "2.7.18": "2.7 or older",
    "3.6.15": "3.7 or older",
    "3.7.16": "3.7 or older",
    "3.8.18": "3.8 to 3.10",
    "3.9.18": "3.8 to 3.10",
    "3.10.13": "3.8 to 3.10",
    "3.11.7": "3.11",
    "3.12.1": "3.12",
    "3.13.0": "3.13",
}

# What each Python's marshal made of four functions:
#   lambda x: x * 2                                    lambda x: x[:, 0] + len(x)
#   a closure: lambda x: [i * k + y for i in x]        lambda x: 1
WRITTEN: dict[str, list[str]] = {
    "2.7.18": [
        (
            "YwEAAAABAAAAAgAAAEMAAABzCAAAAHwAAGQBABRTKAIAAABOaQIAAAAoAAAAACgBAAAAdAEAAAB4KAAAAAAoAAAAAHMGAAAAbGFt"
            "LnB5dAgAAAA8bGFtYmRhPgIAAAB0AAAAAA=="
        ),
        (
            "YwEAAAABAAAAAwAAAEMAAABzHgAAAHwAAGQAAGQAAIUCAGQBAGYCABl0AAB8AACDAQAXUygCAAAATmkAAAAAKAEAAAB0AwAAAGxl"
            "bigBAAAAdAEAAAB4KAAAAAAoAAAAAHMGAAAAbGFtLnB5dAgAAAA8bGFtYmRhPgMAAAB0AAAAAA=="
        ),
        (
            "YwEAAAACAAAABAAAABMAAABzHwAAAGcAAHwAAERdFAB9AQB8AQCIAAAUiAEAF14CAHEHAFMoAQAAAE4oAAAAACgCAAAAdAEAAAB4"
            "dAEAAABpKAIAAAB0AQAAAGt0AQAAAHkoAAAAAHMGAAAAbGFtLnB5dAgAAAA8bGFtYmRhPgYAAAB0AAAAAA=="
        ),
        (
            "YwEAAAABAAAAAQAAAEMAAABzBAAAAGQBAFMoAgAAAE5pAQAAACgAAAAAKAEAAAB0AQAAAHgoAAAAACgAAAAAcwYAAABsYW0ucHl0"
            "CAAAADxsYW1iZGE+CAAAAHQAAAAA"
        ),
    ],
    "3.6.15": [
        (
            "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwgAAAB8AGQBFABTACkCTukCAAAAqQApAdoBeHICAAAAcgIAAAD6BmxhbS5wedoIPGxhbWJk"
            "YT4CAAAAcwAAAAA="
        ),
        (
            "4wEAAAAAAAAAAQAAAAMAAABDAAAAcxgAAAB8AGQAZACFAmQBZgIZAHQAfACDARcAUwApAk7pAAAAACkB2gNsZW4pAdoBeKkAcgQA"
            "AAD6BmxhbS5wedoIPGxhbWJkYT4DAAAAcwAAAAA="
        ),
        (
            "4wEAAAAAAAAAAQAAAAMAAAATAAAAcxQAAACHAIcBZgJkAWQChAh8AEQAgwFTACkDTmMBAAAAAAAAAAIAAAAEAAAAEwAAAHMYAAAA"
            "ZwB8AF0QfQF8AYgAFACIARcAkQJxBFMAqQByAQAAACkC2gIuMNoBaSkC2gFr2gF5cgEAAAD6BmxhbS5wefoKPGxpc3Rjb21wPgYA"
            "AABzAgAAAAYAeitvdXRlci48bG9jYWxzPi48bGFtYmRhPi48bG9jYWxzPi48bGlzdGNvbXA+cgEAAAApAdoBeCkCcgQAAAByBQAA"
            "AHIBAAAAcgYAAADaCDxsYW1iZGE+BgAAAHMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAQAAAAEAAABDAAAAcwQAAABkAVMAKQJO6QEAAACpACkB2gF4cgIAAAByAgAAAPoGbGFtLnB52gg8bGFtYmRhPggA"
            "AABzAAAAAA=="
        ),
    ],
    "3.7.16": [
        (
            "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwgAAAB8AGQBFABTACkCTukCAAAAqQApAdoBeHICAAAAcgIAAAD6BmxhbS5wedoIPGxhbWJk"
            "YT4CAAAA8wAAAAA="
        ),
        (
            "4wEAAAAAAAAAAQAAAAMAAABDAAAAcxgAAAB8AGQAZACFAmQBZgIZAHQAfACDARcAUwApAk7pAAAAACkB2gNsZW4pAdoBeKkAcgQA"
            "AAD6BmxhbS5wedoIPGxhbWJkYT4DAAAA8wAAAAA="
        ),
        (
            "4wEAAAAAAAAAAQAAAAMAAAATAAAAcxQAAACHAIcBZgJkAWQChAh8AEQAgwFTACkDTmMBAAAAAAAAAAIAAAAEAAAAEwAAAHMYAAAA"
            "ZwB8AF0QfQF8AYgAFACIARcAkQJxBFMAqQByAQAAACkC2gIuMNoBaSkC2gFr2gF5cgEAAAD6BmxhbS5wefoKPGxpc3Rjb21wPgYA"
            "AABzAgAAAAYAeitvdXRlci48bG9jYWxzPi48bGFtYmRhPi48bG9jYWxzPi48bGlzdGNvbXA+cgEAAAApAdoBeCkCcgQAAAByBQAA"
            "AHIBAAAAcgYAAADaCDxsYW1iZGE+BgAAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAQAAAAEAAABDAAAAcwQAAABkAVMAKQJO6QEAAACpACkB2gF4cgIAAAByAgAAAPoGbGFtLnB52gg8bGFtYmRhPggA"
            "AADzAAAAAA=="
        ),
    ],
    "3.8.18": [
        (
            "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAk7pAgAAAKkAqQHaAXhyAgAAAHICAAAA+gZsYW0ucHnaCDxs"
            "YW1iZGE+AgAAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAQwAAAHMYAAAAfABkAGQAhQJkAWYCGQB0AHwAgwEXAFMAKQJO6QAAAAApAdoDbGVuqQHaAXip"
            "AHIFAAAA+gZsYW0ucHnaCDxsYW1iZGE+AwAAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAEwAAAHMUAAAAhwCHAWYCZAFkAoQIfABEAIMBUwApA05jAQAAAAAAAAAAAAAAAgAAAAQAAAAT"
            "AAAAcxgAAABnAHwAXRB9AXwBiAAUAIgBFwCRAnEEUwCpAHIBAAAAKQLaAi4w2gFpqQLaAWvaAXlyAQAAAPoGbGFtLnB52go8bGlz"
            "dGNvbXA+BgAAAHMEAAAABgACAHorb3V0ZXIuPGxvY2Fscz4uPGxhbWJkYT4uPGxvY2Fscz4uPGxpc3Rjb21wPnIBAAAAqQHaAXhy"
            "BAAAAHIBAAAAcgcAAADaCDxsYW1iZGE+BgAAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAABAAAAQwAAAHMEAAAAZAFTACkCTukBAAAAqQCpAdoBeHICAAAAcgIAAAD6BmxhbS5wedoIPGxhbWJk"
            "YT4IAAAA8wAAAAA="
        ),
    ],
    "3.9.18": [
        (
            "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAk7pAgAAAKkAqQHaAXhyAgAAAHICAAAA+g4vdG1wL2FyL2xh"
            "bS5wedoIPGxhbWJkYT4CAAAA8wAAAAA="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAQwAAAHMYAAAAfABkAGQAhQJkAWYCGQB0AHwAgwEXAFMAKQJO6QAAAAApAdoDbGVuqQHaAXip"
            "AHIFAAAA+g4vdG1wL2FyL2xhbS5wedoIPGxhbWJkYT4DAAAA8wAAAAA="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAEwAAAHMUAAAAhwCHAWYCZAFkAoQIfABEAIMBUwApA05jAQAAAAAAAAAAAAAAAgAAAAQAAAAT"
            "AAAAcxgAAABnAHwAXRB9AXwBiAAUAIgBFwCRAnEEUwCpAHIBAAAAKQLaAi4w2gFpqQLaAWvaAXlyAQAAAPoOL3RtcC9hci9sYW0u"
            "cHnaCjxsaXN0Y29tcD4GAAAA8wAAAAB6K291dGVyLjxsb2NhbHM+LjxsYW1iZGE+Ljxsb2NhbHM+LjxsaXN0Y29tcD5yAQAAAKkB"
            "2gF4cgQAAAByAQAAAHIHAAAA2gg8bGFtYmRhPgYAAAByCQAAAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAABAAAAQwAAAHMEAAAAZAFTACkCTukBAAAAqQCpAdoBeHICAAAAcgIAAAD6Di90bXAvYXIvbGFtLnB5"
            "2gg8bGFtYmRhPggAAADzAAAAAA=="
        ),
    ],
    "3.10.13": [
        (
            "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAk7pAgAAAKkAqQHaAXhyAgAAAHICAAAA+g4vdG1wL2FyL2xh"
            "bS5wedoIPGxhbWJkYT4CAAAAcwIAAAAIAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAQwAAAHMYAAAAfABkAGQAhQJkAWYCGQB0AHwAgwEXAFMAKQJO6QAAAAApAdoDbGVuqQHaAXip"
            "AHIFAAAA+g4vdG1wL2FyL2xhbS5wedoIPGxhbWJkYT4DAAAA8wIAAAAYAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAEwAAAHMUAAAAhwCHAWYCZAFkAoQIfABEAIMBUwApA05jAQAAAAAAAAAAAAAAAgAAAAQAAAAT"
            "AAAAcxgAAABnAHwAXQh9AXwBiAAUAIgBFwCRAnECUwCpAHIBAAAAKQLaAi4w2gFpqQLaAWvaAXlyAQAAAPoOL3RtcC9hci9sYW0u"
            "cHnaCjxsaXN0Y29tcD4GAAAA8wIAAAAYAHorb3V0ZXIuPGxvY2Fscz4uPGxhbWJkYT4uPGxvY2Fscz4uPGxpc3Rjb21wPnIBAAAA"
            "qQHaAXhyBAAAAHIBAAAAcgcAAADaCDxsYW1iZGE+BgAAAHMCAAAAFAA="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAABAAAAQwAAAHMEAAAAZAFTACkCTukBAAAAqQCpAdoBeHICAAAAcgIAAAD6Di90bXAvYXIvbGFtLnB5"
            "2gg8bGFtYmRhPggAAABzAgAAAAQA"
        ),
    ],
    "3.11.7": [
        (
            "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACXAHwAZAF6BQAAUwApAk7pAgAAAKkAqQHaAXhzAQAAACD6Di90bXAvYXIvbGFtLnB5"
            "+gg8bGFtYmRhPnIHAAAAAgAAAHMKAAAAgACIUYhxiVOAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAQAAAADAAAA8zoAAACXAHwAZABkAIUCZAFmAhkAAAAAAAAAAAB0AQAAAAAAAAAAAAB8AKYBAACrAQAAAAAA"
            "AAAAegAAAFMAKQJO6QAAAAApAdoDbGVuqQHaAXhzAQAAACD6Di90bXAvYXIvbGFtLnB5+gg8bGFtYmRhPnIHAAAAAwAAAHMcAAAA"
            "gACIUYhxiHGIcZARiHOMVpVDmAGRRpRGiV2AAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAIAAAATAAAA8yIAAACVApcAiAGIAmYCZAGECHwARACmAAAAqwAAAAAAAAAAAFMAKQJOYwEAAAAAAAAAAAAA"
            "AAQAAAATAAAA8yAAAACVApcAZwB8AF0KfQF8AYkCegUAAIkDegAAAJECjAtTAKkAcgMAAAApBNoCLjDaAWnaAWvaAXlzBAAAACAg"
            "gID6Di90bXAvYXIvbGFtLnB5+go8bGlzdGNvbXA+eitvdXRlci48bG9jYWxzPi48bGFtYmRhPi48bG9jYWxzPi48bGlzdGNvbXA+"
            "BgAAAHMhAAAA+IAA0BUn0BUn0BUnoAGQYZgBkWOYIZFl0BUn0BUn0BUn8wAAAAByAwAAACkD2gF4cgYAAAByBwAAAHMDAAAAIICA"
            "cggAAAD6CDxsYW1iZGE++hdvdXRlci48bG9jYWxzPi48bGFtYmRhPgYAAABzHwAAAPiAANAVJ9AVJ9AVJ9AVJ9AVJ6BR0BUn0RUn"
            "1BUngAByCgAAAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAA8wYAAACXAGQBUwApAk7pAQAAAKkAqQHaAXhzAQAAACD6Di90bXAvYXIvbGFtLnB5+gg8bGFt"
            "YmRhPnIHAAAACAAAAHMGAAAAgACIUYAA8wAAAAA="
        ),
    ],
    "3.12.1": [
        (
            "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACXAHwAZAF6BQAAUwApAk7pAgAAAKkAqQHaAXhzAQAAACD6Di90bXAvYXIvbGFtLnB5"
            "+gg8bGFtYmRhPnIHAAAAAgAAAHMKAAAAgACIUYhxiVOAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAQAAAADAAAA8ywAAACXAHwAZABkAIUCZAFmAhkAAAB0AQAAAAAAAAAAfACrAQAAAAAAAHoAAABTACkCTukA"
            "AAAAKQHaA2xlbqkB2gF4cwEAAAAg+g4vdG1wL2FyL2xhbS5wefoIPGxhbWJkYT5yBwAAAAMAAABzFgAAAIAAiFGKcZARiHOJVpRD"
            "mAGTRoldgADzAAAAAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAUAAAATAAAA8zoAAACVApcAfABEAI8BYwJnAGMCXQoAAH0BfAGJAnoFAACJA3oAAACRAowMBABjAn0BUwBj"
            "AgEAYwJ9AXcAKQFOqQApBNoBeNoBadoBa9oBeXMEAAAAICCAgPoOL3RtcC9hci9sYW0ucHn6CDxsYW1iZGE++hdvdXRlci48bG9j"
            "YWxzPi48bGFtYmRhPgYAAABzHQAAAPiAAKBR1hUnoAGQYZgBkWOYIZNl0hUngAD50hUncwQAAACGDxgE"
        ),
        (
            "4wEAAAAAAAAAAAAAAAAAAAADAAAA8wQAAACXAHkBKQJO6QEAAACpAKkB2gF4cwEAAAAg+g4vdG1wL2FyL2xhbS5wefoIPGxhbWJk"
            "YT5yBwAAAAgAAABzAgAAAIEA8wAAAAA="
        ),
    ],
    "3.13.0": [
        (
            "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACVAFUAUwEtBQAAJAApAk7pAgAAAKkAqQHaAXhzAQAAACDaDi90bXAvYXIvbGFtLnB5"
            "2gg8bGFtYmRhPnIHAAAAAgAAAHMIAAAAgACIUYhxilPzAAAAAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAQAAAADAAAA8ywAAACVAFUAUwBTADICUwE0AgUAAABbAQAAAAAAAAAAVQA1AQAAAAAAAC0AAAAkACkCTukA"
            "AAAAKQHaA2xlbqkB2gF4cwEAAAAg2g4vdG1wL2FyL2xhbS5wedoIPGxhbWJkYT5yBwAAAAMAAABzFAAAAIAAiFGKcZARiHOJVpRD"
            "mAGTRopd8wAAAAA="
        ),
        (
            "4wEAAAAAAAAAAAAAAAUAAAATAAAA8zwAAAA+ApUAVQATAFYBcwIvAHMCSAoAAG8RVAItBQAAVAMtAAAAUAJNDAAACwAgAHMCbgEk"
            "AHMCIABzAm4BZgApAU6pACkE2gF42gFp2gFr2gF5cwQAAAAgIICA2g4vdG1wL2FyL2xhbS5wedoIPGxhbWJkYT7aF291dGVyLjxs"
            "b2NhbHM+LjxsYW1iZGE+BgAAAHMdAAAA+IAAoVHTFSehUaABmAGRY5ghlGWhUdIVJ/nSFSdzBAAAAIYQGQQ="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAA8wQAAACVAGcBKQJO6QEAAACpAKkB2gF4cwEAAAAg2g4vdG1wL2FyL2xhbS5wedoIPGxhbWJk"
            "YT5yBwAAAAgAAABzBAAAAIAAiFHzAAAAAA=="
        ),
    ],
}

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.mark.parametrize("python", WRITTEN)
def test_python_of_each_function_is_told(python: str) -> None:
    for text in WRITTEN[python]:
        found = sniff_text(text)
        assert EXPECTED[python] in str(found.python)


@pytest.mark.parametrize("python", WRITTEN)
def test_function_with_an_index_and_a_call_tells_its_python_apart_from_the_neighbours(python: str) -> None:
    assert sniff_text(WRITTEN[python][1]).python == EXPECTED[python]


@pytest.mark.parametrize("python", WRITTEN)
def test_function_is_runnable_by_the_python_that_wrote_it_alone(python: str) -> None:
    assert sniff_text(WRITTEN[python][1]).runnable == (python.rpartition(".")[0] == RUNNING)


def test_code_that_two_pythons_read_alike_is_said_to_be_of_either() -> None:
    for python in ("3.11.7", "3.12.1"):
        assert sniff_text(WRITTEN[python][0]).python == "3.11 or 3.12"


def test_inner_function_decides_where_the_outer_one_fits_two_pythons() -> None:
    # The outer function does nothing but make and return a closure, which 3.11 and 3.12 write alike.
    assert sniff_text(WRITTEN["3.11.7"][2]).python == "3.11"
    assert sniff_text(WRITTEN["3.12.1"][2]).python == "3.12"


def test_functions_of_the_running_python_are_runnable() -> None:
    functions = (given, st.text, base64.encode, pytest.raises, pytest.importorskip)
    for function in functions:
        code = getattr(function, "__wrapped__", function).__code__
        assert sniff(marshal.dumps(code)).runnable, function


def test_line_breaks_of_base64_do_not_matter() -> None:
    text = WRITTEN["3.7.16"][1]
    assert sniff_text(text[:76] + "\n" + text[76:] + "\n").python == "3.7 or older"


def test_raw_text_of_keras_1_is_read() -> None:
    raw = base64.b64decode(WRITTEN["2.7.18"][0]).decode("raw_unicode_escape")
    assert sniff_text(raw).python == "2.7 or older"


@pytest.mark.parametrize("text", ["", "c", "not base64 at all!", "4wEAAAA", "AAAA", "\ud800", "💥"])
def test_what_is_no_bytecode_is_no_bytecode(text: str) -> None:
    assert sniff_text(text) == Bytecode(None, runnable=False)


@given(st.binary(max_size=200))
def test_any_bytes_are_told_without_an_error(data: bytes) -> None:
    sniff(data)
    sniff(b"\xe3" + data)


@given(st.data())
def test_damaged_bytecode_is_told_without_an_error(data: st.DataObject) -> None:
    content = bytearray(base64.b64decode(data.draw(st.sampled_from([x for group in WRITTEN.values() for x in group]))))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    assert isinstance(sniff(bytes(content[: data.draw(st.integers(0, len(content)))])).runnable, bool)

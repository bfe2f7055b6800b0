"""The JSON Schema of a settings file."""

from __future__ import annotations

import jsonschema
import pytest

from maskprobe.config.json_schema import SCHEMA_FILE, schema, schema_text


def test_the_schema_in_the_repository_is_the_one_of_the_code() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_settings_fit_the_schema() -> None:
    values = {
        "select": ["MP1"],
        "fail-on": "error",
        "ignores": [{"path": "a/*", "rules": ["MP104"], "reason": "known", "expires": "2030-01-31"}],
        "cache": ".cache",
    }
    jsonschema.Draft202012Validator(schema()).validate(values)


@pytest.mark.parametrize(
    "values",
    [{"selct": []}, {"ignores": [{"path": "a"}]}, {"length": 0}, {"fail-on": "bad"}, {"severity": {"MP1": "bad"}}],
)
def test_wrong_settings_do_not(values: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(values)

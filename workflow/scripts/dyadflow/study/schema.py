"""The JSON schema of a study's configuration, generated from the settings of every room."""

import json

from dyadflow.study.settings import StudySettings


def json_schema() -> str:
    """The schema as text, ready for a file: editors use it to complete keys and mark mistyped ones."""
    schema = StudySettings.model_json_schema()
    schema["title"] = "A dyadflow study"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"

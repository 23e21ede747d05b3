"""What a study's configuration may hold, for machines (JSON schema) and for people (a table in Markdown)."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dyadflow.study.settings import StudySettings


def json_schema() -> str:
    """The schema as text, ready for a file: editors use it to complete keys and mark mistyped ones."""
    schema = StudySettings.model_json_schema()
    schema["title"] = "A dyadflow study"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def settings_table() -> str:
    """Every setting with its default and meaning, as a Markdown table."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for place, field in _walk(StudySettings, ""):
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        rows.append(f"| `{place}` | {_default(field)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _walk(model: type[BaseModel], before: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        place = f"{before}{name}"
        inner = _model_in(field.annotation)
        if inner is None:
            yield place, field
            continue
        many = {dict: ".<name>", list: "[]"}.get(getattr(field.annotation, "__origin__", None), "")
        if many or field.description:
            yield place + many, field
        yield from _walk(inner, f"{place}{many}.")


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=not _model_in(field.annotation))
    if value is PydanticUndefined or value is None or value in ({}, [], ""):
        return ""
    return f"`{json.dumps(value)}`" if not isinstance(value, BaseModel) else ""

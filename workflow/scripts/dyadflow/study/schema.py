"""What a study's configuration may hold, for machines (JSON schema) and for people (a table in Markdown)."""

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args

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
        inner = _models_in(field.annotation)
        if not inner:
            yield place, field
            continue
        suffixes: dict[Any, str] = {dict: ".<name>", list: "[]"}
        many = suffixes.get(getattr(field.annotation, "__origin__", None), "")
        if many or field.description:
            yield place + many, field
        for one in inner:
            # Where there are several to choose from, each is named by its own fixed word: demo[guided-play].
            which = "".join(
                f"[{get_args(own.annotation)[0]}]" for own in one.model_fields.values()
                if len(inner) > 1 and getattr(own.annotation, "__origin__", None) is Literal
                and len(get_args(own.annotation)) == 1
            )
            yield from _walk(one, f"{place}{many}{which}.")


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    # pydantic's types have a case for True and one for False, and none for what is either.
    value = field.get_default(call_default_factory=not _models_in(field.annotation))  # type: ignore[call-overload]
    if value is PydanticUndefined or value is None or value in ({}, [], ""):
        return ""
    return f"`{json.dumps(value)}`" if not isinstance(value, BaseModel) else ""

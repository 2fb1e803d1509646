"""The base of every settings model."""

from pydantic import BaseModel, ConfigDict


class SettingsModel(BaseModel):
    """A frozen model that refuses unknown keys; a field's docstring is its description everywhere it is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True)

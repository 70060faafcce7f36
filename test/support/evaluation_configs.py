"""Configurations of evaluations, with the fields of their sections named alone."""

from __future__ import annotations

from roadseg_core.evaluation.settings.config import EvaluationConfig

_SECTIONS = ('engine', 'range', 'truth', 'outputs', 'fleet')


def configured(**values: object) -> EvaluationConfig:
    """Return a configuration, such as of ``configured(bags=(bag,), every=2)``."""
    return EvaluationConfig.model_validate(_nested(values))


def changed(config: EvaluationConfig, **values: object) -> EvaluationConfig:
    """Return a configuration with other values."""
    update = {}
    for name, value in _nested(values).items():
        nested = isinstance(value, dict) and name in _SECTIONS
        update[name] = getattr(config, name).model_copy(update=value) if nested else value
    return config.model_copy(update=update)


def _nested(values: dict[str, object]) -> dict[str, object]:
    found: dict = {}
    for name, value in values.items():
        if name in EvaluationConfig.model_fields:
            found[name] = value
            continue
        fields = EvaluationConfig.model_fields
        section = next(one for one in _SECTIONS if name in fields[one].annotation.model_fields)
        found.setdefault(section, {})[name] = value
    return found

"""Settings: every parameter of AINEON, from the environment, `.env` and overrides.

`load_settings` is the one place that reads the environment; building `Settings` directly reads
nothing and gives the defaults. Each field carries its `Parameter`, the single declaration from
which checks, messages, `aineon doctor` and docs/configuration.md are made.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from aineon.errors import ConfigurationError
from aineon.runtime.agreement import disagreements
from aineon.runtime.databases import file_of, url_of
from aineon.runtime.parameter import NotAllowed, Parameter
from aineon.runtime.sections.access import AccessSettings
from aineon.runtime.sections.execution import ExecutionSettings
from aineon.runtime.sections.keys import KeySettings
from aineon.runtime.sections.market import FeedName, MarketSettings
from aineon.runtime.sections.node import NodeSettings
from aineon.runtime.sections.notices import NoticeSettings
from aineon.runtime.sections.offsite import OffsiteSettings
from aineon.runtime.sections.optimizer import OptimizerSettings
from aineon.runtime.sections.processes import ProcessSettings
from aineon.runtime.sections.risk import RiskSettings
from aineon.runtime.sections.server import ServerSettings
from aineon.runtime.sections.trading import TradingSettings
from aineon.runtime.sections.withdrawals import WithdrawalSettings
from aineon.runtime.sources import Given, choose_env_file, read_origins, read_sources

__all__ = [
    "PARAMETERS",
    "FeedName",
    "Settings",
    "build_settings",
    "draft_of",
    "load_given",
    "load_settings",
]


_DEFAULT = "default"


# Pydantic takes the fields of the last base first, and a default may look at earlier fields.
class Settings(
    AccessSettings,
    NoticeSettings,
    WithdrawalSettings,
    OffsiteSettings,
    ServerSettings,
    ProcessSettings,
    OptimizerSettings,
    ExecutionSettings,
    RiskSettings,
    TradingSettings,
    MarketSettings,
    KeySettings,
    NodeSettings,
    BaseSettings,
):
    """The configuration of one AINEON process: frozen, checked, secrets masked.

    Money is in wei, shares of money in basis points; the environment writes ETH and gwei.
    `load_settings` builds it from the environment.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _ignored: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing behind the caller's back; `load_settings` says where values come from."""
        return (init_settings,)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        problems = disagreements(self)
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def given(self) -> tuple[str, ...]:
        """The fields whose values were given, and are not defaults."""
        return tuple(self._origins)

    def origin(self, field: str) -> str:
        """Where the value of `field` comes from, e.g. `default`, `environment` or `.env:7`."""
        return self._origins.get(field, _DEFAULT)

    @property
    def ignored(self) -> tuple[str, ...]:
        """A sentence for each saved setting that is not in force."""
        return self._ignored

    def with_ignored(self, sentences: tuple[str, ...]) -> Self:
        """Return these settings with `sentences` about saved ones that are not in force."""
        changed = self.model_copy()
        changed._ignored = sentences
        return changed

    def with_typed(self, field: str, text: str) -> Self:
        """Return these settings with one that the operator has just typed.

        Raises:
            NotAllowed: it is not allowed.
        """
        changed = self.model_copy(update={field: PARAMETERS[field].read(text)})
        changed._origins = {**self._origins, field: "typed"}
        return changed

    @property
    def book_file(self) -> Path | None:
        """The file of this mode's book; None where it is on a server."""
        return self._file(self.mode.value)

    @property
    def book_url(self) -> str:
        """URL of the database of this mode's book; see `aineon.ledger.connect.parse_place`."""
        return url_of(self.mode.value, self._database_url(), self.data_dir)

    @property
    def control_url(self) -> str:
        """URL of the control database."""
        return url_of("control", self._database_url(), self.data_dir)

    @property
    def anchor_path(self) -> Path:
        """The audit's anchor, which lies outside the control database."""
        if self.audit_anchor is not None:
            return self.audit_anchor.absolute()
        beside = self._file("control") or self.data_dir.absolute() / "control"
        return beside.with_suffix(".anchor")

    def _file(self, name: str) -> Path | None:
        return file_of(name, self._database_url(), self.data_dir)

    def _database_url(self) -> str | None:
        given = self.database_url
        return None if given is None else given.get_secret_value()

    def limits_in_force(self) -> dict[str, str]:
        """The limits that trading and withdrawals obey, label to text with unit."""
        return {
            parameter.label: parameter.show_with_unit(getattr(self, field))
            for field, parameter in PARAMETERS.items()
            if parameter.limit
        }


PARAMETERS: Mapping[str, Parameter] = {
    name: next(part for part in info.metadata if isinstance(part, Parameter))
    for name, info in Settings.model_fields.items()
}
"""The declaration of every setting, by field name, in the order of the class."""


def load_settings(
    env: Mapping[str, str] | None = None,
    env_file: Path | str | None = None,
    override_origins: Mapping[str, str] | None = None,
    **overrides: Any,
) -> Settings:
    """Build the settings from overrides, the environment, a `.env` file and saved settings.

    The first of them that has a value wins. Saved settings are those of the control database; a
    caller who passes an environment of his own gets them where he names its place. A process
    that was handed its settings by another one finds the saved ones among them.

    Args:
        env: the environment; None is this process's own.
        env_file: None is the file that AINEON_ENV_FILE names (`off` reads none); where that is
            not set and `env` is None, it is `.env` in the working folder, if there is one.
        override_origins: what to call an override in messages, by field name.
        overrides: by field name; text is read as in the environment (`min_profit_wei="0.01"`
            is ETH), a typed value is taken as it is (`min_profit_wei=10**16` is wei). None
            counts as not given.

    Raises:
        ConfigurationError: something is not allowed; the message has a line for each problem.
    """
    settings = load_given(env, env_file, override_origins, **overrides)
    handed_over = read_origins(os.environ if env is None else env) is not None
    names_place = not {"data_dir", "database_url"}.isdisjoint(settings.given)
    if handed_over or (env is not None and not names_place):
        return settings
    # It stands upon this module.
    from aineon.runtime.saved import with_saved_of_place

    return with_saved_of_place(settings)


def load_given(
    env: Mapping[str, str] | None = None,
    env_file: Path | str | None = None,
    override_origins: Mapping[str, str] | None = None,
    **overrides: Any,
) -> Settings:
    """Build the settings as `load_settings` does, and look into no database for saved ones.

    Raises:
        ConfigurationError: something is not allowed; the message has a line for each problem.
    """
    file = choose_env_file(env, env_file)
    environment = os.environ if env is None else env
    by_env, problems = read_sources(environment, file, [p.env for p in PARAMETERS.values()])
    told = read_origins(environment)
    given = {
        field: by_env[name]
        if told is None
        else replace(by_env[name], origin=told.get(name, _DEFAULT))
        for field, parameter in PARAMETERS.items()
        if (name := parameter.env) in by_env
    }
    origins = override_origins or {}
    for field, value in overrides.items():
        if field not in PARAMETERS:
            problems.append(f"{field} is not a setting; see docs/configuration.md for their names.")
        elif value is not None:
            given[field] = Given(value, origins.get(field, "override"))
    return build_settings(given, problems)


def draft_of(given: Mapping[str, Given]) -> Settings:
    """Return settings that were not held against each other yet, of values that are allowed."""
    values = {field: PARAMETERS[field].read(source.value) for field, source in given.items()}
    return Settings.model_construct(**values)


def build_settings(given: Mapping[str, Given], problems: Sequence[str] = ()) -> Settings:
    """Return the settings of what was given, each with where it came from.

    Raises:
        ConfigurationError: there are problems already, or something is not allowed.
    """
    problems = list(problems)
    values: dict[str, Any] = {}
    for field, source in given.items():
        parameter = PARAMETERS[field]
        try:
            values[field] = parameter.read(source.value)
        except NotAllowed as error:
            problems.append(parameter.refusal(source.value, source.origin, error.reason))
    if problems:
        problems += _further_problems(given, values)
        raise ConfigurationError("\n".join(dict.fromkeys(problems)))
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigurationError("\n".join(map(_sentence, error.errors()))) from error
    settings._origins = {field: source.origin for field, source in given.items()}
    return settings


def _further_problems(given: Mapping[str, Given], values: dict[str, Any]) -> list[str]:
    """What else is wrong, seen from the values that could be read."""
    unread = given.keys() - values.keys()
    draft = Settings.model_construct(**values)
    return disagreements(draft, unread)


def _sentence(error: ErrorDetails) -> str:
    reason = error["msg"].removeprefix("Value error, ")
    return f"{PARAMETERS[str(error['loc'][0])].env}: {reason}" if error["loc"] else reason

"""Settings: every parameter of AINEON, from the environment, `.env` and overrides.

`load_settings` is the one place that reads the environment; building `Settings` directly reads
nothing and gives the defaults. Each field carries its `Parameter`, the single declaration from
which checks, messages, `aineon doctor` and docs/configuration.md are made.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from aineon.errors import ConfigurationError
from aineon.primitives import Book
from aineon.runtime.agreement import disagreements, missing_for_live
from aineon.runtime.databases import file_of, url_of
from aineon.runtime.parameter import NotAllowed, Parameter
from aineon.runtime.sections.execution import ExecutionSettings
from aineon.runtime.sections.keys import KeySettings
from aineon.runtime.sections.market import FeedName, MarketSettings
from aineon.runtime.sections.node import NodeSettings
from aineon.runtime.sections.processes import ProcessSettings
from aineon.runtime.sections.risk import RiskSettings
from aineon.runtime.sections.trading import TradingSettings
from aineon.runtime.sections.withdrawals import WithdrawalSettings
from aineon.runtime.sources import Given, choose_env_file, read_sources

__all__ = ["PARAMETERS", "FeedName", "Settings", "load_settings"]


# Pydantic takes the fields of the last base first, and a default may look at earlier fields.
class Settings(
    WithdrawalSettings,
    ProcessSettings,
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
        return self._origins.get(field, "default")

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
    """Build the settings from overrides, the environment and a `.env` file, in that order.

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
    file = choose_env_file(env, env_file)
    by_env, problems = read_sources(
        os.environ if env is None else env, file, [p.env for p in PARAMETERS.values()]
    )
    given = {
        field: by_env[parameter.env]
        for field, parameter in PARAMETERS.items()
        if parameter.env in by_env
    }
    origins = override_origins or {}
    for field, value in overrides.items():
        if field not in PARAMETERS:
            problems.append(f"{field} is not a setting; see docs/configuration.md for their names.")
        elif value is not None:
            given[field] = Given(value, origins.get(field, "override"))
    return _build(given, problems)


def _build(given: Mapping[str, Given], problems: list[str]) -> Settings:
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
    problems = disagreements(draft, unread)
    if "mode" in unread and str(given["mode"].value).strip().lower() == Book.LIVE:
        problems += missing_for_live(draft, unread)
    return problems


def _sentence(error: ErrorDetails) -> str:
    reason = error["msg"].removeprefix("Value error, ")
    return f"{PARAMETERS[str(error['loc'][0])].env}: {reason}" if error["loc"] else reason

"""Settings that were saved at the console, as a layer below the environment and above defaults.

The layer never stops a start: a saved value that is not allowed (any more), or that contradicts
what stands elsewhere, is left out, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aineon.errors import LedgerError, SealError
from aineon.ledger.saved_settings import SavedSetting, read_saved
from aineon.runtime.agreement import contradictions
from aineon.runtime.keys import seal_of
from aineon.runtime.parameter import NotAllowed, Parameter
from aineon.runtime.settings import PARAMETERS, Settings, build_settings, draft_of
from aineon.runtime.sources import REHEARSED, SAVED, Given

_PATIENCE_SECONDS: Final = 2.0
_BELOW: Final = frozenset({"default", SAVED, REHEARSED})
"""Origins that a saved value goes before."""

Saved = Mapping[str, SavedSetting]


def with_saved_of_place(settings: Settings) -> Settings:
    """Return the settings with what is saved in their control database, where there is one.

    One that cannot be read is told as an ignored one; whatever needs it says more.
    """
    try:
        saved = read_saved(settings.control_url, _PATIENCE_SECONDS)
    except LedgerError as error:
        words = f"The saved settings cannot be read, and defaults stand in their place: {error}."
        return settings.with_ignored((words,))
    return with_saved(settings, saved)


def with_saved(settings: Settings, saved: Saved) -> Settings:
    """Return the settings with `saved` in place of whatever was saved before."""
    given = {
        field: Given(getattr(settings, field), settings.origin(field))
        for field in settings.given
        if settings.origin(field) != SAVED and getattr(settings, field) is not None
    }
    by_name = {parameter.env: field for field, parameter in PARAMETERS.items()}
    usable: dict[str, Given] = {}
    ignored: list[str] = []
    for name, found in saved.items():
        field = by_name.get(name)
        if found.value is None or (field is not None and is_overridden(settings, field)):
            continue
        try:
            usable[_field_of(field, name)] = Given(_read(settings, field, found.value), SAVED)
        except NotAllowed as error:
            ignored.append(_ignored(field, name, found.value, error.reason))
    layered = _agreeing(given, usable, ignored)
    return layered.with_ignored(tuple(ignored))


def is_overridden(settings: Settings, field: str) -> bool:
    """Whether a stronger place than the console gives this setting."""
    return settings.origin(field) not in _BELOW


def purpose_of(parameter: Parameter) -> str:
    """Return what a saved secret is sealed for."""
    return f"setting.{parameter.env.lower()}"


def to_save(settings: Settings, parameter: Parameter, text: str) -> str:
    """Return a checked value as it is kept: a secret sealed, all else as its text.

    Raises:
        NotAllowed: it is not allowed.
        InvalidSealKey: there is no key to seal it with.
    """
    value = parameter.read(text)
    plain = parameter.text(value)
    if not parameter.secret:
        return plain
    return seal_of(settings).seal(purpose_of(parameter), plain.encode())


def _field_of(field: str | None, name: str) -> str:
    if field is None:
        raise NotAllowed(f"{name} is not a setting")
    if not PARAMETERS[field].savable:
        raise NotAllowed("it is not one of the settings that are saved")
    return field


def _read(settings: Settings, field: str | None, text: str) -> object:
    if field is None:
        return None
    parameter = PARAMETERS[field]
    if parameter.secret:
        text = _opened(settings, parameter, text)
    return parameter.read(text)


def _opened(settings: Settings, parameter: Parameter, sealed: str) -> str:
    try:
        return seal_of(settings).open(purpose_of(parameter), sealed).decode()
    except (SealError, UnicodeDecodeError) as error:
        raise NotAllowed(f"it cannot be opened: {error}") from error


def _ignored(field: str | None, name: str, text: str, reason: str) -> str:
    if field is None:
        return f"The saved value of {name} is ignored: there is no such setting."
    refusal = PARAMETERS[field].refusal(text, SAVED, reason)
    return f"{refusal} It is ignored."


def _agreeing(given: dict[str, Given], usable: dict[str, Given], ignored: list[str]) -> Settings:
    """Build the settings, and leave out of `usable` what does not go together with the rest."""
    given = {field: source for field, source in given.items() if field not in usable}
    while True:
        both = {**given, **usable}
        broken = [
            (set(fields) & usable.keys(), sentence)
            for fields, sentence in contradictions(draft_of(both))
        ]
        ours = next(((fields, words) for fields, words in broken if fields), None)
        if ours is None:
            return build_settings(both)
        fields, words = ours
        for field in sorted(fields):
            del usable[field]
            ignored.append(f"The saved {PARAMETERS[field].env} is ignored: {words}")

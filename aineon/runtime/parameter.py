"""Parameter: one declaration per setting, from which everything about it is generated.

Reading and checking a value, the sentence that refuses one, `aineon doctor`,
docs/configuration.md and the Settings page all come from this one place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import GetCoreSchemaHandler, SecretStr
from pydantic_core import CoreSchema, core_schema

MASK = "********"
_PLURALS = ("blocks", "hops", "pools")


@dataclass(frozen=True, slots=True)
class Kind:
    """How the text of a setting becomes a value.

    Attributes:
        words: what a value is, e.g. `an amount of ETH with at most 18 decimals`; `{range}`
            stands where the limits are to be named.
        parse: text to value; raises ValueError where the text cannot be one.
        show: value to the text that `parse` would read back.
        accepts: the Python types that are taken as they are, already in the field's unit.
    """

    words: str
    parse: Callable[[str], Any]
    show: Callable[[Any], str] = str
    accepts: tuple[type, ...] = (str,)


class NotAllowed(ValueError):
    """A value was refused; `reason` completes the sentence "NAME is VALUE; …"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known about one setting.

    Attributes:
        env: the environment variable.
        label: its short name for people.
        group: the heading it stands under.
        kind: how its text is read.
        about: one or two sentences on what it does.
        unit: of the value as it is written, e.g. `ETH`; empty where it has none.
        least, most: limits of the value in the field's own unit, both included.
        choices: the only values allowed, where there are few.
        explained: values that people will try and that are refused, with the reason.
        secret: never shown or logged.
        shared: a secret that the console needs too; it is handed no other.
        leads_to_secret: says where a secret lies, which the console need not know.
        live: needed for live mode, alone or as one of a few.
        limit: belongs to the limits in force that the console shows.
        default_words: the default in words, where it depends on something else.
        savable: may be changed at the console and kept in the control database. Places, ports,
            keys, destinations of money and the mode are not: they stand where a start finds them.
        lets_more: whether a change from one value to another lets more through than before; see
            `aineon.runtime.loosening`. None where neither direction does.
    """

    env: str
    label: str
    group: str
    kind: Kind
    about: str
    unit: str = ""
    least: Any = None
    most: Any = None
    choices: tuple[str, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict)
    secret: bool = False
    shared: bool = False
    leads_to_secret: bool = False
    live: bool = False
    limit: bool = False
    default_words: str = ""
    savable: bool = False
    lets_more: Callable[[Any, Any], bool] | None = None

    @property
    def is_withheld(self) -> bool:
        """Whether the console is not told the value."""
        return self.leads_to_secret or (self.secret and not self.shared)

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        if self.choices:
            return " or ".join(self.choices)
        return self.kind.words.format(range=self._range())

    def _range(self) -> str:
        low = "" if self.least is None else self.kind.show(self.least)
        high = "" if self.most is None else self.kind.show(self.most)
        if low and high:
            return f" from {low} to {high}"
        if low:
            return f" from {low} on"
        return f" up to {high}" if high else ""

    def read(self, value: Any) -> Any:
        """Return the checked value of `value`: text as in the environment, or typed.

        Raises:
            NotAllowed: it is not allowed.
        """
        parsed = self._parsed(value)
        # Written this way round so that NaN, which compares false to all, is refused.
        if self.least is not None and not parsed >= self.least:
            raise NotAllowed(f"allowed is {self.allowed}")
        if self.most is not None and not parsed <= self.most:
            raise NotAllowed(f"allowed is {self.allowed}")
        return parsed

    def _parsed(self, value: Any) -> Any:
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if not isinstance(value, str):
            if type(value) in self.kind.accepts:
                return value
            raise NotAllowed(f"allowed is {self.allowed}")
        text = value.strip()
        if text.lower() in self.explained:
            raise NotAllowed(f"{self.explained[text.lower()]}; allowed is {self.allowed}")
        if self.choices:
            return self._choice(text)
        try:
            return self.kind.parse(text)
        except NotAllowed:
            raise
        except ValueError as error:
            raise NotAllowed(f"allowed is {self.allowed}") from error

    def _choice(self, text: str) -> Any:
        for choice in self.choices:
            if text.lower() == choice.lower():
                return self.kind.parse(choice)
        raise NotAllowed(f"allowed is {self.allowed}")

    def show(self, value: Any) -> str:
        """Return `value` as text, the way the environment would give it; a secret is masked."""
        if value is None or value == ():
            return ""
        if self.secret:
            return MASK
        return self.kind.show(value)

    def text(self, value: Any) -> str:
        """Return `value` as the environment would give it, a secret included.

        For handing settings to a process of our own; never for a screen or a log.
        """
        if value is None:
            return ""
        if isinstance(value, tuple):
            return ",".join(map(self.text, value)) if self.secret else self.kind.show(value)
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        return self.kind.show(value)

    def show_with_unit(self, value: Any) -> str:
        """Return `value` as text with its unit; `not set` where there is none."""
        text = self.show(value)
        if not text:
            return "not set"
        if not self.unit or self.secret:
            return text
        one_of_many = text == "1" and self.unit in _PLURALS
        return f"{text} {self.unit[:-1] if one_of_many else self.unit}"

    def refusal(self, given: Any, origin: str, reason: str) -> str:
        """Return the one sentence that refuses `given`; a secret's value is not in it."""
        shown = "set to a value that is not shown" if self.secret else f"{_shortened(given)}"
        where = f" ({origin})" if origin else ""
        return f"{self.env} is {shown}{where}; {reason}."

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Let pydantic read a field that is annotated with this parameter through `read`."""
        inner = handler(source)

        def read(value: Any) -> Any:
            return None if value is None else self.read(value)

        return core_schema.no_info_before_validator_function(read, inner)


_LONGEST_SHOWN = 80


def _shortened(given: Any) -> str:
    text = repr(str(given)) if isinstance(given, str) else repr(given)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"

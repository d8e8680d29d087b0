"""The sections of the configuration file. Apps register theirs in `<app>/configuration.py`."""

import functools
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.utils.module_loading import autodiscover_modules

from core.configuration.report import Report


class Section(ABC):
    """One key of the configuration file, whose value is a list."""

    name: ClassVar[str]
    # Sections come in by this order: what others refer to first.
    order: ClassVar[int]

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.name.replace("_", " ").capitalize()

    @abstractmethod
    def bring_in(self, actor: Any, items: list[Any], report: Report) -> None:
        """Make the organisation's rows what the items say, by services, and report what that changed.

        Problems go to the report, all of them; an item with problems writes nothing. What the file does not
        have is left alone. Runs in a transaction that is rolled back when anything has a problem.
        """

    @abstractmethod
    def write_out(self, actor: Any) -> list[Any]:
        """Return the organisation's rows as items that `bring_in` would find unchanged."""


_sections: dict[str, Section] = {}


def register_section(section: type[Section]) -> type[Section]:
    """Register a section; to be used as a decorator."""
    _sections[section.name] = section()
    return section


@functools.cache
def _discover() -> None:
    autodiscover_modules("configuration")


def registered_sections() -> list[Section]:
    """Return all sections in the order in which they come in."""
    _discover()
    return sorted(_sections.values(), key=lambda section: (section.order, section.name))

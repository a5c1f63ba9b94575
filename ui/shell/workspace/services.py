"""What features do for one another and for panels: services with a name. A feature offers one, others ask for it by its name.

A feature is never imported by another one: it can be taken out, and a test can put something else in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """The name of a service and, for the type checker, what it can do."""

    name: str


class Services:
    """The services that are offered, by name."""

    def __init__(self) -> None:
        self._offered: dict[str, Any] = {}

    def offer(self, service: Service[S], by: S) -> None:
        """Offer a service; nobody else may offer it."""
        if service.name in self._offered:
            raise ValueError(f"{service.name} is offered twice")
        self._offered[service.name] = by

    def get(self, service: Service[S]) -> S:
        """Who offers this. Raises LookupError if nobody does."""
        if service.name not in self._offered:
            raise LookupError(f"nobody offers {service.name}")
        return cast(S, self._offered[service.name])

    def find(self, service: Service[S]) -> S | None:
        """Who offers this; None if nobody does."""
        return cast("S | None", self._offered.get(service.name))

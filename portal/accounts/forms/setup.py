"""What the first person of an installation says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.values.kinds import Email, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstallation:
    """The first administrator, and whose installation it is."""

    name: Annotated[str, Text(example="Ada")]
    email: Annotated[str, Email()]
    company: Annotated[str, Text(example="Camera Cloud Ltd")]

"""Registering a camera, and changing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.kit.forms.form import UNSET, Change, Unset, change_of
from portal.values.kinds import ExternalId, Text
from portal.values.numbers import NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCamera:
    """A camera, by the video system's name for it. Its own name is that one when it is absent."""

    external_id: Annotated[str, ExternalId()]
    name: Annotated[str | None, Text(example="Gate")] = None
    subscriber: Annotated[int | None, NUMBER] = None


@change_of(NewCamera, but=("external_id",))
class CameraChange(Change):
    """What is to be different about a camera. Its external id is for ever."""

    name: Annotated[str | Unset, Text()] = UNSET

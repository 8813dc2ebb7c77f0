"""The only things that are ever written to Watcher, each read back.

A tariff becomes a preset that is not adjustable, a subscription the preset of a camera, and a
camera is switched off and on. Archive and analytics of a camera are never written: under such a
preset Watcher would swallow them without a word.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from portal.billing.provisioning import PresetWanted
from portal.billing.readings import CameraReading, Preset
from portal.gateways.watcher import shapes
from portal.gateways.watcher.client import Authorizer, Client
from portal.gateways.watcher.names import ask_by_name, path_by_name
from portal.gateways.watcher.v2 import ROOT, V2
from portal.gateways.watcher.v3 import ADMIN, V3
from portal.ports import WatcherWriter
from portal.values.watcher import Nonsense, NotApplied, RequestRefused
from portal.words import _


def _algorithm(wanted: PresetWanted) -> Literal["faces", "plates"] | None:
    """The one algorithm of a preset. Raises `RequestRefused` for two."""
    if wanted.faces and wanted.plates:
        raise RequestRefused(_("Watcher looks for faces or for plates on a camera, not for both"))
    return "faces" if wanted.faces else "plates" if wanted.plates else None


class _Writer(WatcherWriter):
    def __init__(self, client: Client, listed: V2 | V3, auth: Authorizer) -> None:
        self._client, self._listed, self._auth = client, listed, auth
        self._is_v2 = isinstance(listed, V2)
        self._presets = f"{ROOT if self._is_v2 else ADMIN}/presets"
        self._cameras = f"{ROOT}/cameras" if self._is_v2 else f"{ADMIN}/streams"

    async def make_preset(self, wanted: PresetWanted, *, but: Collection[int] = ()) -> Preset:
        body = self._preset_body(wanted)
        async for one in self._listed.presets():
            if one.id not in but and wanted.is_kept_by(one):
                return one
        # Tried once: what was made without an answer is found by the next attempt, above.
        answer = await self._client.send(
            "POST", self._presets, body=body, auth=self._auth, is_repeatable=False
        )
        return await self._checked(self._read(answer).id, wanted)

    async def change_preset(self, preset_id: int, wanted: PresetWanted) -> Preset:
        await self._client.send(
            "PUT", f"{self._presets}/{preset_id}", body=self._preset_body(wanted), auth=self._auth
        )
        return await self._checked(preset_id, wanted)

    async def look(self, name: str) -> CameraReading:
        return self._listed.read(await self._listed.ask(name))

    async def put_on_preset(self, name: str, preset_id: int) -> CameraReading:
        reading = await self._put(name, {"preset_id": preset_id})
        if reading.preset != preset_id:
            raise NotApplied(
                _("camera %(name)s is on preset %(preset)s, not on %(preset_id)s")
                % {"name": name, "preset": reading.preset, "preset_id": preset_id}
            )
        return reading

    async def switch(self, name: str, *, enabled: bool) -> CameraReading:
        reading = await self._put(
            name, {"enabled": enabled} if self._is_v2 else {"disabled": not enabled}
        )
        if reading.enabled is not enabled:
            on, off = (
                _("camera %(name)s is not switched on"),
                _("camera %(name)s is not switched off"),
            )
            raise NotApplied((on if enabled else off) % {"name": name})
        return reading

    async def _put(self, name: str, body: dict[str, Any]) -> CameraReading:
        # Asked for first: in v3 writing to a name that is not there would make a camera.
        path, _ = await path_by_name(self._client, self._cameras, name, self._auth)
        await self._client.send("PUT", path, body=body, auth=self._auth)
        raw = await ask_by_name(self._client, self._cameras, name, self._auth)
        return self._listed.read(raw)

    async def _checked(self, preset_id: int, wanted: PresetWanted) -> Preset:
        read = self._read(await self._client.get(f"{self._presets}/{preset_id}", auth=self._auth))
        if not wanted.is_kept_by(read):
            raise NotApplied(
                _("preset %(preset_id)s of Watcher is not as the tariff %(title)s")
                % {"preset_id": preset_id, "title": wanted.title}
            )
        return read

    def _read(self, answer: Any) -> Preset:
        if not isinstance(answer, dict):
            raise Nonsense(_("Watcher's answer is not a preset"))
        preset = shapes.preset_v2(answer) if self._is_v2 else shapes.preset_v3(answer)
        if preset is None:
            raise Nonsense(_("Watcher shows a preset without an id"))
        return preset

    def _preset_body(self, wanted: PresetWanted) -> dict[str, Any]:
        alg = _algorithm(wanted)
        if self._is_v2:
            return {
                "title": wanted.title,
                "dvr_depth": wanted.continuous_depth_days,
                "dvr_lock_days": wanted.motion_depth_days,
                "is_adjustable": False,
                "vision_params": {"alg": alg},
            }
        return {
            "title": wanted.title,
            "dvr": {
                "expiration": wanted.continuous_depth_days * shapes.DAY_SECONDS,
                "episodes_expiration": wanted.motion_depth_days * shapes.DAY_SECONDS,
            },
            "is_adjustable": False,
            "vision": None if alg is None else {"alg": alg},
        }


def writer_for(client: Client, listed: V2 | V3, auth: Authorizer) -> WatcherWriter:
    """Writing to the Watcher that is read, by the same credentials."""
    return _Writer(client, listed, auth)

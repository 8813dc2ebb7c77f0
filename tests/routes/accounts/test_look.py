"""The look of a sign-in page: pictures made anew, colours that can be read, each cloud's its own."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from http import HTTPStatus

import pytest
from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest
from PIL import Image, PngImagePlugin

from portal.access import SYSTEM
from portal.accounts.actions import api_keys
from portal.errors import Invalid
from portal.kit.queries import tenancy
from portal.routes.middleware.sent import UPLOAD_BYTES, UPLOADS, file, texts
from portal.values.look import contrast, logo_of, tint
from tests.cast import NORA
from tests.routes.conftest import Site


def picture(size: tuple[int, int] = (640, 480), kind: str = "PNG") -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("comment", "<script>alert(1)</script>")
    made = io.BytesIO()
    more = {"pnginfo": notes} if kind == "PNG" else {}
    Image.new("RGB", size, "#1f6feb").save(made, kind, **more)
    return made.getvalue() + b"<svg onload=alert(1)>"


def said_to_be(side: int) -> bytes:
    """A few bytes that say they are a picture of so many pixels a side: 10 GB once it is drawn."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + struct.pack(">I", zlib.crc32(header))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_made_anew_of_its_pixels_alone(kind: str) -> None:
    made = logo_of(picture(kind=kind))
    assert b"script" not in made
    assert b"svg" not in made
    with Image.open(io.BytesIO(made)) as found:
        assert found.format == "PNG"
        assert found.width <= 320
        assert found.height <= 96
        assert found.info == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture()[:60],
        picture((4_001, 2)),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 600_000,
        said_to_be(10_000),
        said_to_be(50_000),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        logo_of(content)
    assert set(refused.value.fields) == {"logo"}


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#ffffff") == pytest.approx(1)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.01)
    assert tint("#000000", 10) == "#e6e6e6"
    assert tint("#0b4f8a", 100) == "#0b4f8a"


async def test_each_clouds_look_is_set_by_its_own_administrator(site: Site) -> None:
    async with site.database.as_worker():
        north, south = [await tenancy.get(SYSTEM, slug) for slug in ("north", "south")]
        keys = [
            await api_keys.create(SYSTEM, name="k", role="administrator", cloud=cloud)
            for cloud in (north, south)
        ]
    api = (await site.visitor()).client
    bearer, foreign = ({"Authorization": f"Bearer {key}"} for key in keys)
    path = "/api/v1/clouds/north/look"
    logo = base64.b64encode(picture()).decode()
    assert (await api.patch(path, json={"colour": "#1f6feb"}, headers=foreign)).status_code == 404
    light = await api.patch(path, json={"colour": "#ffff00"}, headers=bearer)
    assert light.status_code == 422
    assert "too light" in light.text
    for colour in ("red", "#fff", "#12345g", "#1f6feb;}*{display:none"):
        refused = await api.patch(path, json={"colour": colour}, headers=bearer)
        assert refused.status_code == 422, colour
    done = await api.patch(path, json={"colour": "#1F6FEB", "logo": logo}, headers=bearer)
    assert done.status_code == 200
    assert done.json()["colour"] == "#1f6feb"
    shown = await api.get(done.json()["logo"])
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert "set-cookie" not in shown.headers
    page = (await (await site.visitor()).get("/login/north")).text
    assert done.json()["logo"] in page
    assert (await api.get("/look/south/logo.png")).status_code == 404
    assert "/logo.png" not in (await (await site.visitor()).get("/login/south")).text
    gone = await api.patch(path, json={"logo": None}, headers=bearer)
    assert gone.json()["logo"] is None
    entries = await site.rows("select cloud, after from audit where action = 'cloud.look'")
    assert [entry["cloud"] for entry in entries] == [1, 1]
    assert logo[:40] not in str(entries)


async def test_a_form_with_a_picture_is_read_where_a_page_takes_one(site: Site) -> None:
    @post(
        "/probe",
        opt={UPLOADS: True},
        request_max_body_size=UPLOAD_BYTES,
        status_code=HTTPStatus.OK,
    )
    async def probe(request: HTMXRequest) -> Response[str]:
        content = await file(request, "logo")
        return Response(f"{(await texts(request))['colour']} {len(content or b'')}")

    site.app.register(probe)
    nora = await site.as_(NORA)
    content = picture()
    data = {"_csrf_token": nora.token, "colour": "#1f6feb"}
    sent = {"logo": ("a.png", content, "image/png")}
    answer = await nora.client.post("/probe", data=data, files=sent)
    assert (answer.status_code, answer.text) == (200, f"#1f6feb {len(content)}")
    refused = await nora.client.post("/probe", data={"colour": "x"}, files=sent)
    assert refused.status_code == 403, "without the token"
    large = {"logo": ("a.png", b"x" * (UPLOAD_BYTES + 1), "image/png")}
    assert (await nora.client.post("/probe", data=data, files=large)).status_code == 413
    elsewhere = await nora.client.post("/account/theme", data=data, files=sent)
    assert elsewhere.status_code in {413, 415}

"""What may be kept, what is taken out of it, and what is refused with a remedy."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lmscompliance.files.cleaning import clean
from lmscompliance.files.sniffing import Kind
from lmscompliance.kernel.errors import InvalidInput
from tests.files import samples

LIMITS = {"max_bytes": 2_000_000, "max_pixels": 50_000_000}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (samples.picture("PNG"), Kind.PNG),
        (samples.picture("JPEG"), Kind.JPEG),
        (samples.picture("WEBP"), Kind.PNG),
        (samples.document(), Kind.PDF),
    ],
    ids=["png", "jpeg", "webp", "pdf"],
)
def test_what_is_accepted(data, kind):
    """Pictures and PDFs, by their content; a WebP becomes what every office program shows."""
    cleaned = clean(data, **LIMITS)
    assert cleaned.kind is kind
    if kind.is_image:
        assert (cleaned.width, cleaned.height) == (90, 160)
        assert Image.open(io.BytesIO(cleaned.data)).size == (90, 160)
    else:
        assert (cleaned.data, cleaned.pages) == (data, 1)


def test_a_picture_loses_where_it_was_taken_and_stands_upright():
    """Place, phone and orientation of a photo are gone; what is seen is the same."""
    sent = samples.located()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)
    kept = Image.open(io.BytesIO(clean(sent, **LIMITS).data))
    assert kept.size == (90, 160)
    assert not dict(kept.getexif())
    assert b"Phone 13" not in clean(sent, **LIMITS).data


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_nothing_hidden_behind_a_picture_is_kept(kind):
    """A picture that is also an archive (a polyglot) is kept as the picture alone."""
    cleaned = clean(samples.picture(kind) + samples.archive(), **LIMITS)
    assert b"payload.js" not in cleaned.data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\0" * 2_000_001, "too_large"),
        (b"\0\0\0\x20ftypheic" + b"\0" * 40, "heic"),
        (samples.archive(), "unknown_kind"),
        (b"MZ\x90\0", "unknown_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "unknown_kind"),
        (b"<html>%PDF-1.7", "unknown_kind"),
        (samples.picture("PNG")[:200], "broken"),
        (b"\xff\xd8\xff" + b"\0" * 100, "broken"),
        (b"%PDF-1.7\nnonsense\n%%EOF\n", "broken"),
        (samples.document() + b"\0" * 2000, "two_in_one"),
        (samples.document() + samples.archive()[:200] + b"PK\x05\x06" + b"\0" * 18, "two_in_one"),
        (samples.encrypted(), "locked"),
        (samples.scripted(), "active"),
        (samples.with_attachment(), "active"),
    ],
)
def test_what_is_refused(data, code):
    """Each refusal has its own reason, told by content whatever the file is called."""
    with pytest.raises(InvalidInput) as refused:
        clean(data, **LIMITS)
    assert refused.value.code == f"files.{code}"
    assert refused.value.message("zh_CN") != refused.value.message("en")


def test_a_bomb_is_refused_before_it_is_decoded():
    """A file of some hundred kilobytes that would become 900 million pixels costs nothing."""
    sent = samples.bomb()
    assert len(sent) < 200_000
    with pytest.raises(InvalidInput) as refused:
        clean(sent, **LIMITS)
    assert refused.value.code == "files.too_many_pixels"


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP"]),
)
def test_any_bytes_are_kept_or_refused(data, head):
    """Whatever is sent, the answer is a file or a refusal, never a crash."""
    try:
        kept = clean(head + data, **LIMITS).kind
    except InvalidInput as refused:
        kept = refused.message()
    assert kept

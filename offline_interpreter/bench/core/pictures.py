"""What a picture shows, decoded from bytes within limits: size, colors, ink, frames.

Only the formats that are named here are decoded, and none with more pixels or frames than a screen could show. Needs
Pillow, which is imported where it is used.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from offline_interpreter.bench.core.demands import lack, require

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
MOST_PIXELS = 20_000_000
MOST_FRAMES = 500
MOST_PIXELS_IN_FRAMES = 100_000_000
RASTER = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")


def picture_of(data: bytes, *formats: str) -> Image:
    """Return a picture in RGB or RGBA. ``formats`` are those that it may have. Raises ``Lacking``."""
    image = opened(data, *formats)
    return image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")


def opened(data: bytes, *formats: str) -> Image:
    """Return a picture as its file has it, with its frames. Raises ``Lacking``."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data), formats=formats or FORMATS)
        require(image.width * image.height <= MOST_PIXELS, "A picture is far too large.")
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        lack(f"A file that was made is not a valid picture ({'/'.join(formats or FORMATS)}).")
    return image


def frames_of(data: bytes) -> list[Image]:
    """Return the frames of an animated picture, each in RGB. Raises ``Lacking``."""
    image = opened(data)
    count = getattr(image, "n_frames", 1)
    is_small = count <= MOST_FRAMES and count * image.width * image.height <= MOST_PIXELS_IN_FRAMES
    require(is_small, "An animation has far too many frames.")
    frames = []
    for index in range(count):
        image.seek(index)
        frames.append(image.convert("RGB"))
    return frames


def pixels(image: Image) -> Any:
    """Return an array of height, width, 3: a picture's colors, 0 to 255, laid on white where it is transparent."""
    import numpy as np
    from PIL import Image

    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.asarray(image.convert("RGB"), dtype=np.int16)


def share_near(image: Image, color: tuple[int, int, int], within: int = 40) -> float:
    """Return which share of the pixels is of this color, give or take ``within`` in each channel."""
    import numpy as np

    return float((np.abs(pixels(image) - np.array(color)).max(axis=2) <= within).mean())


def difference(one: Image, other: Image) -> float:
    """Return the mean difference of two pictures of one size, per channel, 0 to 255."""
    import numpy as np

    return float(np.abs(pixels(one) - pixels(other)).mean())


def require_chart(data: bytes, smallest: tuple[int, int] = (200, 150)) -> Image:
    """Demand a picture that could be a chart: large enough, of more than one color, neither blank nor full of noise.

    Returns it. What it means cannot be seen from outside. Raises ``Lacking``.
    """
    import numpy as np

    image = picture_of(data)
    require(image.width >= smallest[0] and image.height >= smallest[1], f"The chart is only {image.size} pixels.")
    array = pixels(image)
    background = array[1, 1]
    ink = (np.abs(array - background).max(axis=2) > 24).mean()
    require(ink > 0.004, "The chart is blank.")
    rows = (np.abs(array - background).max(axis=2) > 24).any(axis=1).mean()
    require(rows > 0.3, "The chart shows next to nothing.")
    return image

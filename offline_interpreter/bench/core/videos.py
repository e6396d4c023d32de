"""What a video shows: its size, how many frames there are, their colors, its subtitles; read by ffmpeg within limits.

The video is copied out of the workspace first and read as MP4 and nothing else, so that what looks like a video cannot
name other files or addresses. Needs imageio-ffmpeg, which brings the program.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline_interpreter.bench.core.demands import lack, require

MOST_SIDE = 2_000  # pixels
MOST_FRAMES = 600
MOST_DECODED_BYTES = 300_000_000
LIMIT_S = 60.0

_QUIET = ("-hide_banner", "-nostdin", "-threads", "2")
_AS_MP4 = ("-protocol_whitelist", "file", "-f", "mov")
_VIDEO = re.compile(r"Stream #.*Video: (\w+).*?, (\d+)x(\d+)[, ]")
_RATE = re.compile(r"([\d.]+) fps")


@dataclass(frozen=True, slots=True)
class Video:
    """What a video is: its codec, the size of its pictures, their rate, and an array of frames, height, width, 3."""

    codec: str
    size: tuple[int, int]
    rate: float
    frames: Any


def video_of(data: bytes) -> Video:
    """Return the frames of an MP4 video. Raises ``Lacking``."""
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        path.write_bytes(data)
        told = _ffmpeg([*_AS_MP4, "-i", str(path)]).stderr.decode("utf-8", "replace")
        found, rate = _VIDEO.search(told), _RATE.search(told)
        if found is None:
            lack("A file that was made is not a valid MP4 video.")
        width, height = int(found[2]), int(found[3])
        require(0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE, "The video is far too large.")
        most = min(MOST_FRAMES, MOST_DECODED_BYTES // (width * height * 3))
        wanted = ["-map", "0:v:0", "-frames:v", str(most), "-fps_mode", "passthrough"]
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "pipe:1"]
        out = _ffmpeg([*_AS_MP4, "-i", str(path), *wanted, *raw]).stdout
    count = len(out) // (width * height * 3)
    require(count, "The video has no frames.")
    frames = np.frombuffer(out, np.uint8, count * width * height * 3).reshape(count, height, width, 3)
    return Video(found[1], (width, height), float(rate[1]) if rate else 0.0, frames)


def subtitles_of(data: bytes) -> str:
    """Return the first track of subtitles in an MP4 video, as SRT; "" if there is none. Raises ``Lacking``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        path.write_bytes(data)
        done = _ffmpeg([*_AS_MP4, "-i", str(path), "-map", "0:s:0", "-f", "srt", "pipe:1"])
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def write_video(path: Path, frames: Any, rate: int) -> None:
    """Write frames, height, width, 3, as an MP4 video that is the same bytes each time; the sides have to be even."""
    height, width = frames.shape[1:3]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "pipe:0"]
    coded = [
        "-c:v",
        "libx264",
        "-crf",
        "12",
        "-pix_fmt",
        "yuv420p",
        "-threads",
        "1",
        "-fflags",
        "+bitexact",
        "-flags",
        "+bitexact",
    ]
    _ffmpeg([*raw, *coded, "-y", str(path)], frames.tobytes()).check_returncode()


def _ffmpeg(arguments: list[str], given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), *_QUIET, *arguments]
    if given is None:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False)
    command.remove("-nostdin")
    return subprocess.run(command, input=given, capture_output=True, timeout=LIMIT_S, check=False)

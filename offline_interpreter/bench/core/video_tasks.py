"""Tasks with videos: from an animation, over a picture, a still of one, subtitles. They need the extra ``gallery``."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from offline_interpreter.bench.core.demands import question, require, require_one, solution
from offline_interpreter.bench.core.files import names_in, read, read_named, text_of
from offline_interpreter.bench.core.imaging import scene
from offline_interpreter.bench.core.invented import WORDS
from offline_interpreter.bench.core.pictures import difference, picture_of, pixels
from offline_interpreter.bench.core.videos import subtitles_of, video_of, write_video
from offline_interpreter.bench.tasks import Attempt, Question, Task

if TYPE_CHECKING:
    pass

VIDEO = "video"
FFMPEG = ("imageio_ffmpeg", "PIL", "numpy")


def _gif_to_mp4(rng: Random, folder: Path) -> Question:
    from PIL import Image

    count = rng.randrange(8, 16)
    colors = [(rng.randrange(20, 236), rng.randrange(20, 236), rng.randrange(20, 236)) for _ in range(count)]
    frames = [Image.new("RGB", (128, 96), color) for color in colors]
    frames[0].save(folder / "banner.gif", save_all=True, append_images=frames[1:], duration=100, loop=0)

    def look(attempt: Attempt) -> None:
        def look_at(name: str) -> None:
            video = video_of(read(attempt.folder, name))
            require(video.size == (128, 96), f"{name} has {video.size} pixels instead of (128, 96).")
            require(abs(len(video.frames) - count) <= 1, f"{name} has {len(video.frames)} frames instead of {count}.")
            require(abs(video.rate - 10) < 0.5, f"{name} shows {video.rate:g} frames a second instead of 10.")
            means = video.frames.reshape(len(video.frames), -1, 3).mean(axis=1)
            for number, (mean, color) in enumerate(zip(means, colors, strict=False), 1):
                close = max(abs(float(a) - b) for a, b in zip(mean, color, strict=True)) < 22
                require(close, f"Frame {number} of {name} does not have its color.")

        require_one(names_in(attempt.folder, ".mp4"), look_at, "There is no MP4 file.")

    code = """
        import imageio_ffmpeg
        import numpy as np
        from PIL import Image, ImageSequence
        image = Image.open("banner.gif")
        out = imageio_ffmpeg.write_frames("banner.mp4", image.size, fps=10, quality=9)
        out.send(None)
        frames = [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
        for frame in frames:
            out.send(frame)
        out.close()
        """
    return question(
        "convert banner.gif to an mp4 video, same size and 10 frames a second",
        look,
        solution(code, "The video is banner.mp4."),
        solution(code.replace("for frame in frames:", "for frame in frames[::-1]:"), "The video is banner.mp4."),
    )


def _pan(rng: Random, folder: Path) -> Question:
    import numpy as np
    from PIL import Image

    image = scene(rng, (960, 160))
    image.save(folder / "panorama.png")
    seconds = rng.choice((2, 3))
    count = seconds * 10

    def look(attempt: Attempt) -> None:
        video = video_of(read_named(attempt.folder, "pan.mp4"))
        require(video.size == (240, 160), f"pan.mp4 has {video.size} pixels instead of (240, 160).")
        require(abs(len(video.frames) - count) <= 1, f"pan.mp4 has {len(video.frames)} frames instead of {count}.")
        for number in (0, count // 2, -1):
            share = 1.0 if number < 0 else number / (count - 1)
            left = round(share * 720)
            truth = image.crop((left, 0, left + 240, 160))
            off = difference(Image.fromarray(np.array(video.frames[number])), truth)
            require(
                off < 14, f"Frame {number if number >= 0 else count} of pan.mp4 does not show its part of the picture."
            )

    code = f"""
        import imageio_ffmpeg
        import numpy as np
        from PIL import Image
        image = np.array(Image.open("panorama.png").convert("RGB"))
        out = imageio_ffmpeg.write_frames("pan.mp4", (240, 160), fps=10, quality=9)
        out.send(None)
        for left in np.linspace(0, image.shape[1] - 240, {count}).round().astype(int):
            out.send(np.ascontiguousarray(image[:, left : left + 240]))
        out.close()
        """
    return question(
        "Let a camera glide over panorama.png: a video pan.mp4 that shows a window of 240 x 160 pixels which moves "
        f"evenly from the left end of the picture to the right end in {seconds} seconds, at 10 frames a second "
        f"({count} frames).",
        look,
        solution(code, "The video is pan.mp4."),
        solution(
            code.replace(f"np.linspace(0, image.shape[1] - 240, {count})", f"np.linspace(0, 240, {count})"),
            "Here is pan.mp4.",
        ),
    )


def _still(rng: Random, folder: Path) -> Question:
    import numpy as np

    seconds = 6
    colors = [[rng.randrange(256) for _ in range(3)] for _ in range(seconds)]
    frames = np.zeros((seconds * 10, 72, 128, 3), np.uint8)
    for second, color in enumerate(colors):
        frames[second * 10 : second * 10 + 10] = color
    write_video(folder / "clip.mp4", frames, 10)
    wanted = rng.randrange(1, 6)

    def look(attempt: Attempt) -> None:
        image = picture_of(read_named(attempt.folder, "still.png"), "PNG")
        require(image.size == (128, 72), f"still.png has {image.size} pixels instead of (128, 72).")
        off = max(abs(float(a) - b) for a, b in zip(pixels(image).mean(axis=(0, 1)), colors[wanted], strict=True))
        require(off < 14, "still.png does not show the video at that time.")

    code = f"""
        import subprocess
        import imageio_ffmpeg
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        subprocess.run([ffmpeg, "-y", "-ss", "{wanted}.5", "-i", "clip.mp4", "-frames:v", "1", "still.png"], check=True)
        """
    return question(
        f"Take a still out of clip.mp4 at {wanted}.5 seconds and save it as still.png.",
        look,
        solution(code, "The still is still.png."),
        solution(code.replace(f'"{wanted}.5"', f'"{wanted - 1}.5"'), "The still is still.png."),
    )


def _stamp(tenths: int) -> str:
    return f"00:00:{tenths // 10:02},{tenths % 10}00"


def _subtitles(rng: Random, folder: Path) -> Question:
    import numpy as np

    frames = np.full((120, 72, 128, 3), 90, np.uint8)
    frames[:, 20:40, 30:60] = rng.randrange(256)
    write_video(folder / "talk.mp4", frames, 10)
    lines, at = [], 0
    for _ in range(4):
        start = at + rng.randrange(2, 9)
        at = start + rng.randrange(10, 19)
        lines.append((start, at, " ".join(rng.sample(WORDS, 4)).capitalize() + rng.choice((".", "?", ", é!"))))
    table = "\n".join(f"{start / 10:.1f}\t{end / 10:.1f}\t{text}" for start, end, text in lines)
    (folder / "spoken.tsv").write_text(f"from\tto\ttext\n{table}\n", "utf-8")

    def look(attempt: Attempt) -> None:
        data = read_named(attempt.folder, "talk_subtitled.mp4")
        require(abs(len(video_of(data).frames) - 120) <= 2, "talk_subtitled.mp4 does not have the frames of the video.")
        for track in (subtitles_of(data), text_of(read_named(attempt.folder, "talk.srt"))):
            found = re.findall(r"(\d\d:\d\d:\d\d,\d)\d\d --> (\d\d:\d\d:\d\d,\d)\d\d\s*\n(.+)", track)
            got = [(start, end, re.sub(r"<[^>]*>", "", text).strip()) for start, end, text in found]
            wanted = [(_stamp(start)[:-2], _stamp(end)[:-2], text) for start, end, text in lines]
            require(got == wanted, "The subtitles of the video and of talk.srt are not the four lines at their times.")

    code = """
        import csv, subprocess
        import imageio_ffmpeg
        with open("talk.srt", "w", encoding="utf-8") as out:
            for n, row in enumerate(csv.DictReader(open("spoken.tsv", encoding="utf-8"), delimiter="\\t"), 1):
                start, end = (f"00:00:{float(row[k]):06.3f}".replace(".", ",") for k in ("from", "to"))
                out.write(f"{n}\\n{start} --> {end}\\n{row['text']}\\n\\n")
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-i", "talk.mp4", "-i", "talk.srt"]
        subprocess.run([*command, "-c", "copy", "-c:s", "mov_text", "talk_subtitled.mp4"], check=True)
        """
    return question(
        "spoken.tsv says what is spoken in talk.mp4 and when (in seconds). Make subtitles talk.srt of it, and a "
        "talk_subtitled.mp4 that has them as a track which one can switch on and off, the pictures unchanged.",
        look,
        solution(code, "talk.srt and talk_subtitled.mp4 are ready."),
        solution(
            code.replace('"-i", "talk.srt"]', "]").replace('"-c:s", "mov_text", ', ""), "talk_subtitled.mp4 is ready."
        ),
    )


TASKS = (
    Task("video-still", VIDEO, "easy", FFMPEG, _still),
    Task("video-from-gif", VIDEO, "medium", FFMPEG, _gif_to_mp4),
    Task("video-pan", VIDEO, "hard", FFMPEG, _pan),
    Task("video-subtitles", VIDEO, "hard", FFMPEG, _subtitles),
)

"""How long it takes to decode a 1440 x 1080 recording into all views, in one pass and with a call for each view.

Both ways go through `dyadflow.media.decode.decode_session`, with the same filters and the same files as outcome;
the calls for single views each take the sound along, which costs next to nothing beside pictures.

    python bench/decoding.py [--seconds 20] [--rounds 3]
"""

import argparse
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path


def make_recording(path: Path, seconds: int) -> None:
    """Moving shapes with a camera's noise and a tone, as a camcorder writes them: pixels are not square."""
    from dyadflow.media.ffmpeg import ffmpeg_binary

    subprocess.run([
        ffmpeg_binary(), "-y", "-loglevel", "error",
        "-f", "lavfi", "-i", "testsrc2=size=1440x1080:rate=25,noise=alls=6:allf=t,setsar=4/3",
        "-f", "lavfi", "-i", "sine=frequency=440", "-t", str(seconds),
        "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path),
    ], check=True)


def measure(recording: Path, folder: Path, calls: Iterable[list[str]]) -> tuple[float, float]:
    """Seconds on the clock and of all cores together."""
    from dyadflow.media.decode import decode_session
    from dyadflow.media.settings import MediaSettings, View

    views = {"scene": View(), "infant": View(region="left"), "caregiver": View(region="right")}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    for names in calls:
        decode_session(
            recording, views={name: views[name] for name in names}, settings=MediaSettings(rate_hz=25),
            view_paths={name: folder / f"{name}.mp4" for name in names}, audio_path=folder / "audio.wav",
        )
    took_s = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took_s, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20, help="length of the recording")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured, in turn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "recording.mp4"
        make_recording(recording, options.seconds)
        print("round\tone_pass_s\tcall_a_view_s\ttimes\tone_pass_cpu_s\tcall_a_view_cpu_s")
        for number in range(1, options.rounds + 1):
            one, one_cpu = measure(recording, Path(folder), [["scene", "infant", "caregiver"]])
            each, each_cpu = measure(recording, Path(folder), [["scene"], ["infant"], ["caregiver"]])
            print(f"{number}\t{one:.1f}\t{each:.1f}\t{each / one:.2f}\t{one_cpu:.1f}\t{each_cpu:.1f}", flush=True)


if __name__ == "__main__":
    main()

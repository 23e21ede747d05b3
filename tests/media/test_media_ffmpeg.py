"""Guards which ffmpeg is run, and what is told of its mistakes."""

import shutil
import subprocess

from dyadflow.media.ffmpeg import ffmpeg_binary, last_meaningful_line


def test_a_machine_without_ffmpeg_uses_the_one_in_the_wheel(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    ffmpeg_binary.cache_clear()
    try:
        encoders = subprocess.run([ffmpeg_binary(), "-encoders"], capture_output=True, text=True, check=True)
    finally:
        ffmpeg_binary.cache_clear()
    assert "libx264" in encoders.stdout


def test_the_systems_own_ffmpeg_comes_first(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/somewhere/{name}")
    ffmpeg_binary.cache_clear()
    try:
        assert ffmpeg_binary() == "/somewhere/ffmpeg"
    finally:
        ffmpeg_binary.cache_clear()


def test_the_cause_is_told_without_addresses_and_closing_echoes():
    stderr = b"""[mov,mp4,m4a @ 0x55d0c8a3f2c0] moov atom not found
[in#0 @ 0x55d0c8a3f100] Error opening input: Invalid data found when processing input
Error opening input files: Invalid data found when processing input
"""
    assert last_meaningful_line(stderr) == "Error opening input: Invalid data found when processing input"
    assert last_meaningful_line(b"\n") == "ffmpeg gave no reason"

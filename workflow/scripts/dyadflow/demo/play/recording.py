"""The recording: the scene painted frame by frame, taken by a camera, stored with pixels that are not square."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.camera import Camera, draw_light
from dyadflow.demo.canvas import Canvas
from dyadflow.demo.play.behaviour import PlaySession
from dyadflow.demo.play.looks import draw_play_look
from dyadflow.demo.play.motion import move
from dyadflow.demo.play.pen import Pen
from dyadflow.demo.play.people import (
    draw_experimenter,
    draw_infant_arm,
    draw_infant_body,
    draw_parent,
    paint_adult_legs,
    paint_infant_legs,
)
from dyadflow.demo.play.scene import (
    OBJECTS,
    paint_chairs,
    paint_high_chair,
    paint_room,
    paint_table,
)
from dyadflow.demo.play.settings import PIXEL_ASPECT, PlaySettings
from dyadflow.demo.settings import draw_for
from dyadflow.media.encoding import encode_frames

#: The object of a task is put on the table, and taken away, in this time, from so many units to the right.
BRING_S, BRING_FROM = 0.8, 44.0
#: The adults move on every second frame, as in drawn animation, which saves a third of the work.
FRAMES_AN_ADULT_POSE = 2


class Stage:
    """One session's scene, of which any frame can be painted.

    Parameters
    ----------
    session
        What happens.
    settings
        Of the study.
    """

    def __init__(self, session: PlaySession, settings: PlaySettings) -> None:
        self.session, self.settings = session, settings
        look = draw_play_look(session, settings)
        rng = draw_for(session.name, "room", seed=settings.seed)
        room = Canvas(paint_room(look, rng, settings.height_px, settings.shown_px))
        for paint in (paint_chairs, paint_adult_legs):
            paint(Pen(room, look))
        self._behind = Pen(Canvas(room.pixels), look)
        self.pen = Pen(Canvas(self._behind.canvas.pixels), look)
        self._chair, self._legs, self._table = (
            self.pen.cut_out(paint) for paint in (paint_high_chair, paint_infant_legs, paint_table)
        )
        self._objects = {task: self.pen.cut_out(paint) for task, paint in OBJECTS.items()}
        self._adults_at: int | None = None
        self._angles = {mover: angles.tolist() for mover, angles in move(session, settings).items()}

    def paint(self, number: int) -> NDArray[np.float32]:
        """Paint one frame, shape (height, shown width, 3): the same array each time."""
        self._paint_behind(number - number % FRAMES_AN_ADULT_POSE)
        time_s = (number + 0.5) / self.session.rate_hz
        task = next((bout for bout in self.session.tasks if bout.onset_s <= time_s < bout.offset_s), None)
        pen, movement = self.pen, self.settings.movement
        pen.canvas.clear()
        shoulder = draw_infant_body(pen, self._angles["head"][number], movement)
        if task:
            there = min((time_s - task.onset_s) / BRING_S, (task.offset_s - time_s) / BRING_S, 1.0)
            pen.lay(self._objects[task.code], BRING_FROM * (1 - there) ** 2)
        pen.lay(self._table)
        draw_infant_arm(pen, shoulder, self._angles["arm"][number], task.code if task else "", movement)
        return pen.canvas.pixels

    def _paint_behind(self, number: int) -> None:
        """Paint what is behind the infant, unless it is there already: the adults, and the high chair."""
        if number == self._adults_at:
            return
        pen, self._adults_at = self._behind, number
        pen.canvas.clear()
        draw_parent(pen, self._angles["parent"][number])
        pen.lay(self._chair)
        pen.lay(self._legs)
        draw_experimenter(pen, self._angles["experimenter"][number], self._angles["gesture"][number])


def paint_play(session: PlaySession, settings: PlaySettings) -> Iterator[NDArray[np.uint8]]:
    """Paint and take the whole recording, frame by frame.

    Yields
    ------
    ndarray, shape (height, shown width, 3)
        Red, green, blue, in square pixels; the same array each time, filled anew.
    """
    stage = Stage(session, settings)
    light = draw_light(
        draw_for(session.name, "light", seed=settings.seed), settings.height_px, settings.shown_px
    )
    camera = Camera(
        draw_for(session.name, "camera", seed=settings.seed), light, session.frames, settings.noise
    )
    for number in range(session.frames):
        yield camera.take(stage.paint(number), number)


def write_play_recording(session: PlaySession, settings: PlaySettings, path: Path) -> None:
    """Paint and encode one session.

    Parameters
    ----------
    session
        What happens in it.
    settings
        Of the study.
    path
        The file to write, whatever its suffix: H.264 in an mp4, without sound.

    Raises
    ------
    DyadflowError
        If ffmpeg cannot write the file.
    """
    encode_frames(
        paint_play(session, settings),
        path,
        width_px=settings.shown_px,
        height_px=settings.height_px,
        rate_hz=settings.rate_hz,
        preset="veryfast",
        crf=26,
        stored=(settings.stored_px, f"{PIXEL_ASPECT.numerator}/{PIXEL_ASPECT.denominator}"),
    )

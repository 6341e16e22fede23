"""Textual's driver of the terminal, which also asks it for its background and hears the answer."""

from __future__ import annotations

import os
import selectors
import threading
import time
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from rich.color import ColorSystem
from textual._xterm_parser import XTermParser
from textual.constants import COLOR_SYSTEM
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from stalewatch.dashboard.terminal_answers import QUESTION, AnswerFilter, SevenBits
from stalewatch.dashboard.terminal_colours import TRUE_COLOUR, is_light

if TYPE_CHECKING:
    from typing import Any

    from rich.console import Console
    from textual.app import App

LAST_ANSWER = 0.5
"""Seconds after the question in which its answer would be typed into the shell if the program ended meanwhile: it waits so long."""


def set_depth(console: Console, count: int) -> None:
    """Send *count* colours at most. By itself rich goes by the terminal's name, and takes many of today's for one of sixteen colours."""
    if COLOR_SYSTEM == "auto":
        depth = ColorSystem.TRUECOLOR if count >= TRUE_COLOUR else ColorSystem.EIGHT_BIT if count >= 256 else ColorSystem.STANDARD
        console._color_system = depth


class BackgroundTold(Message):
    """The terminal said that its background is *light*, or not."""

    def __init__(self, light: bool) -> None:
        super().__init__()
        self.light = light


class TerminalDriver(LinuxDriver):
    """Asks once, behind everything that the first frame needs; nothing waits for the answer."""

    def __init__(self, app: App[Any], **more: Any) -> None:
        super().__init__(app, **more)
        self._answers = AnswerFilter()
        self._asked_at = 0.0
        self._told = False
        self._fenced = threading.Event()

    def ask_background(self) -> None:
        """The answer comes as :class:`BackgroundTold`, if there is one."""
        self._answers.waiting = True
        self._asked_at = time.monotonic()
        self.write(QUESTION)

    def disable_input(self) -> None:
        if self._answers.waiting:
            self._fenced.wait(max(0.0, self._asked_at + LAST_ANSWER - time.monotonic()))
        super().disable_input()

    def run_input_thread(self) -> None:
        """As Textual's, with the terminal's answers taken out."""
        parser, decode, seven = XTermParser(self._debug), getincrementaldecoder("utf-8")("surrogateescape").decode, SevenBits()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            ending = False
            while not ending:
                ending = self.exit_event.is_set()  # what has come by then is still read: a shell would take it for a command
                if selector.select(0.1):
                    keys = self._heard(seven.feed(decode(os.read(self.fileno, 4096))))
                else:
                    keys = self._answers.expired(time.monotonic())
                for message in parser.feed(keys) if keys else ():
                    self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def _heard(self, text: str) -> str:
        """*text* without answers."""
        sent = self._answers.feed(text, time.monotonic())
        if sent.fence:
            self._fenced.set()
        light = is_light(sent.background)
        if light is not None and not self._told:
            self._told = True
            self.process_message(BackgroundTold(light))
        return sent.keys

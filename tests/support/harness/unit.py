# SPDX-License-Identifier: Apache-2.0
"""A systemd unit as text: read the way systemd.syntax(7) says, as far as our units go."""

import pathlib


class Unit:
    def __init__(self, text):
        self.lines = [line.split("=", 1) for line in text.splitlines() if line and line[0] not in "#["]

    @classmethod
    def read(cls, path):
        return cls(pathlib.Path(path).read_text())

    def all(self, key):
        return [value for name, value in self.lines if name == key]

    def one(self, key, default=None):
        values = self.all(key)
        assert len(values) <= 1, f"{key} stands {len(values)} times"
        return values[0] if values else default

    def words(self, key):
        return [word for value in self.all(key) for word in split(value)]

    def command(self, key):
        """The words of a command line. The first is a path, which knows no variables."""
        words = split(self.one(key))
        return words[:1] + [word.replace("$$", "$") for word in words[1:]]

    def keys(self):
        return {name for name, _ in self.lines}


def split(text):
    """Words, with quotes and backslashes, and doubled percent signs."""
    words, word, quote = [], None, None
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            word = (word or "") + next(letters)
        elif quote:
            quote, word = (None, word) if letter == quote else (quote, word + letter)
        elif letter in "\"'" and word is None:
            quote, word = letter, ""
        elif letter == " ":
            words, word = words + ([] if word is None else [word]), None
        else:
            word = (word or "") + letter
    assert not quote, text
    words += [] if word is None else [word]
    return [word.replace("%%", "%") for word in words]

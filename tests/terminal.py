"""Runs a command on a terminal of its own and prints what one sees there when it is over.

    terminal.py COLUMNS ROWS ANSWERS COMMAND...

ANSWERS is a JSON list of [prompt, answer]: each answer is typed once its prompt is shown, or is the
name of a signal that is sent then. Ends as the command does, or, with TERMINAL_UNTIL in the
environment, with the command as soon as something is shown that matches that. What is redrawn in place is there as it was drawn last; colours are left out,
and what the terminal broke as it was too long for a line is whole. With TERMINAL_RAW in the
environment it is all as it came instead.
"""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import sys
import termios

# A control sequence: its parameters and what it does.
CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[()][A-Za-z0-9]|\x1b[=>78]")


class Screen:
    """The lines of a terminal that never scrolls."""

    def __init__(self, columns):
        self.columns = columns
        self.lines = [[]]
        # The lines that go on in the next one, as they were too long.
        self.wrapped = set()
        self.row = 0
        self.column = 0

    def take(self, text):
        at = 0
        while at < len(text):
            control = CONTROL.match(text, at)
            if control:
                at = control.end()
                self.control(control[1] or "", control[2] or "")
            else:
                self.put(text[at])
                at += 1

    def put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.down()
        elif char == "\b":
            self.column = max(0, self.column - 1)
        elif char >= " ":
            # A line that is full goes on in the next one with the next character only.
            if self.column == self.columns:
                self.wrapped.add(self.row)
                self.down()
                self.column = 0
            line = self.lines[self.row]
            line.extend(" " * (self.column - len(line)))
            line[self.column : self.column + 1] = [char]
            self.column += 1

    def down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])

    def control(self, parameters, what):
        count = max(1, int(parameters)) if parameters.isdigit() else 1
        if what == "A":
            self.row = max(0, self.row - count)
        elif what == "B":
            self.row = min(len(self.lines) - 1, self.row + count)
        elif what == "G":
            self.column = count - 1
        elif what == "K":
            self.wrapped.discard(self.row)
            if parameters == "2":
                self.lines[self.row] = []
            else:
                del self.lines[self.row][self.column :]
        elif what == "J" and parameters in ("", "0"):
            del self.lines[self.row][self.column :]
            del self.lines[self.row + 1 :]

    def text(self):
        out = ""
        for row, line in enumerate(self.lines):
            text = "".join(line)
            # What is drawn in place is filled up with blanks to the end of its line.
            whole = row in self.wrapped and not text.endswith(" ")
            out += text if whole else text.rstrip() + "\n"
        return out.rstrip("\n") + "\n"


def main():
    columns, rows, answers, *words = sys.argv[1:]
    answers = json.loads(answers)
    raw = os.environ.pop("TERMINAL_RAW", None)
    until = os.environ.pop("TERMINAL_UNTIL", None)
    child, terminal = pty.fork()
    if child == 0:
        size = struct.pack("HHHH", int(rows), int(columns), 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        # Linux sends the signal of a Ctrl-C before it drops what is on its way to the terminal, and
        # with it what the command has said by then.
        settings = termios.tcgetattr(0)
        settings[3] |= termios.NOFLSH
        termios.tcsetattr(0, termios.TCSANOW, settings)
        os.execvp(words[0], words)
    screen = Screen(int(columns))
    shown = b""
    asked = 0
    taken = 0
    found = False
    while True:
        try:
            some = os.read(terminal, 65536)
        except OSError:
            break
        if not some:
            break
        shown += some
        if answers and answers[0][0].encode() in shown[asked:]:
            asked = len(shown)
            answer = answers.pop(0)[1]
            if answer.startswith("SIG"):
                os.kill(child, signal.Signals[answer])
            else:
                os.write(terminal, answer.encode())
        # What is drawn at once is looked at whole; a character may come in two parts.
        if len(some) < 65536 and (text := whole(shown[taken:])):
            taken += len(text.encode())
            screen.take(text)
            if until and re.search(until, screen.text()):
                found = True
                os.kill(child, signal.SIGKILL)
                break
    screen.take(shown[taken:].decode(errors="replace"))
    sys.stdout.write(shown.decode(errors="replace") if raw else screen.text())
    sys.stdout.flush()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(code if not until else 0 if found else 1)


def whole(some):
    """The text, if it does not end within a character or a control sequence."""
    try:
        text = some.decode()
    except UnicodeDecodeError:
        return ""
    return "" if re.search(r"\x1b[^A-Za-z]*$", text) else text


main()

"""Runs a program at a terminal of its own, as a person would: at-terminal.py STEPS PROGRAM ARGUMENT...

STEPS is a JSON list: {"until": TEXT} reads until TEXT was written since the last step, {"send": TEXT} types, {"size": [ROWS, COLUMNS]},
{"signal": NUMBER}, {"stopped": true} waits until the program has stopped itself, {"hangup": true} closes the terminal, {"run": COMMAND} runs another program meanwhile.
Prints JSON: status (negative: the signal), output of each step, and whether the terminal's settings are the first ones again,
at the end and where it stopped.
"""

import fcntl, json, os, pty, select, signal, struct, subprocess, sys, termios, time

WAIT_S = 90
steps, command = json.loads(sys.argv[1]), sys.argv[2:]
master, slave = pty.openpty()


def resize(rows, columns):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(24, 80)
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    os.closerange(3, 256)
    os.execvp(command[0], command)

outputs, stopped_same, hung_up = [], None, False
end = time.monotonic() + WAIT_S


def read_some():
    if time.monotonic() > end:
        os.kill(child, signal.SIGKILL)
        sys.exit("it took too long; so far: %r" % outputs)
    if select.select([master], [], [], 0.1)[0]:
        return os.read(master, 65536)
    return b""


def wait_for(text):
    got = b""
    while text.encode() not in got:
        got += read_some()
        outputs[-1] = got.decode(errors="replace")


for step in steps:
    outputs.append("")
    if "until" in step:
        wait_for(step["until"])
    elif "send" in step:
        os.write(master, step["send"].encode())
    elif "size" in step:
        resize(*step["size"])
    elif "signal" in step:
        os.kill(child, step["signal"])
    elif "stopped" in step:
        while not os.waitpid(child, os.WUNTRACED | os.WNOHANG)[0]:
            outputs[-1] += read_some().decode(errors="replace")
        stopped_same = termios.tcgetattr(slave) == before
    elif "run" in step:
        subprocess.run(step["run"], check=True)
    elif "hangup" in step:
        hung_up = True
        os.close(slave)
        os.close(master)

outputs.append("")
while True:
    pid, status = os.waitpid(child, os.WNOHANG)
    if not hung_up:
        outputs[-1] += read_some().decode(errors="replace")
    elif time.monotonic() > end:
        os.kill(child, signal.SIGKILL)
    if pid:
        break
while not hung_up and select.select([master], [], [], 0)[0]:
    outputs[-1] += os.read(master, 65536).decode(errors="replace")
same = None if hung_up else termios.tcgetattr(slave) == before
print(json.dumps({"status": os.waitstatus_to_exitcode(status), "outputs": outputs, "same": same, "stoppedSame": stopped_same}))

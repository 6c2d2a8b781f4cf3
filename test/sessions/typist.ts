import type { SessionHost } from "./session-host.ts";

/**
 * Types at a program on a terminal of 24 lines by 80 columns: a line of the script is what to wait for, a tab, and what to type then. `RESIZE` makes it 50 by 132,
 * `^C` and `^Z` are those keys. After 20 seconds it gives up with status 99. What it heard is its output, and the program's exit status its own.
 */
const program = `
import fcntl, os, pty, signal, struct, sys, termios
def late(*_): sys.stdout.buffer.write(heard); sys.stdout.flush(); os._exit(99)
signal.signal(signal.SIGALRM, late)
signal.alarm(20)
heard = b''
def size(fd, rows, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
pid, fd = pty.fork()
if pid == 0:
  os.execvp(sys.argv[2], sys.argv[2:])
size(fd, 24, 80)
def until(word):
  global heard
  while word not in heard:
    try: some = os.read(fd, 4096)
    except OSError: some = b''
    if not some: sys.stdout.buffer.write(heard); sys.exit('ended before ' + repr(word))
    heard += some
  before, heard = heard.split(word, 1)
  sys.stdout.buffer.write(before + word)
for line in open(sys.argv[1], 'rb'):
  wait, keys = line.rstrip(b'\\n').split(b'\\t')
  until(wait)
  if keys == b'RESIZE': size(fd, 50, 132)
  else: os.write(fd, keys.replace(b'^C', b'\\x03').replace(b'^Z', b'\\x1a') + (b'' if keys.startswith(b'^') else b'\\n'))
try:
  while some := os.read(fd, 4096): heard += some
except OSError: pass
sys.stdout.buffer.write(heard)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

export type Typed = readonly (readonly [wait: string, keys: string])[];

/** Words that type a script at a command; a newline to wait for is the terminal's, `\r`. */
export function typing(host: SessionHost, script: Typed, command: readonly string[]): readonly string[] {
  const keys = host.file("keys", script.map(([wait, typed]) => `${wait.replace("\n", "\r")}\t${typed}\n`).join(""));
  return ["python3", host.file("typist.py", program), keys, ...command];
}

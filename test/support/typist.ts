/**
 * Types at a program on a terminal of 24 lines by 80 columns: a line of its standard input is what to wait for, a tab, and what to type then. `RESIZE` makes it 50 by 132,
 * `^C` and `^Z` are those keys. After 20 seconds it gives up with status 99. What it heard is its output, and the program's exit status its own.
 */
const program = `
import fcntl, os, pty, signal, struct, sys, termios, time
def late(*_): sys.stdout.buffer.write(heard); sys.stdout.flush(); os._exit(99)
signal.signal(signal.SIGALRM, late)
signal.alarm(20)
heard = b''
status = None
def size(fd, rows, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
pid, fd = pty.fork()
if pid == 0:
  os.execvp(sys.argv[1], sys.argv[1:])
size(fd, 24, 80)
# A terminal outlives a hang-up, which login(1) makes when it begins: until it opens its terminal anew nobody has it open.
def more():
  global status
  while True:
    try: return os.read(fd, 4096)
    except OSError: pass
    if status is not None: return b''
    ended, word = os.waitpid(pid, os.WNOHANG)
    if ended: status = os.waitstatus_to_exitcode(word)
    else: time.sleep(0.01)
def until(word):
  global heard
  while word not in heard:
    some = more()
    if not some: sys.stdout.buffer.write(heard); sys.exit('ended before ' + repr(word))
    heard += some
  before, heard = heard.split(word, 1)
  sys.stdout.buffer.write(before + word)
for line in sys.stdin.buffer:
  wait, keys = line.rstrip(b'\\n').split(b'\\t')
  until(wait)
  if keys == b'RESIZE': size(fd, 50, 132)
  else: os.write(fd, keys.replace(b'^C', b'\\x03').replace(b'^Z', b'\\x1a') + (b'' if keys.startswith(b'^') else b'\\n'))
while some := more(): heard += some
sys.stdout.buffer.write(heard)
sys.exit(status)
`;

export type Typed = readonly (readonly [wait: string, keys: string])[];

/** Words that start a command at which somebody types. */
export function typist(command: readonly string[]): readonly string[] {
  return ["python3", "-c", program, ...command];
}

/** Its standard input; a newline to wait for is the terminal's, `\r`. */
export function typing(script: Typed): string {
  return script.map(([wait, typed]) => `${wait.replace("\n", "\r")}\t${typed}\n`).join("");
}

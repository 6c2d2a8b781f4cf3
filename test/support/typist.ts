import { type ChildProcess, spawn } from "node:child_process";

/**
 * Types at a program on a terminal of 24 lines by 80 columns. Each line of its standard input has a
 * text to wait for, a tab, and what to type then. `RESIZE` makes the terminal 50 by 132; `^C`, `^D`
 * and `^Z` are keys. It prints the program's output up to the awaited text, and exits with the
 * program's status. After waiting for 20 seconds it exits with status 99. Without a program it
 * holds a terminal for other processes, and prints the terminal's name first.
 */
const program = `
import fcntl, os, pty, signal, struct, sys, termios, time
out = sys.stdout.buffer
def late(*_): out.write(heard); out.flush(); os._exit(99)
signal.signal(signal.SIGALRM, late)
heard = b''
status = None
def size(fd, rows, columns):
  fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
if sys.argv[1:]:
  pid, fd = pty.fork()
  if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
else:
  pid, (fd, other) = None, pty.openpty()
  print(os.ttyname(other), flush=True)
size(fd, 24, 80)
# login(1) hangs the terminal up when it begins, and no process has it open until login opens it
# anew. The terminal outlives that.
def more():
  global status
  while True:
    try: return os.read(fd, 4096)
    except OSError: pass
    if status is not None: return b''
    ended, word = (0, 0) if pid is None else os.waitpid(pid, os.WNOHANG)
    if ended: status = os.waitstatus_to_exitcode(word)
    else: time.sleep(0.01)
def until(word):
  global heard
  while word not in heard:
    some = more()
    if not some: out.write(heard); sys.exit('ended before ' + repr(word))
    heard += some
  before, heard = heard.split(word, 1)
  out.write(before + word)
  out.flush()
for line in sys.stdin.buffer:
  wait, keys = line.rstrip(b'\\n').split(b'\\t')
  signal.alarm(20)
  until(wait)
  signal.alarm(0)
  if keys == b'RESIZE': size(fd, 50, 132)
  else:
    end = b'' if keys.startswith(b'^') else b'\\n'
    keys = keys.replace(b'^C', b'\\x03').replace(b'^Z', b'\\x1a').replace(b'^D', b'\\x04')
    os.write(fd, keys + end)
if pid is None: sys.exit()
signal.alarm(20)
while some := more(): heard += some
out.write(heard)
sys.exit(status)
`;

export type Typed = readonly (readonly [wait: string, keys: string])[];

/** Words before a command that run it at a typist's terminal. */
export function typist(command: readonly string[]): readonly string[] {
  return ["python3", "-c", program, ...command];
}

/** The typist's standard input. In a text to wait for, a newline becomes the terminal's `\r`. */
export function typing(script: Typed): string {
  return script.map(([wait, typed]) => `${wait.replace("\n", "\r")}\t${typed}\n`).join("");
}

/** A terminal that outlives the programs on it, like a console. */
export class HeldTerminal {
  readonly #child: ChildProcess;
  #heard = "";
  #closed = false;
  #changed: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on("data", (text) => {
      this.#heard += text;
      this.#changed();
    });
    child.once("close", () => {
      this.#closed = true;
      this.#changed();
    });
  }

  /**
   * `inside`: words that start a command in the place where the terminal should be. Returns the
   * terminal and its name there.
   */
  static async open(
    inside: (words: readonly string[]) => readonly string[],
  ): Promise<readonly [HeldTerminal, string]> {
    const [command = "", ...args] = inside(typist([]));
    const terminal = new HeldTerminal(spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] }));
    return [terminal, (await terminal.#until("\n")).trim()];
  }

  /**
   * For each pair, waits for the text and types; returns the output in between. @throws with the
   * output if a text does not come
   */
  async type(script: Typed): Promise<string> {
    let all = "";
    for (const step of script) {
      this.#child.stdin?.write(typing([step]));
      all += await this.#until(step[0].replace("\n", "\r"));
    }
    return all;
  }

  async #until(word: string): Promise<string> {
    while (!this.#heard.endsWith(word)) {
      if (this.#closed)
        throw new Error(
          `no ${JSON.stringify(word)} at the terminal: ${JSON.stringify(this.#heard)}`,
        );
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    const heard = this.#heard;
    this.#heard = "";
    return heard;
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }
}

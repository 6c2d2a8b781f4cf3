import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";

const STOP = "/run/client-stop";

/** One connection; each answer must be the right one. */
const script = `
rm -f ${STOP}
exec 3<>/dev/tcp/127.0.0.1/11211
hears() {
  read -r answer <&3 && [ "$answer" = "$1"$'\\r' ] || { echo "heard: $answer"; exit 1; }
}
printf 'set a 0 0 2\\r\\nhi\\r\\n' >&3
hears STORED
answers=0
until [ -e ${STOP} ]; do
  printf 'get a\\r\\n' >&3
  for line in 'VALUE a 0 2' hi END; do hears "$line"; done
  answers=$((answers + 1))
  sleep 0.2
done
[ "$answers" -gt 5 ] && echo served
`;

/** Asks memcached for a value, again and again over one connection, while other things happen. */
export class Client {
  readonly #child: ChildProcess = spawn("bash", ["-c", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });

  /** `served`, if every answer came and was right. */
  async end(): Promise<string> {
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("it has no standard output");
    const ended = once(this.#child, "exit");
    const said = text(stdout);
    writeFileSync(STOP, "");
    await ended;
    return (await said).trim();
  }
}

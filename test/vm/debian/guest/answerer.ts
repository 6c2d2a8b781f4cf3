import { machine } from "./machine.ts";

export const GRANTED = "/srv/granted";
export const DENIED = "/srv/denied";
export const ANSWERS = "/usr/local/lib/answers.sh";
/** What a daemon answers in its domain. */
export const HELD = "granted denied";
/** And outside. */
export const OPEN = "granted granted";

/** Reads a line of each file that it is asked for: each answer is what holds at that time. */
const script = `exec 3<>"$1/asked"
while read -r name <&3; do
  { if read -r line <"$name"; then echo granted; else echo denied; fi; } 2>/dev/null >>"$1/said"
done
`;

/** The daemon's program, and the two files that it is asked for. */
export function writeAnswers(): void {
  for (const file of [GRANTED, DENIED]) machine.write(file, "a line\n");
  machine.write(ANSWERS, script);
}

const ask = `
cd "/run/$1"
# It may run as any user.
[ -e said ] || install -m 666 /dev/null said
lines=$(($(wc -l <said) + 2))
printf '%s\\n' "$2" "$3" >asked
until [ "$(wc -l <said)" = "$lines" ]; do sleep 0.1; done
tail -n 2 said`;

/** What the daemon, whose folder is /run/NAME, may read of the two files. */
export function asked(name: string): string {
  return machine.sh(ask, name, GRANTED, DENIED).trim().replace("\n", " ");
}

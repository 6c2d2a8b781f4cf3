import { REDACTED } from "./marker.ts";

/** Programs with an option for a password whose name does not say so. */
interface Habit {
  readonly program: RegExp;
  readonly option: RegExp;
  /** Where the value is: `attached` in the same word, `next` in the following one, or `either`. */
  readonly value: "attached" | "next" | "either";
}

const habits: readonly Habit[] = [
  { program: /^(?:mysql|mariadb)/, option: /^-p/, value: "attached" },
  { program: /^sshpass$/, option: /^-p/, value: "either" },
  { program: /^curl$/, option: /^(?:-u|--user|--proxy-user|-U)/, value: "either" },
  { program: /^redis-cli$/, option: /^-a/, value: "either" },
  { program: /^ldap/, option: /^-w/, value: "either" },
  { program: /^(?:smbclient|rpcclient|net)$/, option: /^(?:-U|--user)/, value: "either" },
  { program: /^(?:zip|unzip)$/, option: /^-P/, value: "either" },
  { program: /^7z/, option: /^-p/, value: "attached" },
  { program: /^openssl$/, option: /^pass:/, value: "attached" },
  { program: /^(?:ipmitool|snmp\w*)$/, option: /^-[PAXc]/, value: "either" },
];

/** Takes passwords out of a line that contains a command of such a program. */
export function redactArguments(line: string): string {
  const words = line.split(/(\s+)/);
  let known: readonly Habit[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const word = words[at] ?? "";
    const name = word.replace(/^["']/, "").replace(/^.*\//, "");
    const own = habits.filter(({ program }) => program.test(name));
    if (own.length > 0) known = own;
    const habit = known.find(({ option }) => option.test(word));
    if (habit !== undefined && own.length === 0) hide(words, at, habit);
  }
  return words.join("");
}

function hide(words: string[], at: number, { option, value }: Habit): void {
  const word = words[at] ?? "";
  const bare = option.exec(word)?.[0] ?? "";
  if (word !== bare && value !== "next") words[at] = `${bare}${REDACTED}`;
  else if (word === bare && value !== "attached" && at + 2 < words.length) words[at + 2] = REDACTED;
}

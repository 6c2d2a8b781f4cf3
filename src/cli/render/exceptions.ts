import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import type { ShownException } from "../../host/agent-answers.ts";
import { localTime, timeLeft } from "./local-time.ts";

/** What it grants, how long, who said so and why. */
export function exceptionLines(exception: ShownException, width: number, now?: number): string {
  const { domain, id, section, line, by, since, until, why } = exception;
  const who = by.name ?? `user ${by.uid}`;
  return [
    wrap(`${domain} ${id}: ${section}: ${printable(line)}`, width, "    "),
    wrap(`  until ${localTime(until)} (${timeLeft(until, now)} left)`, width, "    "),
    wrap(`  added ${localTime(since)} by ${printable(who)}: ${printable(why)}`, width, "    "),
  ]
    .map((text) => `${text}\n`)
    .join("");
}

export function exceptionName({ domain, id, section, line }: ShownException): string {
  return `${domain} ${id}: ${section}: ${printable(line)}`;
}

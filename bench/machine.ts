import * as fs from "node:fs";
import * as os from "node:os";

/**
 * One line about where the figures come from, with how busy it was: ratios bear some load, absolute
 * figures do not.
 */
export function machine(): string {
  const model = os.cpus()[0]?.model ?? "unknown processor";
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const debian = fs.existsSync("/etc/debian_version")
    ? fs.readFileSync("/etc/debian_version", "utf8").trim()
    : "no";
  const load = os.loadavg().map((value) => value.toFixed(1));
  const who = process.getuid?.() === 0 ? "root" : "an ordinary user";
  return [
    `${model}, ${os.cpus().length} cores, ${memory} GiB`,
    `Linux ${os.release().split("-")[0]}, Debian ${debian}, Node ${process.version}, as ${who}`,
    `load before the run ${load.join(" ")} (1, 5, 15 minutes)`,
  ].join("; ");
}

import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { PRIVATE_FILE, PRIVATE_FOLDER } from "../../../src/base/modes.ts";
import type { Event } from "../../../src/events/event.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { loggedRequest } from "../../../src/events/logged-request.ts";
import { places } from "../../../src/host/places.ts";
import type { PermissionName } from "../../../src/model/permission.ts";
import { anEvent } from "../../events/an-event.ts";
import { root } from "../../house/tree.ts";
import { front, NOBODY } from "../../properties/domain.ts";
import { atTerminal, type Ended, lastScreen } from "../../support/at-terminal.ts";
import { scratchFolder } from "../../support/scratch.ts";

const LEAVE = "\u001b[?25h\u001b[?1049l";
const POLICY = "# mine\nfiles:\n  - r /etc/hostname # named\n\n# the end\n";

/** An ordinary user, whose domain `tool` was warned about some names. */
class User {
  readonly home = scratchFolder("interactive");
  readonly file = join(this.home, ".config/cofferdam/domains/tool.yaml");

  constructor() {
    mkdirSync(dirname(this.file), { recursive: true, mode: PRIVATE_FOLDER });
    writeFileSync(this.file, POLICY, { mode: PRIVATE_FILE });
    const { events } = places({ uid: NOBODY, env: { HOME: this.home }, home: root });
    mkdirSync(dirname(events), { recursive: true, mode: PRIVATE_FOLDER });
    const writer = openEventLog(dirname(events));
    writer.appendAll([
      warned(1, "read", "/srv/data/a", 41),
      warned(2, "write", "/srv/data/a"),
      warned(3, "read", "/srv/\u202eevil\n\u001b[31m"),
      warned(4, "read", "/srv/data/b"),
      warned(5, "read", "/etc/shadow"),
    ]);
    writer.close();
    if (process.getuid?.() === 0) own(this.home);
  }

  get text(): string {
    return readFileSync(this.file, "utf8");
  }

  at(steps: readonly object[], ...options: readonly string[]): Promise<Ended> {
    return atTerminal(steps, [...this.#command, "--interactive", ...options], this.#environment);
  }

  without(input: "pipe" | "dumb", ...options: readonly string[]) {
    const [program = "", ...args] = [...this.#command, ...options];
    const env = { PATH: process.env.PATH, ...this.#environment, TERM: input };
    return spawnSync(program, args, { env, encoding: "utf8", input: "t\n" });
  }

  get #command(): readonly string[] {
    const become = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    return [...(process.getuid?.() === 0 ? become : []), front, "suggest", "tool"];
  }

  get #environment() {
    return { HOME: this.home, NO_COLOR: "1" };
  }
}

function warned(at: number, operation: PermissionName, path: string, count = 1): Event {
  const request = loggedRequest({ class: "name", operation, path });
  const what = { verdict: "warning", operation, object: path, request, count } as const;
  return anEvent({ id: `179558070108273149${at}-98-1`, domain: "tool", ...what });
}

function own(path: string): void {
  chownSync(path, NOBODY, NOBODY);
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) own(join(path, name));
}

const line = (at: number) => ({ until: `line ${at} of 3` });
const danger = { until: "DANGEROUS line 1 of 1" };
const keys = (send: string) => ({ send });

describe("suggest --interactive", { concurrent: true }, () => {
  test("goes line by line, undoes, and writes what was taken where --write would", async () => {
    const user = new User();
    const { status, same, outputs } = await user.at([
      line(1),
      keys("w"),
      { until: "- rw /srv/data/**" },
      keys("nt"),
      line(2),
      keys("t"),
      line(3),
      keys("uu"),
      line(1),
      keys("e"),
      { until: "cofferdam why 1795580701082731491-98-1" },
      keys("xt"),
      line(2),
      keys("ll"),
      danger,
      keys("t"),
      { until: "type dangerous" },
      keys("t\r"),
      { until: "not done" },
      keys("l"),
      { until: "y: write this" },
      keys("y"),
    ]);
    expect({ status, same }).toEqual({ status: 1, same: true });
    expect(user.text).toBe(POLICY.replace("named\n", "named\n  - rw /srv/data/a\n"));
    expect(statSync(user.file).uid).toBe(process.getuid?.() === 0 ? NOBODY : process.getuid?.());
    const preview = outputs.find((one) => one.includes("y: write this")) ?? "";
    expect(lastScreen(preview)).toContain("+   - rw /srv/data/a");
    const after = outputs.at(-1)?.split(LEAVE)[1]?.replaceAll(/\s+/g, " ");
    expect(after).toContain("tool: 1 line taken, 3 left out");
    expect(after).toContain(`written to ${user.file};`);
  });

  test("takes everything, dangerous lines by a word, and then nothing is lacking", async () => {
    const user = new User();
    const word = [keys("t"), { until: "type dangerous" }, keys("dangerous\r")];
    const steps = [line(1), keys("t"), line(2), keys("t"), line(3), keys("t"), danger, ...word];
    const { status } = await user.at([...steps, { until: "y: write this" }, keys("y")]);
    expect(status).toBe(0);
    expect(user.text).toContain("\n  - r /etc/shadow\n\n# the end\n");
    expect(user.without("pipe").stdout).toContain("tool: nothing to add");
  });

  test.each([
    ["the first page", []],
    ["the word", [keys("lll"), danger, keys("t"), { until: "type dangerous" }]],
    ["the preview", [keys("tp"), { until: "y: write this" }]],
  ])("^C at %s writes nothing and gives the terminal back", async (_, steps) => {
    const user = new User();
    const { status, same, outputs } = await user.at([line(1), ...steps, keys("\u0003")]);
    expect({ status, same }).toEqual({ status: 1, same: true });
    expect(outputs.at(-1)).toMatch(/\[\?1049ltool: nothing was written\s*$/);
    expect(user.text).toBe(POLICY);
  });

  test("a signal, and a line that drops, write nothing", async () => {
    const user = new User();
    const signal = constants.signals.SIGTERM;
    const ended = await user.at([line(1), keys("tp"), { until: "y: write this" }, { signal }]);
    expect(ended).toMatchObject({ status: -signal, same: true });
    const gone = await user.at([line(1), keys("tp"), { until: "y: write" }, { hangup: true }]);
    expect(gone.status).toBe(-constants.signals.SIGHUP);
    expect(user.text).toBe(POLICY);
  });

  test("fills a terminal of another size, and obeys no name", async () => {
    const user = new User();
    const { outputs } = await user.at([
      line(1),
      keys("t"),
      line(2),
      { size: [9, 30] },
      { until: "more below: down --" },
      keys("q"),
    ]);
    const small = lastScreen(outputs[4] ?? "");
    expect(small.length).toBe(9);
    for (const one of small) expect([...one].length).toBeLessThanOrEqual(30);
    // Neither a colour nor the name's own sequence is anywhere.
    for (const one of outputs) expect(one).not.toMatch(/\u001b\[\d*m|\u202e/);
    expect(lastScreen(outputs[2] ?? "").join("\n")).toContain("evil\\x0a\\x1b");
  });

  test("a file that was changed meanwhile stays, and the lines are not lost", async () => {
    const user = new User();
    const editing = user.at([
      line(1),
      keys("tp"),
      { until: "y: write this" },
      { run: ["sh", "-c", `echo '# edited' >> ${user.file}`] },
      keys("y"),
    ]);
    const { status, outputs } = await editing;
    expect(status).toBe(3);
    expect(outputs.at(-1)).toMatch(/These lines were taken:\s+files: - rw \/srv\/data\/a/);
    expect(outputs.at(-1)).toContain("was changed meanwhile");
    expect(user.text).toBe(`${POLICY}# edited\n`);
  });
});

test("without a terminal it names --write, and writes nothing", () => {
  const user = new User();
  for (const input of ["pipe", "dumb"] as const) {
    const { status, stdout, stderr } = user.without(input, "--interactive");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("needs a terminal\n  help: --write takes all lines");
  }
  for (const other of ["--write", "--json"])
    expect(user.without("pipe", "--interactive", other).status).toBe(2);
  expect(user.text).toBe(POLICY);
});

import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compileC } from "../../support/compile-c.ts";
import { needsRoot } from "../../support/skip.ts";
import { Life, type Started } from "./life.ts";

/** A user other than root and the `nobody` of the other tests. */
const OTHER_UID = "4711";

/** Seven starts, most with a compilation, on a machine that has much else to do; milliseconds. */
const STARTS_MS = 120_000;

let life: Life;
beforeEach((context) => {
  needsRoot(context);
  life = new Life(0);
});
afterEach(() => life?.close());

function wordOf(started: Started, line: string): string {
  if (started.kind === "refused") throw new Error(started.outcome.err);
  return started.words.find((word) => word.startsWith(`${line}: `))?.split(": ")[1] ?? "none";
}

const logs = () => life.at("app/logs/one.log");

test("another user's start of the same policy, between root's", () => {
  const home = life.at("elsewhere/home");
  const become = ["setpriv", "--reuid", OTHER_UID, "--regid", OTHER_UID, "--clear-groups"];
  const own = `mkdir -p "$0" && chown ${OTHER_UID}:${OTHER_UID} "$0" && exec "$@"`;
  const wrap = ["sh", "-ec", own, home, ...become, "env", `HOME=${home}`];
  const line = `write ${logs()}`;
  expect(wordOf(life.start(), line)).toBe("0");
  expect(wordOf(life.start({ wrap }), line)).toBe("EACCES");
  expect(wordOf(life.start({ wrap }), `read ${logs()}`)).toBe("0");
  expect(wordOf(life.start(), line)).toBe("0");
});

test("a file system whose server is gone, on a granted folder", { timeout: STARTS_MS }, () => {
  const dead = join(life.scene.folder, "dead-server");
  compileC(dead, join(import.meta.dirname, "dead-server.c"), ["-O1", "-Wall", "-Werror"]);
  const x = `read ${life.at("app/data/x")}`;
  for (const start of ["with a ready plan", "with a stale one"]) {
    expect(wordOf(life.start(), x), "before").toBe("0");
    if (start === "with a stale one") life.editPolicy();
    const started = life.start({ wrap: [dead, life.at("app/data")] });
    expect(wordOf(started, x), start).not.toBe("0");
    expect(wordOf(started, `read ${life.at("app/conf")}`), start).toBe("0");
  }
  expect(wordOf(life.start(), x), "afterwards").toBe("0");
});

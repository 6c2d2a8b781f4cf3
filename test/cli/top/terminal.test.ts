import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { front } from "../../properties/domain.ts";
import { atTerminal, type Ended, lastScreen } from "../../support/at-terminal.ts";

const ENTER = "\u001b[?1049h";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const { SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGQUIT } = constants.signals;

const program = [front, "top", "--delay", "3600"];
/** What stands in the last line, when a screen has been drawn. */
const drawn = { until: "q: quit" };

function atTop(steps: readonly object[]): Promise<Ended> {
  return atTerminal(steps, program);
}

describe("the terminal", { concurrent: true }, () => {
  test("is as it was before when the view is quitted", async () => {
    const { status, same, outputs } = await atTop([drawn, { send: "q" }]);
    expect({ status, same }).toEqual({ status: 0, same: true });
    expect(outputs[0]).toContain(ENTER);
    expect(outputs.at(-1)?.endsWith(LEAVE)).toBe(true);
    expect(lastScreen(outputs[0] ?? "")).toHaveLength(24);
  });

  test.for([SIGTERM, SIGHUP, SIGINT, SIGQUIT])(
    "is as it was before when signal %d ends the view",
    async (signal) => {
      const { status, same, outputs } = await atTop([drawn, { signal }]);
      expect({ status, same }).toEqual({ status: -signal, same: true });
      expect(outputs.at(-1)?.endsWith(LEAVE)).toBe(true);
    },
  );

  test("is the shell's while the view is stopped, and shows it again when it goes on", async () => {
    const { status, same, stoppedSame, outputs } = await atTop([
      drawn,
      { send: "\u001a" },
      { stopped: true },
      { signal: SIGCONT },
      drawn,
      { send: "\u0003" },
    ]);
    expect({ status, same, stoppedSame }).toEqual({ status: 0, same: true, stoppedSame: true });
    const text = outputs.slice(1).join("");
    expect(text.indexOf(LEAVE)).toBeGreaterThanOrEqual(0);
    expect(text.indexOf(ENTER)).toBeGreaterThan(text.indexOf(LEAVE));
  });

  test("may get another size, and the view fills it", async () => {
    const steps = [
      drawn,
      { size: [10, 60] },
      drawn,
      { size: [3, 20] },
      { until: "\u001b[J" },
      { send: "q" },
    ];
    const { status, outputs } = await atTop(steps);
    expect(status).toBe(0);
    expect(lastScreen(outputs[2] ?? "")).toHaveLength(10);
    expect(lastScreen(outputs[2] ?? "").every((line) => line.length <= 60)).toBe(true);
    expect(lastScreen(outputs[4] ?? "").length).toBeLessThanOrEqual(3);
  });

  test("shows what is asked for by keys", async () => {
    const { status, outputs } = await atTop([
      drawn,
      { send: "h" },
      { until: "any key: back" },
      { send: " d7\r" },
      { until: "every 7 s" },
      { send: "q" },
    ]);
    expect(status).toBe(0);
    expect(outputs[2]).toContain("sort by %CPU");
  });

  test("may go away, and the view ends", async () => {
    const { status } = await atTop([drawn, { hangup: true }]);
    expect(status).toBe(-SIGHUP);
  });
});

test("without a terminal it says what to do instead, and draws nothing", () => {
  const { status, stdout, stderr } = spawnSync(front, ["top"], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("cofferdam top --batch");
});

test.for([
  ["--delay", "0.1"],
  ["--delay", "1e3"],
  ["--delay", "3601"],
  ["--batch", "-n", "0"],
  ["--batch", "-n", "x"],
  ["-n", "3"],
])("%j is refused with what may be given", (args) => {
  const { status, stderr } = spawnSync(front, ["top", ...args], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^cofferdam: .*\n {2}help: /);
});

test("batch output has a head, then a line a reading, and --json the same in objects", () => {
  const csv = spawnSync(front, ["top", "-b", "-n", "2", "-d", "1"], { encoding: "utf8" });
  const lines = csv.stdout.trimEnd().split("\n");
  expect({ status: csv.status, lines: lines.length }).toEqual({ status: 0, lines: 3 });
  expect(lines[0]).toContain("\\Domain(0:superDom)\\% CPU");
  expect(new Set(lines.map((line) => line.split('","').length)).size).toBe(1);
  const json = spawnSync(front, ["top", "--json", "-n", "1", "-d", "1"], { encoding: "utf8" });
  const frame = JSON.parse(json.stdout);
  expect(frame.interval).toBeGreaterThanOrEqual(1);
  expect(frame.domains[0]).toMatchObject({ name: "superDom", number: 0 });
});

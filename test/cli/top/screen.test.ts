import { describe, expect, test } from "vitest";
import { keysIn } from "../../../src/cli/terminal/keys.ts";
import { bytes } from "../../../src/cli/top/columns.ts";
import { frameOf } from "../../../src/cli/top/frame.ts";
import { react } from "../../../src/cli/top/keys.ts";
import { type Choices, drawScreen, firstChoices, rowsOf } from "../../../src/cli/top/screen.ts";
import { aDomain, aReading } from "./a-reading.ts";

const size = { columns: 80, rows: 24 };
const many = Array.from({ length: 500 }, (_, at) =>
  aDomain(`domain-${at}`, at + 1, {
    cpu: at * 100,
    processes: at % 2,
    resident: at * 1_000_000,
    events: 500 - at,
  }),
);
/** As the agent counts them: 50 are of domains that are not listed. */
const events = 125_300;
const frame = frameOf(aReading(0, []), aReading(1, [aDomain("superDom", 0), ...many], { events }));

/** Presses keys one after the other. */
function press(text: string, choices: Choices = firstChoices): Choices {
  return keysIn(text).reduce((now, key) => {
    const reaction = react(key, now, 19, rowsOf(frame, now).length);
    return reaction?.kind === "choose" ? reaction.choices : now;
  }, choices);
}

function names(choices: Choices): readonly string[] {
  return drawScreen(frame, choices, null, size)
    .lines.slice(4, -1)
    .map((line) => line.trim().split(/ +/)[1] ?? "");
}

describe("the screen", () => {
  test.for([80, 40, 20, 1])(
    "of %d columns is never wider, nor longer than it has lines",
    (columns) => {
      for (const rows of [24, 6, 5, 2, 1])
        for (const page of ["domains", "help"] as const) {
          const { lines } = drawScreen(frame, { ...firstChoices, page }, null, { columns, rows });
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        }
    },
  );

  test("has the busiest of 500 domains at the top, and says how many there are", () => {
    expect(names(firstChoices)[0]).toBe("domain-499");
    const { lines } = drawScreen(frame, firstChoices, null, size);
    expect(lines[1]).toBe(
      "domains: 500, running: 250; processes: 250; CPU 1247.5 %; events today: 125300",
    );
    expect(lines.at(-1)).toBe("1-19 of 501; every 5 s; h: help, q: quit");
  });

  test("shows nothing that a terminal would obey", () => {
    const hostile = "\u001b]0;owned\u0007\u009b2J\u202e";
    const evil = frameOf(
      null,
      aReading(0, [aDomain(hostile, null)], {
        host: { ...frame.host, name: hostile },
        agent: hostile,
      }),
    );
    for (const message of [null, hostile])
      for (const line of drawScreen(evil, firstChoices, message, { columns: 200, rows: 24 }).lines)
        expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  test("says that there is no agent, and what is unknown for it", () => {
    const alone = frameOf(
      null,
      aReading(0, [aDomain("web", 49, { events: null })], { agent: "no agent runs" }),
    );
    const { lines } = drawScreen(alone, firstChoices, null, size);
    expect(lines[1]).toContain("events today: unknown");
    expect(lines[2]).toBe(
      "no agent runs: domains in which nothing runs, and events, are not known",
    );
    expect(lines[4]).toMatch(/ - {7}-$/);
  });
});

describe("keys", () => {
  test("sort, and turn the order round", () => {
    expect(names(press("t"))[0]).toBe("domain-0");
    expect(names(press("tt"))[0]).toBe("superDom");
    expect(names(press("n")).slice(0, 2)).toEqual(["superDom", "domain-0"]);
    expect(names(press("nn"))[0]).toBe("domain-499");
    expect(names(press("m"))[0]).toBe("domain-499");
  });

  test("move, and never off the end", () => {
    expect(names(press("n\u001b[B"))[0]).toBe("domain-0");
    expect(names(press("n\u001b[6~"))[0]).toBe("domain-18");
    expect(names(press("n\u001b[6~\u001b[A"))[0]).toBe("domain-17");
    expect(names(press(`n${"\u001b[6~".repeat(99)}`)).at(-1)).toBe("domain-499");
    expect(names(press(`n${"\u001b[5~".repeat(9)}`))[0]).toBe("superDom");
    expect(names(press("n\u001b[6~\u001b[H"))[0]).toBe("superDom");
  });

  test("leave out the domains in which nothing runs", () => {
    expect(rowsOf(frame, press("a"))).toHaveLength(251);
    expect(rowsOf(frame, press("aa"))).toHaveLength(501);
  });

  test("change the delay, within bounds", () => {
    expect(press("d12\r").delay).toBe(12);
    expect(press("d2.5\r").delay).toBe(2.5);
    expect(press("d99\u007f\u007f3\r").delay).toBe(3);
    for (const typed of ["0", "0.5", "4000", "", ".", "1..2", "9".repeat(50)])
      expect(press(`d${typed}\r`).delay).toBe(5);
    expect(press("d12\u001b")).toEqual(firstChoices);
    expect(press("dq")).toEqual({ ...firstChoices, typed: "" });
  });

  test("end it, also while something is typed", () => {
    expect(react("q", firstChoices, 1, 1)?.kind).toBe("quit");
    for (const text of ["\u0003", "\u001a"])
      expect(react(keysIn(text)[0] ?? "", press("d1"), 1, 1)?.kind).toBe(
        text === "\u0003" ? "quit" : "suspend",
      );
  });

  test("that are none of ours do nothing, whatever a terminal sends", () => {
    for (const text of [
      "\u001b[1;5C",
      "\u001b[M !!",
      "\u001b[200~rm -rf\u001b[201~",
      "äöü",
      "\u0000\u001bOP",
    ])
      expect(press(text).delay).toBe(5);
    expect(keysIn("\u001b[1;5Cx")).toEqual(["\u001b[1;5C", "x"]);
  });
});

test("amounts of memory take six characters at most", () => {
  for (let bits = 0; bits < 60; bits++) expect(bytes(2 ** bits - 1).length).toBeLessThanOrEqual(6);
  expect([0, 999, 1024, 12 * 1024 ** 2, 1.5 * 1024 ** 3].map(bytes)).toEqual([
    "0",
    "999",
    "1.0K",
    "12M",
    "1.5G",
  ]);
});

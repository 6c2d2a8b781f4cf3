import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Choosing,
  firstChoosing,
  type Item,
  type Judged,
  react,
  type Scene,
  WORD,
} from "../../../src/cli/suggest/interactive/choosing.ts";
import {
  type DiffLine,
  excerpts,
  lineDifference,
} from "../../../src/cli/suggest/interactive/line-difference.ts";
import { screenOf, type View } from "../../../src/cli/suggest/interactive/screen.ts";
import { keysIn } from "../../../src/cli/terminal/keys.ts";
import { addLines } from "../../../src/policy/add-lines.ts";
import { loadPolicy } from "../../../src/policy/load.ts";

const HOSTILE = "\u001b]0;owned\u0007\u009b2J\u202e\n";

function line(text: string, dangers: readonly string[] = []): Judged {
  return {
    section: "files",
    line: text,
    because: null,
    wider: 0,
    dangers,
    needs: [
      {
        request: { class: "name", operation: "read", path: `/srv/${HOSTILE}` },
        count: 2,
        first: "2026-01-31T10:00:00.000Z",
        last: "2026-01-31T12:00:00.000Z",
        programs: [`/usr/bin/${HOSTILE}`],
        pids: [4711],
        event: `1${HOSTILE}`,
      },
    ],
  };
}

const items: readonly Item[] = [
  { variants: [[line("r /a/x"), line("r /a/y")], [line("r /a/*")]], usual: 1 },
  { variants: [[line("r /b")], [line("r /home/**", ["homes"])]], usual: 0 },
  { variants: [[line("r /c")]], usual: 0 },
  { variants: [[line("r /etc/shadow", [`hashes${HOSTILE}`])]], usual: 0 },
];

const scene = (changes: Partial<Scene> = {}): Scene => ({
  count: items.length,
  item: (at) => items[at] as Item,
  isCovered: () => false,
  unconfirmed: () => null,
  unwritable: () => null,
  room: 10,
  length: 30,
  ...changes,
});

/** What the keys of a text lead to; null if one of them ends it. */
function press(text: string, of = scene(), from = firstChoosing): Choosing | null {
  return keysIn(text).reduce<Choosing | null>((now, key) => {
    const reaction = now === null ? null : react(key, now, of);
    if (now === null || reaction?.kind === "quit" || reaction?.kind === "write") return null;
    return reaction?.kind === "choose" ? reaction.choosing : now;
  }, from);
}

const takenBy = ({ steps }: Choosing) =>
  steps.flatMap((step, at) =>
    step.kind === "taken" ? (items[at]?.variants[step.variant]?.map((one) => one.line) ?? []) : [],
  );

describe("keys", () => {
  test("take, leave, and show narrower and wider lines", () => {
    expect(takenBy(press("tlt") as Choosing)).toEqual(["r /a/*", "r /c"]);
    expect(takenBy(press("nt") as Choosing)).toEqual(["r /a/x", "r /a/y"]);
    expect(press("nn")).toMatchObject({ variant: 0, message: "no narrower line" });
    expect(press("w")).toMatchObject({ variant: null });
    expect(press("llll")).toMatchObject({ page: "preview" });
  });

  test("undo any number of steps, back to what was shown", () => {
    const keys = fc.string({
      unit: fc.constantFrom("t", "l", "n", "w", "e", "p", "h", "\r", "d", " "),
    });
    fc.assert(
      fc.property(keys, (text) => {
        let now = press(text);
        // A word that is asked for, or a page, hides the line; both are left first.
        for (let i = 0; i < 2 * items.length + 2; i++) now = now && press("\u001bu", scene(), now);
        expect(now?.steps ?? []).toEqual([]);
        expect(now === null || now.page === "line").toBe(true);
      }),
    );
    expect(press("ntu")).toMatchObject({ steps: [], variant: 0 });
  });

  test("take no dangerous line unless the word is typed in full", () => {
    const any = fc.string({
      unit: fc.oneof(
        fc.constantFrom("t", "w", "n", "l", "\r", "u", "p", "y", "\u001b", "e"),
        fc.constantFrom(...WORD.slice(0, -1)),
      ),
      maxLength: 60,
    });
    fc.assert(
      fc.property(any, (text) => {
        const now = press(text.replaceAll(WORD, ""));
        if (now === null) return;
        for (const one of takenBy(now)) expect(["r /etc/shadow", "r /home/**"]).not.toContain(one);
      }),
      { numRuns: 2_000 },
    );
    expect(takenBy(press(`lllt${WORD}\r`) as Choosing)).toEqual(["r /etc/shadow"]);
    expect(takenBy(press(`lwt${WORD}\r`) as Choosing)).toEqual(["r /home/**"]);
    expect(press(`lllt${WORD}\u001b`)).toMatchObject({ page: "line", typed: null });
    expect(press("lllty\r")?.message).toContain(WORD);
  });

  test("what lines taken before grant is not asked about, and undo skips it, too", () => {
    const covered = scene({ isCovered: (at, steps) => at === 1 && steps[0]?.kind === "taken" });
    expect(press("t", covered)?.steps.map(({ kind }) => kind)).toEqual(["taken", "covered"]);
    expect(press("tu", covered)?.steps).toEqual([]);
    expect(press("l", covered)?.steps.map(({ kind }) => kind)).toEqual(["left"]);
  });

  test("y writes from the preview alone, and what is dangerous together needs the word", () => {
    const reaction = (text: string, of: Scene) => {
      const keys = keysIn(text);
      const last = press(keys.slice(0, -1).join(""), of);
      return react(keys.at(-1) ?? "", last as Choosing, of)?.kind;
    };
    expect(reaction("ty", scene())).toBeUndefined();
    expect(reaction("tpy", scene())).toBe("write");
    const together = scene({ unconfirmed: () => "both" });
    expect(reaction("tpy", together)).toBe("choose");
    expect(press(`tpy${WORD}\r`, together)).toBeNull();
    expect(press("tpyy\r", together)).toMatchObject({ page: "preview", typed: null });
    const refused = scene({ unwritable: () => "check refuses it" });
    expect(press("tpy", refused)).toMatchObject({ message: "check refuses it" });
  });

  test("quit and ^C end it on every page", () => {
    for (const page of ["", "e", "p", "h", "llll"])
      for (const key of ["q", "\u0003"]) expect(press(page + key), page + key).toBeNull();
    expect(press("lllt\u0003")).toBeNull();
  });
});

describe("the screen", () => {
  const view: View = {
    domain: "web",
    proposals: items.map(({ variants, usual }) => variants[usual]?.[0] as Judged),
    item: (at) => items[at] as Item,
    lines: ({ length }) => (length === 0 ? [] : [line("r /a/*")]),
    changedBy: () => ({
      text: "files:\n  - r /a/*\n",
      diagnostics: [],
      loaded: loadPolicy("/nowhere/web.yaml", {
        vocabulary: { syscalls: new Set(), groups: new Map() },
        text: "",
      }),
    }),
    unconfirmed: () => `danger ${HOSTILE}`,
    text: "files: []\n",
    file: [`/etc/${HOSTILE}`],
  };

  test("fits, shows nothing that a terminal would obey, and all of a line can be reached", () => {
    for (const keys of ["", "n", "e", "h", "tp", "lll", "lllt"])
      for (const columns of [80, 33, 9, 2])
        for (const rows of [24, 11, 6, 2, 1]) {
          const now = press(keys) as Choosing;
          const { lines } = screenOf(view, now, { columns, rows }, false);
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const one of lines) {
            expect(one.length).toBeLessThanOrEqual(columns);
            expect(one).not.toMatch(/[\p{Cc}\u202e]/u);
          }
        }
  });

  test("says at the top that a line is dangerous, and why, before all else about it", () => {
    const { lines, titles } = screenOf(
      view,
      press("lll") as Choosing,
      { columns: 80, rows: 24 },
      false,
    );
    expect(titles).toBeNull();
    expect(lines[0]).toBe("suggest web: DANGEROUS line 1 of 1 (0 taken, 3 left out)");
    expect(lines.slice(2, 7).join("\n")).toMatch(
      /files:\n {2}- r \/etc\/shadow\n\ncareful {3}hash/,
    );
  });
});

describe("the difference of two texts", () => {
  const apply = (lines: readonly DiffLine[], without: DiffLine["sign"]) =>
    lines.filter(({ sign }) => sign !== without).map(({ text }) => text);

  test.each([
    ["files:\n  - r /a\n# end\n", "files"],
    ["files: [r /a]\nnetwork: []\n\n# end", "files"],
    ["{files: [r /a]}\n", "files"],
    ["summary: x\r\n\r\nfiles:\r\n  - r /a\r\n", "files"],
  ] as const)("%j has every line once", (before, section) => {
    const added = ["r /b", "r /c"].map((text) => ({ section, line: text }));
    const after = addLines(before, [...added, { section: "network", line: "connect tcp 80" }]);
    const lines = lineDifference(before, after);
    const split = (text: string) => text.replace(/\r?\n$/, "").split(/\r?\n/);
    expect(apply(lines, "+")).toEqual(split(before));
    expect(apply(lines, "-")).toEqual(split(after));
    expect(excerpts(lines).filter((one) => one !== null && one.sign !== " ")).toEqual(
      lines.filter(({ sign }) => sign !== " "),
    );
  });
});

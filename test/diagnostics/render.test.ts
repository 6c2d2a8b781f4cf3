import { describe, expect, it } from "vitest";
import { diagnose } from "../../src/diagnostics/diagnose.ts";
import { renderDiagnostics, renderDiagnosticsJson } from "../../src/diagnostics/render.ts";

const sources = new Map([
  [
    "web.yaml",
    `level: enforcing\nfiles: [r /ä😀/etc/locatime]\n${"x".repeat(100)} capabilites ` +
      `${"y".repeat(100)}\n`,
  ],
]);
const missing = diagnose(
  "path-missing",
  { file: "web.yaml", line: 2, column: 11, length: 16 },
  { path: "/ä😀/etc/locatime" },
  "/ä😀/etc/localtime",
);

describe("renderDiagnostics", () => {
  it("shows the place, the sentence, the line with carets, and the help", () => {
    expect(renderDiagnostics([missing], { color: false, sources })).toBe(
      [
        "web.yaml:2:11",
        "warning[CFD2004]: `/ä😀/etc/locatime` does not exist on this host",
        "   2 | files: [r /ä😀/etc/locatime]",
        "     |           ^^^^^^^^^^^^^^^^",
        "  help: did you mean `/ä😀/etc/localtime`?",
        "",
      ].join("\n"),
    );
  });

  it("fits every line into eighty columns, cutting long source lines around what is meant", () => {
    const far = diagnose(
      "unknown-key",
      { file: "web.yaml", line: 3, column: 102, length: 11 },
      { key: "capabilites", where: "a domain", known: "capabilities, ".repeat(12) },
    );
    const lines = renderDiagnostics([far], { color: false, sources }).split("\n");
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
    const at = lines.findIndex((line) => line.includes("^"));
    const start = (lines[at] as string).indexOf("^");
    expect((lines[at - 1] as string).slice(start, start + 11)).toBe("capabilites");
    expect(lines[at]).toContain("^".repeat(11));
  });

  it("is coloured only when asked", () => {
    expect(renderDiagnostics([missing], { color: false, sources })).not.toContain("\u001b");
    expect(renderDiagnostics([missing], { color: true, sources })).toContain(
      "\u001b[33;1mwarning[CFD2004]\u001b[0m",
    );
  });

  it("lets no control character of a file through, neither in the message nor in the line", () => {
    const evil = "\u001b[2J\u202e\u0007";
    const found = diagnose(
      "bad-letter",
      { file: evil, line: 1, column: 1, length: 4 },
      { letter: "k", word: evil },
    );
    const text = renderDiagnostics([found], { color: false, sources: new Map([[evil, evil]]) });
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain("\\u{1b}[2J\\u{202e}");
  });

  it("cuts values that are too long to be read", () => {
    expect(
      diagnose(
        "bad-letter",
        { file: "a", line: 1, column: 1, length: 1 },
        { letter: "k", word: "w".repeat(5_000) },
      ).message.length,
    ).toBeLessThan(300);
  });

  it("leaves out the source line where the file is not known", () => {
    expect(
      renderDiagnostics([missing], { color: false, sources: new Map() }).split("\n").length,
    ).toBe(4);
  });
});

describe("renderDiagnosticsJson", () => {
  it("gives one object a line with every field", () => {
    const lines = renderDiagnosticsJson([missing, missing])
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([missing, missing]);
    expect(Object.keys(lines[0])).toEqual([
      "code",
      "severity",
      "message",
      "help",
      "file",
      "line",
      "column",
      "length",
    ]);
  });
});

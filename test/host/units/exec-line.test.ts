import { expect, test } from "vitest";
import { type ExecCommand, parseExecLine } from "../../../src/host/units/exec-line.ts";
import { execLines, parseUnitFile } from "../../../src/host/units/unit-file.ts";
import { nextWord, quoteWord, UnitSyntaxError } from "../../../src/host/units/words.ts";

/** Prefixes, path and arguments of each command. */
function read(line: string): readonly (readonly string[])[] {
  return parseExecLine(line).map(({ prefixes, path, arguments: words }: ExecCommand) => [
    prefixes.join(""),
    path,
    ...words,
  ]);
}

test.each<[string, readonly (readonly string[])[]]>([
  ["/bin/a b  c", [["", "/bin/a", "b", "c"]]],
  ["/bin/a 'b c' \"d 'e'\"", [["", "/bin/a", "b c", "d 'e'"]]],
  ["/bin/a b'c d'e", [["", "/bin/a", "bc de"]]],
  ["/bin/a ''", [["", "/bin/a", ""]]],
  ["/bin/a '\\x41\\101\\u00e9\\s\\n'", [["", "/bin/a", "AA\u00e9 \n"]]],
  ["/bin/a \\d \\xzz", [["", "/bin/a", "\\d", "\\xzz"]]],
  [
    "/bin/a x ; /bin/b y ;",
    [
      ["", "/bin/a", "x"],
      ["", "/bin/b", "y"],
    ],
  ],
  ["/bin/a x \\; y", [["", "/bin/a", "x", ";", "y"]]],
  ["/bin/a ';' x;y", [["", "/bin/a", ";", "x;y"]]],
  ["-@+/bin/a b c", [["-@+", "/bin/a", "b", "c"]]],
  [":!!/bin/a $X", [[":!!", "/bin/a", "$X"]]],
  ["!-/bin/a", [["!-", "/bin/a"]]],
  ['"-/bin/a b" c', [["-", "/bin/a b", "c"]]],
  ["nginx -g 'daemon off;'", [["", "nginx", "-g", "daemon off;"]]],
  ["", []],
  ["  ", []],
])("systemd's commands: %s", (line, commands) => {
  expect(read(line)).toEqual(commands);
});

test.each([
  "/bin/a 'b",
  "/bin/a b\\",
  "-",
  "/bin/",
  "bin/a",
  "@/bin/a",
  "|/bin/a",
  "./a",
  "--/bin/a",
])("systemd would not start it: %s", (line) => {
  expect(() => parseExecLine(line)).toThrow(UnitSyntaxError);
});

test("what is quoted is read as it was", () => {
  for (const text of ["a", "a b", 'a "b"', "a\\b", "\\x41", "'", "", "a;b", ";", "%i", "$X\n\t"])
    expect(nextWord(`${quoteWord(text)} next`, 0)?.text).toBe(text);
});

test("a unit file: continued lines, comments between them, lists that begin anew", () => {
  const text = [
    "[Unit]",
    "ExecStart=/not/this",
    "[Service]",
    "# ExecStart=/nor/this",
    "ExecStart=/bin/a \\",
    "; a comment",
    "  b \\",
    "  c",
    "ExecStart = /bin/b 'x\\\\'",
    "ExecStartPre=/bin/c",
    "ExecStartPre=",
    "ExecStartPre=/bin/d",
  ].join("\n");
  const lines = execLines(parseUnitFile(text));
  expect(lines.get("ExecStart")).toEqual(["/bin/a    b    c", "/bin/b 'x\\\\'"]);
  expect(lines.get("ExecStartPre")).toEqual(["/bin/d"]);
});

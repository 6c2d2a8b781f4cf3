import { expect, test } from "vitest";
import * as constants from "../../src/kernel/constants.ts";
import * as structs from "../../src/kernel/structs.ts";
import { syscallNumbers } from "../../src/kernel/syscalls.x86_64.ts";
import { type CAnswer, evaluate, layoutClaims } from "./c-check.ts";

/** Numbers that no header of user space has as the kernel means them, and where they come from. */
const internal = new Map([
  ["SOCK_TYPE_MASK", "linux/net.h of the kernel"],
  ["O_LARGEFILE", "asm-generic/fcntl.h, beside which libc's fcntl.h cannot be included"],
]);

/**
 * Names that libc's headers spell or value differently from the kernel's, as an expression that
 * means the kernel's.
 */
const spelled = new Map([
  ["__O_TMPFILE", "(O_TMPFILE & ~O_DIRECTORY)"],
  ["UNIX_PATH_MAX", "sizeof(((struct sockaddr_un *)0)->sun_path)"],
]);

/**
 * Names that Debian 13's headers (6.12) are too old for. Newer headers have them, and then they are
 * compared. A name that is in no header and not here is a misspelling.
 */
const newerThanHeaders = new Set([
  "LANDLOCK_CREATE_RULESET_ERRATA",
  "LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF",
  "LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON",
  "LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF",
  "LANDLOCK_ACCESS_FS_RESOLVE_UNIX",
  "AUDIT_LANDLOCK_ACCESS",
  "AUDIT_LANDLOCK_DOMAIN",
  "IPPROTO_SMC",
  "SO_PASSRIGHTS",
  "PIDFD_GET_INFO",
  "PIDFD_INFO_CREDS",
]);
const newerCalls = new Set([
  "uprobe",
  "setxattrat",
  "getxattrat",
  "listxattrat",
  "removexattrat",
  "open_tree_attr",
  "file_getattr",
  "file_setattr",
]);

/** The same of structs, and one that no header of user space has. */
const unknownStructs = ["struct xattr_args", "struct pidfd_info", "struct kernel_sigaction"];

test("every constant has the value that the C compiler gives it", () => {
  const claims = Object.entries(constants)
    .filter(([name]) => !internal.has(name))
    .map(([name, value]) => [spelled.get(name) ?? name, value] as const);
  const names = claims.map(([name]) => name);
  const answers = evaluate(names);
  const wrong = claims.filter(([name, value]) => differs(answers.get(name), BigInt(value)));
  expect(wrong.map(([name]) => describeDifference(name, answers))).toEqual([]);
  expectOnlyNewer(answers, newerThanHeaders);
});

test("every struct has the size, offsets and widths that the C compiler gives it", () => {
  const claims = Object.values(structs).flatMap(layoutClaims);
  const answers = evaluate(claims.map(([expression]) => expression));
  const wrong = claims.filter(([expression, expected]) =>
    differs(answers.get(expression), expected),
  );
  expect(
    wrong.map(
      ([expression, expected]) => `${expected} claimed, ${describeDifference(expression, answers)}`,
    ),
  ).toEqual([]);
  const unknown = [...answers.keys()].filter((expression) =>
    unknownStructs.some((name) => expression.includes(name)),
  );
  expectOnlyNewer(answers, new Set(unknown));
});

test("every system call has the number that the C compiler gives it", () => {
  const claims = Object.entries(syscallNumbers);
  const answers = evaluate(claims.map(([name]) => `__NR_${name}`));
  const wrong = claims.filter(([name, number]) =>
    differs(answers.get(`__NR_${name}`), BigInt(number)),
  );
  expect(wrong.map(([name]) => describeDifference(`__NR_${name}`, answers))).toEqual([]);
  expectOnlyNewer(answers, new Set([...newerCalls].map((name) => `__NR_${name}`)));
});

test("the check itself tells a wrong value and an unknown name from a right one", () => {
  const answers = evaluate(["AF_INET", "AF_NOSUCHFAMILY"]);
  expect(differs(answers.get("AF_INET"), 2n)).toBe(false);
  expect(differs(answers.get("AF_INET"), 3n)).toBe(true);
  expect(answers.get("AF_NOSUCHFAMILY")).toEqual({ state: "not in headers" });
});

function differs(answer: CAnswer | undefined, expected: bigint): boolean {
  if (answer === undefined) return true;
  // 32-bit kernel numbers come out of C signed or unsigned as the header spells them.
  return (
    answer.state === "known" &&
    BigInt.asUintN(64, answer.value) !== BigInt.asUintN(64, expected) &&
    !sameLow32(answer.value, expected)
  );
}

function sameLow32(value: bigint, expected: bigint): boolean {
  const fits = (number: bigint) => number >= -(2n ** 31n) && number < 2n ** 32n;
  return (
    fits(value) && fits(expected) && BigInt.asUintN(32, value) === BigInt.asUintN(32, expected)
  );
}

function describeDifference(expression: string, answers: ReadonlyMap<string, CAnswer>): string {
  const answer = answers.get(expression);
  return `${expression} is ${answer?.state === "known" ? answer.value : "not evaluated"} in C`;
}

/**
 * Counted and listed rather than skipped: what could not be compared here must be on the list
 * above.
 */
function expectOnlyNewer(
  answers: ReadonlyMap<string, CAnswer>,
  allowed: ReadonlySet<string>,
): void {
  const missing = [...answers]
    .filter(([, answer]) => answer.state === "not in headers")
    .map(([name]) => name);
  if (missing.length > 0)
    console.info(`not in headers, ${missing.length} of ${answers.size}: ${missing.join(" ")}`);
  expect(missing.filter((name) => !allowed.has(name))).toEqual([]);
}

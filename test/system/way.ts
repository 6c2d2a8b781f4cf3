import * as fs from "node:fs";
import * as path from "node:path";

const shipped = path.resolve(import.meta.dirname, "../../domains");

/** How a domain is held: as shipped, or as a line in the policy asks for. */
export const ways = ["sealed", "warning", "supervised"] as const;
export type Way = (typeof ways)[number];

/** The shipped policy with the lines that make it so; `vars` have other values. */
export function policyText(
  name: string,
  way: Way,
  vars: Readonly<Record<string, string>> = {},
): string {
  let text = fs.readFileSync(path.join(shipped, `${name}.yaml`), "utf8");
  for (const [variable, value] of Object.entries(vars)) text = setTo(text, variable, value);
  const level = /^level: enforcing$/m;
  if (way === "warning") return exchange(text, level, "level: warning");
  return way === "supervised"
    ? exchange(text, level, "level: enforcing\nmediation: supervised")
    : text;
}

/** The variable may be one of an abstraction: the domain's value is taken before that. */
function setTo(text: string, variable: string, value: string): string {
  const line = new RegExp(`^  ${variable}: .*$`, "m");
  const set = `  ${variable}: ${value}`;
  return line.test(text) ? text.replace(line, set) : exchange(text, /^vars:$/m, `vars:\n${set}`);
}

function exchange(text: string, what: RegExp, by: string): string {
  if (!what.test(text)) throw new Error(`the shipped policy has no line ${what}`);
  return text.replace(what, by);
}

/**
 * Which policy `cofferdam run` is to use: the shipped one by its name, another as a file in
 * `folder`.
 */
export function policyArguments(folder: string, name: string, way: Way): string[] {
  if (way === "sealed") return [name];
  const file = path.join(folder, way, `${name}.yaml`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, policyText(name, way));
  return ["--policy", file];
}

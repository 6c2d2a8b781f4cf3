import { parseCommandLine, usage } from "./usage.ts";

const form = "support-util vm-support [-w FOLDER]";

const options = {
  "working-dir": { type: "string", short: "w" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * The words of `support-util vm-support` as words of `cofferdam`. @throws HostError for other words
 */
export function supportUtil(args: readonly string[]): readonly string[] {
  const { values, positionals } = parseCommandLine(args, options, form);
  if (values.help === true) return ["support", "--help"];
  const [tool, ...more] = positionals;
  if (tool !== "vm-support")
    throw usage(tool === undefined ? "no tool is named" : `there is no tool \`${tool}\``, form);
  if (more.length > 0) throw usage(`\`${more[0]}\` is not an option`, form);
  const folder = values["working-dir"];
  return ["support", ...(folder === undefined ? [] : ["--directory", folder])];
}

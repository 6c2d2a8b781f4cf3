import { parseCommandLine, usage } from "./usage.ts";

const form = "support-util vm-support [-w FOLDER]";

const options = {
  "working-dir": { type: "string", short: "w" },
  help: { type: "boolean", short: "h" },
} as const;

/** `support-util vm-support` in the words of `cofferdam`. @throws HostError for what is none */
export function supportUtil(args: readonly string[]): readonly string[] {
  const { values, positionals } = parseCommandLine(args, options, form);
  if (values.help === true) return ["support", "--help"];
  const [tool, ...more] = positionals;
  if (tool !== "vm-support")
    throw usage(tool === undefined ? "no tool is named" : `there is no tool \`${tool}\``, form);
  if (more.length > 0) throw usage(`\`${more[0]}\` is no option`, form);
  const folder = values["working-dir"];
  return ["support", ...(folder === undefined ? [] : ["--directory", folder])];
}

import { ExitCode } from "../../host/exit-code.ts";
import { type Command, CommandError, type Context, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { renderBundle } from "../render/bundle.ts";
import { bundleName, bundleOf } from "./bundle.ts";
import type { Collected } from "./collected.ts";
import { tryNew, writeNew } from "./write-new.ts";

/** `cofferdam support` with what `collected` gives it. */
export function supportOf(collected: (context: Context) => Promise<Collected>): Command {
  return {
    name: "support",
    operands: [],
    summary: "one file with all that helps whoever helps you",
    description: [
      "Writes an archive, cofferdam-support-HOST-TIME.tgz, that only its owner may read: doctor, status, the table of domains, all rules as `secpolicytools -d` prints them, the newest events, policies, versions, what the kernel says of itself. manifest.json in it names each file with its source, and what could not be had, with the reason. An ordinary user's has what that user may read.",
      "Passwords, tokens, keys and values of environments are taken out as far as they can be told (docs/support.md says which): look it through before you give it away.",
      "Exit status: 0, 3 when it cannot be written.",
    ],
    options: [
      {
        flags: "-w, --directory <folder>",
        description: "where to write it (default: the working folder)",
      },
      { ...jsonOption, description: "print the file's name and the manifest as JSON" },
    ],
    examples: [
      { line: "sudo cofferdam support", what: "into the working folder" },
      {
        line: "cofferdam support -w /var/tmp --json | jq .manifest.missing",
        what: "what could not be had",
      },
    ],
    async run(context, _operands, options) {
      if (options.directory !== undefined) enter(String(options.directory));
      const now = new Date();
      const name = `${bundleName(now)}.tgz`;
      tryNew(name);
      const { manifest, archive } = bundleOf(await collected(context), now);
      writeNew(name, archive);
      const file = `${process.cwd()}/${name}`;
      context.out(
        options.json
          ? toJson({ file, manifest })
          : renderBundle(file, archive.length, manifest, context.width),
      );
      return ExitCode.ok;
    },
  };
}

/** From here on the folder is meant, whatever becomes of its name. */
function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new CommandError(
      `\`${folder}\` cannot be written to: ${error.code}`,
      "name a folder that is there",
    );
  }
}

import { ExitCode } from "../../host/exit-code.ts";
import { type Command, CommandError, type Context, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { renderBundle } from "../render/bundle.ts";
import { bundleName, bundleOf } from "./bundle.ts";
import type { Collected } from "./collected.ts";
import { tryNew, writeNew } from "./write-new.ts";

export function supportOf(collected: (context: Context) => Promise<Collected>): Command {
  return {
    name: "support",
    operands: [],
    summary: "write an archive for a support request",
    description: [
      "Writes cofferdam-support-HOST-TIME.tgz, which only its owner may read. It contains the " +
        "output of doctor, status, domain list and `secpolicytools -d`, the newest events, " +
        "policies, versions and facts about the kernel. Its manifest.json names the source of " +
        "each file, and what is missing and why. An ordinary user's archive has what that user " +
        "may read.",
      "Passwords, tokens, keys and values of environment variables are redacted if they are " +
        "recognised (docs/support.md). Read the archive before you send it.",
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
        what: "what is missing in the archive",
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

/** Changes into the folder, so that renaming it has no effect from here on. */
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

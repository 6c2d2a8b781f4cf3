import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { MODE_BITS } from "../base/modes.ts";
import { makeFolder, modesFor, prepareWhole } from "../host/write-whole.ts";
import { syncFolder } from "../kernel/replace-file.ts";
import { CommandError, type Context } from "./command.ts";
import { fileToChange } from "./explain/place-of-line.ts";
import type { RequiredPolicy } from "./require-policy.ts";

/**
 * Puts a policy's changed text in the place of `text`, which was read before. The file is compared
 * once more right before it is replaced, so that no edit made meanwhile is lost.
 * @throws CommandError if it cannot be written, or was changed meanwhile; then nothing has changed
 */
export function writePolicy(
  { places }: Context,
  required: RequiredPolicy,
  text: string,
  changed: string,
): void {
  const own = required.files[0] ?? "";
  const { file, shipped } = fileToChange(places, required);
  const modes = modesFor(process.geteuid?.() ?? 0);
  const mode = shipped === null ? statSync(file).mode & MODE_BITS : modes.file;
  makeFolder(dirname(file), modes);
  const prepared = prepareWhole(file, Buffer.from(changed), { ...modes, file: mode });
  const isNew = shipped !== null && existsSync(file);
  if (isNew || readFileSync(own, "utf8") !== text) {
    prepared.discard();
    const which = isNew ? file : own;
    throw new CommandError(`${which} was changed meanwhile`, "try again: nothing was written");
  }
  prepared.place(file);
  syncFolder(dirname(file));
}

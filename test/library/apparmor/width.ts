import { countGranted, type Width } from "../width.ts";
import { FilePermission } from "./automaton.ts";
import type { CompiledProfile } from "./compiled.ts";

const { read, write, append, execute } = FilePermission;
const bits = { read, write: write | append, execute };

export interface ProfileWidth {
  /** What only the owner of a file gets counts as well. */
  readonly width: Width;
  /** Of these, what only the owner of the file gets. */
  readonly owned: Width;
}

export function profileWidth(
  files: readonly string[],
  profile: Pick<CompiledProfile, "files">,
): ProfileWidth {
  const none = { owner: 0, others: 0 };
  const granted = files.map((name) => profile.files?.permissions(name) ?? none);
  return {
    width: countGranted(
      granted.map(({ owner, others }) => owner | others),
      bits,
    ),
    owned: countGranted(
      granted.map(({ owner, others }) => owner & ~others),
      bits,
    ),
  };
}

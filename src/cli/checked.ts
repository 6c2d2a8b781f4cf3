import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { checkContext } from "../host/check-context.ts";
import { hostNow } from "../host/host.ts";
import { check } from "../policy/3-check/check.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import type { Context } from "./command.ts";

/** What `check` says of loaded policies on this host, which is looked at once. */
export function checking({
  places,
}: Context): (loaded: LoadedPolicy, file: string) => readonly Diagnostic[] {
  const host = checkContext(places, hostNow());
  return (loaded, file) => {
    const about = {
      ...host,
      file: loaded.files[0] ?? file,
      kept: [...loaded.files, ...places.kept],
      incomplete: loaded.policy === null,
    };
    const onHost = loaded.understood === null ? [] : check(loaded.understood, about);
    return [...loaded.diagnostics, ...onHost];
  };
}

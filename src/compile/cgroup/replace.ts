import { replaceOnCgroup } from "../../kernel/bpf/attach.ts";
import {
  attachTypes,
  destinationPrograms,
  type ProgramName,
} from "../../kernel/bpf/attach-types.ts";
import { CONTROL_MAP } from "../../kernel/bpf/control.ts";
import { openAnchorMap, openProgramWith, withFd } from "../../kernel/bpf/maps.ts";
import { programTag } from "../../kernel/bpf/object.ts";
import { close } from "../../kernel/ffi.ts";
import { decodeAutomaton } from "../../model/automaton/binary.ts";
import type { Policy } from "../../model/policy.ts";
import type { NameAlias } from "./aliases.ts";
import { withDirectory } from "./directory.ts";
import { replaceElsewhere } from "./elsewhere.ts";
import { AnchorError } from "./errors.ts";
import { lastingMaps, loadPrograms, shippedObject } from "./programs.ts";
import { cgroupTables } from "./tables.ts";

export interface JudgedBy {
  readonly policy: Policy;
  /** Binary form, over all the policy's names. */
  readonly automaton: Uint8Array;
  /** null if the programs cannot check the granted pathnames: then they grant none. */
  readonly aliases: readonly NameAlias[] | null;
}

/**
 * Puts another policy into force for the runs of a supervised domain's anchor. The programs are
 * replaced one by one by programs with tables of their own, filled and frozen. So each call meets
 * either the old or the new program as a whole. Level and records are kept. The anchor comes first:
 * a run that begins meanwhile attaches the programs that it finds there to the control groups of
 * its inherited sockets, and looks there again afterwards (`native/activation.c`).
 *
 * @throws AnchorError, BpfError, CgroupTableError: programs that were not replaced stay in force
 */
export function replacePrograms(anchor: string, by: JudgedBy): void {
  const names: readonly ProgramName[] = destinationPrograms;
  withDirectory(anchor, (directory) => {
    const kept = new Map<string, number>();
    try {
      for (const name of lastingMaps) kept.set(name, lastingMap(directory, anchor, name));
      const control = kept.get(CONTROL_MAP) ?? -1;
      const tables = cgroupTables(by.policy, decodeAutomaton(by.automaton), by.aliases);
      const object = loadPrograms(shippedObject(), tables, names, { kind: "kept", maps: kept });
      try {
        for (const name of names) replaceOne(directory, anchor, name, object.programFd(name));
        replaceElsewhere(anchor, control, (name) =>
          names.includes(name) ? object.programFd(name) : null,
        );
      } finally {
        object[Symbol.dispose]();
      }
    } finally {
      for (const map of kept.values()) close(map);
    }
  });
}

function lastingMap(directory: number, anchor: string, name: string): number {
  const map = openAnchorMap(directory, name);
  if (map === null) throw new AnchorError(`${anchor} lacks the map ${name}; restart the domain`);
  return map;
}

function replaceOne(directory: number, anchor: string, name: ProgramName, program: number): void {
  const hook = attachTypes[name];
  const before = openProgramWith(directory, hook, CONTROL_MAP);
  if (before === null)
    throw new AnchorError(`${anchor} lacks its program ${name}; restart the domain`);
  withFd(before, (old) => {
    // Programs of another version may use the lasting maps in another form.
    if (programTag(old) !== programTag(program))
      throw new AnchorError(`${anchor} has programs of another version; restart the domain`);
    replaceOnCgroup(program, directory, hook, old);
  });
}

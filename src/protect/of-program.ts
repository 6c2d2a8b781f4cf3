import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { canonical, programNamed } from "../host/program-named.ts";
import { askIfThere } from "../host/units/systemctl.ts";
import { compilesInMemory } from "../kinds/memory/policy.ts";
import { programHead } from "./elf.ts";
import { type Evidence, ofFile, ofFolder, type Source } from "./evidence.ts";
import { modulesOf } from "./interpreters.ts";

/** A program that is to run in the domain. */
export interface Started {
  /** Canonical. */
  readonly program: string;
  /** As the unit or the caller names it: a virtual environment of Python is found by a link. */
  readonly written: string;
  /** Its arguments. */
  readonly words: readonly string[];
  readonly source: Source;
  /** Not a command that only prepares the start. */
  readonly isDaemon: boolean;
}

/** Scripts whose interpreters are scripts, as far as the kernel follows them. */
const INTERPRETERS_MAX = 4;
/** Libraries of one program that are looked for. */
const LIBRARIES_MAX = 512;

/**
 * The program, what the kernel and the loader open to start it, and the modules of its interpreter.
 */
export function ofProgram({ program, written, source }: Started): readonly Evidence[] {
  return started(program, written, source, INTERPRETERS_MAX);
}

function started(program: string, written: string, source: Source, left: number): Evidence[] {
  const own = { ...ofFile("rx", program, source), isProgram: true };
  const head = programHead(program);
  if (head?.kind === "script" && left > 0)
    return [own, ...interpreted(program, head.words, source, left - 1)];
  return head?.kind === "elf" ? [own, ...ofElf(program, written, head)] : [own];
}

/** `#!/usr/bin/env python3` finds its interpreter like a shell. */
function interpreted(
  script: string,
  words: readonly string[],
  { witness }: Source,
  left: number,
): Evidence[] {
  const source = { why: `the interpreter of ${script}`, witness } as const;
  const [written = "", ...more] = words;
  const path = canonical(written);
  const first = path === null ? [] : started(path, written, source, left);
  if (path === null || !/\/env$/.test(path)) return first;
  const name = more.flatMap((word) => word.split(/[ \t]+/)).find((word) => !/^-|=/.test(word));
  const found = name === undefined ? null : programNamed(name);
  return found === null ? first : [...first, ...started(found, name ?? "", source, left)];
}

type Elf = Extract<ReturnType<typeof programHead>, { kind: "elf" }>;

function ofElf(program: string, written: string, { loader, ...elf }: Elf): Evidence[] {
  const witness = "program";
  const found = loader === null ? null : canonical(loader);
  return [
    ...(found === null ? [] : [ofFile("rx", found, { why: `the loader of ${program}`, witness })]),
    ...librariesOf(program, elf).map((path) =>
      ofFile("rm", path, { why: `a library that ${program} needs`, witness }),
    ),
    ...modules(program, written),
    ...(compilesInMemory(program)
      ? [
          {
            section: "memory" as const,
            line: "jit",
            why: `${program} compiles while it runs`,
            witness,
            program,
          } as const,
        ]
      : []),
  ];
}

function modules(program: string, written: string): Evidence[] {
  const known = modulesOf(program);
  if (known === null) return [];
  const source = { why: `modules of ${program}`, witness: "program" } as const;
  const standard = known.modules
    .flatMap((folder) => canonical(folder) ?? [])
    .map((folder) => ofFolder(known.letters, folder, source));
  // https://docs.python.org/3/library/site.html: pyvenv.cfg one folder above the program's link.
  const environment = dirname(dirname(written));
  const hasOwn = isAbsolute(written) && existsSync(join(environment, "pyvenv.cfg"));
  const own = hasOwn ? canonical(environment) : null;
  return own === null
    ? standard
    : [...standard, ofFolder("rm", own, { ...source, why: "a virtual environment of Python" })];
}

/** Canonical names; a library that is nowhere is left out. Nothing is executed. */
function librariesOf(program: string, elf: Pick<Elf, "needed" | "paths">): readonly string[] {
  const found = new Set<string>();
  const open = [{ program, ...elf }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const folders = at.paths.map((path) => withOrigin(path, at.program));
    for (const name of at.needed) {
      const path = canonical(libraryPath(name, folders) ?? "");
      if (path === null || found.has(path) || found.size >= LIBRARIES_MAX) continue;
      found.add(path);
      const head = programHead(path);
      if (head?.kind === "elf") open.push({ program: path, ...head });
    }
  }
  return [...found].sort();
}

function withOrigin(path: string, program: string): string {
  return path.replace(/\$ORIGIN|\$\{ORIGIN\}/g, dirname(program));
}

function libraryPath(name: string, folders: readonly string[]): string | null {
  if (name.includes("/")) return name;
  const own = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  return own ?? knownLibraries().get(name) ?? null;
}

let known: ReadonlyMap<string, string> | null = null;

/** What ldconfig(8) has found, by name. */
function knownLibraries(): ReadonlyMap<string, string> {
  known ??= new Map(
    (askIfThere("/sbin/ldconfig", ["-p"])?.out.split("\n") ?? []).toReversed().flatMap((line) => {
      const [, name, path] = /^\t(\S+) \(.*x86-64.*\) => (\/.+)$/.exec(line) ?? [];
      return name === undefined || path === undefined ? [] : [[name, path] as const];
    }),
  );
  return known;
}

import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { build } from "esbuild";
import { all, number } from "../../src/kernel/syscalls.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";

const here = resolve(import.meta.dirname);

export interface Built {
  readonly directory: string;
  readonly harness: string;
  readonly target: string;
  readonly mediator: string;
  /** Compiles another program of this folder. */
  compile(name: string, ...options: readonly string[]): string;
  remove(): void;
}

const constantNames =
  `O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC O_APPEND O_NOFOLLOW O_DIRECTORY O_CLOEXEC O_PATH
  O_TMPFILE O_NONBLOCK AT_FDCWD AT_REMOVEDIR AT_SYMLINK_NOFOLLOW AT_SYMLINK_FOLLOW AT_EMPTY_PATH
  RENAME_NOREPLACE RENAME_EXCHANGE RENAME_WHITEOUT
  S_IFREG S_IFIFO S_IFSOCK S_IFCHR S_IFBLK MFD_CLOEXEC`.split(/\s+/);

/** The mediator bundled, and the C programs compiled, in a folder that every user may read. */
export async function buildAll(): Promise<Built> {
  const directory = scratchFolder("mediate");
  execFileSync("chmod", ["755", directory]);
  const table = (name: string, rows: readonly string[]) =>
    `static const struct constant ${name}[] = {${rows.join("\n")}{0, 0}};\n`;
  const calls = all().map((name) => `{"${name}", ${number(name)}},`);
  const constants = constantNames.map((name) => `{"${name}", ${name}},`);
  writeFileSync(
    join(directory, "constants.inc"),
    table("calls", calls) + table("constants", constants),
  );
  const native = resolve(here, "../../native");
  const compileWith = (name: string, beside: readonly string[], options: readonly string[]) => {
    const out = join(directory, basename(name));
    const sources = [join(here, `${name}.c`), ...beside];
    const common = ["-O1", "-Wall", "-pthread", `-I${directory}`, `-I${native}`];
    compileC(out, sources, [...common, ...options]);
    return out;
  };
  const compile = (name: string, ...options: readonly string[]) => compileWith(name, [], options);
  const mediator = join(directory, "mediator.mjs");
  await build({
    entryPoints: [resolve(here, "../../src/mediate/main.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    outfile: mediator,
    external: ["koffi"],
    logLevel: "warning",
    banner: {
      js:
        'import { createRequire } from "node:module"; ' +
        "const require = createRequire(import.meta.url);",
    },
  });
  execFileSync(resolve(here, "../../native/impersonator/build.sh"), [
    join(directory, "impersonator"),
  ]);
  execFileSync("ln", ["-s", nearestModules(), join(directory, "node_modules")]);
  return {
    directory,
    mediator,
    harness: compileWith("harness", [join(native, "exec-hold.c")], ["-D_GNU_SOURCE"]),
    target: compile("target"),
    compile,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function nearestModules(): string {
  const modules = resolve(here, "../../node_modules");
  if (!existsSync(modules)) throw new Error(`no ${modules}`);
  return modules;
}

// Builds what git tracks, in a folder of its own, for the places that a package has.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where the package puts the program; compiled into the native front. */
export const HOME = "/usr/lib/cofferdam";
/** Of Debian's package nodejs. */
const NODE = "/usr/bin/node";

/** What of the clone the build and the package take. */
const sources = [
  ...["src", "scripts", "native", "bpf", "demo", "domains", "docs", "schema", "systemd"],
  ...["README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"],
  ...["package.json", "package-lock.json", ".npmrc"],
];

/** Fills `tree` with the sources, what they need of npm's, and the native programs. */
export function buildOnce(clone, tree) {
  for (const file of trackedFiles(clone)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(clone, file), join(tree, file), { verbatimSymlinks: true });
  }
  run(tree, "npm", "ci", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--loglevel=error");
  for (const part of ["native", "native/impersonator", "native/session"])
    run(tree, `${tree}/${part}/build.sh`);
}

/**
 * What says which version it is: the bundles and the manual. `as` null for the version of
 * package.json, which is returned.
 */
export function buildVersion(tree, as) {
  const version = versionOf(tree, as);
  run(tree, "node", "scripts/generate.mjs", "version", "manual");
  run(tree, "node", "scripts/build.mjs");
  return version;
}

function run(tree, program, ...words) {
  execFileSync(program, words, {
    cwd: tree,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      LC_ALL: "C",
      NODE_PATH_ABS: NODE,
      DIST_DIR: `${HOME}/dist`,
      MEDIATOR_SOCKET: "/run/cofferdam/mediator.sock",
    },
  });
}

function trackedFiles(clone) {
  const listed = execFileSync("git", ["-C", clone, "ls-files", "-z", "--", ...sources], {
    encoding: "utf8",
  });
  return listed.split("\0").filter((name) => name !== "");
}

function versionOf(tree, as) {
  const file = join(tree, "package.json");
  const described = JSON.parse(readFileSync(file, "utf8"));
  if (as === null) return described.version;
  writeFileSync(file, `${JSON.stringify({ ...described, version: as }, null, 2)}\n`);
  return as;
}

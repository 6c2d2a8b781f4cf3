// Builds the files that git tracks, in a separate folder, for the places of an installed package.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where the package installs the program; compiled into the native front. */
export const HOME = "/usr/lib/cofferdam";
/** From Debian's package nodejs. */
const NODE = "/usr/bin/node";

/** The files of the clone that the build and the package need. */
const sources = [
  ...["src", "scripts", "native", "bpf", "demo", "domains", "docs", "schema", "systemd"],
  ...["README.md", "SECURITY.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE"],
  ...["package.json", "package-lock.json", ".npmrc"],
];

/** Fills `tree` with the sources, the needed npm packages, and the native programs. */
export function buildOnce(clone, tree) {
  for (const file of trackedFiles(clone)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(clone, file), join(tree, file), { verbatimSymlinks: true });
  }
  run(tree, "npm", "ci", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--loglevel=error");
  run(tree, `${tree}/native/build-all.sh`);
}

/**
 * Builds what contains the version: the bundles and the manual. `as`: the version; null for the one
 * in package.json. Returns it.
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

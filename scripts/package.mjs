// Makes the Debian packages: npm run package [-- OPTION...]
//   --out FOLDER     where they go; by default build/package
//   --as VERSION     calls this tree another version, for tests of upgrades; may be repeated
// The same commit gives the same bytes: times are SOURCE_DATE_EPOCH's or the commit's; owners,
// modes and order are fixed; npm installs the versions of the lock file into a separate folder.
// Needs dpkg-deb, gcc and git.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildOnce, buildVersion } from "./package/build.mjs";
import { changelogOf } from "./package/changelog.mjs";
import { packDeb } from "./package/deb.mjs";
import { cofferdamPackage, esxiPackage } from "./package/layout.mjs";

const clone = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    out: { type: "string", default: "build/package" },
    as: { type: "string", multiple: true },
  },
});
const out = resolve(clone, values.out);
const epoch =
  process.env.SOURCE_DATE_EPOCH ??
  execFileSync("git", ["-C", clone, "log", "-1", "--format=%ct"], { encoding: "utf8" }).trim();

// Inside the clone, where the build finds its tools in node_modules.
mkdirSync(join(clone, "build"), { recursive: true });
const scratch = mkdtempSync(join(clone, "build", "packaging-"));
try {
  const tree = join(scratch, "tree");
  buildOnce(clone, tree);
  mkdirSync(out, { recursive: true });
  for (const as of values.as ?? [null]) {
    const version = buildVersion(tree, as);
    const changelog = changelogOf(tree, version);
    for (const describe of [cofferdamPackage, esxiPackage])
      console.log(
        packDeb(describe({ tree, version, changelog }), { scratch, out, epoch: Number(epoch) }),
      );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

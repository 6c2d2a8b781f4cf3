// Makes one package: its files below a folder, its control information, and dpkg-deb.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export const MAINTAINER = "Cofferdam developers <cofferdam@packages.example>";

const FOLDER_MODE = 0o755;
const PROGRAM_MODE = 0o755;
const FILE_MODE = 0o644;
const KIB = 1024;

/** A file of the package with this text. */
export const text = (content, mode = FILE_MODE) => ({ kind: "text", content, mode });
/** A file of the package, copied. */
export const file = (from, mode = FILE_MODE) => ({ kind: "file", from, mode });
/** A program, copied. */
export const program = (from) => file(from, PROGRAM_MODE);
/** A symbolic link. */
export const link = (target) => ({ kind: "link", target });
/** An empty folder. */
export const folder = () => ({ kind: "folder" });
/** Compressed, without a name or time inside. */
export const compressed = (content) => ({ kind: "compressed", content, mode: FILE_MODE });

/**
 * Writes NAME_VERSION_ARCHITECTURE.deb into `out`, atomically, and returns its name. `described`:
 * `name`, `version`, `architecture`, `fields` of control, `contents` by path without the leading
 * slash, `scripts` by name, `conffiles`, and `triggers` if there are any.
 */
export function packDeb(described, { scratch, out, epoch }) {
  const { name, version, architecture } = described;
  const root = join(scratch, `${name}-${version}`);
  for (const [path, entry] of Object.entries(described.contents)) place(join(root, path), entry);
  const control = controlFiles(described, root);
  for (const [file, entry] of Object.entries(control)) place(join(root, "DEBIAN", file), entry);
  for (const path of [root, ...everythingBelow(root)]) {
    if (lstatSync(path).isDirectory()) chmodSync(path, FOLDER_MODE);
    lutimesSync(path, epoch, epoch);
  }
  const deb = `${name}_${version}_${architecture}.deb`;
  // With more threads the compressed bytes would depend on the number of processors.
  const fixed = ["--root-owner-group", "-Zxz", "--threads-max=1"];
  execFileSync("dpkg-deb", [...fixed, "--build", root, join(scratch, deb)], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch), LC_ALL: "C" },
  });
  execFileSync("mv", ["-f", join(scratch, deb), join(out, deb)]);
  return join(out, deb);
}

function place(path, entry) {
  mkdirSync(entry.kind === "folder" ? path : dirname(path), { recursive: true });
  if (entry.kind === "link") symlinkSync(entry.target, path);
  else if (entry.kind === "file") cpSync(entry.from, path, { dereference: true });
  else if (entry.kind === "text") writeFileSync(path, entry.content);
  else if (entry.kind === "compressed")
    writeFileSync(path, execFileSync("gzip", ["-9n"], { input: entry.content }));
  if (entry.mode !== undefined) chmodSync(path, entry.mode);
}

/** deb-control(5) and related pages give the names of the files. */
function controlFiles(described, root) {
  const { name, version, architecture, fields, scripts, conffiles, triggers } = described;
  const files = everythingBelow(root).filter((path) => lstatSync(path).isFile());
  const bytes = files.reduce((sum, path) => sum + lstatSync(path).size, 0);
  const lines = Object.entries({
    Package: name,
    Version: version,
    Architecture: architecture,
    Maintainer: MAINTAINER,
    "Installed-Size": Math.ceil(bytes / KIB),
    ...fields,
  }).map(([key, value]) => `${key}: ${value}\n`);
  const sums = files
    .map((path) => [path.slice(root.length + 1), path])
    .filter(([inside]) => !conffiles.includes(`/${inside}`))
    .map(([inside, path]) => `${md5(path)}  ${inside}\n`);
  return {
    control: text(lines.join("")),
    md5sums: text(sums.join("")),
    ...(conffiles.length > 0 ? { conffiles: text(`${conffiles.join("\n")}\n`) } : {}),
    ...(triggers === undefined ? {} : { triggers: text(triggers) }),
    ...Object.fromEntries(
      Object.entries(scripts).map(([script, content]) => [script, text(content, PROGRAM_MODE)]),
    ),
  };
}

function md5(path) {
  return createHash("md5").update(readFileSync(path)).digest("hex");
}

/** Does not follow links. */
function everythingBelow(root) {
  return readdirSync(root, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(root, entry.name);
      return entry.isDirectory() ? [path, ...everythingBelow(path)] : [path];
    });
}

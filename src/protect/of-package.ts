import { basename, dirname } from "node:path";
import { conffilesOf, filesOf, ownersOf, withSiblings } from "../host/packages.ts";
import { canonical } from "../host/program-named.ts";
import { shared } from "../policy/3-check/shared-folders.ts";
import { type Evidence, ofFile, ofFolder } from "./evidence.ts";
import { isFolder, ofConfiguration } from "./of-words.ts";

/** Where a package has what is its daemon's alone, and what a daemon does there. */
const places: readonly { readonly above: string; readonly letters: string }[] = [
  { above: "/etc", letters: "r" },
  { above: "/usr/share", letters: "r" },
  { above: "/usr/lib", letters: "r" },
  { above: "/usr/libexec", letters: "r" },
  { above: "/var/lib", letters: "rwcd" },
  { above: "/var/cache", letters: "rwcd" },
  { above: "/var/spool", letters: "rwcd" },
  { above: "/var/log", letters: "wc" },
];

/** Configuration files of a package that are looked into. */
const CONFIGURATIONS_MAX = 64;

/**
 * The configuration and the folders of the packages that own these files: of a daemon's program and
 * its unit. A folder counts only if no other package has files in it.
 */
export function ofPackages(files: readonly string[]): readonly Evidence[] {
  const packages = withSiblings(ownersOf(files).flatMap((one) => one.packages));
  if (packages.size === 0) return [];
  const names = filesOf(packages);
  const own = ownFolders(names, packages);
  const isCovered = (file: string) => own.some(({ folder }) => file.startsWith(`${folder}/`));
  const settings = conffilesOf(packages).filter((file) => canonical(file) === file);
  const why = `of the package${packages.size === 1 ? "" : "s"} ${[...packages].join(", ")}`;
  return [
    ...own.map(({ folder, letters }) =>
      ofFolder(letters, folder, { why: `a folder ${why}`, witness: "package" }),
    ),
    ...settings
      .filter((file) => !isCovered(file) && isRead(file))
      .map((file) => ofFile("r", file, { why: `configuration ${why}`, witness: "package" })),
    ...settings
      .filter((file) => isCovered(file) || isRead(file))
      .slice(0, CONFIGURATIONS_MAX)
      .flatMap((file) => ofConfiguration(file, "package")),
  ];
}

/** Other files in /etc are for cron, logrotate, PAM and the like. */
function isRead(file: string): boolean {
  return /^\/etc\/[^/]+$/.test(file);
}

/** `/etc/redis` of redis-server: other folders of a package are for other programs. */
function isNamedLike(folder: string, packages: ReadonlySet<string>): boolean {
  const name = wordOf(basename(folder));
  return [...packages].some((one) => {
    const word = wordOf(one);
    return word.startsWith(name) || name.startsWith(word) || word.endsWith(name);
  });
}

/** `dnsmasq` of `dnsmasq.d` and `dnsmasq-base`; `ssh` is the end of `openssh`. */
function wordOf(name: string): string {
  return /^[a-z]*/i.exec(name.toLowerCase())?.[0] || name;
}

function ownFolders(names: readonly string[], packages: ReadonlySet<string>) {
  const candidates = names.flatMap((name) => {
    const place = places.find(({ above }) => dirname(name) === above);
    const isOwn = place !== undefined && !shared.includes(name) && isNamedLike(name, packages);
    if (!isOwn || !isFolder(name)) return [];
    return canonical(name) === name ? [{ folder: name, letters: place.letters }] : [];
  });
  const owned = ownersOf(candidates.map(({ folder }) => folder));
  const isAlone = (folder: string) =>
    owned.some((one) => one.file === folder && one.packages.every((name) => packages.has(name)));
  return candidates
    .filter(({ folder }) => isAlone(folder))
    .map(({ folder, letters }) => ({
      folder,
      letters: hasLibraries(names, folder) ? `${letters}m` : letters,
    }));
}

/** Machine code that the daemon loads by itself. */
function hasLibraries(names: readonly string[], folder: string): boolean {
  return names.some((name) => name.startsWith(`${folder}/`) && /\.so(?:\.\d+)*$/.test(name));
}

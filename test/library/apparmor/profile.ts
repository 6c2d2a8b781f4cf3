import { execFileSync } from "node:child_process";
import { basename, join } from "node:path";
import { clone } from "../../package/packages.ts";
import type { LibraryHost } from "../library-host.ts";
import { type CompiledProfile, readCompiled } from "./compiled.ts";
import { compile } from "./parser.ts";

/** Debian's packages of profiles: links that scripts/lib/unpacked.sh makes. */
const packages = ["apparmor", "apparmor-profiles"] as const;
const TREE_BYTES_MAX = 1 << 26;

/** How Debian ships a profile; what the apparmor.d project has is not shipped. */
type Shipped = "enforced" | "complaining" | "disabled" | "an example" | "not in Debian";

export interface ProfileFacts {
  readonly file: string;
  readonly package: string;
  readonly shipped: Shipped;
  /** Whether the kernel would put the daemon into it: it goes by a program's real name. */
  readonly isAttached: boolean;
}

/**
 * Unpacks them in the library's host: nothing is installed, and no profile is loaded.
 * @returns the version of the parser
 */
export function putAppArmor({ booted }: LibraryHost): string {
  booted.sh("mkdir /srv/apparmor.d");
  for (const name of packages) {
    booted.sh('mkdir "/srv/$1"', name);
    const from = join(clone, "build/debian", name);
    const archive = execFileSync("tar", ["-C", from, "-c", "."], { maxBuffer: TREE_BYTES_MAX });
    const [program = "", ...args] = booted.command(["tar", "-C", `/srv/${name}`, "-x"]);
    execFileSync(program, args, { input: archive });
    booted.sh('cp -r "/srv/$1/etc/apparmor.d/." /srv/apparmor.d', name);
  }
  const said = booted.sh("/srv/apparmor/usr/sbin/apparmor_parser --version");
  return /version (\S+)/.exec(said)?.[1] ?? said;
}

/**
 * Makes /srv/apparmor.d-project of a checkout of the apparmor.d project
 * (https://github.com/roddhjav/apparmor.d): Debian's own files, with the project's before them, as
 * its build makes them for Debian 13 (directives of docs/development; the profiles' ABI is newer
 * than Debian's parser, which has the tunables of `base` itself).
 */
const layProject = String.raw`
at=/srv/apparmor.d-project
cp -r /srv/apparmor.d "$at"
cd /srv/project
rm tunables/multiarch.d/base
cp -r tunables abstractions mappings "$at"
find groups profiles-* -type f -exec cp {} "$at" ";"
find groups profiles-* -type f -printf '%f\n' >/srv/project.names
find "$at" -type f -exec sed -i 's,abi <abi/5.0>,abi <abi/4.0>,' {} +
grep -rlE '#aa:(only|exclude) ' "$at" | while read -r file; do
  awk '
/#aa:(only|exclude) / {
  said = $0
  sub(/.*#aa:/, "", said)
  count = split(said, words, " ")
  here = 0
  for (at = 2; at <= count; at++)
    here = here || words[at] ~ /^(debian|apt|apparmor(<5\.0|>=4\.1))$/
  isLeft = words[1] == "only" ? here : !here
  # On a line of its own it is about what follows, up to an empty line.
  if ($0 ~ /^[ \t]*#aa:/) { skips = !isLeft; next }
  if (!isLeft) next
}
/^[ \t]*$/ { skips = 0 }
!skips' "$file" >/srv/project.file
  cat /srv/project.file >"$file"
done`;

/** `checkout`: of the apparmor.d project. @returns its commit and day */
export function putProject({ booted }: LibraryHost, checkout: string): string {
  const tar = ["-C", join(checkout, "apparmor.d"), "-c", "."];
  const archive = execFileSync("tar", tar, { maxBuffer: TREE_BYTES_MAX });
  booted.sh("mkdir /srv/project");
  const [program = "", ...args] = booted.command(["tar", "-C", "/srv/project", "-x"]);
  execFileSync(program, args, { input: archive });
  booted.sh(layProject);
  const log = ["-C", checkout, "log", "-1", "--abbrev=12", "--format=%h of %cs"];
  return execFileSync("git", log, { encoding: "utf8" }).trim();
}

/** Whose profiles are looked at. */
export type ProfileSource = "debian" | "project";

/** Files that may have a profile for a program, the nearest first. */
const candidates: Readonly<Record<ProfileSource, string>> = {
  debian: `
cp -r /etc/apparmor.d/. /srv/apparmor.d
# The parser passes by what is disabled.
rm -rf /srv/apparmor.d/disable
for file in /etc/apparmor.d/* /srv/apparmor-profiles/etc/apparmor.d/* \\
  /srv/apparmor/etc/apparmor.d/* /srv/apparmor-profiles/usr/share/apparmor/extra-profiles/*; do
  # Beside them lies a text about them.
  [ ! -f "$file" ] || [ "\${file##*/}" = README ] || ! grep -qF -e "$1" "$file" || echo "$file"
done`,
  project: `
cd /srv/apparmor.d-project
while read -r name; do
  ! grep -qE -e "^@.exec_path. .*[/{,]$1([^a-z]|$)" "$name" || echo "$PWD/$name"
done </srv/project.names`,
};

const bases: Readonly<Record<ProfileSource, string>> = {
  debian: "/srv/apparmor.d",
  project: "/srv/apparmor.d-project",
};

/**
 * The profile for a program: of Debian's that of its own package, else of the packages of profiles;
 * null if there is none. One that confines nothing is none.
 * @throws Error with what apparmor_parser said
 */
export function profileFor(
  host: LibraryHost,
  program: string,
  source: ProfileSource,
): { readonly facts: ProfileFacts; readonly compiled: CompiledProfile } | null {
  const real = host.booted.sh('readlink -e "$1"', program).trim();
  // A version at the end of its name may be a pattern in the profile.
  const word = /^[a-z]+(?:[.-][a-z]+)*/i.exec(basename(program))?.[0] ?? basename(program);
  const files = host.booted.sh(candidates[source], word).split("\n").slice(0, -1);
  const profiles = files.flatMap((file) => {
    const bytes = compile("/srv/apparmor", bases[source], file, (words) =>
      host.booted.command(words),
    );
    return readCompiled(bytes).map((profile) => ({ file, profile }));
  });
  for (const name of [real, program])
    for (const { file, profile } of profiles)
      if (profile.mode !== "unconfined" && profile.attachesTo(name))
        return {
          compiled: profile,
          facts: {
            file: basename(file),
            ...(source === "project"
              ? { package: "apparmor.d", shipped: "not in Debian" }
              : { package: packageOf(host, file), shipped: shippedAs(host, file, profile) }),
            isAttached: name === real,
          },
        };
  return null;
}

function packageOf({ booted }: LibraryHost, file: string): string {
  const [, unpacked] = /^\/srv\/([^/]+)\//.exec(file) ?? [];
  return unpacked ?? booted.sh('dpkg-query -S "$1"', file).replace(/:.*/s, "");
}

function shippedAs({ booted }: LibraryHost, file: string, { mode }: CompiledProfile): Shipped {
  if (file.includes("/extra-profiles/")) return "an example";
  const disabled = booted.run("test", "-e", `/etc/apparmor.d/disable/${basename(file)}`);
  if (disabled.status === 0) return "disabled";
  return mode === "complain" ? "complaining" : "enforced";
}

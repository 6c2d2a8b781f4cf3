import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { PUBLIC_FILE, PUBLIC_FOLDER } from "../../src/base/modes.ts";

/**
 * `/bin/x` and `/usr/bin/x` are one file on Debian; the machine's tree gets the same links as the
 * host.
 */
const mergedFolders = ["bin", "sbin", "lib", "lib64"];

/**
 * A file system for the virtual machine, put together below one folder out of files of this host
 * under their own names.
 */
export class Tree {
  readonly folder: string;

  /** @param merged by default a whole system's; a tree that is added to another has none */
  constructor(folder: string, merged: readonly string[] = mergedFolders) {
    this.folder = folder;
    for (const name of merged) {
      fs.mkdirSync(path.join(folder, "usr", name), { recursive: true });
      fs.symlinkSync(`usr/${name}`, path.join(folder, name));
    }
  }

  /** An empty folder, with `mode` (default 0755). */
  directory(name: string, mode = PUBLIC_FOLDER): void {
    fs.mkdirSync(path.join(this.folder, name), { recursive: true });
    fs.chmodSync(path.join(this.folder, name), mode);
  }

  /** A file that is made for the machine. */
  write(name: string, content: string | Uint8Array, mode = PUBLIC_FILE): void {
    fs.mkdirSync(path.dirname(path.join(this.folder, name)), { recursive: true });
    fs.writeFileSync(path.join(this.folder, name), content, { mode });
  }

  /**
   * A file or folder of the host, under the same name or another, with its times: builds are
   * compared by them.
   */
  copy(name: string, as = name): void {
    const target = path.join(this.folder, as);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.cpSync(name, target, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  }

  /** A program of the host with the libraries that it is linked with; links on the way are kept. */
  program(name: string): void {
    for (const file of [name, ...librariesOf(name)]) this.withLinks(file);
  }

  private withLinks(name: string): void {
    const real = path.join(fs.realpathSync(path.dirname(name)), path.basename(name));
    if (fs.existsSync(path.join(this.folder, real))) return;
    this.copy(real);
    if (fs.lstatSync(real).isSymbolicLink())
      this.withLinks(path.resolve(path.dirname(real), fs.readlinkSync(real)));
  }

  /** Turns the tree into an ext4 image of `megabytes`. */
  image(file: string, megabytes: number): void {
    // With checksums of its metadata, ext4 refuses EXT4_IOC_SETVERSION to everybody, and an attack
    // through it proves nothing.
    const features = ["-O", "^metadata_csum"];
    execFileSync(
      "mke2fs",
      ["-q", "-t", "ext4", ...features, "-d", this.folder, file, `${megabytes}M`],
      {
        env: withSbin,
      },
    );
  }
}

/** mke2fs lies where an ordinary user does not look. */
export const withSbin = {
  ...process.env,
  PATH: `${process.env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`,
};

/** What ldd(1) names; nothing for a static program. */
function librariesOf(program: string): readonly string[] {
  const dynamic = execFileSync("sh", ["-c", 'ldd "$1" 2>/dev/null || true', "sh", program], {
    encoding: "utf8",
  });
  return [...dynamic.matchAll(/(?:=> |^\s*)(\/\S+)/gm)].map((match) => match[1] as string);
}

/** The shell of the virtual machine, and a few more of its programs. */
export function busybox(): string {
  const found = execFileSync("sh", ["-c", "command -v busybox"], {
    encoding: "utf8",
    env: withSbin,
  });
  return fs.realpathSync(found.trim());
}

import * as fs from "node:fs";
import * as path from "node:path";

/** Wherever this is run from: bundled it lies elsewhere. */
function folderOfClone(from: string): string {
  return fs.existsSync(path.join(from, "package.json")) ? from : folderOfClone(path.dirname(from));
}

export const clone = folderOfClone(import.meta.dirname);

/** Debian's stock kernel, unpacked: a link that scripts/lib/unpacked.sh makes. */
const kernelFolder = path.join(clone, "build/debian/stock-kernel");

export function haveKernel(): boolean {
  return fs.existsSync(kernelFolder);
}

/** The kernel's modules, with the release as the folder's name. */
export function moduleFolder(): string {
  return kernelFile("usr/lib/modules", /^[^/]+$/);
}

/**
 * The first file or folder below a folder of the kernel's package whose path from there matches.
 */
export function kernelFile(folder: string, name: RegExp): string {
  const files = fs.readdirSync(path.join(kernelFolder, folder), {
    recursive: true,
    encoding: "utf8",
  });
  const found = files.find((file) => name.test(file));
  if (found === undefined)
    throw new Error(`the stock kernel's package has no ${name.source} below ${folder}`);
  return path.join(kernelFolder, folder, found);
}

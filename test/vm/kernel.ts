import * as fs from "node:fs";
import * as path from "node:path";

/** Wherever this is run from: bundled it lies elsewhere. */
function folderOfClone(from: string): string {
  return fs.existsSync(path.join(from, "package.json")) ? from : folderOfClone(path.dirname(from));
}

export const clone = folderOfClone(import.meta.dirname);

/**
 * Debian's stock kernel, unpacked: a link that scripts/lib/unpacked.sh makes. Or another one, of
 * scripts/other-kernel.sh.
 */
const kernelFolder = process.env.COFFERDAM_KERNEL ?? path.join(clone, "build/debian/stock-kernel");

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
  const found = findKernelFile(folder, name);
  if (found === null)
    throw new Error(`the stock kernel's package has no ${name.source} below ${folder}`);
  return found;
}

/** null if there is none. */
function findKernelFile(folder: string, name: RegExp): string | null {
  const files = fs.readdirSync(path.join(kernelFolder, folder), {
    recursive: true,
    encoding: "utf8",
  });
  const found = files.find((file) => name.test(file));
  return found === undefined ? null : path.join(kernelFolder, folder, found);
}

/** In the order in which they are loaded. Newer kernels have most of them built in. */
const drivers = [
  ...["virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci"],
  ...["virtio_blk", "virtio_console"],
];

/** What the virtual machine needs to have its disk and its port to the host. */
export function driverFiles(): readonly string[] {
  const found = drivers.map((name) =>
    findKernelFile("usr/lib/modules", new RegExp(`/${name}\\.ko(\\.xz)?$`)),
  );
  return found.filter((file) => file !== null);
}

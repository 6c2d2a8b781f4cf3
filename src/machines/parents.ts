import { dirname, isAbsolute } from "node:path";
import { HostError } from "../host/host-error.ts";
import { readQcow2 } from "./qcow2.ts";
import { type ImageFormat, imageFormats } from "./resource.ts";
import { type Way, wayOf } from "./way.ts";

/** Limit on the images below one image. */
const PARENTS_MAX = 200;

/**
 * A file that an image depends on, by its real name. `data`: the image keeps its contents in that
 * file.
 */
export interface Parent {
  readonly role: "parent" | "data";
  readonly path: string;
  readonly format: ImageFormat;
}

/** A parent before it is recorded. */
export type FoundParent = Omit<Parent, "path"> & { readonly way: Way };

/**
 * The files that the header of an image names, and those that these name in turn, nearest first.
 * `path`: as QEMU opens it, since relative names start from its folder. Cofferdam trusts a header
 * only when it records it; later headers are compared with the record (`record.ts`).
 * @throws HostError for an image that cannot be read, or that names anything but a plain file of a
 * known format
 */
export function parentsOf(path: string, format: ImageFormat): readonly FoundParent[] {
  const found: FoundParent[] = [];
  for (let [name, kind]: [string, ImageFormat] = [path, format]; kind === "qcow2"; ) {
    const { parent, parentFormat, dataFile } = headerOf(name);
    if (dataFile !== null)
      found.push({ role: "data", way: wayOf(beside(name, dataFile)), format: "raw" });
    if (parent === null) break;
    const above = beside(name, parent);
    if (parentFormat === null || !(imageFormats as readonly string[]).includes(parentFormat))
      throw new HostError(
        `image ${name} names its parent ${parent} without a format that is known here`,
        `qemu-img rebase -u -b ${parent} -F raw (or qcow2) ${name}`,
      );
    found.push({ role: "parent", way: wayOf(above), format: parentFormat as ImageFormat });
    if (found.length > PARENTS_MAX)
      throw new HostError(
        `image ${path} has more than ${PARENTS_MAX} parents`,
        "commit some of them: qemu-img commit",
      );
    [name, kind] = [above, parentFormat as ImageFormat];
  }
  return found;
}

/** @throws HostError if the image has no readable header */
export function headerOf(path: string): ReturnType<typeof readQcow2> {
  try {
    return readQcow2(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HostError(`image ${path} cannot be read: ${why}`, "look at it with qemu-img info");
  }
}

/** A name in an image's header, as QEMU opens it. @throws HostError if it is no file's name */
export function beside(image: string, name: string): string {
  if (/^[A-Za-z0-9+.-]+:/.test(name.split("/")[0] ?? "") || name === "" || name.includes("\0"))
    throw new HostError(
      `image ${image} has the parent ${JSON.stringify(name)}, which is not a plain file`,
      "qemu-img rebase -u -b FILE -F FORMAT IMAGE",
    );
  return isAbsolute(name) ? name : `${dirname(image)}/${name}`;
}

import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";

export function share(argument: Argument, to: Description): void {
  const keys = Keys.of(argument, "fsdriver");
  const driver = keys.need("fsdriver", "say local or synth");
  keys.harmless(
    "id",
    "mount_tag",
    "security_model",
    "writeout",
    "fmode",
    "dmode",
    "multidevs",
    "max_xattr",
    "throttling.",
  );
  if (driver !== "local" && driver !== "synth")
    complain(
      keys.where("fsdriver"),
      `\`${driver}\` is not allowed in a domain`,
      "share a folder with local, or by virtiofsd and a vhost-user socket",
    );
  if (driver === "local") {
    const path = argument.path(keys.need("path", "name the folder"));
    to.add(keys.where("path"), {
      kind: "folder",
      path,
      access: keys.isOn("readonly") ? "read" : "read-write",
    });
  }
  keys.done();
}

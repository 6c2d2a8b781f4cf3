import { readFileSync } from "node:fs";
import { ExitCode } from "../../../host/exit-code.ts";
import { placeOf } from "../../../machines/complaint.ts";
import { machineName, policyFile, readMachine } from "../../../machines/machine.ts";
import type { Resource } from "../../../machines/resource.ts";
import { type Command, CommandError, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";

export const vmShow: Command = {
  name: "show",
  operands: [{ name: "<name>", description: "the machine's name" }],
  summary: "show what a running machine may reach, and which option named it",
  description: [
    "Prints each resource with the target of its name, the parents of images, and the argument " +
      "that names it.",
  ],
  options: [jsonOption],
  examples: [{ line: "cofferdam vm show web1", what: "its disks, sockets and devices" }],
  run(context, [word = ""], options) {
    const { machines } = context.places.system;
    const name = machineName(word);
    const machine = readMachine(machines, name);
    if (machine === null)
      throw new CommandError(`machine ${name} is not on`, "cofferdam vm list shows those that are");
    if (options.json) {
      context.out(toJson({ ...machine, policy: readFileSync(policyFile(machines, name), "utf8") }));
      return ExitCode.ok;
    }
    const { resources, names, parents } = machine.placed;
    for (const resource of resources) {
      const path = "path" in resource ? (names[resource.path] ?? resource.path) : "";
      context.out(`${told(resource, path)}\n    ${placeOf(resource.origin)}\n`);
      for (const parent of parents[path] ?? [])
        context.out(`    ${parent.role} ${parent.format} ${parent.path}\n`);
    }
    return ExitCode.ok;
  },
};

function told(resource: Resource, path: string): string {
  switch (resource.kind) {
    case "image":
      return `image (${resource.format}, ${resource.access}) ${path}`;
    case "file":
      return `file (${resource.use}) ${path}`;
    case "folder":
      return `folder (${resource.access}) ${path}`;
    case "device":
      return `device ${path}`;
    case "pci":
      return `PCI function ${resource.address}`;
    case "tap":
      return `network interface ${resource.interface}`;
    case "socket":
      return `${resource.operation} unix ${path}`;
    case "address":
      return (
        `${resource.operation} ${resource.protocol} ` +
        `${resource.host === "" ? "*" : resource.host}:${resource.ports.first}`
      );
    case "outside":
      return "network: everywhere but this host";
  }
}

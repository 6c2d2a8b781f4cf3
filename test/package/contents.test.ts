import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { VERSION } from "../../src/cli/version.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";
import { BUILD_MS, buildAgain, clone, type Packages, sharedPackages } from "./packages.ts";

let first: Packages;
let second: Packages;
let scratch: string;
let tree: string;

beforeAll(() => {
  scratch = scratchFolder("contents");
  first = sharedPackages();
  second = buildAgain(join(scratch, "again"));
  tree = join(scratch, "tree");
  execFileSync("dpkg-deb", ["--extract", first.of(VERSION), tree]);
}, BUILD_MS);

/** As `ls -l` shows them: mode, owner, size, date, time, name and what it links to. */
function listed(name?: string): readonly (readonly string[])[] {
  const text = execFileSync("dpkg-deb", ["--contents", first.of(VERSION, name)], {
    encoding: "utf8",
  });
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/));
}

function field(name: string, of = "cofferdam"): string {
  return execFileSync("dpkg-deb", ["--field", first.of(VERSION, of), name], {
    encoding: "utf8",
  }).trim();
}

test.each(["cofferdam", "cofferdam-esxi"])("%s has the same bytes however it is built", (name) => {
  const [one, other] = [first, second].map((packages) => readFileSync(packages.of(VERSION, name)));
  expect(one?.equals(other as Buffer)).toBe(true);
});

test("everything is root's, and no mode is anything but what is meant", () => {
  for (const [mode = "", owner, , , , name] of [...listed(), ...listed("cofferdam-esxi")]) {
    expect(owner, name).toBe("root/root");
    expect(["drwxr-xr-x", "lrwxrwxrwx", "-rwxr-xr-x", "-rw-r--r--"], name).toContain(mode);
  }
});

test("one version is the truth: package.json's", () => {
  const described = JSON.parse(readFileSync(join(clone, "package.json"), "utf8"));
  const page = readFileSync(join(tree, "usr/share/man/man1/cofferdam.1.gz"));
  const changelog = readFileSync(join(tree, "usr/share/doc/cofferdam/changelog.gz"));
  const unpacked = (bytes: Buffer) =>
    execFileSync("gzip", ["-dc"], { input: bytes, encoding: "utf8" });
  expect(VERSION).toBe(described.version);
  expect(field("Version")).toBe(described.version);
  expect(field("Depends", "cofferdam-esxi")).toBe(`cofferdam (= ${described.version})`);
  expect(unpacked(page)).toContain(`"cofferdam ${described.version}"`);
  expect(unpacked(changelog)).toMatch(new RegExp(`^cofferdam \\(${described.version}\\) `));
  const [newest] = readFileSync(join(clone, "CHANGELOG.md"), "utf8").match(/^## \S+/m) ?? [];
  expect(newest).toBe(`## ${described.version}`);
});

test("Node's version is a dependency, and the conffile is the one for settings", () => {
  expect(field("Depends").split(", ")).toContain("nodejs (>= 20)");
  const conffiles = execFileSync("dpkg-deb", ["--info", first.of(VERSION), "conffiles"], {
    encoding: "utf8",
  });
  expect(conffiles).toBe("/etc/cofferdam/cofferdam.conf\n/etc/needrestart/conf.d/cofferdam.conf\n");
});

test("of npm's packages only what Node loads is there, and no path of the build", () => {
  const files = listed().map(([, , , , , name = ""]) => name);
  const modules = files.filter((name) => /node_modules\/.*[^/]$/.test(name));
  expect(modules.map((name) => name.replace("./usr/lib/cofferdam/node_modules/", ""))).toEqual([
    "@koromix/koffi-linux-x64/index.js",
    "@koromix/koffi-linux-x64/linux_x64/koffi.node",
    "@koromix/koffi-linux-x64/package.json",
    "koffi/index.js",
    "koffi/package.json",
    "koffi/src/koffi/index.js",
    "koffi/src/koffi/src/static.js",
  ]);
  const told = execFileSync("sh", ["-c", 'grep -rlaF "$1" "$2" || true', "sh", clone, tree], {
    encoding: "utf8",
  });
  expect(told).toBe("");
});

test("every program that is built is there, but for the demonstration", () => {
  const files = listed().map(([, , , , , name = ""]) => name);
  const build = readFileSync(join(clone, "scripts/build.mjs"), "utf8");
  const bundles = [...build.matchAll(/^ {2}"((?:dist|shell)\/[\w.-]+)":/gm)].map(
    ([, name]) => name,
  );
  expect(bundles.length).toBeGreaterThan(4);
  for (const bundle of bundles.filter((name) => name !== "dist/demo.js"))
    expect(files).toContain(`./usr/lib/cofferdam/${bundle}`);
});

test("every object for the kernel's BPF machine is there", () => {
  const files = listed().map(([, , , , , name = ""]) => name);
  const objects = readdirSync(join(clone, "bpf")).filter((name) => name.endsWith(".o"));
  expect(objects.length).toBeGreaterThan(2);
  expect(objects.filter((name) => !files.includes(`./usr/lib/cofferdam/bpf/${name}`))).toEqual([]);
});

test("policies, manual and completion lie where Debian looks for them", () => {
  const files = new Set(listed().map(([, , , , , name = ""]) => name.slice(2)));
  const tracked = (folder: string) =>
    execFileSync("git", ["-C", clone, "ls-files", folder], { encoding: "utf8" }).trim().split("\n");
  for (const policy of tracked("domains")) expect(files).toContain(`usr/share/cofferdam/${policy}`);
  for (const page of tracked("man"))
    expect(files).toContain(`usr/share/man/man${page.at(-1)}/${page.slice("man/".length)}.gz`);
  for (const script of [
    "usr/share/bash-completion/completions/cofferdam",
    "usr/share/zsh/vendor-completions/_cofferdam",
    "usr/share/fish/vendor_completions.d/cofferdam.fish",
  ])
    expect(files).toContain(script);
});

test("every link of the packaged documents leads to something in the package", () => {
  const folder = join(tree, "usr/share/doc/cofferdam");
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".md"),
  );
  const links = pages.flatMap((page) =>
    [...readFileSync(join(folder, page), "utf8").matchAll(/\]\(([^)\s#]+)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => ({ page, target, file: join(folder, dirname(page), target) })),
  );
  expect(links.map(({ target }) => target)).toContain("../domains/nginx.yaml");
  expect(links.filter(({ file }) => !existsSync(file))).toEqual([]);
});

test("ESXi's names are links to the one program, and its ps does not hide the system's", () => {
  const links = listed("cofferdam-esxi").filter(([mode]) => mode?.startsWith("l"));
  const byName = new Map(links.map(([, , , , , name = "", , target]) => [name, target]));
  for (const name of ["secpolicytools", "esxcli", "esxcfg-advcfg", "esxtop", "support-util"])
    expect(byName.get(`./usr/bin/${name}`)).toBe("../lib/cofferdam/bin/cofferdam");
  expect(byName.has("./usr/bin/ps")).toBe(false);
  expect(byName.get("./usr/lib/cofferdam-esxi/ps")).toBe("../cofferdam/bin/cofferdam");
});

test("lintian finds no error", { timeout: BUILD_MS }, (context) => {
  const found = execFileSync("sh", ["-c", "command -v lintian || true"], { encoding: "utf8" });
  skipUnless(context, found !== "", "there is no lintian, which set-up installs as root");
  const said = execFileSync(
    "sh",
    [
      "-c",
      'lintian --allow-root "$@" || true',
      "sh",
      first.of(VERSION),
      first.of(VERSION, "cofferdam-esxi"),
    ],
    { encoding: "utf8" },
  );
  expect(said.split("\n").filter((line) => line.startsWith("E:"))).toEqual([]);
});

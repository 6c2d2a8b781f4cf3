// The files of each package.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { HOME } from "./build.mjs";
import { compressed, file, folder, link, program, text } from "./deb.mjs";

const home = HOME.slice(1);
const doc = "usr/share/doc/cofferdam";
/** As seen from /usr/bin. */
const front = "../lib/cofferdam/bin/cofferdam";
const CONFFILE = "/etc/cofferdam/cofferdam.conf";
/** Read by needrestart, if it is installed. */
const NEEDRESTART = "/etc/needrestart/conf.d/cofferdam.conf";

/** What the program itself needs. */
const depends = {
  // The bundles are made for Node 20, and the front starts /usr/bin/node.
  nodejs: "nodejs (>= 20)",
  // The prebuilt module of koffi is linked with these.
  libraries: "libc6 (>= 2.25), libgcc-s1, libstdc++6 (>= 4.6)",
  // Opened by name, to load the cgroup programs.
  bpf: "libbpf1",
};

export function cofferdamPackage({ tree, version, changelog }) {
  return {
    name: "cofferdam",
    version,
    architecture: "amd64",
    fields: {
      "Pre-Depends": "init-system-helpers (>= 1.54~)",
      Depends: Object.values(depends).join(", "),
      Suggests: "cofferdam-esxi, openssh-server",
      Section: "admin",
      Priority: "optional",
      Description: description(
        "security domain of its own for every daemon of a host",
        "A policy is a short file that lists what a daemon needs. Cofferdam denies what",
        "is not on the list, or grants and logs it; a supervised domain changes between",
        "the two while its daemon runs. The kernel's Landlock, seccomp and cgroup-BPF",
        "hold the domain; no kernel module is needed.",
        ".",
        "Installing this package starts Cofferdam's agent and confines nothing.",
      ),
    },
    conffiles: [CONFFILE, NEEDRESTART],
    scripts: scriptsOf(tree),
    triggers: readFileSync(own(tree, "triggers"), "utf8"),
    contents: {
      ...programFiles(tree, version),
      ...moduleFiles(tree),
      ...sharedFiles(tree),
      ...completions(tree),
      ...documentation(tree, changelog),
      [CONFFILE.slice(1)]: file(own(tree, "cofferdam.conf")),
      [NEEDRESTART.slice(1)]: file(own(tree, "needrestart.conf")),
      "etc/cofferdam/domains": folder(),
      "usr/share/lintian/overrides/cofferdam": file(own(tree, "lintian-overrides")),
    },
  };
}

export function esxiPackage({ tree, version, changelog }) {
  const names = readdirSync(join(tree, "bin/esxi")).sort();
  // `ps` is left out, because it would hide the system's own: users add the folder to PATH
  // themselves.
  const onPath = names.filter((name) => name !== "ps");
  return {
    name: "cofferdam-esxi",
    version,
    architecture: "all",
    fields: {
      Depends: `cofferdam (= ${version})`,
      Section: "admin",
      Priority: "optional",
      Description: description(
        "Cofferdam's commands under the names that ESXi has for them",
        "secpolicytools, esxcli system secpolicy, esxcfg-advcfg, esxtop and",
        "support-util, with the output that ESXi's have. A ps with ESXi's columns lies",
        "with them in /usr/lib/cofferdam-esxi, which users may put into PATH.",
      ),
    },
    conffiles: [],
    scripts: {},
    contents: {
      ...Object.fromEntries(onPath.map((name) => [`usr/bin/${name}`, link(front)])),
      ...Object.fromEntries(
        names.map((name) => [`usr/lib/cofferdam-esxi/${name}`, link("../cofferdam/bin/cofferdam")]),
      ),
      "usr/share/doc/cofferdam-esxi/changelog.gz": compressed(changelog),
      "usr/share/doc/cofferdam-esxi/copyright": text(copyright(tree)),
      "usr/share/doc/cofferdam-esxi/esxi.md": file(join(tree, "docs/esxi.md")),
      "usr/share/lintian/overrides/cofferdam-esxi": file(own(tree, "lintian-overrides.esxi")),
    },
  };
}

function own(tree, name) {
  return join(tree, "scripts/package/debian", name);
}

function description(short, ...long) {
  return [short, ...long.map((line) => ` ${line}`)].join("\n");
}

const objectsIn = (folder) => readdirSync(folder).filter((name) => name.endsWith(".bpf.o"));

/** dpkg runs postrm after the package's files are gone, so it has what it shares built in. */
function scriptsOf(tree) {
  const read = (name) => readFileSync(own(tree, name), "utf8");
  return {
    postinst: read("postinst"),
    prerm: read("prerm"),
    postrm: read("postrm").replace("#MAINTAINER.SH#\n", () => read("maintainer.sh")),
  };
}

/** The bundles, the native programs, and where they look for the rest. */
function programFiles(tree, version) {
  const inside = readdirSync(join(tree, "shell"), { withFileTypes: true });
  return {
    "usr/bin/cofferdam": link(front),
    ...from(tree, "bin", programsIn(tree, "bin"), program),
    ...from(tree, "dist", programsIn(tree, "dist"), program),
    ...from(tree, "dist", bundlesIn(tree), file),
    ...from(tree, "bpf", objectsIn(join(tree, "bpf")), file),
    ...from(tree, "shell", ["bashrc"], file),
    ...from(tree, "shell", ["supershell", "view.mjs"], program),
    ...Object.fromEntries(
      inside
        .filter((entry) => entry.isSymbolicLink())
        .map(({ name }) => [
          `${home}/shell/${name}`,
          link(readlinkSync(join(tree, "shell", name))),
        ]),
    ),
    [`${home}/package.json`]: text(
      `${JSON.stringify({ name: "cofferdam", version, private: true, type: "module" })}\n`,
    ),
    [`${home}/maintainer.sh`]: file(own(tree, "maintainer.sh")),
    [`${home}/domains`]: link("../../share/cofferdam/domains"),
    [`${home}/systemd`]: link("../systemd/system"),
  };
}

function programsIn(tree, below) {
  return readdirSync(join(tree, below), { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes("."))
    .map(({ name }) => name);
}

/** Without the demonstration, which needs the clone. */
function bundlesIn(tree) {
  return readdirSync(join(tree, "dist")).filter(
    (name) => name.endsWith(".js") && name !== "demo.js",
  );
}

/** The files of npm packages that Node loads at run time; everything else is in the bundles. */
function moduleFiles(tree) {
  const native = "node_modules/@koromix/koffi-linux-x64";
  const loader = ["index.js", "src/koffi/index.js", "src/koffi/src/static.js"];
  return {
    ...from(tree, "node_modules/koffi", ["package.json", ...loader], file),
    ...from(tree, native, ["index.js", "package.json", "linux_x64/koffi.node"], file),
  };
}

function from(tree, below, names, as) {
  return Object.fromEntries(
    names.map((name) => [`${home}/${below}/${name}`, as(join(tree, below, name))]),
  );
}

/** Units, policies, pages of the manual. */
function sharedFiles(tree) {
  const policies = readdirSync(join(tree, "domains"), { recursive: true })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => [`usr/share/cofferdam/domains/${name}`, file(join(tree, "domains", name))]);
  const units = readdirSync(join(tree, "systemd")).map((name) => [
    `usr/lib/systemd/system/${name}`,
    file(join(tree, "systemd", name)),
  ]);
  const pages = readdirSync(join(tree, "man")).map((name) => [
    `usr/share/man/man${name.at(-1)}/${name}.gz`,
    compressed(readFileSync(join(tree, "man", name))),
  ]);
  return {
    ...Object.fromEntries([...policies, ...units, ...pages]),
    "usr/share/cofferdam/policy.schema.json": file(join(tree, "schema/policy.schema.json")),
  };
}

function completions(tree) {
  const made = (shell) =>
    text(
      execFileSync("node", [join(tree, "dist/cofferdam.js"), "completion", shell], {
        encoding: "utf8",
        env: { PATH: process.env.PATH, HOME: tree },
      }),
    );
  return {
    "usr/share/bash-completion/completions/cofferdam": made("bash"),
    "usr/share/fish/vendor_completions.d/cofferdam.fish": made("fish"),
    "usr/share/zsh/vendor-completions/_cofferdam": made("zsh"),
  };
}

/** The pages link to files that the package has elsewhere; these links stand beside the pages. */
const besidePages = {
  domains: "../../cofferdam/domains",
  "schema/policy.schema.json": "../../../cofferdam/policy.schema.json",
};

function documentation(tree, changelog) {
  const pages = [
    ...["README.md", "SECURITY.md", "ARCHITECTURE.md"],
    ...readdirSync(join(tree, "docs")).map((name) => `docs/${name}`),
  ];
  const isThere = (path) =>
    pages.includes(path) ||
    Object.keys(besidePages).some((name) => path === name || path.startsWith(`${name}/`));
  return {
    [`${doc}/changelog.gz`]: compressed(changelog),
    [`${doc}/copyright`]: text(copyright(tree)),
    ...Object.fromEntries(
      Object.entries(besidePages).map(([name, target]) => [`${doc}/${name}`, link(target)]),
    ),
    ...Object.fromEntries(
      pages.map((page) => {
        const words = readFileSync(join(tree, page), "utf8");
        return [`${doc}/${page}`, text(withoutDeadLinks(words, dirname(page), isThere))];
      }),
    ),
  };
}

/** Links to files that only the source tree has become plain words. */
function withoutDeadLinks(words, folder, isThere) {
  return words.replace(/\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, name, target) => {
    const [path] = target.split("#");
    const stays = path === "" || /^[a-z]+:/.test(target) || isThere(normalize(join(folder, path)));
    return stays ? whole : name;
  });
}

/** In the form of copyright-format 1.0, with the text of the licences of npm's packages. */
function copyright(tree) {
  const { dependencies } = JSON.parse(readFileSync(join(tree, "package.json"), "utf8"));
  const bundled = Object.keys(dependencies).map((name) => {
    const folder = join(tree, "node_modules", name);
    const licence = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const words = readFileSync(join(folder, licence), "utf8");
    const line = words.split("\n").find((one) => /copyright/i.test(one));
    const holder = line.replace(/^\W*copyright\W*/i, "");
    const files =
      name === "koffi" ? `${home}/node_modules/*` : `${home}/dist/*.js ${home}/shell/view.mjs`;
    return `Files: ${files}\nCopyright: ${holder}\nLicense: ${name}\n${indented(words)}`;
  });
  const programs = `Files: ${home}/bpf/*\nCopyright: the Cofferdam developers\n`;
  const either = "License: GPL-2.0-only or BSD-2-Clause\n";
  const gpl = " The text of the first is in /usr/share/common-licenses/GPL-2; the second:\n .\n";
  const bsd = indented(readFileSync(join(tree, "bpf/LICENSE.BSD-2-Clause"), "utf8"));
  const head = readFileSync(own(tree, "copyright"), "utf8");
  return [head, `${programs}${either}${gpl}${bsd}`, ...bundled].join("\n");
}

/** As a field contains a text of several lines. */
function indented(words) {
  const lines = words.trim().split("\n");
  return lines.map((line) => (line.trim() === "" ? " .\n" : ` ${line.trimEnd()}\n`)).join("");
}

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";

const clone = path.resolve(import.meta.dirname, "../..");
/** Three builds on a machine with other work, milliseconds. */
const TIMEOUT_MS = 600_000;
const programs = ["/usr/bin/git", "/usr/bin/make", "/usr/bin/gcc"];
const lacking = programs.find((program) => !fs.existsSync(program));

/**
 * Objects in parallel, an archive, a static program, headers that are generated, checks that run
 * what was built, and a target that fails.
 */
const makefile = `paths = -DNODE_PATH_ABS='"/n"' -DDIST_DIR='"/d"' -DMEDIATOR_SOCKET='"/s"'
CFLAGS = -std=gnu17 -D_GNU_SOURCE -O1 $(paths)
objects = $(patsubst %.c,build/%.o,$(wildcard native/*.c cases/*.c))

all: build/cofferdam build/cases build/libnative.a build/sums
build/stamp.h:
	mkdir -p build/native build/cases
	umask 027; printf '#define WORDS %s\\n' "$$(cat native/*.c | wc -w)" > $@
build/%.o: %.c build/stamp.h
	$(CC) $(CFLAGS) -include build/stamp.h -c -o $@ $<
build/libnative.a: $(filter build/native/%,$(objects))
	ar rcD $@.new $(sort $^) && mv $@.new $@ && ln -f $@ build/same.a && ln -sf same.a build/link.a
build/cofferdam: $(filter build/native/%,$(objects))
	$(CC) -static -Wl,--build-id=none -o $@ $(sort $^)
build/cases: $(filter build/cases/%,$(objects))
	$(CC) -pthread -Wl,--build-id=none -o build/run-cases $(sort $^) && touch $@
build/sums: build/cofferdam build/libnative.a
	build/cofferdam run 2>$@ ; echo $$? >>$@ ; sha256sum $^ | sort >>$@ ; chmod 0640 $@
broken: native/none.o
clean:
	rm -rf build
`;

/**
 * What a person does with a tree: clone, look, build, build again, fail, change a branch, clean.
 * Its output is sorted where make works in parallel.
 */
const script = `set -e
git clone -q --no-local "file://$1/origin" tree
cd tree
git log --format=%H%s; git status --short | wc -l
make -j4 2>&1 | sort
make -j4 | sort
make broken 2>&1 || echo "status $?"
git checkout -q -b other; echo "/* more */" >> native/main.c
git commit -qam more; git log --format=%H
make -j4 2>&1 | sort
git stash list; git diff HEAD~1 --stat; git fsck 2>&1; git gc -q
find . -name '*.o' | wc -l
`;

let folder: string;
beforeEach((context) => skipUnless(context, lacking === undefined, `${lacking} is not there`));
beforeAll(() => {
  folder = scratchFolder("build");
  const origin = path.join(folder, "origin");
  for (const [name, from] of [
    ["native", "native"],
    ["cases", "test/transparency/programs"],
  ] as const) {
    fs.mkdirSync(path.join(origin, name), { recursive: true });
    const sources = fs.readdirSync(path.join(clone, from)).filter((file) => /\.[ch]$/.test(file));
    for (const file of sources)
      fs.copyFileSync(path.join(clone, from, file), path.join(origin, name, file));
  }
  fs.writeFileSync(path.join(origin, "Makefile"), makefile);
  if (lacking !== undefined) return;
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "."],
    ["commit", "-qm", "all of it"],
  ])
    execFileSync("git", args, { cwd: origin, env: environment() });
});

/** The same objects and output whenever it runs. */
function environment(): NodeJS.ProcessEnv {
  const date = "2026-01-01T00:00:00Z";
  const who = ["AUTHOR", "COMMITTER"].flatMap((role) => [
    [`GIT_${role}_NAME`, "a"],
    [`GIT_${role}_EMAIL`, "a@b"],
    [`GIT_${role}_DATE`, date],
  ]);
  const git = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_COUNT: "2" };
  const settings = {
    GIT_CONFIG_KEY_0: "pack.threads",
    GIT_CONFIG_VALUE_0: "1",
    GIT_CONFIG_KEY_1: "gc.autoDetach",
  };
  const rest = {
    GIT_CONFIG_VALUE_1: "false",
    HOME: folder,
    LANG: "C",
    PATH: "/usr/bin:/bin",
    SOURCE_DATE_EPOCH: "1",
  };
  return { ...Object.fromEntries(who), ...git, ...settings, ...rest };
}

interface Build {
  readonly status: number | null;
  readonly output: string;
  readonly tree: readonly string[];
  readonly errors: string;
}

/** In a place that is the same for every build, `before` in front of the shell. */
function build(...before: readonly string[]): Build {
  const work = path.join(folder, "place");
  fs.mkdirSync(work);
  const [program = "", ...args] = [...before, "/bin/sh", "-c", script, "sh", folder];
  const done = spawnSync(program, args, { cwd: work, env: environment(), encoding: "utf8" });
  const tree = listing(work, "");
  fs.rmSync(work, { recursive: true });
  return { status: done.status, output: done.stdout, tree, errors: done.stderr };
}

/**
 * Every name with its type, mode, links and content, except the index, in which git records inodes
 * and times.
 */
function listing(at: string, name: string): string[] {
  const file = path.join(at, name);
  const stats = fs.lstatSync(file);
  const line =
    `${name} ${stats.mode.toString(8)} ${stats.uid} ` + `${stats.isDirectory() ? "" : stats.nlink}`;
  if (stats.isDirectory())
    return [
      line,
      ...fs
        .readdirSync(file)
        .sort()
        .flatMap((one) => listing(at, path.join(name, one))),
    ];
  if (stats.isSymbolicLink()) return [`${line} -> ${fs.readlinkSync(file)}`];
  const content = name.endsWith(".git/index")
    ? ""
    : createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  return [`${line} ${content}`];
}

function policy(name: string, text: string): string {
  const file = path.join(folder, `${name}.yaml`);
  fs.writeFileSync(file, `summary: a build\n${text}`);
  return file;
}

const calls = 'syscalls: ["@system-service"]\n';
/** What such a build needs. */
const grants = () => `include: [base]
files:
  - rx /usr/bin/** /usr/lib/gcc/** /usr/libexec/gcc/** /usr/lib/git-core/**
  - rm /usr/**
  - r /dev/tty
  - r ${folder}/origin/**
  - rwxcda ${folder}/place/**
  - rwxcda ${folder}/place
  - rwcda /tmp/cc* /tmp/GMfifo*
  - r /proc/filesystems /proc/self/mounts /proc/sys/vm/overcommit_memory
${calls}inherit: [stdio, stdio-sockets]
signals: [self]
`;

test("git clone and make give the same bytes, at warning and supervised", {
  timeout: TIMEOUT_MS,
}, () => {
  const outside = build();
  expect(outside.errors).toBe("");
  expect([outside.status, outside.output]).toEqual([0, expect.stringContaining("status 2")]);
  expect(outside.tree.length).toBeGreaterThan(60);
  const front = path.join(clone, "bin/cofferdam");
  const { errors, ...inside } = build(
    front,
    "run",
    "--level",
    "warning",
    "--policy",
    policy("nothing", calls),
    "--",
  );
  expect(inside).toEqual({ status: outside.status, output: outside.output, tree: outside.tree });
  const last = /^cofferdam: nothing: (\d+) accesses outside the domain$/m.exec(errors);
  expect(Number(last?.[1]), errors.slice(-2000)).toBeGreaterThan(1_000);
  expect(errors).toContain("nothing: execute /usr/bin/make: warning");

  const enforced = build(
    front,
    "run",
    "--events",
    path.join(folder, "events"),
    "--policy",
    policy("build", `mediation: supervised\n${grants()}`),
    "--",
  );
  expect(fs.readFileSync(path.join(folder, "events"), "utf8")).toBe("");
  expect(enforced).toEqual(outside);
});
